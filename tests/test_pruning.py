"""Structure in the weights of models: groups of weights, proximal training, selection within a budget, measures."""

from itertools import product

import numpy as np
import pytest

import csrecover as cs
from csrecover.backend import where_is
from csrecover.pruning import (
    ProximalDescent,
    accuracy,
    active,
    effective_rank,
    efficiency,
    groups,
    proximal_step,
    select,
)

# --- groups -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "kept"),
    [("rows", (0,)), ("filters", (0,)), ("columns", (1,)), ("inputs", (1,)), (2, (2,)), (-1, (3,)), ((0, 1), (0, 1))],
)
def test_weights_are_in_one_block_where_their_kept_indices_agree(kind, kept):
    shape = (3, 4, 2, 2)
    labels = groups(shape, kind).labels
    for i, j in product(np.ndindex(*shape), repeat=2):
        assert (labels[i] == labels[j]) == all(i[axis] == j[axis] for axis in kept)


def test_blocks_are_counted_in_the_order_of_their_indices():
    assert groups((2, 3), "rows").labels.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert groups((2, 3), "inputs").labels.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert groups((2, 2, 2), (1, 0)).labels[:, :, 0].tolist() == [[0, 1], [2, 3]]


def test_rows_need_no_index_arrays():
    assert groups((5, 3, 2, 2), "filters").size == 12


@pytest.mark.parametrize(
    ("shape", "kind", "error", "match"),
    [
        ((2, 3), "row", ValueError, "rows, filters, columns, inputs.*got 'row'"),
        ((5,), "inputs", ValueError, "1 axes have no axis 1"),
        ((5, 2), (0, 2), ValueError, "2 axes have no axis 2"),
        ((5, 2), 0.0, TypeError, "axes are integers"),
        ((5, 2.0), "rows", TypeError, "tuple of integers"),
    ],
)
def test_bad_groups_are_refused(shape, kind, error, match):
    with pytest.raises(error, match=match):
        groups(shape, kind)


# --- proximal training ------------------------------------------------------------------------------------------------

ROWS = groups((6, 3), "rows")


def least_squares(seed=0, dtype="float64"):
    """A loss of weights (6, 3) of which a group lasso keeps some rows: its gradient, and the penalty."""
    rng = np.random.default_rng(seed)
    A, y = rng.standard_normal((20, 6)).astype(dtype), rng.standard_normal((20, 3)).astype(dtype)
    return lambda w: A.T @ (A @ w - y), cs.GroupL2(ROWS, 6.0), float(np.linalg.norm(A, 2))


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_descent_ends_where_the_optimality_condition_holds(momentum):
    """Minus the gradient is w_b / ||w_b|| times the weight on active rows, and not longer than the weight on others."""
    gradient, penalty, norm = least_squares()
    w = np.zeros((6, 3))
    descent = ProximalDescent([w], [penalty], 1 / norm**2, momentum)
    for _ in range(2000):
        descent.step([gradient(w)])
    force, kept = -gradient(w), active(w, ROWS)
    assert 0 < kept.sum() < 6
    directions = w[kept] / np.linalg.norm(w[kept], axis=1, keepdims=True)
    np.testing.assert_allclose(force[kept], 6 * directions, atol=1e-9)
    assert (np.linalg.norm(force[~kept], axis=1) < 6).all()


def test_without_a_penalty_it_is_the_heavy_ball():
    gradient, _, norm = least_squares()
    w, velocity, expected = np.ones((6, 3)), np.zeros((6, 3)), np.ones((6, 3))
    descent = ProximalDescent([w], [None], 0.5 / norm**2, 0.9)
    for _ in range(20):
        velocity = 0.9 * velocity + gradient(expected)
        expected = expected - 0.5 / norm**2 * velocity
        descent.step([gradient(w)])
    np.testing.assert_allclose(w, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["rows", "columns"])
def test_every_library_takes_the_same_steps_in_place(kind, backend):
    gradient, _, _ = least_squares(dtype="float32")
    penalty = cs.GroupL2(groups((6, 3), kind), 2.0)
    start = np.random.default_rng(1).standard_normal((6, 3)).astype("float32")
    w, there = start.copy(), cs.to(start, backend)
    if there is start:
        there = start.copy()
    here = ProximalDescent([w], [penalty], 0.01, 0.5)
    moved = ProximalDescent([there, there], [penalty, None], 0.01, 0.5)
    for _ in range(3):
        slope = gradient(w)
        here.step([slope])
        moved.step([cs.to(slope, where_is(there)), None])
    assert str(there.dtype).endswith("float32")
    np.testing.assert_allclose(cs.to_numpy(there), w, rtol=1e-5)


def test_a_proximal_step_is_the_prox_after_the_gradient_step():
    w, slope, penalty = np.ones((6, 3)), np.full((6, 3), 0.5), cs.GroupL2(ROWS, 0.1)
    np.testing.assert_array_equal(proximal_step(w, slope, penalty, 0.2), penalty.prox(w - 0.2 * slope, 0.2))
    np.testing.assert_array_equal(proximal_step(w, slope, None, 0.2), w - 0.2 * slope)


def test_parameters_of_torch_bring_their_gradients():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 6)
    start = layer.weight.detach().numpy().copy()
    descent = ProximalDescent([layer.weight, layer.bias], [cs.GroupL2(groups((6, 3), "columns"), 0.5), None], 0.1, 0.9)
    layer(torch.ones(4, 3)).square().sum().backward()
    expected = cs.GroupL2(groups((6, 3), "columns"), 0.5).prox(start - 0.1 * layer.weight.grad.numpy(), 0.1)
    descent.step()
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected, rtol=1e-5)
    assert layer.weight.requires_grad
    assert active(layer.weight, groups((6, 3), "columns")).shape == (3,)


class Weights(np.ndarray):
    """Weights of NumPy that hold a gradient, as parameters of torch do."""

    grad = None


class Fit:
    """Half of a squared distance of weights, and its gradient, which it leaves at the weights."""

    def __init__(self, weights, A, y):
        self.weights, self.gradient = weights, A.T @ (A @ np.asarray(weights) - y)

    def backward(self):
        assert self.weights.grad is None  # that of the last batch is forgotten
        self.weights.grad = self.gradient


def test_an_epoch_is_a_step_for_each_batch_and_every_sample_is_in_one():
    rng, w, seen = np.random.default_rng(0), np.ones((6, 3)).view(Weights), []
    A, y, places = rng.standard_normal((10, 6)), rng.standard_normal((10, 3)), np.arange(10)
    descent, twin = ProximalDescent([w], [cs.GroupL2(ROWS, 0.5)], 0.01, 0.9), np.ones((6, 3))

    def loss(A, y, places):
        seen.append(places)
        return Fit(w, A, y)

    descent.epoch(loss, A, y, places, batch=4, rng=np.random.default_rng(1))
    assert [len(part) for part in seen] == [4, 4, 2]
    assert sorted(np.concatenate(seen)) == list(range(10))
    by_hand = ProximalDescent([twin], [cs.GroupL2(ROWS, 0.5)], 0.01, 0.9)
    for part in seen:
        by_hand.step([A[part].T @ (A[part] @ twin - y[part])])
    np.testing.assert_array_equal(w, twin)


def test_the_parameters_of_a_network_are_penalised_by_name():
    class Network:
        def named_parameters(self):
            return {"first": np.ones((6, 3)), "second": np.ones(4)}.items()

    penalty = cs.GroupL2(ROWS, 0.5)
    descent = ProximalDescent.of(Network(), {"first": penalty}, 0.1)
    assert [w.shape for w in descent.parameters] == [(6, 3), (4,)]
    assert descent.penalties[0].weight == penalty.weight
    assert descent.penalties[1] is None
    with pytest.raises(ValueError, match=r"no parameters \['third'\], only \['first', 'second'\]"):
        ProximalDescent.of(Network(), {"third": penalty}, 0.1)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (([np.ones(3)], [], 0.1), ValueError, "got 0 for 1 parameters"),
        (([[1.0]], [None], 0.1), TypeError, "parameters are arrays, got list"),
        (([np.ones(3)], [0.1], 0.1), TypeError, "Penalty or None, got float"),
        (([np.ones(3)], [cs.GroupL2(ROWS)], 0.1), ValueError, r"weights \(6, 3\), after .* got shape \(3,\)"),
        (([np.ones(3)], [cs.Nuclear()], 0.1), ValueError, r"weights of 2 axes, after .* got shape \(3,\)"),
        (([np.ones(3)], [None], 0.0), ValueError, "rate must be positive"),
        (([np.ones(3)], [None], 0.1, 1.0), ValueError, "momentum must be at least 0 and less than 1"),
        (([np.ones(3)], [None], 0.1, "0"), TypeError, "momentum is a real number"),
    ],
)
def test_bad_descents_are_refused(arguments, error, match):
    with pytest.raises(error, match=match):
        ProximalDescent(*arguments)


def test_weights_without_gradients_are_refused():
    with pytest.raises(TypeError, match=r"arrays of numpy hold no gradients: give them"):
        ProximalDescent([np.ones(3)], [None], 0.1).step()
    with pytest.raises(TypeError, match=r"arrays of numpy hold no gradients"):
        ProximalDescent([np.ones(3)], [None], 0.1).epoch(Fit, np.ones((2, 3)), batch=1, rng=np.random.default_rng(0))


def test_one_gradient_a_parameter_or_none_moves():
    w = np.ones(3)
    with pytest.raises(ValueError, match="one gradient a parameter was expected, 2, got 1"):
        ProximalDescent([w, np.ones(2)], [None, None], 0.1).step([np.ones(3)])
    assert (w == 1).all()


def test_leading_axes_are_a_batch():
    rng, penalty = np.random.default_rng(0), cs.GroupL2(ROWS, 2.0)
    stack, slopes = rng.standard_normal((2, 4, 6, 3))
    expected = stack.copy()
    ProximalDescent([stack], [penalty], 0.3).step([slopes])
    for weights, slope in zip(expected, slopes, strict=True):
        ProximalDescent([weights], [penalty], 0.3).step([slope])
    np.testing.assert_allclose(stack, expected, rtol=1e-12)


# --- selection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_selection_is_the_best_within_the_budget(seed, backend):
    rng = np.random.default_rng(seed)
    values, costs = rng.random((2, 9)), rng.integers(1, 12, 9)
    choices = np.array(list(product([False, True], repeat=9)))
    for budget in (0, 5, 17, int(costs.sum())):
        found = select(cs.to(values, backend), costs, budget)
        feasible = choices[choices @ costs <= budget]
        best = (values @ feasible.T).max(axis=1)
        chosen = cs.to_numpy(found.chosen)
        np.testing.assert_allclose(cs.to_numpy(found.value), best, rtol=1e-12)
        np.testing.assert_allclose((chosen * values).sum(axis=-1), best, rtol=1e-12)
        np.testing.assert_array_equal(cs.to_numpy(found.cost), chosen @ costs)
        assert (cs.to_numpy(found.cost) <= budget).all()


def test_the_bound_is_the_dual_of_the_selection():
    rng = np.random.default_rng(0)
    values, costs, budget = rng.random(30), rng.integers(1, 9, 30), 40
    prices = np.append(values / costs, 0)  # the dual function is linear between these
    dual = min(price * budget + np.maximum(values - price * costs, 0).sum() for price in prices)
    found = select(values, costs, budget)
    assert found.bound == pytest.approx(dual, rel=1e-12)
    assert found.gap == pytest.approx(dual - values[found.chosen].sum(), abs=1e-12)
    assert found.gap > 0
    assert select(values, costs, int(costs.sum())).gap == 0


def test_costs_are_counted_exactly_in_single_precision():
    costs = np.array([2**30 + 1, 2**28 + 1])
    assert int(select(np.ones(2, "float32"), costs, 2**31).cost) == costs.sum()


@pytest.mark.parametrize(
    ("values", "costs", "budget", "error", "match"),
    [
        ([1.0, -1.0], [1, 1], 1, ValueError, "values are numbers >= 0"),
        ([1.0, np.nan], [1, 1], 1, ValueError, "values are numbers >= 0"),
        ([1.0, np.inf], [1, 1], 1, ValueError, "finite"),
        ([1.0, 1.0], [1, 0], 1, ValueError, "2 integers >= 1"),
        ([1.0, 1.0], [1], 1, ValueError, "2 integers >= 1"),
        ([1.0, 1.0], [1.0, 1.0], 1, TypeError, "integers, one for each"),
        ([1.0, 1.0], [1, 1], -1, ValueError, "budget"),
        ([1.0, 1.0], [1, 1], 0.5, TypeError, "budget"),
    ],
)
def test_bad_selections_are_refused(values, costs, budget, error, match):
    with pytest.raises(error, match=match):
        select(np.array(values), costs, budget)


# --- measures ---------------------------------------------------------------------------------------------------------


def test_a_block_is_active_where_a_weight_is_not_zero_however_small(like, backend):
    weights = np.zeros((2, 6, 3), like.dtype if backend == "numpy" else str(like.dtype).rpartition(".")[2])
    weights[0, 1, 2], weights[1, 5] = 1e-30, -3
    found = cs.to_numpy(active(cs.to(weights, backend), groups((6, 3), "columns")))
    np.testing.assert_array_equal(found, [[False, False, True], [True, True, True]])
    found = cs.to_numpy(active(cs.to(weights, backend), cs.Groups([[0, 5, 6], [5], [1]], (6, 3))))
    np.testing.assert_array_equal(found, [[True, True, False], [False, False, False]])


def test_accuracy_is_the_share_of_the_labels_with_the_largest_score(backend):
    scores, labels = np.array([[1.0, 2, 0], [0, 0, 3], [5, 4, 3], [0, 1, 0]]), np.array([1, 2, 1, 0])
    assert accuracy(*cs.to((scores, labels), backend)) == 0.5


def test_efficiency_is_one_where_time_falls_as_the_operations_do():
    assert efficiency(2.0, 0.5, 400, 100) == 1
    assert efficiency(2.0, 2.0, 400, 100) == 0.25
    with pytest.raises(ValueError, match="pruned_seconds must be positive"):
        efficiency(1.0, 0.0, 1, 1)


def test_effective_rank_of_equal_singular_values_is_their_number(like, backend):
    rng, dtype = np.random.default_rng(0), str(like.dtype).rpartition(".")[2]
    left, right = (np.linalg.qr(rng.standard_normal((7, 7)))[0] for _ in range(2))
    x = np.stack([left[:, :k] @ right[:k] for k in range(8)]).astype(dtype)
    tolerance = 1e-4 if dtype in ("float32", "complex64") else 1e-9
    np.testing.assert_allclose(cs.to_numpy(effective_rank(cs.to(x, backend))), range(8), rtol=tolerance)


def test_effective_rank_is_that_of_the_definition_and_at_most_the_rank():
    for shape in ((5, 9), (9, 5), (4, 1)):
        x = np.random.default_rng(0).standard_normal(shape)
        shares = np.sqrt(np.linalg.eigvalsh(x @ x.T if shape[0] < shape[1] else x.T @ x))
        shares /= shares.sum()
        assert effective_rank(x) == pytest.approx(np.prod(shares**-shares), rel=1e-9)
        assert 1 <= effective_rank(3 * x) <= min(shape) + 1e-12
    with pytest.raises(ValueError, match="of matrices"):
        effective_rank(np.ones(3))
