"""Tree-sparse signals: many budgets at once, the guaranteed approximations, the number of subtrees; compiled twins."""

import math

import numpy as np
import pytest

import csrecover as cs
import csrecover.models.tree_count as tree_count
import csrecover.models.tree_path as tree_path
import csrecover.models.tree_projection as projection
from csrecover.backend import cast_like
from csrecover.models.tree_core import least_loss
from csrecover.models.tree_dual import forced_prefix, prices_at_budget
from csrecover.models.tree_ties import cheapest, ranked

from .conftest import FULL
from .tree_oracles import WEIGHTS, best_energies_by_table, closed_sets, is_closed, random_forest

families = pytest.mark.parametrize("family", WEIGHTS)


@pytest.fixture(params=["1", "0"], ids=["compiled", "plain"])
def _fast(request, monkeypatch):
    """With the compiled twins and without; no tree is too small for the ways of large ones."""
    monkeypatch.setenv("CSRECOVER_FAST", request.param)
    monkeypatch.setattr(projection, "COMPILED_TABLES", 0)
    monkeypatch.setattr(projection, "WHOLE", 8)
    monkeypatch.setattr(tree_path, "WHOLE", 8)


def trees(rng):
    """Trees and forests, shallow and deep, most in shuffled node order."""
    paths = np.arange(90) - np.where(np.arange(90) < 3, np.arange(90) + 1, 3)
    complete = [cs.Tree.binary(7).parents, cs.Tree.quad(4).parents, [-1] + [0] * 60]
    return [*complete, paths, random_forest(rng, 150), random_forest(rng, 120, 7, 0.4), random_forest(rng, 90, 2, 4)]


def sizes(order):
    return order.totals(np.ones(order.size, int), np.ones(order.size, bool))


# --- budgets and approximations --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_fast")
@families
def test_large_trees_are_cut_down_to_what_is_in_doubt_without_loss(family):
    rng = np.random.default_rng(0)
    for parents in trees(rng):
        n, order = len(parents), cs.Tree(parents).order
        weights = WEIGHTS[family](rng, n)
        energy = best_energies_by_table(parents, weights, n)
        for k in rng.choice(n, 3, replace=False):
            mask = projection.best_subtree(order, weights, int(k))
            assert is_closed(parents, mask)
            assert mask.sum() <= k
            assert weights @ mask == pytest.approx(energy[k], rel=1e-12)


@pytest.mark.usefixtures("_fast")
@families
def test_path_is_the_best_subtree_of_every_budget(family):
    rng = np.random.default_rng(1)
    for parents in trees(rng):
        n, order = len(parents), cs.Tree(parents).order
        weights = WEIGHTS[family](rng, n)
        energy = best_energies_by_table(parents, weights, n)
        ks = [0, n, n + 3, *rng.integers(0, n, 9).tolist()]
        masks = tree_path.best_subtrees(order, weights, ks)
        useful = np.count_nonzero(order.gains((weights > 0)[order.nodes].astype(float)) > 0)
        for k in ks:
            assert is_closed(parents, masks[k])
            assert masks[k].sum() == min(k, useful)
            assert weights @ masks[k] == pytest.approx(energy[min(k, n)], rel=1e-12)


def test_path_is_the_support_of_each_budget_where_that_is_unique(backend):
    model = cs.TreeSparse(cs.Tree(random_forest(np.random.default_rng(2), 60, 3).reshape(6, 10)))
    x = cs.to(np.random.default_rng(3).standard_normal((2, 6, 10)), backend)
    masks = cs.to_numpy(model.path(x, [7, 0, 30, 7, 99]))
    assert masks.shape == (5, 2, 6, 10)
    for mask, k in zip(masks, [7, 0, 30, 7, 99], strict=True):
        np.testing.assert_array_equal(mask, cs.to_numpy(model.support(x, k)))
    assert model.path(x, []).shape == (0, 2, 6, 10)


def test_path_solves_many_budgets_within_the_parts(monkeypatch):
    """On continuous weights hardly a budget needs the whole tree."""
    alone, original = [], tree_path.best_subtree
    monkeypatch.setattr(tree_path, "best_subtree", lambda *args: alone.append(1) or original(*args))
    tree_path.best_subtrees(cs.Tree.binary(13).order, np.random.default_rng(4).random(8191), list(range(5, 8000, 400)))
    assert len(alone) <= 3


@pytest.mark.parametrize("slack", [1.2, 2.0, 3.5])
@families
def test_tail_and_head_keep_their_constants(family, slack):
    rng = np.random.default_rng(5)
    for parents in trees(rng):
        tree = cs.Tree(parents)
        model, n = cs.TreeSparse(tree), tree.size
        x = WEIGHTS[family](rng, n) ** 0.5
        x, depth = x / x.max(), len(tree.order.levels) - 1
        total, energy = x @ x, best_energies_by_table(parents, x**2, n)
        for k in [0, n + 1, *rng.integers(1, n, 4).tolist()]:
            best, tail, head = energy[min(k, n)], model.tail(x, k, slack), model.head(x, k, slack)
            for mask in (tail, head):
                assert is_closed(parents, mask)
                assert mask.sum() <= slack * k
            assert total - x[tail] @ x[tail] <= slack / (slack - 1) * (total - best) + 1e-12 * total
            piece = math.floor(slack * k) - min(depth, k - 1)
            share = 1 / (1 + 2 * k / piece) if piece >= 1 else 1
            assert x[head] @ x[head] >= share * best * (1 - 1e-12)


def test_tail_and_head_take_signals_of_every_kind(like):
    model = cs.TreeSparse(cs.Tree.binary(5))
    x = np.random.default_rng(6).standard_normal((2, 31))
    for method in (model.tail, model.head):
        masks = method(cast_like(x, like), 5)
        np.testing.assert_array_equal(cs.to_numpy(masks), method(x, 5))


@pytest.mark.parametrize("slack", [1, 0.5, float("nan")])
def test_a_slack_of_one_or_less_is_refused(slack):
    model = cs.TreeSparse(cs.Tree.binary(3))
    for method in (model.tail, model.head):
        with pytest.raises(ValueError, match=r"slack .* above 1, got"):
            method(np.ones(7), 2, slack)


@pytest.mark.parametrize("method", ["path", "tail", "head"])
def test_bad_signals_and_budgets_are_refused(method):
    model = cs.TreeSparse(cs.Tree.binary(3))
    budget = (lambda k: [k]) if method == "path" else (lambda k: k)
    with pytest.raises(ValueError, match="NaN or infinity"):
        getattr(model, method)(np.full(7, np.nan), budget(2))
    with pytest.raises(ValueError, match="at least 0, got -1"):
        getattr(model, method)(np.ones(7), budget(-1))
    with pytest.raises(TypeError, match="integer"):
        getattr(model, method)(np.ones(7), budget(1.5))


def test_tree_sparse_signals_are_recovered():
    model = cs.TreeSparse(cs.Wavelet(128, "haar").tree)
    for seed in range(50 if FULL else 10):
        A, x = cs.gaussian(80, 128, seed), cs.random_signal(model, 128, 10, seed)
        found = cs.subspace_pursuit(A, A @ x, model, 10).x
        assert np.linalg.norm(found - x) < 1e-6 * np.linalg.norm(x)


# --- the number of subtrees ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "k", "count"),
    [(10, 5, 42), (10, 8, 1430), (10, 10, 16796), (10, 12, 196236), (4, 3, 5), (4, 5, 26), (4, 8, 94), (10, 1023, 1)],
)
def test_subtrees_of_complete_binary_trees(levels, k, count):
    assert cs.TreeSparse(cs.Tree.binary(levels)).log_count(k) == pytest.approx(math.log(count), abs=1e-11)


@pytest.mark.parametrize("degree", [2, 4])
def test_subtrees_of_deep_trees_are_counted_by_fuss_and_catalan(degree):
    """There are binom(d k, k) / ((d - 1) k + 1) subtrees of k nodes in the infinite tree of d children a node."""
    model = cs.TreeSparse(cs.Tree.binary(10) if degree == 2 else cs.Tree.quad(6))
    for k in range(1, 7):
        expected = math.comb(degree * k, k) // ((degree - 1) * k + 1)
        assert model.log_count(k) == pytest.approx(math.log(expected), abs=1e-11)


def test_subtrees_of_any_forest_are_counted_like_their_enumeration(monkeypatch):
    rng = np.random.default_rng(7)
    for n, roots, depth in [(1, 1, 1), (6, 6, 1), (9, 1, 0.3), (12, 1, 4), (13, 3, 1), (14, 2, 0.6)]:
        parents = random_forest(rng, n, roots, depth)
        order, counts = cs.Tree(parents).order, np.bincount(closed_sets(parents).sum(axis=1))
        for k in range(n + 1):
            assert tree_count.log_subtrees(order, k) == pytest.approx(math.log(counts[k]), abs=1e-9)
        with monkeypatch.context() as patch:
            patch.setattr(tree_count, "WORK", 0)
            for k in range(1, n + 1):
                bound = tree_count.log_subtrees(order, k)
                assert math.log(counts[k]) - 1e-9 <= bound <= math.log(counts[k]) + 0.5 * math.log(n) + 1.5


def test_a_path_has_one_subtree_of_each_size_and_a_star_all_choices_of_leaves():
    path, star = cs.TreeSparse(cs.Tree(np.arange(400) - 1)), cs.TreeSparse(cs.Tree([-1] + [0] * 399))
    for k in (1, 2, 200, 399, 400):
        assert path.log_count(k) == pytest.approx(0, abs=1e-9)
        assert star.log_count(k) == pytest.approx(math.log(math.comb(399, k - 1)), abs=1e-9)


def test_counts_of_a_million_nodes_neither_overflow_nor_exceed_the_choices():
    model = cs.TreeSparse(cs.Tree.binary(17))
    for k in (1000, 60000):
        assert 0 < model.log_count(k) <= min(k * math.log(4), 17 * math.log(2) * k)


# --- compiled twins --------------------------------------------------------------------------------------------------


def both(monkeypatch, function, *args):
    """What the compiled and the plain code give."""
    pytest.importorskip("numba")
    results = []
    for fast in "10":
        monkeypatch.setenv("CSRECOVER_FAST", fast)
        results.append(function(*args))
    return results


def test_compiled_passes_equal_the_plain_ones(monkeypatch):
    rng = np.random.default_rng(8)
    for parents in [*trees(rng), [-1], [-1, -1]]:
        n, parents = len(parents), np.asarray(parents)
        one, other = both(monkeypatch, type(cs.Tree(parents).order).of, parents)
        np.testing.assert_array_equal(one.nodes, other.nodes)
        np.testing.assert_array_equal(one.parents, other.parents)
        x, mask = rng.integers(-9, 9, n) / 8, rng.random(n) < 0.7
        for name, args in [("gains", [x]), ("totals", [x, mask]), ("path_sums", [x]), ("connected", [mask])]:
            np.testing.assert_array_equal(*both(monkeypatch, getattr(one, name), *args))
        np.testing.assert_array_equal(*both(monkeypatch, one.nearest, mask))
        np.testing.assert_array_equal(
            *both(monkeypatch, lambda order=one: type(order)(order.nodes, order.parents).preorder)
        )


@families
def test_compiled_prices_equal_the_plain_ones(family, monkeypatch):
    rng = np.random.default_rng(9)
    for parents in trees(rng):
        order = cs.Tree(parents).order
        weights = WEIGHTS[family](rng, order.size)
        weights = weights / weights.max()
        for k in rng.integers(1, order.size, 3):
            forced = forced_prefix(order, int(k))
            one, other = both(monkeypatch, prices_at_budget, order, weights, int(k), forced)
            assert one.bound == pytest.approx(other.bound, rel=1e-13)
            for mine, theirs in zip(one.neighbours(order), other.neighbours(order), strict=True):
                assert weights @ mine - one.price * mine.sum() == pytest.approx(
                    weights @ theirs - one.price * theirs.sum(), abs=1e-12 * one.bound
                )


def test_compiled_sums_of_a_million_weights_lose_nothing(monkeypatch):
    order, weights = cs.Tree([-1] + [0] * 999_999).order, np.random.default_rng(10).random(1_000_000)
    one, other = both(monkeypatch, prices_at_budget, order, weights, 400_000, 0)
    assert one.bound == pytest.approx(other.bound, rel=2e-15)


def test_compiled_least_loss_equals_the_plain_one(monkeypatch):
    rng = np.random.default_rng(11)
    for parents in trees(rng):
        order = cs.Tree(parents).order
        rank, end = order.preorder
        items = np.argsort(rank)
        counts, gains = rng.integers(1, 4, len(items)), rng.integers(-9, 10, len(items)) / 8
        for target, limit in [(0, 9.0), (len(items) // 2, 5.0), (len(items), np.inf), (len(items) * 9, 9.0)]:
            (loss, taken), (expected, plain) = both(monkeypatch, least_loss, counts, gains, end[items], target, limit)
            assert loss == expected
            np.testing.assert_array_equal(taken, plain)
        for result in both(monkeypatch, least_loss, counts, gains, end[items], len(items), np.inf, 5):
            assert result == (-np.inf, None)


def test_the_cheapest_decisions_are_among_those_selected():
    rng = np.random.default_rng(12)
    change = np.clip(np.rint(rng.standard_cauchy(20_000) * 3), -(10**6), 10**6).astype(int)
    for cost in (rng.integers(0, 3, 20_000).astype(float), rng.random(20_000)):
        kept = np.zeros(20_000, bool)
        kept[cheapest(change, cost, 4)] = True
        rank, together = ranked(change, cost)
        assert kept[rank < 4].all()
        assert kept.sum() < 8_000
        for each in (0, 1, -5):
            of = np.flatnonzero(change == each)
            of = of[np.argsort(cost[of], kind="stable")]
            np.testing.assert_array_equal(rank[of], np.arange(len(of)))
            np.testing.assert_allclose(together[of], np.cumsum(cost[of]), rtol=1e-9)


# --- parts -----------------------------------------------------------------------------------------------------------


def test_a_part_of_a_forest_keeps_the_parents_that_it_keeps():
    rng = np.random.default_rng(13)
    for parents in trees(rng):
        order = cs.Tree(parents).order
        kept = rng.random(order.size) < 0.6
        part, positions = order.part(kept)
        np.testing.assert_array_equal(np.sort(positions), np.flatnonzero(kept))
        above = order.parents[positions]
        expected = np.where((above >= 0) & kept[above], above, -1)
        np.testing.assert_array_equal(np.where(part.parents >= 0, positions[part.parents], -1), expected)
        assert (np.diff(part.parents) >= 0).all()
        assert sizes(part)[: part.levels[0].stop].sum() == kept.sum()
