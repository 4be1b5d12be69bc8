"""Paths of solutions over lambda: each is a minimum, and the criteria choose as their definitions say."""

import numpy as np
import pytest

import csrecover as cs
from csrecover import plotting
from csrecover.solvers.freedom import degrees_of_freedom

from .conftest import FULL
from .test_solvers import normal, relative

BLOCKS = cs.Blocks(np.random.default_rng(1).permutation(np.arange(40) % 10))
PENALTIES = {"l1": cs.L1(), "groups": cs.GroupL2(BLOCKS), "sparse group": cs.SparseGroup(BLOCKS, 0.5, 1.0)}
every_penalty = pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)


def problem(seed, field="real", m=30, noise=0.1):
    """Operator, measurements, signal and noise."""
    rng = np.random.default_rng(seed)
    A = cs.Matrix(normal(rng, (m, 40), field) / m**0.5)
    x = cs.random_signal(cs.Sparse(), 40, 4, rng, dtype=complex if field == "complex" else float)
    e = noise * normal(rng, m, field) / m**0.5
    return A, A @ x + e, x, e


@every_penalty
@pytest.mark.parametrize("solver", [None, cs.fista, cs.sparsa])
@pytest.mark.parametrize("field", ["real", "complex"])
def test_each_solution_is_the_minimum_for_its_lambda(penalty, solver, field):
    A, y, _, _ = problem(0, field)
    path = cs.path(A, y, penalty, n=12, solver=solver, tol=1e-12)
    most = float(cs.lambda_max(A, y, penalty))
    np.testing.assert_allclose(path.lambdas, most * np.geomspace(1, 0.01, 12), rtol=1e-9)
    assert not path.x[0].any()
    assert (path.gaps <= 1e-12 * np.linalg.norm(y) ** 2).all()
    for weight, x, gap, residual, size in zip(
        path.lambdas, path.x, path.gaps, path.residual_norms, path.sizes, strict=True
    ):
        assert relative(cs.fista(A, y, weight * penalty, tol=1e-12).x + 1e-30, x + 1e-30) <= 1e-5
        assert gap >= 0
        assert residual == pytest.approx(np.linalg.norm(y - A @ x), abs=1e-12)
        assert size == np.count_nonzero(x)


@every_penalty
def test_residual_falls_and_penalty_grows_along_the_path(penalty):
    """Monotone in lambda, as for every minimum of a sum of two functions weighted by lambda."""
    A, y, _, _ = problem(1)
    path = cs.path(A, y, penalty, n=30, tol=1e-12)
    assert (np.diff(path.residual_norms) <= 1e-6).all()
    assert (np.diff(penalty.value(path.x)) >= -1e-6).all()


def test_lambdas_may_be_given_in_any_order():
    A, y, _, _ = problem(2)
    path = cs.path(A, y, cs.L1(), [0.01, 0.5, 0.1])
    assert path.lambdas.tolist() == [0.5, 0.1, 0.01]
    assert relative(path.x[1], cs.fista(A, y, cs.L1(0.1), tol=1e-10).x) <= 1e-3
    assert cs.path(A, y, cs.L1(), n=3, smallest=0.05).lambdas[-1] == pytest.approx(0.05)


def test_a_path_has_the_library_and_the_precision_of_y(backend):
    A, y, _, _ = problem(2)
    expected = cs.path(A, y, cs.L1(), n=4, tol=1e-4).x
    A, y = cs.to((cs.Matrix(A.matrix.astype(np.float32)), y.astype(np.float32)), backend)
    path = cs.path(A, y, cs.L1(), n=4, tol=1e-4)
    assert path.x.dtype == y.dtype
    assert type(path.x) is type(y)
    np.testing.assert_allclose(cs.to_numpy(path.x), expected, atol=0.05)
    assert path.best("discrepancy", noise=1e3) == 0


def test_a_path_that_is_moved_makes_the_same_choices(backend):
    A, y, _, e = problem(2, m=60)
    path, noise = cs.path(A, y, cs.L1(), n=8, solver=cs.fista, tol=1e-9), 2 * np.linalg.norm(e)
    moved = cs.to(path, backend)
    for criterion in ("aic", "bic", "discrepancy", "held-out"):
        assert moved.best(criterion, noise=noise) == path.best(criterion, noise=noise)


def test_a_path_of_a_penalty_that_is_not_convex():
    A, y, x, _ = problem(3, noise=0.01)
    path = cs.path(A, y, cs.BlockMCP(cs.Blocks.uniform(40, 1), 1.0), n=20)
    assert np.isnan(path.gaps).all()
    assert min(relative(row, x) for row in path.x) <= 0.05


# --- degrees of freedom ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["l1", "groups", "weighted groups"])
@pytest.mark.parametrize("field", ["real", "complex"])
def test_degrees_of_freedom_are_the_divergence_of_the_fit(kind, field):
    """sum_i d (A x(y))_i / d y_i, by finite differences of the solution."""
    penalty = {
        "l1": cs.L1(),
        "groups": cs.GroupL2(BLOCKS),
        "weighted groups": cs.GroupL2(BLOCKS, np.linspace(1, 2, 10)),
    }[kind]
    for seed in range(4 if FULL else 2):
        A, y, _, _ = problem(seed, field, m=12)
        weight = float(0.3 * cs.lambda_max(A, y, penalty)) * penalty

        def fit(y, A=A, weight=weight):
            return A @ cs.fista(A, y, weight, tol=0.0, max_iter=3000).x

        h, divergence = 1e-5, 0.0
        for i in range(12):
            for unit in (1, 1j) if field == "complex" else (1,):
                move = h * unit * (np.arange(12) == i)
                along = (fit(y + move) - fit(y - move))[i] / (2 * h)
                divergence += (np.conj(unit) * along).real
        x = cs.fista(A, y, weight, tol=0.0, max_iter=3000).x
        assert degrees_of_freedom(A, weight, x) == pytest.approx(divergence, abs=2e-3)


def test_degrees_of_freedom_of_the_lasso_are_the_nonzeros():
    A, y, _, _ = problem(0)
    x = cs.fista(A, y, cs.L1(0.05), tol=1e-10).x
    assert degrees_of_freedom(A, cs.L1(0.05), x) == pytest.approx(np.count_nonzero(x))
    assert degrees_of_freedom(A, cs.L1(0.05), 0 * x) == 0


# --- the choice ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("criterion", ["aic", "bic"])
@pytest.mark.parametrize("known", [False, True])
def test_information_criteria_are_least_where_their_formula_is(criterion, known):
    A, y, _, e = problem(4, m=60)
    path, noise = cs.path(A, y, cs.L1(), n=30), np.linalg.norm(e)
    scores = []
    for x in path.x:
        squares = np.linalg.norm(y - A @ x) ** 2
        misfit = 60 * squares / noise**2 if known else 60 * np.log(squares)
        scores.append(misfit + (2 if criterion == "aic" else np.log(60)) * np.count_nonzero(x))
    assert path.best(criterion, noise=noise if known else None) == np.argmin(scores)


def test_discrepancy_is_the_largest_lambda_down_to_the_noise():
    A, y, _, e = problem(5)
    path, noise = cs.path(A, y, cs.GroupL2(BLOCKS)), np.linalg.norm(e)
    index = path.best("discrepancy", noise=noise)
    assert path.residual_norms[index] <= noise < path.residual_norms[index - 1]


def test_held_out_measurements_choose_what_predicts_them():
    """The rows by the same draw, the rest from the definition, each lambda solved cold."""
    A, y, _, _ = problem(6)
    path = cs.path(A, y, cs.L1(), n=15, tol=1e-10)
    held = np.random.default_rng(3).permutation(30)[:6]
    rest = np.setdiff1d(np.arange(30), held)
    matrix, errors = A.matrix, []
    for weight in path.lambdas:
        x = cs.fista(matrix[rest], y[rest], cs.L1(weight * 24 / 30), tol=1e-10).x
        errors.append(np.linalg.norm(matrix[held] @ x - y[held]))
    assert path.best("held-out", share=0.2, rng=3) == np.argmin(errors)


def test_every_criterion_finds_a_good_solution():
    for seed in range(3):
        A, y, x, e = problem(seed, m=100, noise=0.3)
        path = cs.path(A, y, cs.L1())
        noise = np.linalg.norm(e)
        least = min(relative(row, x) for row in path.x)
        for criterion in ("aic", "bic", "discrepancy", "held-out"):
            chosen = path.x[path.best(criterion, noise=noise)]
            assert relative(chosen, x) <= 2.5 * least, criterion


def test_a_path_of_images():
    shape = (6, 8)
    A = cs.random_rows(shape, 30, 0) @ cs.DCT(shape)
    x = cs.random_signal(cs.Sparse(ndim=2), shape, 4, 1)
    path = cs.path(A, A @ x, cs.L1(), n=10)
    assert path.x.shape == (10, *shape)
    assert relative(path.x[path.best("held-out")], x) <= 0.2
    assert repr(path).startswith("Path(10 solutions, lambda ")


def test_the_figure_of_a_path_has_a_curve_for_each_coefficient_that_is_used():
    A, y, _, _ = problem(0)
    path = cs.path(A, y, cs.L1(), n=8)
    coefficients, nonzeros, residual = plotting.plot_path(path).axes
    assert len(coefficients.lines) == np.count_nonzero(path.x.any(axis=0))
    np.testing.assert_array_equal(nonzeros.lines[0].get_ydata(), path.sizes)
    np.testing.assert_array_equal(residual.lines[0].get_ydata(), path.residual_norms)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": np.ones((2, 30))}, "a path is of one signal"),
        ({"y": np.zeros(30)}, "lambda_max is 0, from which no path leads"),
        ({"penalty": cs.TV()}, "lambda_max is inf, from which no path leads"),
        ({"lambdas": [0.1, -1]}, "lambdas are positive numbers"),
        ({"lambdas": []}, "lambdas are positive numbers"),
        ({"n": 0}, "n, the number of solutions, is a positive integer"),
        ({"smallest": "2 lmax"}, "is more than lambda_max"),
        ({"smallest": "small"}, "a scale is a positive number"),
    ],
)
def test_a_path_cannot_be_made_of_this(options, message):
    A, y, _, _ = problem(0)
    with pytest.raises(ValueError, match=message):
        cs.path(A, **{"y": y, "penalty": cs.L1(), **options})


@pytest.mark.parametrize(
    ("criterion", "options", "error", "message"),
    [
        ("cv", {}, ValueError, '"aic", "bic", "discrepancy" or "held-out", got \'cv\''),
        ("discrepancy", {}, ValueError, "needs the expected norm of the noise"),
        ("discrepancy", {"noise": 1e-9}, ValueError, "no residual is down to noise=1e-09"),
        ("held-out", {"share": 0}, ValueError, "share must leave some of the 30 measurements"),
        ("bic", {}, TypeError, "degrees of freedom are known for L1 and GroupL2, not for SparseGroup"),
    ],
)
def test_a_solution_cannot_be_chosen_by_this(criterion, options, error, message):
    A, y, _, _ = problem(0)
    path = cs.path(A, y, PENALTIES["sparse group"], n=3)
    with pytest.raises(error, match=message):
        path.best(criterion, **options)
