"""The best rooted subtree against enumeration and the plain O(n k) dynamic program; the parts it is made of."""

from itertools import pairwise

import numpy as np
import pytest

import csrecover.models.tree_projection as projection
from csrecover.models.tree_core import least_loss
from csrecover.models.tree_dual import forced_prefix, prices_at_budget
from csrecover.models.tree_projection import best_subtree
from csrecover.models.tree_table import merge, subtree_by_tables
from csrecover.models.tree_ties import fill, powers_of_two, smallest_loss
from csrecover.structures.tree import LevelOrder, Tree

from .tree_oracles import WEIGHTS, best_energies, best_energies_by_table, closed_sets, is_closed, random_forest

families = pytest.mark.parametrize("family", WEIGHTS)


def chains(n, count):
    """`count` paths side by side."""
    return np.arange(n) - np.where(np.arange(n) < count, np.arange(n) + 1, count)


def small_trees(rng):
    """Trees and forests of at most 12 nodes."""
    fixed = [[-1], [-1, -1, -1], chains(7, 1), chains(11, 2), [-1] + [0] * 9]
    complete = [Tree.quad(2).parents, Tree.binary(3).parents]
    recipes = [(9, 1, 1), (10, 3, 0.5), (12, 2, 3)]
    return fixed + complete + [random_forest(rng, *recipe) for recipe in recipes]


def medium_trees(rng):
    """Trees and forests of up to 255 nodes, most in shuffled node order."""
    fixed = [Tree.binary(8).parents, Tree.quad(4).parents, chains(40, 1), chains(90, 3), [-1] + [0] * 60]
    return fixed + [random_forest(rng, *recipe) for recipe in [(150, 1, 1), (200, 7, 0.4), (120, 2, 4)]]


def assert_optimal(parents, weights, k, energy):
    """The result is closed, within the budget, as large as useful, and attains the best energy."""
    order = Tree(parents).order
    mask = best_subtree(order, weights, k)
    useful = order.gains((weights > 0)[order.nodes].astype(float)) > 0
    assert is_closed(parents, mask)
    assert mask.sum() == min(k, useful.sum())
    assert weights @ mask == pytest.approx(energy, rel=1e-12)


# --- the whole -------------------------------------------------------------------------------------------------------


@families
def test_equals_enumeration_of_all_closed_sets_for_every_budget(family):
    rng = np.random.default_rng(0)
    for parents in small_trees(rng):
        closed, n = closed_sets(parents), len(parents)
        weights = WEIGHTS[family](rng, n)
        for k, energy in enumerate(best_energies(closed, weights)):
            assert_optimal(parents, weights, k, energy)


@families
def test_equals_the_plain_dynamic_program(family):
    rng = np.random.default_rng(1)
    for parents in medium_trees(rng):
        n = len(parents)
        weights = WEIGHTS[family](rng, n)
        energy = best_energies_by_table(parents, weights, n)
        for k in rng.choice(n + 1, 7, replace=False):
            assert_optimal(parents, weights, int(k), energy[k])


@families
def test_equals_the_plain_dynamic_program_on_2047_nodes(family):
    parents, rng = Tree.binary(11).parents, np.random.default_rng(2)
    weights = WEIGHTS[family](rng, 2047)
    energy = best_energies_by_table(parents, weights, 1200)
    for k in [3, 50, *rng.integers(1, 1201, 3)]:
        assert_optimal(parents, weights, int(k), energy[k])


@pytest.mark.parametrize(
    ("branch", "settings"),
    [
        ("subtree_by_tables", {"ROUNDS": ((0, 2, None), (2**20, 4, 1))}),
        ("subtree_by_tables", {"ROUNDS": ((0, 2, None),)}),
        ("smallest_loss", {"ROUNDS": ((0, 2, None), (0, 20, 2), (0, 60, 4))}),
        ("smallest_loss", {"ROUNDS": ((0, 2, None), (0, 20, 2)), "LAST_TABLES": 0, "CORE_WORK": 300}),
        ("representatives", {"ROUNDS": ((0, 2, None), (0, 4, 1)), "LAST_TABLES": 0}),
        ("subtree_from_core", {"ROUNDS": (), "LAST_TABLES": 0}),
    ],
)
def test_every_branch_is_exact_when_forced(monkeypatch, branch, settings):
    for name, value in ({"COMPILED_TABLES": 0} | settings).items():
        monkeypatch.setattr(projection, name, value)
    if branch == "subtree_by_tables":
        monkeypatch.setenv("CSRECOVER_FAST", "0")
    calls, original = [], getattr(projection, branch)
    monkeypatch.setattr(projection, branch, lambda *args: calls.append(1) or original(*args))
    rng = np.random.default_rng(3)
    for family in WEIGHTS:
        for parents in [Tree.binary(7).parents, random_forest(rng, 80, 3)]:
            n = len(parents)
            weights = WEIGHTS[family](rng, n)
            energy = best_energies_by_table(parents, weights, n)
            for k in rng.choice(n + 1, 4, replace=False):
                assert_optimal(parents, weights, int(k), energy[k])
    assert len(calls) > 10


@families
def test_energy_never_decreases_with_the_budget(family):
    rng = np.random.default_rng(4)
    order, weights = Tree(random_forest(rng, 100, 3)).order, WEIGHTS[family](rng, 100)
    energies = [weights @ best_subtree(order, weights, k) for k in range(103)]
    assert all(more >= less * (1 - 1e-12) for less, more in pairwise(energies))


def test_no_budget_gives_the_empty_set_and_a_full_budget_every_useful_node():
    order = Tree.binary(4).order
    weights = np.ones(15)
    assert not best_subtree(order, weights, 0).any()
    assert best_subtree(order, weights, 15).all()
    assert best_subtree(order, weights, 99).all()
    assert not best_subtree(order, np.zeros(15), 5).any()


def test_zero_weights_beyond_the_last_nonzero_are_not_taken():
    weights = np.zeros(15)
    weights[9] = 1  # its ancestors are 4, 1, 0
    assert np.flatnonzero(best_subtree(Tree.binary(4).order, weights, 7)).tolist() == [0, 1, 4, 9]


def test_equal_weights_give_the_first_nodes_by_level():
    order = Tree.binary(9).order
    for k in (1, 50, 255, 256, 400):
        assert best_subtree(order, np.ones(511), k)[:k].all()


def test_scaling_the_weights_does_not_change_the_support():
    order, weights = Tree.binary(7).order, np.random.default_rng(5).random(127) + 0.01
    for k in (5, 40, 90):
        support = best_subtree(order, weights, k)
        for scale in (2.0**-1020, 2.0**-500, 2.0**1020):
            np.testing.assert_array_equal(best_subtree(order, weights * scale, k), support)


def test_the_weights_may_span_the_whole_range_of_floats():
    weights = np.full(63, 1e-300)
    weights[62] = 1e300
    mask = best_subtree(Tree.binary(6).order, weights, 20)
    assert mask.sum() == 20
    assert mask[62]


def test_heavy_nodes_that_are_too_deep_to_reach_hide_no_difference():
    weights = np.array([1e-24, 1e-26, 1.0, 1e-20, 1.0])
    parents = np.array([-1, -1, 1, 0, 3])
    assert np.flatnonzero(best_subtree(Tree(parents).order, weights, 1)).tolist() == [0]
    assert np.flatnonzero(best_subtree(Tree([-1, 0, 1, 2]).order, np.array([0.0, 0, 0, 1]), 2)).tolist() == [0, 1]


def test_the_weights_are_not_changed():
    weights = np.random.default_rng(6).random(127)
    weights.flags.writeable = False
    assert best_subtree(Tree.binary(7).order, weights, 30).sum() == 30


# --- the parts -------------------------------------------------------------------------------------------------------


def test_tables_alone_are_exact():
    rng = np.random.default_rng(7)
    for parents in medium_trees(rng):
        order, n = Tree(parents).order, len(parents)
        weights = rng.random(n)
        for k in (1, 2, n // 2, n - 1):
            mask = subtree_by_tables(order, weights[order.nodes], k)
            energy = best_energies_by_table(parents, weights, k)[k]
            assert weights[order.nodes] @ mask == pytest.approx(energy, rel=1e-12)


def test_merge_is_the_best_split_of_each_budget():
    rng = np.random.default_rng(8)
    a, b = np.sort(rng.random((3, 5)), axis=1), np.sort(rng.random((3, 5)), axis=1)
    for cap in (4, 6, 20):
        merged = merge(a, b, cap)
        assert merged.shape == (3, min(cap, 8) + 1)
        for j in range(merged.shape[1]):
            splits = [a[:, i] + b[:, j - i] for i in range(5) if 0 <= j - i < 5]
            np.testing.assert_array_equal(merged[:, j], np.max(splits, axis=0))


def test_dual_identity_weight_is_bound_minus_loss():
    """w(S) = bound - loss(S) for every closed S of k nodes, and the loss is never negative."""
    rng = np.random.default_rng(9)
    for parents in small_trees(rng)[3:]:
        order, n = Tree(parents).order, len(parents)
        closed = closed_sets(order.parents)
        weights = rng.integers(0, 9, n) / 9
        for k in range(1, n):
            prices = prices_at_budget(order, weights, k, forced_prefix(order, k))
            masks = closed[closed.sum(axis=1) == k]
            assert (masks @ weights <= prices.bound * (1 + 1e-12)).all()
            if prices.mask is not None:
                assert weights @ prices.mask == pytest.approx(prices.bound) == (masks @ weights).max()
                continue
            open_ = masks[:, order.parents] | (order.parents < 0)  # the parent is in
            gains = np.where(np.isinf(prices.gains), 0, prices.gains)
            loss = np.maximum(-gains, 0) * masks + np.maximum(gains, 0) * (open_ & ~masks)
            np.testing.assert_allclose(prices.bound - loss.sum(axis=1), masks @ weights, rtol=1e-12, atol=1e-12)


def test_forced_prefix_is_in_every_solution():
    assert forced_prefix(Tree([-1, 0, 1, 2, 2]).order, 4) == 3
    assert forced_prefix(Tree([-1, 0, 1, 2, 2]).order, 2) == 2
    assert forced_prefix(Tree([-1, -1, 1]).order, 2) == 0


def test_default_decisions_fit_the_budget():
    rng = np.random.default_rng(10)
    for _ in range(100):
        order = Tree(random_forest(rng, 60, 3)).order
        gains = rng.integers(-1, 2, 60).astype(float)
        k = max(int(rng.integers(60)), order.connected(gains > 0).sum())
        default = fill(order, gains, k)
        assert order.connected(default).sum() <= k
        assert (default[gains != 0] == (gains > 0)[gains != 0]).all()


def test_least_loss_equals_enumeration():
    rng = np.random.default_rng(11)
    for _ in range(60):
        m = int(rng.integers(1, 9))
        parents = np.array([-1, *[rng.integers(-1, i) for i in range(1, m)]])
        order = Tree(parents).order
        rank, end = order.preorder
        items = np.argsort(rank)
        sizes, gains = rng.integers(1, 4, m), rng.integers(-3, 4, m).astype(float)
        closed = closed_sets(order.parents[items].size * [-1])  # all subsets, made closed below
        position = np.empty(m, int)
        position[items] = np.arange(m)
        above = np.where(order.parents[items] < 0, -1, position[order.parents[items]])
        closed = closed[[is_closed(above, mask) for mask in closed]]
        open_ = closed[:, above] | (above < 0)
        loss = (np.maximum(-gains, 0) * closed + np.maximum(gains, 0) * (open_ & ~closed)).sum(axis=1)
        for target in range(sizes.sum() + 2):
            expected = loss[closed @ sizes == target].min(initial=np.inf)
            found, taken = least_loss(sizes, gains, end[items], target, 100.0)
            assert found == expected
            assert taken is None if np.isinf(expected) else sizes @ taken == target
            if np.isfinite(expected):
                assert least_loss(sizes, gains, end[items], target, expected)[0] == expected
                assert least_loss(sizes, gains, end[items], target, expected - 0.5)[0] == np.inf


def test_least_loss_claims_nothing_when_the_work_is_too_much():
    sizes, gains, skip = np.ones(5, int), np.ones(5), np.arange(1, 6)
    assert least_loss(sizes, gains, skip, 2, 10.0, work=3) == (-np.inf, None)


def test_smallest_loss_is_the_optimum_of_the_knapsack():
    rng = np.random.default_rng(12)
    for _ in range(60):
        m = int(rng.integers(1, 9))
        change = rng.integers(1, 4, m) * rng.choice([-1, 1], m)
        loss = rng.integers(0, 4, m).astype(float)
        subsets = closed_sets([-1] * m)
        for target in range(-6, 7):
            expected = (subsets @ loss)[subsets @ change == target].min(initial=np.inf)
            bound = smallest_loss(change, loss, target, 5.0, np.inf)
            assert bound == (expected if expected <= 5 else np.inf)


def test_partial_sums_of_powers_of_two_reach_every_count():
    for count in range(40):
        sums = {0}
        for size in powers_of_two(count):
            sums |= {size + s for s in sums}
        assert sums == set(range(count + 1))


# --- the tree --------------------------------------------------------------------------------------------------------


def test_level_order_lists_parents_first_and_siblings_side_by_side():
    rng = np.random.default_rng(13)
    for parents in medium_trees(rng):
        order = Tree(parents).order
        assert sorted(order.nodes) == list(range(len(parents)))
        named = np.where(order.parents < 0, -1, order.nodes[order.parents])
        np.testing.assert_array_equal(named, np.asarray(parents)[order.nodes])
        assert (np.diff(order.parents) >= 0).all()  # hence levels, and siblings together
        siblings = np.diff(order.parents) == 0
        assert (np.diff(order.nodes)[siblings] > 0).all()  # ties by node index


def test_passes_equal_their_definitions_node_by_node():
    rng = np.random.default_rng(14)
    for parents in medium_trees(rng):
        order, n = Tree(parents).order, len(parents)
        above, x, mask = order.parents, rng.standard_normal(n), rng.random(n) < 0.7
        children = [np.flatnonzero(above == i) for i in range(n)]
        gains, totals, sizes = x.copy(), x.copy(), np.ones(n, int)
        for i in reversed(range(n)):
            gains[i] += sum(max(gains[c], 0) for c in children[i])
            totals[i] += sum(totals[c] for c in children[i] if mask[c])
            sizes[i] += sum(sizes[c] for c in children[i])
        connected, sums, nearest = mask.copy(), x.copy(), np.where(mask, np.arange(n), -1)
        for i in range(n):
            if above[i] >= 0:
                connected[i] &= connected[above[i]]
                sums[i] += sums[above[i]]
                nearest[i] = i if mask[i] else nearest[above[i]]
        np.testing.assert_allclose(order.gains(x), gains)
        np.testing.assert_allclose(order.totals(x, mask), totals, atol=1e-13)
        np.testing.assert_array_equal(order.connected(mask), connected)
        np.testing.assert_allclose(order.path_sums(x), sums, atol=1e-13)
        np.testing.assert_array_equal(order.nearest(mask), nearest)
        rank, end = order.preorder
        np.testing.assert_array_equal(np.sort(rank), np.arange(n))
        np.testing.assert_array_equal(end - rank, sizes)
        inner = above >= 0
        assert (rank[above[inner]] < rank[inner]).all()
        assert (end[inner] <= end[above[inner]]).all()


def test_complete_trees_number_their_nodes_by_level():
    assert Tree.binary(3).parents.tolist() == [-1, 0, 0, 1, 1, 2, 2]
    assert Tree.quad(2).parents.tolist() == [-1, 0, 0, 0, 0]
    assert Tree.quad(levels=4).size == (4**4 - 1) // 3
    assert Tree.binary(levels=1).parents.tolist() == [-1]


def test_a_tree_keeps_the_shape_of_its_array_and_a_read_only_copy():
    parents = np.array([[-1, 0], [0, 1]], dtype=np.int16)
    tree = Tree(parents)
    parents[0, 0] = 3
    assert tree.shape == (2, 2)
    assert tree.size == 4
    assert tree.parents[0, 0] == -1
    assert tree.parents.dtype == np.intp
    assert not tree.parents.flags.writeable
    assert isinstance(tree.order, LevelOrder)
    assert tree.order is tree.order
    assert repr(tree) == "Tree(4 nodes, shape (2, 2))"


def test_parents_of_another_library_are_kept_as_they_are():
    strict = pytest.importorskip("array_api_strict")
    parents = strict.asarray([-1, 0, 0, 1])
    tree = Tree(parents)
    assert tree.parents is parents
    assert tree.order.nodes.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="cycle"):
        Tree(strict.asarray([1, 0]))


@pytest.mark.parametrize(
    ("parents", "error", "message"),
    [
        ([], ValueError, "at least one node.*empty"),
        ([-1.0, 0.0], TypeError, r"integers, got dtype float64.*astype"),
        ([True, False], TypeError, "integers, got dtype bool"),
        ([-1, 2], ValueError, r"between -1 .* and 1, got parents\[1\] = 2"),
        ([-1, -2], ValueError, r"got parents\[1\] = -2"),
        ([-1, 1], ValueError, r"own parent, got parents\[1\] = 1.*-1"),
        ([-1, 2, 3, 1], ValueError, r"forest, got a cycle above node 1"),
        ([1, 0], ValueError, "cycle above node 0"),
    ],
)
def test_arrays_that_are_no_forest_are_refused_with_the_remedy(parents, error, message):
    with pytest.raises(error, match=message):
        Tree(parents)


@pytest.mark.parametrize("create", [Tree.binary, Tree.quad])
def test_complete_trees_need_a_level(create):
    with pytest.raises(ValueError, match="at least one level, got levels=0"):
        create(0)
