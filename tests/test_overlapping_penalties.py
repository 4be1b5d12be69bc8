"""Norms of overlapping groups: against a general solver, optimality conditions, exact zeros, closed forms."""

import warnings

import cvxpy
import numpy as np
import pytest

import csrecover as cs
from csrecover.penalties import group_barrier

from .conftest import FULL

CASES = range(200 if FULL else 20)
NORMS = [cs.OverlappingGroupL2, cs.LatentGroupL2]


def random_groups(rng, kind, n):
    """Lists of groups that cover 0 .. n-1."""
    count = int(rng.integers(1, 8))
    if kind == "random":
        groups = [rng.choice(n, rng.integers(1, n + 1), replace=False) for _ in range(count)]
    elif kind == "intervals":
        groups = [np.arange(a, b + 1) for a, b in np.sort(rng.integers(0, n, (count, 2)), axis=1)]
    elif kind == "chain":
        size = int(rng.integers(2, 5))
        groups = [np.arange(start, min(start + size, n)) for start in range(0, n, size - 1)]
    elif kind == "nested":
        groups = [np.arange(end) for end in np.sort(rng.choice(np.arange(1, n + 1), min(count, n), replace=False))]
    else:
        groups = [rng.choice(n, rng.integers(1, n + 1), replace=False) for _ in range(count)] * 2
    missing = np.setdiff1d(np.arange(n), np.concatenate(groups))
    return [*groups, missing] if missing.size else groups


def case(seed, most=12):
    """Groups, positive weights, a signal (complex for odd seeds) and a step."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most))
    groups = random_groups(rng, ["random", "intervals", "chain", "nested", "duplicates"][seed % 5], n)
    weights = rng.uniform(0.2, 1, len(groups)) if rng.random() < 0.7 else np.ones(len(groups))
    x = rng.standard_normal(n) * np.exp(rng.standard_normal(n))
    return groups, weights, x, float(10 ** rng.uniform(-1.5, 0.5))


def latent_parts(groups, n):
    """A variable for the part in each group, and the conditions that it is zero outside."""
    parts = cvxpy.Variable((len(groups), n))
    outside = ~np.array([np.isin(np.arange(n), group) for group in groups])
    return parts, [cvxpy.multiply(outside, parts) == 0]


def programmed(norm, groups, weights, x):
    """Value of a norm as a convex program of a variable x, with its conditions."""
    if norm is cs.OverlappingGroupL2:
        return sum(w * cvxpy.norm(x[np.sort(g)]) for w, g in zip(weights, groups, strict=True)), []
    parts, conditions = latent_parts(groups, x.shape[0])
    value = sum(w * cvxpy.norm(parts[g]) for g, w in enumerate(weights))
    return value, [*conditions, cvxpy.sum(parts, axis=0) == x]


def solved(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_prox_is_that_of_a_general_solver(norm, seed):
    groups, weights, x, step = case(seed)
    z = cvxpy.Variable(len(x))
    value, conditions = programmed(norm, groups, weights, z)
    best = solved(cvxpy.Problem(cvxpy.Minimize(step * value + cvxpy.sum_squares(z - x) / 2), conditions))
    penalty = norm(cs.Groups(groups, len(x)), weights)
    p = penalty.prox(x, step)
    np.testing.assert_allclose(p, z.value, atol=1e-4 * abs(x).max())
    reached = step * penalty.value(p) + np.sum((p - x) ** 2) / 2
    assert reached == pytest.approx(best, abs=1e-6 * (x @ x))
    assert reached <= best + 1e-9 * (x @ x)


@pytest.mark.parametrize("seed", CASES)
def test_latent_norm_is_that_of_a_general_solver(seed):
    groups, weights, x, _ = case(seed)
    value, conditions = programmed(cs.LatentGroupL2, groups, weights, cvxpy.Constant(x))
    best = solved(cvxpy.Problem(cvxpy.Minimize(value), conditions))
    assert cs.LatentGroupL2(cs.Groups(groups, len(x)), weights).value(x) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", CASES)
def test_dual_norm_of_overlapping_groups_is_the_least_bound_of_parts_that_add_up(seed):
    groups, weights, x, _ = case(seed)
    parts, conditions = latent_parts(groups, len(x))
    bound = cvxpy.Variable()
    small = [cvxpy.norm(parts[g]) <= w * bound for g, w in enumerate(weights)]
    best = solved(cvxpy.Problem(cvxpy.Minimize(bound), [*conditions, *small, cvxpy.sum(parts, axis=0) == x]))
    assert cs.OverlappingGroupL2(cs.Groups(groups, len(x)), weights).dual(x) == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize(("dtype", "accuracy"), [("complex128", 1e-11), ("complex64", 1e-4), ("float64", 1e-11)])
@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_prox_satisfies_its_optimality_condition(norm, seed, dtype, accuracy):
    """p = prox(x) if and only if dual(x - p) <= step and Re <x - p, p> = step value(p)."""
    groups, weights, x, step = case(seed, most=60)
    x = (x * np.exp(1j * np.arange(len(x))) if "complex" in dtype else x).astype(dtype)
    penalty = norm(cs.Groups(groups, len(x)), weights)
    p = penalty.prox(x, step)
    assert penalty.dual(x - p) <= step * (1 + accuracy)
    assert np.vdot(x - p, p).real == pytest.approx(
        step * penalty.value(p), abs=accuracy * float(np.linalg.norm(x)) ** 2
    )


@pytest.mark.parametrize("seed", CASES)
@pytest.mark.parametrize("norm", NORMS)
def test_the_least_step_with_a_zero_prox_is_the_dual_norm_to_a_trillionth(norm, seed):
    groups, weights, x, _ = case(seed)
    penalty = norm(cs.Groups(groups, len(x)), weights)
    bound = penalty.dual(x)
    assert not penalty.prox(x, bound * (1 + 1e-12)).any()
    assert penalty.prox(x, bound * (1 - 1e-12)).any()


@pytest.mark.parametrize("seed", CASES)
def test_zeros_are_a_union_of_groups_and_supports_of_the_latent_norm_are(seed):
    groups, weights, x, step = case(seed)
    family = cs.Groups(groups, len(x))
    p = cs.OverlappingGroupL2(family, weights).prox(x, step)
    assert all(p[i] != 0 or any((p[g] == 0).all() for g in groups if i in g) for i in range(len(x)))
    p = cs.LatentGroupL2(family, weights).prox(x, step)
    assert all(p[i] == 0 or any((p[g] != 0).all() for g in groups if i in g) for i in range(len(x)))


def shrunk_in_turn(groups, x, t):
    p = x.copy()
    for group in groups:
        length = np.linalg.norm(p[group])
        p[group] *= max(length - t, 0) / length if length else 0
    return p


def test_shrinking_a_chain_of_groups_one_after_the_other_is_not_its_prox():
    groups, x, step = [np.arange(i, i + 3) for i in range(0, 14, 2)], np.random.default_rng(0).standard_normal(15), 0.4
    penalty = cs.OverlappingGroupL2(cs.Groups(groups, 15))
    p = penalty.prox(x, step)
    for order in (groups, groups[::-1]):
        wrong = shrunk_in_turn(order, x, step)
        assert np.linalg.norm(wrong - p) > 0.02
        assert penalty.dual(x - wrong) > 1.0001 * step or abs((x - wrong) @ wrong - step * penalty.value(wrong)) > 1e-3


def test_nested_groups_are_shrunk_smaller_ones_first():
    groups, x = [np.arange(9), np.arange(5, 9), np.arange(5), np.arange(3), np.arange(2)], np.random.default_rng(0)
    x = x.standard_normal(9) + 1j
    p = cs.OverlappingGroupL2(cs.Groups(groups, 9)).prox(x, 0.3)
    np.testing.assert_allclose(p, shrunk_in_turn(sorted(groups, key=len), x, 0.3), rtol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_disjoint_groups_are_blocks(norm):
    labels, x = np.array([2, 0, 1, 1, 0, 2, 2, 1]), np.random.default_rng(0).standard_normal((3, 8)) + 1j
    weights = np.array([0.3, 1.0, 0.7])
    penalty = norm(cs.Groups([np.flatnonzero(labels == label) for label in range(3)], 8), weights)
    blocks = cs.GroupL2(cs.Blocks(labels), weights)
    for name, arguments in (("value", (x,)), ("dual", (x,)), ("prox", (x, 0.7))):
        np.testing.assert_allclose(getattr(penalty, name)(*arguments), getattr(blocks, name)(*arguments), rtol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_nested_and_disjoint_groups_are_a_special_case_of_the_iteration(norm):
    groups, weights = [[0, 1, 2, 3, 4, 5], [0, 1, 2], [1], [3, 4], [6, 7], [3, 4]], np.linspace(0.2, 1, 6)
    x = np.random.default_rng(0).standard_normal(8)
    closed = norm(cs.Groups(groups, 8), weights)
    crossed = norm(cs.Groups([*groups, [1, 6]], 8), [*weights, 1e-30 if norm is cs.OverlappingGroupL2 else 1e3])
    np.testing.assert_allclose(closed.prox(x, 0.5), crossed.prox(x, 0.5), atol=1e-12)
    assert closed.value(x) == pytest.approx(crossed.value(x), rel=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_many_groups_by_conjugate_gradients_are_as_by_factors(norm, monkeypatch):
    rng = np.random.default_rng(0)
    groups = cs.Groups([*(rng.choice(300, 8, replace=False) for _ in range(150)), np.arange(300)], 300)
    x, step = rng.standard_normal(300), 0.3

    def results():
        penalty = norm(groups, "sqrt")
        return penalty.prox(x, step), penalty.dual(x), penalty.value(x)

    sparse = results()
    monkeypatch.setattr(group_barrier, "_DENSE", 10**6)
    for a, b in zip(sparse, results(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12 * np.max(b))


def test_coefficients_that_no_weight_bounds_are_free():
    family = cs.Groups([[0, 1], [1, 2], [2, 3]], 5)
    x = np.array([1.0, -2, 3, 1, 7])
    overlapping = cs.OverlappingGroupL2(family, [0.5, 1, 0])
    assert not overlapping.definite
    assert overlapping.prox(x, 100).tolist() == [0, 0, 0, 1, 7]
    assert overlapping.dual(x) == np.inf
    assert np.isfinite(overlapping.dual([1, 2, 3, 0, 0]))
    latent = cs.LatentGroupL2(cs.Groups([[0, 1], [1, 2], [2, 3]], 4), [0.5, 1, 0])
    assert not latent.definite
    assert latent.prox(x[:4], 100).tolist() == [0, 0, 3, 1]
    assert latent.dual(x[:4]) == np.inf
    assert latent.value([0, 0, 5, 6]) == 0
    for norm in NORMS:
        free = 0 * norm(cs.Groups([[0, 1], [1, 2]], 3))
        assert free.prox(x[:3], 2.0).tolist() == x[:3].tolist()
        assert free.value(x[:3]) == 0
        assert free.dual(x[:3]) == np.inf


@pytest.mark.parametrize("norm", NORMS)
def test_sizes_and_steps_far_from_one_do_no_harm(norm):
    x = np.random.default_rng(0).standard_normal(9)
    penalty = norm(cs.Groups.windows(9, 5, 2), np.array([1e-6, 1.0, 1e6]))
    p = penalty.prox(x, 1e-3)
    for unit in (1e-200, 1e200):
        np.testing.assert_allclose(penalty.prox(unit * x, unit * 1e-3), unit * p, rtol=1e-10)
        assert penalty.dual(unit * x) == pytest.approx(unit * penalty.dual(x), rel=1e-12)
        assert penalty.value(unit * x) == pytest.approx(unit * penalty.value(x), rel=1e-12)
    np.testing.assert_array_equal(penalty.prox(x, 0.0), x)
    np.testing.assert_allclose(penalty.prox(x, 1e-300), x, rtol=1e-14)
    assert not penalty.prox(x, np.inf).any()
    assert np.isnan(penalty.prox(np.where(x > 0, x, np.nan), 1.0)).all()


@pytest.mark.parametrize("norm", NORMS)
def test_recovery_ends_with_a_closed_gap(norm):
    rng = np.random.default_rng(0)
    A, x = cs.gaussian(40, 64, rng), np.zeros(64)
    x[16:28] = rng.standard_normal(12)
    penalty = norm(cs.Groups.windows(64, 8, 4), 0.01)
    result = cs.fista(A, A @ x, penalty, tol=1e-8)
    assert result.converged
    assert np.linalg.norm(result.x - x) < 0.1 * np.linalg.norm(x)
    assert not cs.fista(A, A @ x, 1.000001 * cs.lambda_max(A, A @ x, penalty) * penalty).x.any()


@pytest.mark.parametrize("norm", NORMS)
def test_wrong_arguments_are_refused(norm):
    groups = cs.Groups([[0, 1], [1, 2]], 3)
    with pytest.raises(TypeError, match="expected Groups"):
        norm([[0, 1]])
    with pytest.raises(ValueError, match="one weight a group"):
        norm(groups, [1.0, 2, 3])
    with pytest.raises(ValueError, match="not negative"):
        norm(groups, -1.0)
    with pytest.raises(ValueError, match="sqrt"):
        norm(groups, "root")
    with pytest.raises(TypeError, match="real"):
        norm(groups, 1j)
    with pytest.raises(ValueError, match="shape"):
        norm(groups).prox(np.ones(4), 1.0)
    with pytest.raises(ValueError, match="step"):
        norm(groups).prox(np.ones(3), -1.0)


def test_the_latent_norm_wants_each_coefficient_in_a_group():
    with pytest.raises(ValueError, match="flat index 2"):
        cs.LatentGroupL2(cs.Groups([[0, 1], [1, 3]], 4))
