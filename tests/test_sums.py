"""Sums of penalties: in lockstep with the textbook, certified, against an interior point method; reweighted norms."""

from itertools import islice

import numpy as np
import pytest

import csrecover as cs
from csrecover.penalties.multiple import multiple
from csrecover.solvers.admm import admm_iterates
from csrecover.solvers.primal_dual import primal_dual_iterates
from csrecover.solvers.reweighted import Followed
from csrecover.solvers.ridge import Ridge
from csrecover.solvers.sums import check_terms

from . import reference
from .conftest import FULL
from .test_solvers import every_field, normal

N, M = 24, 30
LABELS = np.random.default_rng(3).permutation(np.arange(N) % 8)
FIRST, SECOND = np.arange(N) // 4, (np.arange(N) + 2) // 4  # two partitions: groups that overlap
DIFFERENCES = np.eye(N, k=1)[:-1] - np.eye(N)[:-1]
every_solver = pytest.mark.parametrize("solver", [cs.primal_dual, cs.admm], ids=lambda f: f.__name__)


def problem(seed, field="real"):
    rng = np.random.default_rng(seed)
    matrix = normal(rng, (M, N), field) / M**0.5
    x = np.repeat([0, 1.5, 0, -2, 0, 1], N // 6)
    return matrix, matrix @ x + 0.05 * normal(rng, M, field)


def objective(matrix, y, terms, x):
    """0.5 ||y - A x||^2 + sum_i penalty_i(L_i x), by dense matrices."""
    return 0.5 * np.linalg.norm(y - matrix @ x) ** 2 + sum(penalty.value(L @ x) for penalty, L in terms)


def groups(labels, weight):
    return cs.GroupL2(cs.Blocks(labels), weight)


SUMS = {
    "overlapping groups": [groups(FIRST, 0.1), groups(SECOND, 0.05)],
    "l1 and total variation": [cs.L1(0.05), (cs.L1(0.1), cs.Gradient(N))],
    "total variation, its own prox": [cs.TV(0.1), cs.L1(0.05)],
    "wavelets and total variation": [(cs.L1(0.1), cs.Wavelet(N, "haar", 2)), (cs.L1(0.05), cs.Gradient(N))],
    "wavelets and l1": [cs.L1(0.05), (cs.L1(0.1), cs.Wavelet(N, "haar", 2))],
    "box and l1": [cs.L1(0.1), cs.Box(-1.2, 1)],
    "nonnegative and groups": [groups(FIRST, 0.1), cs.NonNegativeL1(0.02)],
    "three": [groups(FIRST, 0.1), (cs.L1(0.1), cs.Gradient(N)), cs.Box(-1.2, 1)],
}
every_sum = pytest.mark.parametrize("name", SUMS)


def pairs(terms):
    """Penalties with their operators."""
    return [term if isinstance(term, tuple) else (term, cs.Identity(N)) for term in terms]


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


def twins(field):
    """Two sums as given to the solver, as proximal operators and matrices, and the place of the one that acts on x."""
    soft, group = reference.soft, reference.group_soft
    yield (
        [cs.L1(0.1), (groups(LABELS[:-1], 0.2), cs.Matrix(DIFFERENCES)), groups(FIRST, 0.1)],
        [
            (lambda v, t: soft(v, 0.1 * t), np.eye(N)),
            (lambda v, t: group(v, LABELS[:-1], 0.2 * t), DIFFERENCES),
            (lambda v, t: group(v, FIRST, 0.1 * t), np.eye(N)),
        ],
        0,
    )
    analysis = normal(np.random.default_rng(1), (N - 1, N), field)
    yield (
        [(cs.L1(0.1), cs.Matrix(analysis)), cs.L1(0.1), cs.L2Ball(2.0)],
        [
            (lambda v, t: soft(v, 0.1 * t), analysis),
            (lambda v, t: soft(v, 0.1 * t), np.eye(N)),
            (lambda v, t: v * min(1, 2 / np.linalg.norm(v)), np.eye(N)),
        ],
        2,
    )


@every_field
def test_iterates_of_condat_and_vu_are_those_of_the_textbook(field):
    for seed, (given, terms, place) in enumerate(twins(field)):
        matrix, y = problem(seed, field)
        A, start = cs.Matrix(matrix), 0.1 * normal(np.random.default_rng(seed), N, field)
        curvature = np.linalg.norm(matrix, 2) ** 2
        ours = primal_dual_iterates(A, y, check_terms(A, given), start, curvature, adaptive=False)
        direct, _ = terms.pop(place)
        theirs = reference.condat_vu(matrix, y, direct, terms, start)
        for state, expected in islice(zip(ours, theirs, strict=False), 60):
            np.testing.assert_allclose(state().x, expected, atol=1e-8)


@pytest.mark.parametrize("dense", [True, False])
@every_field
def test_iterates_of_admm_are_those_of_the_textbook(field, dense):
    for seed, (given, terms, place) in enumerate(twins(field)):
        matrix, y = problem(seed, field)
        A, start = cs.Matrix(matrix), 0.1 * normal(np.random.default_rng(seed), N, field)
        ours = check_terms(A, given)
        system = Ridge.of(A, ours, y)
        assert system.factors is not None
        system = system if dense else Exact(system.parts, None)
        theirs = reference.admm(matrix, y, terms, place, start)
        for state, expected in islice(zip(admm_iterates(A, y, ours, start, system, adaptive=False), theirs), 40):  # noqa: B905
            np.testing.assert_allclose(state().x, expected, atol=1e-7)


class Exact(Ridge):
    """Conjugate gradients to full precision."""

    def solve(self, A, right, rho, x, tol):
        return super().solve(A, right, rho, x, 0 * tol)


# --- certificates ----------------------------------------------------------------------------------------------------


@every_solver
@every_sum
def test_the_gap_bounds_how_far_the_objective_is_above_its_minimum(solver, name):
    for seed in range(3 if FULL else 1):
        matrix, y = problem(seed)
        seen = []
        result = solver(
            matrix, y, SUMS[name], tol=1e-8, max_iter=30_000, callback=lambda p, seen=seen: seen.append(p.x)
        )
        assert result.converged, result
        assert result.gap <= 1e-8 * 0.5 * np.linalg.norm(y) ** 2
        least = objective(matrix, y, pairs(SUMS[name]), result.x) - result.gap
        for x, gap, stated in zip(seen, result.history["gap"], result.history["objective"], strict=True):
            true = objective(matrix, y, pairs(SUMS[name]), x)
            assert stated == pytest.approx(true, rel=1e-9)
            assert gap >= true - least - 2 * result.gap - 1e-12


@every_solver
def test_a_gap_needs_a_norm_of_coefficients_or_differences_and_one_constraint_at_most(solver):
    matrix, y = problem(0)
    gradient, dense = (cs.L1(0.1), cs.Gradient(N)), (cs.L1(0.1), cs.Matrix(DIFFERENCES))
    for penalties in ([dense], [gradient, cs.Box(-1, 1), cs.L2Ball(2.0)], [cs.L1(0.1), cs.Box(-1, 1), cs.L2Ball(2.0)]):
        result = solver(matrix, y, penalties, tol=1e-9, max_iter=50_000)
        assert result.gap is None
        assert result.converged
    free = np.append(np.ones(N - 1), 0.0)
    for penalties in ([(cs.L1(free[None]), cs.Gradient(N))], [cs.L1(free), dense], [cs.TV(0.0)]):
        assert solver(matrix, y, penalties, max_iter=10).gap is None


VARIATIONS = {
    "differences": [(cs.L1(0.1), cs.Gradient(N))],
    "a multiple of them": [(cs.L1(0.1 / 3), 3 * cs.Gradient(N))],
    "its own prox": [cs.TV(0.1)],
    "in a box": [(cs.L1(0.1), cs.Gradient(N)), cs.Box(-1.2, 1)],
}


@every_solver
@pytest.mark.parametrize("name", VARIATIONS)
@pytest.mark.parametrize("rows", [M, 12] if FULL else [18])
def test_total_variation_is_certified(solver, name, rows):
    """The bound is checked from the definition of both objectives: a dual point is orthogonal to A 1."""
    matrix, y = problem(1)
    matrix, y = matrix[:rows], y[:rows]
    result = solver(matrix, y, VARIATIONS[name], tol=1e-8, max_iter=30_000)
    assert result.gap <= 1e-8 * 0.5 * y @ y
    reference = cs.admm(matrix, y, [(cs.L1(0.1), DIFFERENCES), *VARIATIONS[name][1:]], tol=1e-11, max_iter=50_000).x
    terms = [(cs.L1(0.1), DIFFERENCES)]
    least = objective(matrix, y, terms, reference)
    seen = zip(result.history["objective"], result.history["gap"], strict=True)
    assert all(stated - gap <= least * (1 + 1e-9) for stated, gap in seen)
    assert objective(matrix, y, terms, result.x) <= least + result.gap + 1e-9


@pytest.mark.parametrize("solver", [cs.primal_dual, cs.admm])
def test_complex_signals_and_stacks_of_matrices_have_the_gap_of_total_variation(solver):
    matrices, ys = (np.stack(parts) for parts in zip(*(problem(seed, "complex") for seed in range(2)), strict=True))
    result = solver(matrices, ys, VARIATIONS["differences"], tol=1e-7, max_iter=30_000)
    assert (result.gap <= 1e-7 * 0.5 * np.linalg.norm(ys, axis=-1) ** 2).all()
    for i in range(2):
        alone = cs.fista(matrices[i], ys[i], cs.TV(0.1), tol=1e-7)
        assert result.history["objective"][-1, i] - result.gap[i] <= alone.history["objective"][-1] + 1e-9


def test_measurements_that_do_not_see_constants_are_certified_for_total_variation_alone():
    rows = cs.Sampling(32, np.arange(1, 20)) @ cs.DCT(32)
    y = rows @ np.repeat([0.0, 1, -1, 2], 8)
    assert cs.admm(rows, y, [(cs.L1(0.1), cs.Gradient(32))], tol=1e-6).gap <= 1e-6 * 0.5 * y @ y
    beside = [(cs.L1(0.1), cs.Gradient(32)), (cs.L1(0.1), cs.Matrix(np.eye(32)[:8]))]
    assert cs.admm(rows, y, beside, max_iter=10).gap is None


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize("isotropic", [True, False])
def test_total_variation_of_images_is_certified_and_that_of_an_interior_point_method(isotropic):
    cp = pytest.importorskip("cvxpy")
    image = np.outer(np.arange(6) > 2, np.arange(6) < 3).astype(float)
    A = cs.random_rows((6, 6), 20, 0) @ cs.DCT((6, 6)) @ cs.random_signs((6, 6), 1)
    y = A @ image + 0.05 * np.random.default_rng(0).standard_normal(20)
    pixels = np.broadcast_to(np.arange(36).reshape(6, 6), (2, 6, 6))
    penalty = cs.GroupL2(cs.Blocks(pixels), 0.05) if isotropic else cs.L1(0.05)
    result = cs.admm(A, y, [(penalty, cs.Gradient((6, 6)))], tol=1e-7)
    assert result.gap <= 1e-7 * 0.5 * y @ y
    x = cp.Variable((6, 6))
    down = cp.vstack([x[1:] - x[:-1], np.zeros((1, 6))])
    right = cp.hstack([x[:, 1:] - x[:, :-1], np.zeros((6, 1))])
    fields = cp.vstack([cp.vec(down, order="C"), cp.vec(right, order="C")])
    size = cp.sum(cp.norm(fields, 2, axis=0)) if isotropic else cp.sum(cp.abs(fields))
    residual = cs.to_numpy(A.todense()) @ cp.vec(x, order="C") - y
    task = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(residual) + 0.05 * size))
    task.solve(cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    assert result.history["objective"][-1] == pytest.approx(task.value, rel=1e-6)


@every_solver
@every_field
def test_total_variation_by_differences_is_that_by_its_own_prox(solver, field):
    matrix, y = problem(1, field)
    x = solver(matrix, y, [(cs.L1(0.1), cs.Gradient(N))], tol=1e-10, max_iter=50_000).x
    other = cs.fista(matrix, y, cs.TV(0.1), tol=1e-9).x
    terms = [(cs.L1(0.1), DIFFERENCES)]
    assert objective(matrix, y, terms, x) <= objective(matrix, y, terms, other) * (1 + 1e-8)
    np.testing.assert_allclose(x, other, atol=1e-4)


@every_solver
def test_one_penalty_is_the_problem_of_fista(solver):
    matrix, y = problem(0, "complex")
    for penalty in (cs.L1(0.1), groups(LABELS, 0.1)):
        expected = cs.fista(matrix, y, penalty, tol=1e-12)
        np.testing.assert_allclose(solver(matrix, y, [penalty], tol=1e-9).x, expected.x, atol=1e-3)


@every_solver
@every_field
def test_two_partitions_are_one_norm_of_overlapping_groups(solver, field):
    matrix, y = problem(2, field)
    members = [np.flatnonzero(labels == g) for labels in (FIRST, SECOND) for g in range(labels.max() + 1)]
    expected = cs.fista(matrix, y, cs.OverlappingGroupL2(cs.Groups(members, N), 0.1), tol=1e-9)
    result = solver(matrix, y, [groups(FIRST, 0.1), groups(SECOND, 0.1)], tol=1e-9, max_iter=50_000)
    assert result.history["objective"][-1] == pytest.approx(expected.history["objective"][-1], rel=1e-8)


# --- against another solver ------------------------------------------------------------------------------------------


def program(cp, name, matrix, y):
    """The minimum by an interior point method, from the definition."""
    x = cp.Variable(N)
    haar = cs.to_numpy(cs.Wavelet(N, "haar", 2).todense())

    def grouped(labels):
        return sum(cp.norm(x[labels == g], 2) for g in range(labels.max() + 1))

    variation = cp.norm(DIFFERENCES @ x, 1)
    penalty, constraints = {
        "overlapping groups": (0.1 * grouped(FIRST) + 0.05 * grouped(SECOND), []),
        "l1 and total variation": (0.05 * cp.norm(x, 1) + 0.1 * variation, []),
        "total variation, its own prox": (0.05 * cp.norm(x, 1) + 0.1 * variation, []),
        "wavelets and total variation": (0.1 * cp.norm(haar @ x, 1) + 0.05 * variation, []),
        "wavelets and l1": (0.1 * cp.norm(haar @ x, 1) + 0.05 * cp.norm(x, 1), []),
        "box and l1": (0.1 * cp.norm(x, 1), [x >= -1.2, x <= 1]),
        "nonnegative and groups": (0.1 * grouped(FIRST) + 0.02 * cp.sum(x), [x >= 0]),
        "three": (0.1 * grouped(FIRST) + 0.1 * variation, [x >= -1.2, x <= 1]),
    }[name]
    task = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(matrix @ x - y) + penalty), constraints)
    task.solve(cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
    return task.value


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # to less than 1e-11, it means
@every_sum
def test_minima_are_those_of_an_interior_point_method(name):
    cp = pytest.importorskip("cvxpy")
    for seed in range(10 if FULL else 1):
        matrix, y = problem(seed)
        expected = program(cp, name, matrix, y)
        for solver in (cs.primal_dual, cs.admm):
            x = solver(matrix, y, SUMS[name], tol=1e-9, max_iter=50_000).x
            assert objective(matrix, y, pairs(SUMS[name]), x) == pytest.approx(expected, rel=1e-6)


@every_solver
@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
def test_low_rank_and_sparse_matrices_are_those_of_an_interior_point_method(solver):
    cp = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(0)
    A, truth = cs.random_rows((5, 6), 22, 0) @ cs.DCT((5, 6)), np.zeros((5, 6))
    truth[1:3, 2:5] = 2
    y = A @ truth + 0.05 * rng.standard_normal(22)
    x = cp.Variable((5, 6))
    fit = cs.to_numpy(A.todense()) @ cp.reshape(x, (30,), order="C") - y
    task = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(fit) + 0.2 * cp.normNuc(x) + 0.1 * cp.sum(cp.abs(x))))
    task.solve(cp.CLARABEL)
    result = solver(A, y, [cs.Nuclear(0.2), cs.L1(0.1)], tol=1e-9)
    assert result.gap <= 1e-9 * np.linalg.norm(y) ** 2
    assert result.history["objective"][-1] == pytest.approx(task.value, rel=1e-6)


# --- fewer measurements than unknowns --------------------------------------------------------------------------------


@every_solver
def test_overlapping_groups_and_variation_are_certified_from_fewer_measurements_than_unknowns(solver):
    image = np.outer(np.arange(8) > 3, np.arange(8) < 5).astype(float)
    A = cs.random_rows((8, 8), 40, 0) @ cs.DCT((8, 8)) @ cs.random_signs((8, 8), 1)
    y = A @ image + 0.01 * np.random.default_rng(0).standard_normal(40)
    wavelets, variation = (cs.L1(0.01), cs.Wavelet((8, 8), "haar")), (cs.L1(0.02), cs.Gradient((8, 8)))
    halves = [cs.Blocks(np.arange(64).reshape(8, 8) // 4), cs.Blocks((np.arange(64).reshape(8, 8) + 2) // 4)]
    for penalties in ([wavelets, variation], [cs.GroupL2(blocks, 0.02) for blocks in halves]):
        result = solver(A, y, penalties, tol=1e-6)
        assert result.converged
        assert result.gap <= 1e-6 * 0.5 * np.linalg.norm(y) ** 2


def test_systems_of_many_unknowns_are_solved_well_enough_for_admm_to_converge():
    """A tolerance that is a fixed share of the residuals lets the iterates cycle here."""
    image = np.zeros((32, 32))
    image[8:20, 10:25] = 1
    A = cs.random_rows((32, 32), 500, 0) @ cs.DCT((32, 32)) @ cs.random_signs((32, 32), 1)
    y = A @ image + 0.01 * np.random.default_rng(0).standard_normal(500)
    penalties = [(cs.L1(0.005), cs.Wavelet((32, 32), "haar")), (cs.L1(0.01), cs.Gradient((32, 32)))]
    result = cs.admm(A, y, penalties, tol=1e-4, max_iter=1000)
    assert result.converged
    assert result.error(image) <= 0.05


@every_field
def test_linear_systems_by_conjugate_gradients_are_those_by_factors(field, backend):
    matrix, y = cs.to(problem(0, field), backend)
    A, rng = cs.Matrix(matrix), np.random.default_rng(0)
    terms = check_terms(A, [cs.L1(), (cs.L1(), 3 * cs.Gradient(N))])
    system = Ridge.of(A, terms, y)
    right, rho, tol = cs.to((normal(rng, (2, N), field), np.array([0.1, 10.0]), np.zeros(2)), backend)
    factorised = cs.to_numpy(system.solve(A, right, rho, 0 * right, tol))
    iterated = cs.to_numpy(Ridge(system.parts, None).solve(A, right, rho, right, tol))
    dense = DIFFERENCES.T @ DIFFERENCES / np.linalg.norm(DIFFERENCES, 2) ** 2 + np.eye(N)
    host = cs.to_numpy(matrix)
    for i, weight in enumerate((0.1, 10.0)):
        expected = np.linalg.solve(host.conj().T @ host + weight * dense, cs.to_numpy(right)[i])
        np.testing.assert_allclose(factorised[i], expected, atol=1e-9)
        np.testing.assert_allclose(iterated[i], expected, atol=1e-9)


# --- units and scales ------------------------------------------------------------------------------------------------


@every_solver
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_units_of_data_and_operators_change_nothing(solver, unit):
    matrix, y = problem(0)
    gradient = cs.Gradient(N)
    expected = solver(matrix, y, [cs.L1(0.05), (cs.L1(0.1), gradient)], tol=1e-6)
    for a, b, c in ((unit, 1, 1), (1, unit, 1), (unit, unit, 1), (1, 1, unit)):
        penalties = [cs.L1(0.05 * a * b), (cs.L1(0.1 * a * b / c), c * gradient)]
        found = solver(a * matrix, b * y, penalties, tol=1e-6)
        assert found.converged
        assert abs(found.iterations - expected.iterations) <= 0.1 * expected.iterations + 5
        np.testing.assert_allclose(found.x * a / b, expected.x, atol=2e-2)


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
def test_badly_balanced_penalties_are_certified(unit):
    """One penalty hardly matters beside the other."""
    matrix, y = problem(0)
    for solver in (cs.primal_dual, cs.admm):
        result = solver(matrix, y, [cs.L1(0.05), (cs.L1(0.05 * unit), cs.Gradient(N))], tol=1e-6)
        assert result.converged, (solver, result)
        assert result.gap <= 1e-6 * 0.5 * np.linalg.norm(y) ** 2


SCALED = {
    "l1 and an idle box": lambda s: [cs.L1(0.05 * s), cs.Box(-1e9, 1e9)],
    "l1 and a box": lambda s: [cs.L1(0.05 * s), cs.Box(-1 / s, 1 / s)],
    "nonnegative": lambda s: [cs.NonNegativeL1(0.05 * s)],
    "differences": lambda s: [cs.L1(0.05 * s), (cs.L1(0.1), cs.Matrix(DIFFERENCES * s))],
}


@every_solver
@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("decades", [1, 3, 6] if FULL else [6])
def test_the_scales_of_the_columns_of_one_matrix_change_nothing(solver, name, decades):
    matrix, y = problem(0)
    scales = np.random.default_rng(0).permutation(10 ** np.linspace(-decades, decades, N))
    expected = solver(matrix, y, SCALED[name](np.ones(N)), tol=1e-8)
    penalties = SCALED[name](scales)
    start = None if name == "nonnegative" else 0.5 * expected.x / scales
    found = solver(matrix * scales, y, penalties, tol=1e-8, x0=start)
    assert found.converged
    assert found.iterations <= 10 * expected.iterations
    assert found.history["objective"][-1] == pytest.approx(expected.history["objective"][-1], rel=1e-6)
    np.testing.assert_allclose(found.x * scales, expected.x, atol=2e-3)
    if name == "l1 and a box":
        assert (abs(found.x) <= 1 / scales).all()


@every_solver
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_units_and_gaps_of_variation_are_had_on_every_backend(solver, dtype, backend):
    matrix, y = problem(0)
    scales = 10 ** np.linspace(-3, 3, N)
    for given, penalties in (
        (matrix * scales, [cs.L1(0.05 * scales), cs.L1(0.01), cs.Box(-2 / scales, np.full(N, np.inf))]),
        (matrix, VARIATIONS["differences"]),
        (matrix, VARIATIONS["its own prox"]),
    ):
        if dtype == "complex128":
            penalties = [penalty for penalty in penalties if not isinstance(penalty, cs.Box | cs.TV)]
            if not penalties:
                continue
        A, b = cs.to((given.astype(dtype), y.astype(dtype)), backend)
        result = solver(A, b, [cs.to(penalty, backend) for penalty in penalties], tol=1e-4)
        assert result.converged
        assert result.gap <= 1e-4 * 0.5 * y @ y
        assert cs.to_numpy(result.x).dtype == dtype
        exact = cs.admm(given, y, penalties, tol=1e-6)
        objectives = (each.history["objective"][-1] for each in (result, exact))
        assert next(objectives) == pytest.approx(next(objectives), rel=1e-3)


def test_a_zero_column_has_a_zero_coefficient():
    matrix, y = problem(0)
    matrix = matrix * 10 ** np.linspace(-3, 3, N)
    matrix[:, 5] = 0
    result = cs.admm(matrix, y, [cs.L1(0.05), cs.Box(-1e9, 1e9)])
    assert result.converged
    assert abs(result.x[5]) <= 1e-15


# --- x itself --------------------------------------------------------------------------------------------------------


@every_solver
def test_the_iterate_is_exactly_in_the_set_or_exactly_sparse(solver):
    matrix, y = problem(0)
    inside = solver(matrix, y, [cs.L1(0.05), cs.Box(-1, 1)], tol=1e-4).x
    assert abs(inside).max() == 1
    sparse = solver(matrix, y, [groups(FIRST, 0.8), groups(SECOND, 0.4)], tol=1e-4).x
    norms = np.array([np.linalg.norm(sparse[g == FIRST]) for g in range(6)])
    assert (norms == 0).any()
    assert (norms > 0).any()


@every_solver
def test_the_solution_does_not_depend_on_the_start(solver):
    matrix, y = problem(0)
    penalties = SUMS["l1 and total variation"]
    cold = solver(matrix, y, penalties, tol=1e-9)
    warm = solver(matrix, y, penalties, tol=1e-9, x0=10 * cold.x)
    np.testing.assert_allclose(warm.x, cold.x, atol=1e-3)
    with pytest.raises(ValueError, match=r"x0 must have shape \(24,\)"):
        solver(matrix, y, penalties, x0=np.zeros(3))


@every_solver
def test_a_complex_operator_of_a_penalty_makes_the_signal_complex(solver):
    matrix, y = problem(0)
    result = solver(matrix, y, [cs.L1(0.01), (cs.L1(0.01), cs.DFT(N))], tol=1e-8)
    assert result.converged
    assert result.x.dtype == np.complex128
    np.testing.assert_allclose(result.x.imag, 0, atol=1e-6)  # the minimum of a real problem is real


@every_solver
def test_a_stack_of_matrices_is_solved_as_its_matrices_are(solver):
    stack, ys = (np.stack(parts) for parts in zip(*map(problem, range(3)), strict=True))
    together = solver(stack, ys, SUMS["l1 and total variation"], tol=1e-9)
    for i in range(3):
        alone = solver(stack[i], ys[i], SUMS["l1 and total variation"], tol=1e-9)
        np.testing.assert_allclose(together.x[i], alone.x, atol=1e-4)


@every_solver
@pytest.mark.parametrize(
    ("penalties", "error", "message"),
    [
        (cs.L1(), TypeError, "expected a list of penalties"),
        ([], ValueError, "one penalty at least"),
        ([cs.Sparse()], TypeError, "got Sparse"),
        ([(cs.L1(), cs.Gradient(N), 1)], TypeError, "got tuple"),
        ([cs.BlockMCP(cs.Blocks(LABELS), 1.0)], ValueError, "BlockMCP is not convex"),
        ([(cs.L1(), cs.Gradient(5))], ValueError, r"signals of shape \(24,\)"),
        ([(cs.L1(), np.ones((2, 3, N)))], ValueError, "one operator"),
        ([groups(FIRST[:9], 1.0)], ValueError, "signals of shape"),
    ],
)
def test_bad_penalties_are_refused(solver, penalties, error, message):
    matrix, y = problem(0)
    with pytest.raises(error, match=message):
        solver(matrix, y, penalties)


# --- reweighted norms ------------------------------------------------------------------------------------------------


@every_field
@pytest.mark.parametrize("penalty", [cs.L1(0.05), groups(LABELS, 0.1)], ids=["l1", "groups"])
def test_each_round_lowers_the_concave_penalty(penalty, field):
    for seed in range(5 if FULL else 1):
        matrix, y = problem(seed, field)

        def size(x):
            if isinstance(penalty, cs.L1):
                return abs(x)
            return np.array([np.linalg.norm(x[b == LABELS]) for b in range(8)])

        level = 0.1 * size(cs.reweighted(matrix, y, penalty, rounds=1, tol=1e-9).x).max()
        weight, last = penalty.weight, np.inf
        for rounds in range(1, 5):
            result = cs.reweighted(matrix, y, penalty, rounds=rounds, tol=1e-9)
            fit = 0.5 * np.linalg.norm(y - matrix @ result.x) ** 2
            now = fit + weight * level * np.log1p(size(result.x) / level).sum()
            assert now <= last + 1e-7
            last = now


def test_reweighted_norms_recover_where_the_norm_does_not():
    """Candes, Wakin and Boyd, 2008: fewer measurements suffice. Fixed draws, where the median is clear."""
    plain, better = [], []
    for seed in range(9):
        A, truth = cs.gaussian(50, 128, seed), cs.random_signal(cs.Sparse(), 128, 18, seed + 100)
        options = {"scale": "1e-2 lmax", "tol": 1e-4}
        plain.append(cs.fista(A, A @ truth, cs.L1(), **options).error(truth))
        better.append(cs.reweighted(A, A @ truth, cs.L1(), **options).error(truth))
    assert np.median(better) <= 0.5 * np.median(plain)


def test_one_round_is_fista_and_debiasing_fits_the_support():
    A, truth = cs.gaussian(40, 64, 0), np.repeat([1.0, -2, 0], [2, 2, 60])
    once = cs.reweighted(A, A @ truth, cs.L1(0.1), rounds=1)
    np.testing.assert_array_equal(once.x, cs.fista(A, A @ truth, cs.L1(0.1)).x)
    fitted = cs.reweighted(A, A @ truth, cs.L1(), scale="0.01 lmax", debias=True)
    assert fitted.solver == "reweighted, debiased"
    assert fitted.error(truth) <= 1e-10


def test_products_of_all_rounds_are_counted():
    A, truth = cs.gaussian(40, 64, 0), cs.random_signal(cs.Sparse(), 64, 4, 1)
    one, two = (cs.reweighted(A, A @ truth, cs.L1(0.1), rounds=rounds) for rounds in (1, 2))
    assert two.n_apply > one.n_apply
    assert two.n_adjoint > one.n_adjoint


@pytest.mark.parametrize(
    ("penalty", "shape"),
    [
        (cs.L1(0.3), (2, 4)),
        (cs.L1(np.linspace(0.2, 1, 8)), (8,)),
        (cs.GroupL2(cs.Blocks([2, 0, 1, 1, 0, 2, 2, 3]), 0.5), (8,)),
    ],
)
def test_a_norm_with_further_weights_keeps_the_promises_of_a_norm(penalty, shape):
    units = 4 if isinstance(penalty, cs.GroupL2) else 8
    followed = Followed(penalty if len(shape) == 1 else cs.L1(0.3, ndim=2), np.linspace(0.1, 2, units))
    assert cs.check_norm(followed, shape)
    rng = np.random.default_rng(0)
    factors, x = rng.uniform(0.1, 2, (3, units)), rng.standard_normal((3, *shape))
    many = Followed(followed.penalty, factors)
    steps = np.array([0.5, 1.0, 2.0])
    for i in range(3):
        one = Followed(followed.penalty, factors[i])
        np.testing.assert_allclose(many.prox(x, steps)[i], one.prox(x[i], steps[i]))
        np.testing.assert_allclose(many.value(x)[i], one.value(x[i]))
        np.testing.assert_allclose(many.dual(x)[i], one.dual(x[i]))
    assert multiple(many, steps).value(x) == pytest.approx(steps * many.value(x))


@pytest.mark.parametrize(
    ("penalty", "options", "error", "message"),
    [
        (cs.Nuclear(), {}, ValueError, "axes"),
        (cs.TV(), {}, TypeError, "expected L1 or GroupL2, got TV"),
        (cs.L1(), {"rounds": 0}, ValueError, "rounds is an integer >= 1, got 0"),
        (cs.L1(), {"epsilon": 0.0}, ValueError, "epsilon must be positive"),
        (cs.L1(), {"epsilon": None}, TypeError, "epsilon is a real number"),
    ],
)
def test_bad_arguments_of_reweighted_are_refused(penalty, options, error, message):
    with pytest.raises(error, match=message):
        cs.reweighted(np.eye(3), np.ones(3), penalty, **options)
