"""Convex solvers beyond plain FISTA: in lockstep with the textbook, certified, scaled, and against another solver."""

from itertools import islice

import numpy as np
import pytest

import csrecover as cs
from csrecover.penalties.multiple import multiple
from csrecover.solvers.greedy_fista import greedy_fista_iterates
from csrecover.solvers.guarded import guarded_iterates
from csrecover.solvers.pogm import pogm_iterates
from csrecover.solvers.sparsa import sparsa_iterates

from . import cupy_double, reference
from .conftest import FULL, NAMES
from .test_cupy_double import PENALTIES as BUDGETED
from .test_cupy_double import stays_within
from .test_solvers import LABELS, PENALTIES, Watched, every_field, every_kind, normal, objective, problem, relative

SOLVERS = {
    "ista, backtracking": (cs.ista, {"step": "backtracking"}),
    "fista": (cs.fista, {}),
    "fista, backtracking": (cs.fista, {"step": "backtracking"}),
    "fista, monotone": (cs.fista, {"monotone": True}),
    "greedy fista": (cs.greedy_fista, {}),
    "pogm": (cs.pogm, {}),
    "sparsa": (cs.sparsa, {}),
}
every_solver = pytest.mark.parametrize(("solver", "more"), SOLVERS.values(), ids=SOLVERS)
CONCAVE = cs.BlockMCP(cs.Blocks(LABELS), 0.1, gamma=2.0)


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


def pairs(method, A, matrix, y, penalty, prox, value, start):
    """Iterates of a method and of its twin."""
    step = 1 / np.linalg.norm(matrix, 2) ** 2
    if method in ("ista, backtracking", "fista, backtracking"):
        accelerated = method.startswith("fista")
        ours = guarded_iterates(A, y, penalty, start, None, accelerated=accelerated)
        return ours, reference.backtracking(matrix, y, prox, start, accelerated=accelerated, restart=True)
    if method == "fista, monotone":
        ours = guarded_iterates(A, y, penalty, start, step, restart=False, monotone=True)
        return ours, reference.monotone_fista(matrix, y, prox, value, step, start)
    if method == "greedy fista":
        return greedy_fista_iterates(A, y, penalty, start, step), reference.greedy_fista(matrix, y, prox, step, start)
    if method.startswith("pogm"):
        restart = method == "pogm"
        ours = pogm_iterates(A, y, penalty, start, step, restart=restart)
        return ours, reference.pogm(matrix, y, prox, step, start, restart=restart)
    return sparsa_iterates(A, y, penalty, start), reference.sparsa(matrix, y, prox, value, start)


METHODS = [name for name in SOLVERS if name != "fista"] + ["pogm, no restart"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PENALTIES)
@every_kind
@every_field
def test_iterates_are_those_of_the_textbook(method, name, kind, field):
    penalty, prox, value = PENALTIES[name]
    for seed in range(3):
        A, matrix, y, _ = problem(kind, field, seed, cs.Sparse(), 5, noise=0.3)
        start = 0.1 * normal(np.random.default_rng(seed + 100), A.size_in, field)
        for state, expected in islice(zip(*pairs(method, A, matrix, y, penalty, prox, value, start), strict=False), 30):
            state = state()
            np.testing.assert_allclose(state.x, expected, rtol=0, atol=1e-7)
            assert state.objective == pytest.approx(objective(matrix, y, value, expected), rel=1e-7)


@pytest.mark.parametrize("method", ["ista, backtracking", "fista, backtracking", "fista, monotone", "sparsa"])
def test_a_trial_is_rejected_on_some_of_the_problems(method):
    """Else the lockstep test would not see what happens then."""
    penalty, prox, value = PENALTIES["l1"]
    stayed = 0
    for seed in range(5):
        A, matrix, y, _ = problem("matrix", "real", seed, cs.Sparse(), 5, noise=0.3)
        start = 0.1 * normal(np.random.default_rng(seed + 100), A.size_in)
        xs = [x for _, x in islice(zip(*pairs(method, A, matrix, y, penalty, prox, value, start), strict=False), 60)]
        stayed += sum((x == z).all() for x, z in zip([start, *xs], xs, strict=False))
    assert stayed > 0


# --- products and budgets --------------------------------------------------------------------------------------------


@every_solver
def test_one_product_with_A_and_one_with_its_adjoint_an_iteration(solver, more):  # noqa: N802
    A, _, y, _ = problem("dct", "real", 0, cs.Sparse(), 5, noise=0.3)
    for iterations in (10, 40):
        watched = Watched(A)
        result = solver(watched, np.stack([y, -y]), cs.L1(1e-3), tol=0.0, max_iter=iterations, **more)
        assert result.iterations.tolist() == [iterations] * 2
        for stated, asked in zip((result.n_apply, result.n_adjoint), watched.calls, strict=True):
            assert stated == asked
            assert iterations <= asked <= iterations + 2


DEVICE = [
    pytest.mark.cupy_double(cupy_double.versions()[0]),
    pytest.mark.skipif(any(name.partition(":")[0] == "cupy" for name in NAMES), reason="real CuPy is in this process"),
]


@pytest.mark.parametrize("penalty", ["l1", "equal blocks"])
@pytest.mark.parametrize(
    ("solver", "more"), [pytest.param(*case, marks=DEVICE, id=name) for name, case in SOLVERS.items()]
)
def test_a_device_waits_once_a_look_and_copies_nothing(solver, more, penalty):
    for scale in (1.0, "0.01 lmax"):

        def solve(A, y, penalty, **options):
            return solver(A, y, penalty, scale=scale, **more, **options)  # noqa: B023 - called before scale changes

        stays_within(1, "sync", "look", solve, BUDGETED[penalty])
        stays_within(0, "transfer", "iteration", solve, BUDGETED[penalty])


# --- theorems --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solver", "more"),
    [(cs.ista, {"step": "backtracking"}), (cs.fista, {"monotone": True}), (cs.sparsa, {"memory": 0})],
    ids=["ista, backtracking", "fista, monotone", "sparsa, no memory"],
)
@pytest.mark.parametrize("name", PENALTIES)
@every_field
def test_the_objective_never_rises(solver, more, name, field):
    for seed in range(4):
        A, _, y, _ = problem("matrix", field, seed, cs.Sparse(), 5, noise=0.5)
        start = 10 * normal(np.random.default_rng(seed), A.size_in, field)
        history = solver(A, y, PENALTIES[name][0], x0=start, tol=0.0, max_iter=80, **more).history["objective"]
        assert (np.diff(history) <= 1e-13 * history[0]).all()


@pytest.mark.parametrize(("solver", "more"), [(cs.ista, {}), *[SOLVERS["ista, backtracking"], SOLVERS["sparsa"]]])
def test_a_penalty_that_is_not_convex_leads_to_a_stationary_point(solver, more):
    for seed in range(5):
        A, matrix, y, _ = problem("matrix", "real", seed, cs.Sparse(), 5)
        result = solver(A, y, CONCAVE, tol=1e-9, max_iter=50_000, **more)
        assert result.converged
        assert result.gap is None
        slope = matrix.T @ (y - matrix @ result.x)
        for b in range(16):
            x, g = result.x[b == LABELS], slope[b == LABELS]
            length = np.linalg.norm(x)
            if length > 0:
                np.testing.assert_allclose(g, max(0.1 - length / 2.0, 0) * x / length, atol=1e-6)
            else:
                assert np.linalg.norm(g) <= 0.1 + 1e-6


@pytest.mark.parametrize("solver", [cs.fista, cs.greedy_fista, cs.pogm])
def test_solvers_with_momentum_refuse_a_penalty_that_is_not_convex(solver):
    with pytest.raises(ValueError, match=r"BlockMCP is not convex.*use sparsa or ista"):
        solver(np.eye(48), np.ones(48), CONCAVE)


def test_recover_takes_penalties_that_are_not_convex():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), 5)
    np.testing.assert_array_equal(cs.recover(A, y, CONCAVE).x, cs.sparsa(A, y, CONCAVE).x)


@every_solver
@every_field
def test_gap_bounds_the_suboptimality_in_random_problems(solver, more, field):
    rng = np.random.default_rng(0)
    for _ in range(100 if FULL else 10):
        m, n = rng.integers(2, 12, 2)
        matrix, y = normal(rng, (m, n), field), normal(rng, m, field)
        blocks = cs.Blocks(np.arange(n) * rng.integers(1, n + 1) // n)
        penalty = (cs.L1(rng.uniform(0.5, 1, n)), cs.GroupL2(blocks))[rng.integers(2)]
        weighted = rng.uniform(0.01, 1) * float(cs.lambda_max(matrix, y, penalty)) * penalty
        unit = 0.5 * np.linalg.norm(y) ** 2

        def value(x, penalty=weighted):
            return float(penalty.value(x))

        lowest = min(
            objective(matrix, y, value, best(matrix, y, weighted, tol=0.0, max_iter=2000).x)
            for best in (cs.fista, cs.sparsa)
        )
        seen = []
        result = solver(
            matrix,
            y,
            weighted,
            tol=1e-12,
            max_iter=3000,
            callback=lambda progress, seen=seen: seen.append(progress.x),
            **more,
        )
        assert len(seen) == len(result.history["gap"])
        for x, gap, stated in zip(seen, result.history["gap"], result.history["objective"], strict=True):
            true = objective(matrix, y, value, x)
            assert stated == pytest.approx(true, rel=1e-12)
            assert gap >= max(true - lowest - 1e-12 * unit, 0)


@every_solver
@every_field
def test_solution_is_zero_at_once_from_lambda_max_on(solver, more, field):
    for seed, penalty in enumerate((cs.L1(), cs.GroupL2(cs.Blocks(LABELS), "sqrt"))):
        A, _, y, _ = problem("matrix", field, seed, cs.Sparse(), 5)
        for scale in ("1 lmax", "1.5 lmax", 1.01 * float(cs.lambda_max(A, y, penalty))):
            result = solver(A, y, penalty, scale=scale, tol=1e-12, check_every=1, **more)
            assert result.status is cs.Status.CONVERGED
            assert result.iterations == 1
            assert not result.x.any()
        assert solver(A, y, penalty, scale="0.999 lmax", tol=1e-12, **more).x.any()


DEGENERATE = {
    "duplicate columns": (np.tile(np.eye(4), (1, 2)), np.arange(1.0, 5)),
    "zero columns": (np.c_[np.eye(4), np.zeros((4, 4))], np.arange(1.0, 5)),
    "zero matrix": (np.zeros((4, 8)), np.arange(1.0, 5)),
    "more measurements than unknowns": (np.linspace(-1, 2, 96).reshape(12, 8) ** 2, np.linspace(1, 2, 12)),
    "zero measurements": (np.eye(4, 8), np.zeros(4)),
    "measurements off the range": (np.eye(8)[:, :2] @ np.eye(2, 8), np.eye(8)[5]),
}


@every_solver
@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize("penalty", [cs.L1(), cs.GroupL2(cs.Blocks(np.zeros(8, int))), cs.L1(np.r_[np.ones(7), 3])])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_degenerate_problems_are_solved(solver, more, case, penalty, dtype):
    matrix, y = (part.astype(dtype) for part in DEGENERATE[case])
    single = dtype == "float32"
    tol = 1e-5 if single else 1e-11
    result = solver(matrix, y, penalty, scale="0.1 lmax", tol=tol, **more)
    assert result.converged, result
    assert result.x.dtype == dtype
    if not (matrix.conj().T @ y).any():
        assert not result.x.any()
    factor = max(0.1 * float(cs.lambda_max(matrix, y, penalty)), 1e-30)
    gap = float(cs.duality_gap(matrix.astype(complex), y.astype(complex), factor * penalty, result.x.astype(complex)))
    assert gap <= (2e-2 if single else 1e-5) * np.linalg.norm(y) ** 2  # of this residual alone, not of the best one


@pytest.mark.parametrize("solver", [cs.ista, cs.fista, cs.sparsa])
def test_coefficients_of_weight_zero_are_free(solver):
    rng = np.random.default_rng(0)
    matrix, y = rng.standard_normal((12, 6)), rng.standard_normal(12)
    result = solver(matrix, y, cs.L1(np.r_[0, 0, 2, 2, 2, 2]), tol=1e-10)
    assert result.converged
    slope = matrix.T @ (y - matrix @ result.x)
    np.testing.assert_allclose(slope[:2], 0, atol=1e-7)
    assert (abs(slope[2:]) <= 2 + 1e-7).all()


@every_solver
def test_a_stack_of_matrices_is_solved_as_its_matrices_are(solver, more):
    rng = np.random.default_rng(0)
    stack, ys = rng.standard_normal((3, 8, 12)), rng.standard_normal((3, 8))
    options = {"scale": "0.1 lmax", "tol": 1e-13, **more}
    together = solver(stack, ys, cs.L1(), **options)
    for i in range(3):
        alone = solver(stack[i], ys[i], cs.L1(), **options)
        np.testing.assert_allclose(together.x[i], alone.x, atol=1e-6)


# --- scale -----------------------------------------------------------------------------------------------------------


@every_solver
@every_field
def test_the_solution_at_a_fraction_of_lambda_max_has_no_units(solver, more, field):
    A, matrix, y, _ = problem("matrix", field, 0, cs.Sparse(), 5)
    expected = solver(A, y, cs.L1(), scale="0.2 lmax", tol=1e-10, **more)
    for factor, unit in ((1e6, 1.0), (1.0, 1e-3), (1e-5, 1e4)):
        found = solver(unit * matrix, factor * y, cs.L1(), scale="0.2 lmax", tol=1e-10, **more)
        assert relative(found.x * unit / factor, expected.x) <= 1e-4
        assert abs(found.iterations - expected.iterations) <= 0.1 * expected.iterations + 2


def test_a_scale_multiplies_the_penalty_of_each_signal():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), 5)
    ys = np.stack([y, 100 * y, 0 * y])
    together = cs.recover(A, ys, cs.L1(2.0), scale="0.1 lmax", tol=1e-10)
    for i, y in enumerate(ys):
        alone = cs.fista(A, y, cs.L1(0.1 * cs.lambda_max(A, y, cs.L1()) + (i == 2)), tol=1e-10)
        np.testing.assert_allclose(together.x[i], alone.x, atol=1e-6 * np.linalg.norm(y))
    np.testing.assert_array_equal(cs.fista(A, ys[0], cs.L1(0.1), scale=0.5).x, cs.fista(A, ys[0], cs.L1(0.05)).x)


def test_a_multiple_is_the_penalty_with_another_weight(backend):
    rng = np.random.default_rng(0)
    x, factor = cs.to((rng.standard_normal((2, 8)), np.array([0.5, 3.0])), backend)
    for penalty in (cs.L1(0.3), cs.NonNegativeL1(0.3), cs.GroupL2(cs.Blocks.uniform(8, 2))):
        scaled = multiple(cs.to(penalty, backend), factor)
        for i, by in enumerate((0.5, 3.0)):
            other, one = by * cs.to(penalty, backend), x[i, ...]
            prox = cs.to_numpy(scaled.prox(x, 0.2))[i]
            np.testing.assert_allclose(prox, cs.to_numpy(other.prox(one, 0.2)), atol=1e-12)
            for name in ("value", "zero_weight"):
                expected = cs.to_numpy(getattr(other, name)(abs(one)))
                np.testing.assert_allclose(cs.to_numpy(getattr(scaled, name)(abs(x)))[i], expected)
        assert scaled.convex
        twice, once = ((number * scaled).value(abs(x)) for number in (2, 1))
        np.testing.assert_allclose(cs.to_numpy(twice), 2 * cs.to_numpy(once))


def test_all_multiples_of_a_penalty_may_give_zero():
    A, y = -np.eye(3), np.ones(3)
    result = cs.fista(A, y, cs.NonNegativeL1(), scale="0.1 lmax")
    assert result.converged
    assert not result.x.any()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"scale": "0.1"}, ValueError, '"0.1 lmax"'),
        ({"scale": "lmax"}, ValueError, '"0.1 lmax"'),
        ({"scale": "a lmax"}, ValueError, '"0.1 lmax"'),
        ({"scale": "0 lmax"}, ValueError, "positive"),
        ({"scale": -1.0}, ValueError, "positive"),
        ({"scale": np.inf}, ValueError, "positive"),
        ({"scale": None}, TypeError, "got None"),
        ({"scale": 1j}, TypeError, "got 1j"),
        ({"step": "forward"}, ValueError, "'forward'"),
        ({"step": [1.0]}, TypeError, r"got \[1.0\]"),
        ({"step": -1.0}, ValueError, "positive and finite"),
    ],
)
@pytest.mark.parametrize("solver", [cs.ista, cs.fista])
def test_a_scale_and_a_step_are_these_and_nothing_else(solver, options, error, message):
    with pytest.raises(error, match=message):
        solver(np.eye(3), np.ones(3), cs.L1(), **options)


@pytest.mark.parametrize("solver", [cs.greedy_fista, cs.pogm])
def test_a_step_that_the_method_knows_is_a_number(solver):
    with pytest.raises(ValueError, match=r"takes a number as step or None, got 'backtracking'"):
        solver(np.eye(3), np.ones(3), cs.L1(), step="backtracking")


def test_other_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"memory is an integer >= 0, got -1"):
        cs.sparsa(np.eye(3), np.ones(3), cs.L1(), memory=-1)
    with pytest.raises(ValueError, match="lambda_max is infinite: give the scale as a number"):
        cs.fista(np.eye(3), np.ones(3), cs.TV(), scale="0.1 lmax")
    with pytest.raises(ValueError, match=r"a scale belongs to a penalty, Sparse has its budget k=1"):
        cs.recover(np.eye(3), np.ones(3), cs.Sparse(), 1, scale="0.1 lmax")


# --- against another solver ------------------------------------------------------------------------------------------


def program(cp, matrix, y, kind, weight, labels):
    """Minimum of the objective by an interior point method, from the definition."""
    x = cp.Variable(matrix.shape[1], complex=np.iscomplexobj(matrix))
    groups = [cp.norm(x[labels == b], 2) for b in range(labels.max() + 1)]
    values = {
        "l1": cp.norm(x, 1),
        "groups": sum(groups),
        "sparse group": 0.5 * cp.norm(x, 1) + sum(groups),
    }
    task = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(matrix @ x - y) + weight * values[kind]))
    task.solve(cp.CLARABEL, tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    return x.value


@pytest.mark.parametrize(
    ("kind", "field"), [("l1", "real"), ("l1", "complex"), ("groups", "real"), ("sparse group", "real")]
)
@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")  # to less than 1e-12, it means
def test_solutions_are_those_of_an_interior_point_method(kind, field):
    cp = pytest.importorskip("cvxpy")
    for seed in range(25 if FULL else 5):
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(16) % 5)
        blocks = cs.Blocks(labels)
        penalty = {"l1": cs.L1(), "groups": cs.GroupL2(blocks), "sparse group": cs.SparseGroup(blocks, 0.5, 1.0)}[kind]
        matrix, y = normal(rng, (10, 16), field), normal(rng, 10, field)
        weight = float(rng.uniform(0.1, 0.8) * cs.lambda_max(matrix, y, penalty))
        expected = program(cp, matrix, y, kind, weight, labels)
        for name, (solver, more) in SOLVERS.items():
            found = solver(matrix, y, penalty, scale=weight, tol=1e-15, max_iter=50_000, **more).x
            ours, theirs = (
                0.5 * np.linalg.norm(matrix @ x - y) ** 2 + weight * penalty.value(x) for x in (found, expected)
            )
            assert theirs - 1e-6 * theirs <= ours <= theirs + 1e-12 * theirs, name
            assert np.linalg.norm(found - expected) <= 1e-4 * max(np.linalg.norm(expected), 1), name


@pytest.mark.parametrize("solver", [cs.ista, cs.fista, cs.greedy_fista, cs.pogm])
def test_the_gap_is_far_below_that_of_the_residual_where_few_coefficients_are_left(solver):
    # five residuals of an affine map of four coefficients lead to its fixed point
    rng = np.random.default_rng(3)
    A = rng.standard_normal((40, 60)) / 40**0.5
    y = A[:, :4] @ np.array([3.0, -2, 4, -5])
    penalty = float(cs.lambda_max(A, y, cs.L1())) * cs.L1(0.1)
    result = solver(A, y, penalty, tol=1e-12, check_every=1)
    assert np.count_nonzero(result.x) == 4
    assert result.gap <= 0.01 * cs.duality_gap(A, y, penalty, result.x)
