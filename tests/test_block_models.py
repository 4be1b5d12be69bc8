"""Models made of blocks: costs, hierarchies, levels and channels."""

from itertools import combinations

import numpy as np
import pytest

import csrecover as cs
from csrecover.models.knapsack import Items, best_choice

from .conftest import FULL

SEEDS = range(50 if FULL else 10)
UNEVEN = cs.Blocks(np.repeat(np.arange(24), np.arange(24) % 4 + 3))  # 24 blocks of 3 to 6, 108 coefficients


def textbook(values, costs, budget):
    """Best total value, by the table of all budgets."""
    best = np.zeros(budget + 1)
    for value, cost in zip(values, costs, strict=True):
        if cost <= budget:
            best[cost:] = np.maximum(best[cost:], best[: budget + 1 - cost] + value)
    return best[-1]


# --- the knapsack ----------------------------------------------------------------------------------------------------

VALUES = {
    "exponential": lambda rng, costs: rng.exponential(size=len(costs)),
    "by cost": lambda rng, costs: costs * rng.uniform(0.9, 1.1, len(costs)),
    "as costs": lambda rng, costs: costs.astype(float),
    "equal": lambda rng, costs: np.ones(len(costs)),
    "integers": lambda rng, costs: rng.integers(0, 4, len(costs)).astype(float),
    "steep": lambda rng, costs: 10.0 ** rng.uniform(-30, 0, len(costs)),
}
COSTS = {
    "few": lambda rng, n: rng.choice([4, 6, 9], n),
    "even, one odd": lambda rng, n: np.append(2 * rng.integers(1, 9, n - 1), 7),
    "many": lambda rng, n: rng.integers(1, 120, n),
    "equal": lambda rng, n: np.full(n, 12),
}


@pytest.mark.parametrize("costs", COSTS)
@pytest.mark.parametrize("values", VALUES)
def test_best_choice_equals_the_table_of_all_budgets(values, costs):
    for seed in range(60 if FULL else 8):
        rng = np.random.default_rng(seed)
        price = COSTS[costs](rng, int(rng.integers(2, 400)))
        worth, budget = VALUES[values](rng, price), int(rng.integers(0, price.sum() + 2))
        chosen = best_choice(worth, price, budget)
        assert price[chosen].sum() <= budget
        assert worth[chosen].sum() == pytest.approx(textbook(worth, price, budget), rel=1e-12)
        left = ~chosen & (worth > 0)
        assert not (price[left] <= budget - price[chosen].sum()).any()
        assert worth[chosen].all()


def test_greedy_choice_and_dual_bound_are_close_to_the_optimum():
    greedy, bound = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        costs, values = rng.integers(1, 10, 30), rng.exponential(size=30)
        budget = int(rng.integers(20, 80))
        items, best = Items.of(values, costs, budget), textbook(values, costs, budget)
        greedy.append(items.values[items.greedy()].sum() / best)
        bound.append(items.bound / best)
    assert max(greedy) <= 1 + 1e-12
    assert min(bound) >= 1 - 1e-12
    assert np.mean(greedy) > 0.99
    assert np.mean(bound) < 1.015


def test_a_hundred_thousand_blocks_are_projected_to_their_dual_bound():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10**5), rng.integers(1, 9, 10**5))
    model, x = cs.BlockSparse(cs.Blocks(labels), "size"), rng.standard_normal(labels.size)
    for k in (1000, 44_444):
        kept = np.sum(model.project(x, k) ** 2)
        assert 1 - 1e-6 < kept / model.lagrangian_bound(x, k) <= 1 + 1e-12


# --- models ----------------------------------------------------------------------------------------------------------


def test_equal_costs_are_a_budget_of_blocks():
    x = np.random.default_rng(0).standard_normal((4, 108))
    plain, dear = cs.BlockSparse(UNEVEN), cs.BlockSparse(UNEVEN, np.full(24, 5))
    for k in range(26):
        np.testing.assert_array_equal(dear.support(x, 5 * k + 4), plain.support(x, k))
        assert dear.log_count(5 * k + 4) == pytest.approx(plain.log_count(k))
        assert dear.max_nonzeros(5 * k) == plain.max_nonzeros(k)


@pytest.mark.parametrize("costs", [None, "size", np.arange(24) % 7 + 1], ids=["none", "size", "array"])
def test_lagrangian_bound_is_an_energy_that_no_support_exceeds(costs, backend):
    model = cs.BlockSparse(UNEVEN, costs)
    x = np.random.default_rng(0).standard_normal((2, 3, 108))
    for k in (0, 1, 7, 30, 500):
        bound = cs.to_numpy(cs.to(model, backend).lagrangian_bound(cs.to(x, backend), k))
        kept = np.sum(model.project(x, k) ** 2, axis=-1)
        assert bound.shape == (2, 3)
        assert (kept <= bound * (1 + 1e-12)).all()
        if costs is None or k >= 500:
            np.testing.assert_allclose(bound, kept)


def test_cost_models_refuse_nan_on_a_device_too(backend):
    x = np.ones(108)
    x[3] = np.nan
    with pytest.raises(ValueError, match="finite"):
        cs.to(cs.BlockSparse(UNEVEN, "size"), backend).support(cs.to(x, backend), 20)


def test_log_count_of_a_hierarchy_counts_its_supports():
    blocks = cs.Blocks([0, 0, 0, 1, 1, 2, 3, 3, 3, 3])
    for within in (1, 2, 3):
        choices = [len(list(combinations(range(size), min(size, within)))) for size in (3, 2, 1, 4)]
        for k in range(1, 6):
            count = sum(np.prod(chosen) for chosen in combinations(choices, min(k, 4)))
            assert cs.Hierarchical(blocks, within).log_count(k) == pytest.approx(np.log(count))


def test_levels_of_a_wavelet_tree_are_its_scales():
    levels = cs.Levels.by_depth(cs.Wavelet(16, "haar").tree)
    np.testing.assert_array_equal(levels.blocks.labels, np.repeat(np.arange(5), [1, 1, 2, 4, 8]))
    assert levels.units((16,)) == (1, 1, 2, 4, 8)
    assert levels.max_nonzeros((1, 0, 9, 3, 2)) == 8


def test_one_level_is_plain_sparsity():
    x = np.random.default_rng(0).standard_normal((5, 30))
    np.testing.assert_array_equal(cs.Levels(np.zeros(30, int)).support(x, (7,)), cs.Sparse().support(x, 7))


@pytest.mark.parametrize("factor", [1e-200, 1, 1e200])
def test_joint_support_is_that_of_the_energy_over_the_channels(factor):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 3, 108)) + 1j * rng.standard_normal((4, 3, 108))
    root = np.linalg.norm(x, axis=1)
    for inner, k in ((cs.Sparse(), 9), (cs.BlockSparse(UNEVEN, "size"), 30), (cs.Hierarchical(UNEVEN, 2), 4)):
        mask = cs.JointSparse(inner).support(factor * x, k)
        np.testing.assert_array_equal(mask, np.broadcast_to(inner.support(root, k)[:, None], x.shape))


# --- recovery --------------------------------------------------------------------------------------------------------

CASES = {
    "costs": (cs.BlockSparse(UNEVEN, "size"), 108, 20, 60),
    "hierarchy": (cs.Hierarchical(UNEVEN, 2), 108, 6, 60),
    "levels": (cs.Levels.by_depth(cs.Wavelet(128, "haar").tree), 128, (1, 1, 2, 3, 3, 2, 2, 2), 80),
    "joint": (cs.JointSparse(), (4, 96), 10, 40),
    "joint blocks": (cs.JointSparse(cs.BlockSparse(cs.Blocks.uniform(96, 4))), (3, 96), 4, 40),
}


def measured(name, seed):
    """Model, budget, Gaussian operator (one for all channels of a joint model) and signal."""
    model, shape, k, m = CASES[name]
    n = shape if isinstance(shape, int) else shape[-1]
    A = cs.gaussian(m, n, seed)
    return model, k, A if isinstance(shape, int) else cs.channels(A, shape[0]), cs.random_signal(model, shape, k, seed)


@pytest.mark.parametrize("name", CASES)
def test_subspace_pursuit_recovers(name):
    for seed in SEEDS:
        model, k, A, x = measured(name, seed)
        result = cs.subspace_pursuit(A, A @ x, model, k)
        assert np.linalg.norm(result.x - x) < 1e-6 * np.linalg.norm(x), seed


@pytest.mark.parametrize("solver", [cs.cosamp, cs.iht, cs.recover], ids=lambda solver: solver.__name__)
@pytest.mark.parametrize("name", CASES)
def test_every_greedy_solver_takes_every_budget(solver, name):
    model, k, A, x = measured(name, 0)
    result = solver(A, A @ x, model, k)
    assert np.linalg.norm(result.x - x) < 1e-4 * np.linalg.norm(x)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (TypeError, '"size" or integers', lambda: cs.BlockSparse(UNEVEN, "cost")),
        (TypeError, '"size" or integers', lambda: cs.BlockSparse(UNEVEN, np.ones(24))),
        (ValueError, "24 integers >= 1", lambda: cs.BlockSparse(UNEVEN, np.ones(23, int))),
        (ValueError, "24 integers >= 1", lambda: cs.BlockSparse(UNEVEN, np.arange(24))),
        (ValueError, "moderate size", lambda: cs.BlockSparse(UNEVEN, np.full(24, 2**60))),
        (TypeError, "expected Blocks", lambda: cs.Hierarchical(np.arange(4), 2)),
        (ValueError, "at least 1, got 0", lambda: cs.Hierarchical(UNEVEN, 0)),
        (TypeError, "integer, got 1.5", lambda: cs.Hierarchical(UNEVEN, 1.5)),
        (TypeError, "labels are integers", lambda: cs.Levels([0.5, 1.0])),
        (TypeError, "tuple of 2 integers, one for each level", lambda: cs.Levels([0, 1]).support(np.ones(2), 1)),
        (TypeError, "tuple of 2 integers, one for each level", lambda: cs.Levels([0, 1]).max_nonzeros((1, 1, 1))),
        (ValueError, "at least 0, got -1", lambda: cs.Levels([0, 1]).support(np.ones(2), (1, -1))),
        (TypeError, "expected SupportModel", lambda: cs.JointSparse(3)),
        (ValueError, "at least 1, got 0", lambda: cs.JointSparse(channels=0)),
        (ValueError, "signals of 2 channels", lambda: cs.JointSparse(channels=2).support(np.ones((3, 5)), 1)),
        (ValueError, "signals with 2 axes", lambda: cs.JointSparse().support(np.ones(5), 1)),
        (ValueError, "channels is not known", lambda: cs.JointSparse().max_nonzeros(2)),
        (ValueError, r"channels, \*signal", lambda: cs.iht(np.eye(4), np.ones(4), cs.JointSparse(), 1)),
        (
            ValueError,
            r"channels, \*signal",
            lambda: cs.iht(cs.channels(cs.DCT(4), 2), np.ones((2, 4)), cs.JointSparse(channels=3), 1),
        ),
        (TypeError, "list of operators", lambda: cs.channels(np.eye(3), 2)),
        (ValueError, "positive int", lambda: cs.channels(cs.DCT(3), 0)),
    ],
)
def test_wrong_arguments_are_refused(error, message, call):
    with pytest.raises(error, match=message):
        call()
