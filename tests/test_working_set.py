"""Working sets: against a conic solver, the optimality conditions, and a textbook twin of the compiled descent."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

import csrecover as cs
from csrecover import kernels
from csrecover.solvers.working_set import Prepared

from . import reference
from .conftest import FULL

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(8), [1, 2, 3, 4, 5, 6, 7, 12]))  # 40 coefficients
N = LABELS.size
DTYPES = [np.float64, np.float32, np.complex128, np.complex64]
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


@pytest.fixture(params=["1", "0"], ids=["compiled", "plain"], autouse=True)
def fast(request, monkeypatch):
    """Each test with the compiled descent and without it."""
    monkeypatch.setenv("CSRECOVER_FAST", request.param)
    return request.param == "1"


def normal(rng, shape, dtype):
    """Standard normal numbers of a dtype."""
    real = rng.standard_normal(shape)
    return (real + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else real).astype(dtype)


def problem(seed, dtype=np.float64, m=25, n=N):
    """Matrix and measurements of a signal with a few nonzero groups, with noise."""
    rng = np.random.default_rng(seed)
    A = normal(rng, (m, n), dtype) / m**0.5
    x = normal(rng, n, dtype) * np.isin(np.resize(LABELS, n), rng.permutation(8)[:2])
    return A, (A @ x + 0.1 * normal(rng, m, dtype)).astype(dtype)


def structures(rng):
    """Penalties, with their groups and weights."""
    weights = rng.uniform(0.5, 2, 8)
    blocks = [np.flatnonzero(label == LABELS) for label in range(8)]
    return {
        "l1": (cs.L1(), np.arange(N)[:, None], np.ones(N)),
        "weighted l1": (cs.L1(np.resize(weights, N)), np.arange(N)[:, None], np.resize(weights, N)),
        "groups": (cs.GroupL2(cs.Blocks(LABELS), weights), blocks, weights),
        "equal groups": (cs.GroupL2(cs.Blocks.uniform(N, 4), 2.0), np.arange(N).reshape(-1, 4), np.full(N // 4, 2.0)),
    }


STRUCTURES = list(structures(np.random.default_rng(0)))


def objective(A, y, groups, weights, x):
    """0.5 ||A x - y||^2 + sum_g w_g ||x_g||, from the definition."""
    lengths = [np.linalg.norm(x[group]) for group in groups]
    return 0.5 * np.linalg.norm(A @ x - y) ** 2 + np.dot(weights, lengths)


def is_minimum(A, y, groups, weights, x, tol):
    """Whether A^H (y - A x) is a subgradient of the penalty at x, group by group."""
    slope = A.conj().T @ (y - A @ x)
    unit = tol * np.linalg.norm(A.conj().T @ y)
    for group, weight in zip(groups, weights, strict=True):
        length = np.linalg.norm(x[group])
        if length > 0:
            if np.linalg.norm(slope[group] - weight * x[group] / length) > unit:
                return False
        elif np.linalg.norm(slope[group]) > weight + unit:
            return False
    return True


@pytest.mark.parametrize("seed", range(100 if FULL else 20))
def test_objective_is_that_of_a_conic_solver(seed):
    cvxpy = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(seed)
    dtype = [np.float64, np.complex128][seed // 4 % 2]
    A, y = problem(seed, dtype, m=[25, 60][seed // 8 % 2])
    penalty, groups, weights = structures(rng)[STRUCTURES[seed % 4]]
    factor = [0.5, 0.1, 0.02][seed % 3] * float(cs.lambda_max(A, y, penalty))
    result = cs.working_set(A, y, factor * penalty, tol=1e-10)
    z = cvxpy.Variable(N, complex=dtype is np.complex128)
    lengths = sum(weight * cvxpy.norm(z[group]) for group, weight in zip(groups, weights, strict=True))
    conic = cvxpy.Problem(cvxpy.Minimize(0.5 * cvxpy.sum_squares(A @ z - y) + factor * lengths))
    conic.solve(solver=cvxpy.CLARABEL)
    found = objective(A, y, groups, factor * weights, result.x)
    assert result.converged
    assert found == pytest.approx(conic.value, rel=1e-6)
    assert np.linalg.norm(A @ (result.x - z.value)) <= 1e-3 * np.linalg.norm(y)


@pytest.mark.parametrize("name", STRUCTURES)
@every_dtype
def test_minimum_satisfies_the_optimality_conditions_of_every_group(name, dtype):
    single = np.finfo(dtype).eps > 1e-10
    for seed in range(3):
        A, y = problem(seed, dtype)
        penalty, groups, weights = structures(np.random.default_rng(seed))[name]
        factor = 0.2 * float(cs.lambda_max(A, y, penalty))
        result = cs.working_set(A, y, penalty, scale=factor, tol=1e-6 if single else 1e-13)
        assert result.x.dtype == dtype
        assert result.converged
        assert is_minimum(A, y, groups, factor * weights, result.x, 1e-2 if single else 1e-6)


@pytest.mark.parametrize("name", STRUCTURES)
def test_gap_bounds_the_suboptimality_at_each_iteration_and_is_tight(name):
    for seed in range(3):
        A, y = problem(seed)
        penalty, groups, weights = structures(np.random.default_rng(seed))[name]
        penalty, weights = 0.1 * penalty, 0.1 * weights
        unit, seen = 0.5 * np.linalg.norm(y) ** 2, []
        lowest = objective(A, y, groups, weights, cs.fista(A, y, penalty, tol=1e-13, max_iter=50_000).x)
        result = cs.working_set(A, y, penalty, tol=1e-12, callback=lambda progress, seen=seen: seen.append(progress.x))
        for x, gap, stated in zip(seen, result.history["gap"], result.history["objective"], strict=True):
            assert stated == pytest.approx(objective(A, y, groups, weights, x), rel=1e-10)
            assert gap >= stated - lowest - 1e-13 * unit
        assert 0 <= result.gap <= 1e-12 * unit
        assert result.gap == pytest.approx(float(cs.duality_gap(A, y, penalty, result.x)), abs=1e-12 * unit)


def test_compiled_descent_is_that_of_the_textbook(fast):
    module = kernels.compiled("descent")
    if not fast or module is None:
        pytest.skip("the compiled descent alone")
    for seed in range(3):
        A, y = problem(seed)
        groups, weights = [np.flatnonzero(label == LABELS) for label in range(8)], np.full(8, 1e-3)
        order, sizes = np.concatenate(groups), np.bincount(LABELS)
        columns, first = np.ascontiguousarray(A.T[order]), np.cumsum(sizes) - sizes
        curvature, axes = np.zeros(N), np.zeros((N, 12))
        for low, size in zip(first, sizes, strict=True):
            block = columns[low : low + size]
            values, vectors = np.linalg.eigh(block @ block.T)
            curvature[low : low + size], axes[low : low + size, :size] = values, vectors.T
        x = np.random.default_rng(seed).standard_normal(N)
        packed = x[order]
        for expected in islice(reference.accelerated_descent(A, y, groups, weights, x, depth=5), 3):
            residual = module.descend(columns, first, sizes, curvature, axes, weights, y, packed, -1.0, np.inf, 5)
            np.testing.assert_allclose(packed, expected[order], rtol=0, atol=1e-6)
            np.testing.assert_allclose(residual, y - A @ expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["fortran", "transposed", "read-only", "float32 of float64 signals", "strided"])
def test_matrices_in_any_layout_give_the_same(kind):
    A, y = problem(0)
    other = {
        "fortran": np.asfortranarray(A),
        "transposed": np.ascontiguousarray(A.T).T,
        "read-only": A.copy(),
        "float32 of float64 signals": A.astype(np.float32),
        "strided": np.repeat(A, 2, axis=1)[:, ::2],
    }[kind]
    other.flags.writeable = kind != "read-only"
    expected = cs.working_set(A, y, cs.L1(0.05), tol=1e-12)
    found = cs.working_set(other, y, cs.L1(0.05), tol=1e-12)
    np.testing.assert_allclose(found.x, expected.x, atol=1e-4 if "32" in kind else 1e-7)


@pytest.mark.parametrize("field", [np.float64, np.complex128])
def test_operators_without_a_matrix_and_images(field):
    A = cs.random_rows((5, 8), 25, 0) @ (cs.DCT((5, 8)) if field is np.float64 else cs.DFT((5, 8)))
    y = normal(np.random.default_rng(1), (2, 25), field)
    penalty = cs.GroupL2(cs.Blocks(LABELS.reshape(5, 8)), 0.3)
    images = cs.working_set(A, y, penalty, tol=1e-12)
    flat = cs.working_set(A.todense(), y, cs.GroupL2(cs.Blocks(LABELS), 0.3), tol=1e-12)
    assert images.x.shape == (2, 5, 8)
    np.testing.assert_allclose(images.x.reshape(2, N), flat.x, atol=1e-8)


# --- degenerate problems ---------------------------------------------------------------------------------------------


@every_dtype
def test_solution_is_zero_from_lambda_max_on_at_once(dtype):
    A, y = problem(3, dtype)
    for name, (penalty, _, _) in structures(np.random.default_rng(0)).items():
        for scale in ("1 lmax", "3 lmax", 2 * float(cs.lambda_max(A, y, penalty))):
            result = cs.working_set(A, y, penalty, scale=scale)
            assert (result.status, result.iterations) == (cs.Status.CONVERGED, 1), name
            assert not result.x.any()
        assert cs.working_set(A, y, penalty, scale="0.98 lmax").x.any()


@every_dtype
def test_coefficients_without_weight_are_free(dtype):
    """The minimum over them is orthogonal to their columns, two of which are equal here, and the gap is certified."""
    A, y = problem(4, dtype)
    A[:, 7] = A[:, 3]
    weight = np.where(np.isin(np.arange(N), [3, 7, 20]), 0, 0.3)
    result = cs.working_set(A, y, cs.L1(weight), tol=1e-6)
    assert result.converged
    slope = A.conj().T @ (y - A @ result.x)
    assert abs(slope[weight == 0]).max() <= (1e-4 if np.finfo(dtype).eps > 1e-10 else 1e-10)
    assert (abs(slope) <= weight + 1e-2).all()
    assert result.x[3] == pytest.approx(result.x[7], rel=1e-3)  # the solution of least norm
    long = cs.fista(A, y, cs.L1(weight), tol=0.0, max_iter=5000)
    assert result.history["objective"][-1] <= long.history["objective"].min() + 2e-6 * np.linalg.norm(y) ** 2
    free = cs.working_set(A, y, cs.L1(0 * weight))
    assert free.converged
    assert free.residual_norm <= 1e-4


@every_dtype
@pytest.mark.parametrize("name", STRUCTURES)
def test_duplicate_and_zero_columns(name, dtype):
    A, y = problem(5, dtype)
    A[:, 11], A[:, 10] = A[:, 12], A[:, 13]
    A[:, LABELS == 6] = 0
    penalty, _, _ = structures(np.random.default_rng(0))[name]
    result = cs.working_set(A, y, penalty, scale="0.1 lmax")
    assert result.converged
    assert not result.x[LABELS == 6].any() or name == "equal groups"
    assert np.isfinite(result.x).all()


@pytest.mark.parametrize("m", [1, 3, 100])
def test_one_measurement_and_more_measurements_than_unknowns(m):
    A, y = problem(6, m=m)
    for penalty, groups, weights in structures(np.random.default_rng(0)).values():
        factor = 0.3 * float(cs.lambda_max(A, y, penalty))
        result = cs.working_set(A, y, penalty, scale=factor, tol=1e-13)
        assert result.converged
        assert is_minimum(A, y, groups, factor * weights, result.x, 1e-5)


def test_one_group_of_all_coefficients_and_one_wider_than_the_descent_takes():
    for n in (N, 300):
        A, y = problem(7, n=n)
        penalty = cs.GroupL2(cs.Blocks.uniform(n, n))
        factor = 0.3 * float(cs.lambda_max(A, y, penalty))
        result = cs.working_set(A, y, penalty, scale=factor, tol=1e-10)
        assert result.converged
        assert is_minimum(A, y, [np.arange(n)], [factor], result.x, 1e-4)


def test_zero_measurements_and_a_zero_matrix():
    A, y = problem(8)
    assert not cs.working_set(A, 0 * y, cs.L1(0.1), x0=np.ones(N)).x.any()
    result = cs.working_set(0 * A, y, cs.L1(0.1))
    assert result.converged
    assert not result.x.any()


# --- starts, batches, sequences --------------------------------------------------------------------------------------


def test_start_at_the_minimum_is_finished_at_once():
    A, y = problem(9, np.complex128)
    cold = cs.working_set(A, y, cs.L1(0.1), tol=1e-10)
    warm = cs.working_set(A, y, cs.L1(0.1), tol=1e-8, x0=cold.x)
    assert (cold.iterations > 1, warm.iterations) == (True, 1)
    np.testing.assert_allclose(warm.x, cold.x, atol=1e-15)
    far = cs.working_set(A, y, cs.L1(0.1), tol=1e-10, x0=100 * np.arange(N))
    np.testing.assert_allclose(far.x, cold.x, atol=1e-4)


@every_dtype
def test_scales_in_turn_give_what_each_gives_alone(dtype):
    A, y = problem(10, dtype)
    single = np.finfo(dtype).eps > 1e-10
    for penalty, _, _ in structures(np.random.default_rng(0)).values():
        prepared = Prepared(A, y, penalty)
        for share in (1.0, 0.5, 0.2, 0.05, 0.3):
            together = prepared.solve(f"{share} lmax", tol=1e-6 if single else 1e-13)
            alone = cs.working_set(A, y, penalty, scale=f"{share} lmax", tol=1e-6 if single else 1e-13)
            assert together.converged
            np.testing.assert_allclose(together.x, alone.x, atol=0.1 if single else 1e-5)


@every_dtype
def test_what_correlations_are_known_without_a_product_is_right(fast, dtype):
    rng = np.random.default_rng(12)
    A = normal(rng, (60, 400), dtype) / 60**0.5
    blocks = cs.Blocks(np.arange(400) // 4)
    problem = Prepared(A, normal(rng, 60, dtype), cs.GroupL2(blocks))
    base, seen = normal(rng, (3, 60), dtype), 0
    for step in range(30):
        shares = rng.standard_normal(3)
        residual = (shares @ base + 10.0 ** -(2 + step % 6) * normal(rng, 60, dtype)).astype(dtype)
        true = np.linalg.norm((A.conj().T @ residual).reshape(100, 4), axis=1)
        enough = np.full(100, 0.99 * np.sort(true)[-2])
        lengths, limits = problem.correlations.lengths(problem.A, residual, enough)
        sure, exact = lengths < enough, bool((lengths == limits).all())
        assert (limits >= true * (1 - 1e-5)).all()
        np.testing.assert_array_equal(sure, true < enough)
        np.testing.assert_allclose(lengths[~sure | exact], true[~sure | exact], rtol=1e-3 if exact else 1e-6)
        seen += not exact
    assert (seen > 5) == (fast and kernels.compiled("descent") is not None)


def test_a_path_takes_few_products_and_each_gap_holds(fast):
    A, y = problem(13, m=60, n=400)
    prepared = Prepared(A, y, cs.L1())
    largest = np.abs(A.T @ y).max()
    products = 0
    for weight in np.geomspace(1, 0.05, 40) * largest:
        result = prepared.solve(weight, tol=1e-8)
        products += result.n_adjoint
        gap = float(cs.duality_gap(A, y, cs.L1(weight), result.x))
        assert result.converged
        assert gap <= 1.1e-8 * 0.5 * y @ y
    for weight in np.geomspace(0.05, 0.9, 20) * largest:
        assert prepared.solve(weight, tol=1e-8).converged
    assert products < (40 if fast and kernels.compiled("descent") else 200)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_matrix_is_not_copied(fast, order):
    rng = np.random.default_rng(14)
    A = np.asarray(rng.standard_normal((300, 6000)) / 300**0.5, order=order)
    y = A[:, :20] @ rng.standard_normal(20)
    cs.working_set(A[:30, :60], y[:30], cs.L1(), scale="0.5 lmax")  # compiles
    tracemalloc.start()
    result = cs.working_set(A, y, cs.L1(), scale="0.2 lmax")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.converged
    assert peak <= (0.5 if fast else 1.2) * A.nbytes  # plain: the columns in play


def test_a_batch_has_a_status_for_each_signal_and_keeps_its_axes():
    A, y = problem(11)
    ys = np.stack([y, 0 * y, 2 * y, 1e-3 * y, -y, y[::-1]]).reshape(2, 3, -1)
    starts = np.zeros((2, 3, N))
    starts[1, 2] = 1
    result = cs.working_set(A, ys, cs.L1(0.1), x0=starts)
    assert result.x.shape == (2, 3, N)
    assert result.converged.all()
    for i in np.ndindex(2, 3):
        alone = cs.working_set(A, ys[i], cs.L1(0.1), x0=starts[i])
        np.testing.assert_allclose(result.x[i], alone.x, atol=1e-12)
        assert result.gap[i] == pytest.approx(alone.gap, abs=1e-12)
        assert result.iterations[i] == alone.iterations


# --- what it refuses -------------------------------------------------------------------------------------------------


def test_it_says_what_it_does_not_solve():
    A, y = problem(0)
    for bad, error, words in (
        ((A, y, cs.NonNegativeL1(0.1)), TypeError, "L1 and GroupL2, not for NonNegativeL1: use fista"),
        ((A, y, 0.1), TypeError, "expected a penalty"),
        ((np.stack([A, A]), np.stack([y, y]), cs.L1(0.1)), ValueError, "stack of matrices.*use fista"),
        ((cs.DFT(8, real=True), np.ones(5), cs.L1(0.1)), ValueError, "over the reals only.*use fista"),
        ((A, y[:-1], cs.L1(0.1)), ValueError, "y must have shape"),
        ((A, y * np.nan, cs.L1(0.1)), ValueError, "NaN or infinity"),
        ((A, y, cs.GroupL2(cs.Blocks.uniform(8, 2))), ValueError, "is for signals of shape"),
    ):
        with pytest.raises(error, match=words):
            cs.working_set(*bad)
    for options, words in (({"x0": np.ones(3)}, "x0 must have shape"), ({"scale": "lmax"}, "lambda_max")):
        with pytest.raises(ValueError, match=words):
            cs.working_set(A, y, cs.L1(0.1), **options)
    with pytest.raises(TypeError, match="x0 must be real"):
        cs.working_set(A, y, cs.L1(0.1), x0=np.full(N, 1j))
