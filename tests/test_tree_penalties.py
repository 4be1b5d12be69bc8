"""Norms of subtrees: proximal points certified by their dual decomposition, dual norms against their definitions."""

import cvxpy
import numpy as np
import pytest

import csrecover as cs
from csrecover import kernels

from .conftest import FULL
from .tree_oracles import closed_sets, is_closed, random_forest

NORMS = [cs.TreeL2, cs.TreeLInf]
DTYPES = ["float64", "float32", "complex128", "complex64"]
CASES = range(200 if FULL else 20)


@pytest.fixture(params=["0", "1"], ids=["plain", "compiled"], autouse=True)
def fast(request, monkeypatch):
    if request.param == "1" and kernels.compiled("tree_prox") is None:
        pytest.skip("numba is not installed")
    monkeypatch.setenv("CSRECOVER_FAST", request.param)


def signal(rng, n, dtype="float64"):
    x = rng.standard_normal(n) * np.exp(rng.standard_normal(n))
    return (x + 1j * rng.standard_normal(n) if dtype.startswith("complex") else x).astype(dtype)


def subtrees(parents):
    """Row v: the nodes at or below v."""
    member = np.eye(len(parents), dtype=bool)
    for i in range(len(parents)):
        v = parents[i]
        while v >= 0:
            member[v, i] = True
            v = parents[v]
    return member


def case(seed, most=30):
    """A forest in no order, weights of which some are zero, a signal and a step."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, most))
    parents = random_forest(rng, n, roots=int(rng.integers(1, min(n, 3) + 1)), depth=rng.choice([0.3, 1, 3]))
    weights = rng.uniform(0.1, 1, n) * (rng.random(n) < 0.9)
    return parents, weights, signal(rng, n), float(10 ** rng.uniform(-1.5, 0.5))


def on_ball(u, radius, order):
    """Projection onto the l2 (order 2) or l1 (order 1) ball."""
    sizes = abs(u)
    if np.linalg.norm(u, order) <= radius:
        return u
    if order == 2 or radius == 0:
        return u * radius / np.linalg.norm(u)
    falling = np.sort(sizes)[::-1]
    excess = (np.cumsum(falling) - radius) / np.arange(1, len(u) + 1)
    level = excess[np.flatnonzero(falling > excess)[-1]]
    return u / np.where(sizes > 0, sizes, 1) * np.maximum(sizes - level, 0)


def decomposition(parents, weights, x, step, order):
    """What the composition over the subtrees, smallest first, takes from x in each of them."""
    taken, left = np.zeros((len(x), len(x)), dtype=x.dtype), x.copy()
    for v in np.argsort(subtrees(parents).sum(axis=1), kind="stable"):
        inside = subtrees(parents)[v]
        taken[v, inside] = on_ball(left[inside], step * weights[v], order)
        left = left - taken[v]
    return taken, left


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_what_the_prox_takes_splits_into_a_dual_point_of_each_subtree_that_certifies_it(norm, seed):
    parents, weights, x, step = case(seed)
    if seed % 2:
        x = x * np.exp(1j * np.arange(len(x)))
    p = norm(cs.Tree(parents), weights).prox(x, step)
    taken, left = decomposition(parents, weights, x, step, norm.power)
    np.testing.assert_allclose(p, left, atol=1e-12 * abs(x).max())
    primal = np.inf if norm is cs.TreeLInf else 2
    for v, inside in enumerate(subtrees(parents)):
        assert np.linalg.norm(taken[v], norm.power) <= step * weights[v] * (1 + 1e-12)
        met = np.vdot(taken[v], p).real
        assert met == pytest.approx(
            step * weights[v] * np.linalg.norm(p[inside], primal), abs=1e-11 * abs(x).max() ** 2
        )


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_prox_is_that_of_a_general_solver(norm, seed):
    parents, weights, x, step = case(seed, most=12)
    z, primal = cvxpy.Variable(len(x)), "inf" if norm is cs.TreeLInf else 2
    value = sum(w * cvxpy.norm(z[np.flatnonzero(g)], primal) for w, g in zip(weights, subtrees(parents), strict=True))
    problem = cvxpy.Problem(cvxpy.Minimize(value + cvxpy.sum_squares(z - x) / (2 * step)))
    problem.solve(solver=cvxpy.CLARABEL)
    penalty = norm(cs.Tree(parents), weights)
    p = penalty.prox(x, step)
    assert penalty.value(p) == pytest.approx(sum_of_norms(parents, weights, p, primal), abs=1e-12)
    reached = penalty.value(p) + np.sum((p - x) ** 2) / (2 * step)
    assert reached == pytest.approx(problem.value, abs=1e-6 * (1 + problem.value))
    assert reached <= problem.value + 1e-8 * (1 + problem.value)
    np.testing.assert_allclose(p, z.value, atol=1e-3 * (1 + abs(x).max()))


def sum_of_norms(parents, weights, x, primal):
    order = np.inf if primal == "inf" else 2
    return sum(w * np.linalg.norm(x[g], order) for w, g in zip(weights, subtrees(parents), strict=True))


@pytest.mark.parametrize("seed", CASES)
def test_dual_norm_of_largest_magnitudes_is_the_largest_ratio_over_rooted_subtrees(seed):
    parents, _, u, _ = case(seed, most=10)
    weights = np.random.default_rng(seed).uniform(0.01, 1, len(u))
    sets = closed_sets(parents)[1:]
    largest = (sets @ abs(u) / (sets @ weights)).max()
    assert cs.TreeLInf(cs.Tree(parents), weights).dual(u) == pytest.approx(largest, rel=1e-12)


@pytest.mark.parametrize("seed", CASES)
def test_dual_norm_is_the_smallest_bound_of_a_decomposition(seed):
    parents, _, u, _ = case(seed, most=10)
    weights = np.random.default_rng(seed).uniform(0.1, 1, len(u))
    member = subtrees(parents)
    parts, bound = cvxpy.Variable(member.shape), cvxpy.Variable()
    inside = [parts[~member] == 0] if (~member).any() else []
    small = [cvxpy.norm(parts[v]) <= bound * weights[v] for v in range(len(u))]
    problem = cvxpy.Problem(cvxpy.Minimize(bound), [cvxpy.sum(parts, axis=0) == u, *inside, *small])
    problem.solve(solver=cvxpy.CLARABEL)
    assert cs.TreeL2(cs.Tree(parents), weights).dual(u) == pytest.approx(problem.value, rel=1e-5)


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_prox_vanishes_at_the_dual_norm_and_not_a_trillionth_below(norm, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 500))
    parents = random_forest(rng, n, roots=int(rng.integers(1, min(n, 5) + 1)), depth=rng.choice([0.02, 0.3, 1, 30]))
    weights = np.exp(rng.uniform(0, 4) * rng.standard_normal(n))
    penalty, u = (
        norm(cs.Tree(parents), weights),
        signal(rng, n, DTYPES[2 * (seed % 2)]) * np.exp(3 * rng.standard_normal(n)),
    )
    bound = penalty.dual(u)
    assert not penalty.prox(u, bound).any()
    assert penalty.prox(u, bound * (1 - 1e-12)).any()


@pytest.mark.parametrize("norm", NORMS)
def test_a_prox_has_no_nonzero_coefficient_below_a_zero_one(norm):
    rng = np.random.default_rng(0)
    parents = random_forest(rng, 200, roots=3)
    for step in (0.02, 0.1, 0.3):
        support = norm(cs.Tree(parents)).prox(rng.standard_normal(200), step) != 0
        assert is_closed(parents, support)
        assert 0 < support.sum() < 200


@pytest.mark.parametrize("norm", NORMS)
def test_the_order_of_the_nodes_does_not_matter(norm):
    rng = np.random.default_rng(1)
    parents = (np.arange(127) + 1) // 2 - 1
    shuffle = rng.permutation(127)  # node i becomes shuffle[i]
    renamed = np.empty(127, int)
    renamed[shuffle] = np.where(parents >= 0, shuffle[parents], -1)
    x, weights = rng.standard_normal((2, 127)), rng.uniform(0.1, 1, 127)
    y, moved = np.empty_like(x), np.empty_like(weights)
    y[:, shuffle], moved[shuffle] = x, weights
    straight, shuffled = norm(cs.Tree(parents), weights), norm(cs.Tree(renamed), moved)
    np.testing.assert_allclose(shuffled.prox(y, 0.2)[:, shuffle], straight.prox(x, 0.2), atol=1e-14)
    np.testing.assert_allclose(shuffled.value(y), straight.value(x), rtol=1e-13)
    np.testing.assert_allclose(shuffled.dual(y), straight.dual(x), rtol=1e-13)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(63,), (0, 63), (3, 2, 63)])
def test_compiled_sweeps_are_their_plain_twins(norm, dtype, shape, monkeypatch):
    rng = np.random.default_rng(2)
    x, weights = signal(rng, shape, dtype), rng.uniform(0.1, 1, 63)
    x.flags.writeable = False
    steps = rng.uniform(0.01, 1, shape[:-1])
    tol = 100 * np.finfo(dtype).eps
    for tree in (cs.Tree.binary(6), cs.Tree(random_forest(rng, 63, roots=2))):
        penalty, found = norm(tree, weights), {}
        for fast in "01":
            monkeypatch.setenv("CSRECOVER_FAST", fast)
            found[fast] = penalty.prox(x, steps), penalty.value(x), penalty.dual(x)
        for plain, compiled in zip(*found.values(), strict=True):
            assert plain.dtype == compiled.dtype
            np.testing.assert_allclose(compiled, plain, rtol=tol, atol=tol)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_large_and_small_signals_neither_overflow_nor_vanish(norm, size):
    penalty, x = norm(cs.Tree.binary(4), 0.3), np.random.default_rng(3).standard_normal(15)
    for z in (x, x * (1 + 2j)):
        np.testing.assert_allclose(penalty.prox(size * z, 0.5 * size), size * penalty.prox(z, 0.5), rtol=1e-12)
        assert penalty.value(size * z) == pytest.approx(size * penalty.value(z), rel=1e-12)
        assert penalty.dual(size * z) == pytest.approx(size * penalty.dual(z), rel=1e-12)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", ["path", "star"])
def test_deep_and_wide_trees_are_as_good_as_others(norm, shape):
    n, rng = 3000, np.random.default_rng(4)
    parents = np.arange(n) - 1 if shape == "path" else np.minimum(np.arange(n), 1) - 1
    penalty, x = norm(cs.Tree(parents), rng.uniform(0.01, 0.1, n)), rng.standard_normal(n)
    p = penalty.prox(x, 0.05)
    assert penalty.dual((x - p) / 0.05) == pytest.approx(1, rel=1e-10)
    assert (x - p) @ p == pytest.approx(0.05 * penalty.value(p), rel=1e-10)


@pytest.mark.parametrize("norm", NORMS)
def test_weights_of_the_leaves_alone_make_an_l1_norm_of_them(norm):
    tree, x = cs.Tree.binary(4), np.random.default_rng(5).standard_normal(15)
    leaves = (np.arange(15) >= 7).astype(float)
    penalty = norm(tree, leaves)
    np.testing.assert_allclose(penalty.prox(x, 0.3), cs.L1(leaves).prox(x, 0.3), atol=1e-15)
    assert penalty.dual(x) == np.inf
    assert penalty.dual(x * leaves) == pytest.approx(abs(x * leaves).max())
    assert penalty.dual(np.stack([x, x * leaves, 0 * x])).tolist() == [np.inf, penalty.dual(x * leaves), 0]
    assert not penalty.definite
    assert not (0 * penalty).definite
    assert (0 * penalty).dual(np.stack([x, 0 * x])).tolist() == [np.inf, 0]


def test_weights_of_the_roots_alone_make_a_group_norm_of_the_trees():
    parents = np.array([-1, 0, 1, -1, 3, 3])
    penalty, groups = cs.TreeL2(cs.Tree(parents), (parents < 0) * 0.7), cs.GroupL2(cs.Blocks.uniform(6, 3), 0.7)
    x = np.random.default_rng(6).standard_normal((4, 6))
    assert penalty.definite
    np.testing.assert_allclose(penalty.prox(x, 0.8), groups.prox(x, 0.8), atol=1e-15)
    np.testing.assert_allclose(penalty.value(x), groups.value(x), rtol=1e-14)
    np.testing.assert_allclose(penalty.dual(x), groups.dual(x), rtol=1e-14)


def test_worked_examples():
    tree = cs.Tree(np.array([-1, 0]))
    np.testing.assert_allclose(cs.TreeL2(tree).prox([3.0, 5.0], 1.0), [2.4, 3.2], rtol=1e-15)  # (3, 4), less 1 of 5
    np.testing.assert_allclose(cs.TreeLInf(tree).prox([3.0, -5.0], 1.0), [3, -3], rtol=1e-15)  # (3, -4), less 1
    assert cs.TreeL2(tree).value([3.0, 4.0]) == 9
    assert cs.TreeLInf(tree).value([3.0, -4.0]) == 8


@pytest.mark.parametrize("norm", NORMS)
def test_fista_reaches_its_gap_and_is_zero_at_lambda_max(norm):
    A, tree = cs.gaussian(30, 63, 0), cs.Tree.binary(6)
    y = A @ cs.random_signal(cs.TreeSparse(tree), 63, 8, 1)
    most = float(cs.lambda_max(A, y, norm(tree)))
    assert cs.fista(A, y, norm(tree, 0.1 * most), tol=1e-8).converged
    assert not cs.fista(A, y, norm(tree, most)).x.any()
    assert cs.fista(A, y, norm(tree, 0.99 * most)).x.any()


@pytest.mark.parametrize("norm", NORMS)
def test_what_is_no_tree_or_weight_is_refused(norm):
    tree = cs.Tree.binary(3)
    with pytest.raises(TypeError, match="expected Tree"):
        norm(np.array([-1, 0, 0]))
    with pytest.raises(ValueError, match=r"one weight a node was expected, shape \(7,\), got \(3,\)"):
        norm(tree, np.ones(3))
    with pytest.raises(ValueError, match="not negative"):
        norm(tree, -1.0)
    with pytest.raises(TypeError, match="complex"):
        norm(tree, np.ones(7) * 1j)
    with pytest.raises(ValueError, match="takes signals of shape"):
        norm(tree).prox(np.ones(6), 1.0)
    with pytest.raises(ValueError, match="a step is a number >= 0"):
        norm(tree).prox(np.ones(7), -1.0)
