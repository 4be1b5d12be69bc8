"""Message passing: in lockstep with the textbook, as state evolution says, and only where it may be used."""

from itertools import islice

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import chi

import csrecover as cs
from csrecover.analysis import state_evolution
from csrecover.analysis.theory import transition_rho
from csrecover.penalties.chi import minimax_ratio, minimax_threshold
from csrecover.solvers.amp import amp_iterates
from csrecover.solvers.ensemble import Independence
from csrecover.solvers.linear_estimates import linear_estimate
from csrecover.solvers.thresholding import thresholding
from csrecover.solvers.vamp import vamp_iterates

from . import reference
from .conftest import FULL

M, N = 40, 64
SHUFFLED = np.random.default_rng(0).permutation(np.arange(N) // 4)
WEIGHTS = np.linspace(0.5, 1.5, N)
PENALTIES = {
    "l1": (cs.L1(), lambda v, t: reference.soft(v, t)),
    "weighted l1": (cs.L1(WEIGHTS), lambda v, t: reference.soft(v, t * WEIGHTS)),
    "nonnegative": (cs.NonNegativeL1(), lambda v, t: np.maximum(v - t, 0)),
    "blocks": (cs.GroupL2(cs.Blocks.uniform(N, 4)), lambda v, t: reference.group_soft(v, np.arange(N) // 4, t)),
    "shuffled blocks": (cs.GroupL2(cs.Blocks(SHUFFLED)), lambda v, t: reference.group_soft(v, SHUFFLED, t)),
}


def normal(rng, shape, dtype=float):
    """Standard normal numbers, complex ones circular."""
    parts = rng.standard_normal((2, *np.atleast_1d(shape)))
    return (parts[0] + 1j * parts[1]) / 2**0.5 if dtype is complex else parts[0]


def sparse_signals(count, n, size, fraction, rng, dtype=float):
    """The same blocks of large coefficients in random places: (count, n), all of one energy."""
    blocks = np.zeros((n // size, size), dtype)
    active = round(fraction * n / size)
    blocks[:active] = normal(rng, (active, size), dtype)
    return np.stack([rng.permutation(blocks).reshape(n) for _ in range(count)])


def conditioned(m, n, condition, rng):
    """Matrix of Haar-distributed singular vectors and singular values in geometric progression, norm of columns one."""
    values = np.geomspace(1, 1 / condition, m)
    values *= (n / np.sum(values**2)) ** 0.5
    left, right = (cs.partial_orthogonal(m, size, rng).matrix * (m / size) ** 0.5 for size in (m, n))
    return cs.Matrix(left * values @ right), values


# --- thresholds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "share"), [(1, 1.0), (1, 0.5), (4, 1.0), (10, 1.0)])
def test_the_threshold_recovers_the_least_sparse_signals(size, share):
    """It maximises the fraction s at which the worst error s (size + t^2) + (1 - s) E (chi - t)_+^2 is size * ratio."""

    def shortfall(t, ratio):
        zero = share * chi(size).expect(lambda u: (u - t) ** 2, lb=t) / size
        return (zero - ratio) / (1 + t**2 / size - zero)

    for ratio in (0.1, 0.5, 0.75):
        best = minimize_scalar(shortfall, bounds=(0.05, 8), method="bounded", args=(ratio,), options={"xatol": 1e-8})
        assert minimax_threshold(ratio, size, share) == pytest.approx(best.x, abs=2e-5)
        assert minimax_ratio(best.x, size, share) == pytest.approx(ratio, rel=1e-5)


def test_published_thresholds():
    ratios = (0.1, 0.25, 0.5, 0.75)
    assert [minimax_threshold(ratio) for ratio in ratios] == pytest.approx([1.7357, 1.2923, 0.8768, 0.5493], abs=6e-4)
    blocks = [minimax_threshold(ratio, 10) for ratio in ratios]
    assert blocks == pytest.approx([3.4246, 2.888, 2.2578, 1.5819], abs=1e-4)
    assert minimax_threshold(1.2) == 0


def test_thresholds_of_many_ratios_are_those_of_each():
    denoise = thresholding(cs.GroupL2(cs.Blocks.uniform(20, 5)), complex_signals=True)
    ratios = np.array([0.5, 0.31, 0.02, 0.001])
    found = denoise.best_up_to(0.5, ratios)(ratios)
    np.testing.assert_allclose(found, [denoise.best(ratio) for ratio in ratios], rtol=1e-3)


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("field", ["real", "complex signals", "complex"])
def test_amp_iterates_are_those_of_the_textbook(name, field):
    if name == "nonnegative" and field != "real":
        pytest.skip("nonnegative signals are real")
    penalty, prox = PENALTIES[name]
    rng, dtype = np.random.default_rng(1), float if field == "real" else complex
    matrix = normal(rng, (M, N), complex if field == "complex" else float) * 3
    y = matrix @ (normal(rng, N, dtype) * (rng.random(N) < 0.1)) + 0.1 * normal(rng, M, dtype)
    denoise = thresholding(penalty, complex_signals=dtype is complex)
    pseudo = 0.0 if field == "complex" else 1.0
    ours = amp_iterates(cs.Matrix(matrix), y, denoise, np.zeros(N, dtype), entries=Independence(9.0 * M, pseudo))
    twin = reference.amp(
        matrix / (3 * M**0.5), y / (3 * M**0.5), prox, denoise.best(M / N), circular=field == "complex"
    )
    for state, expected in islice(zip(ours, twin, strict=False), 8):
        np.testing.assert_allclose(state.x, expected, rtol=0, atol=1e-5)
        assert state.residual_norm == pytest.approx(np.linalg.norm(y - matrix @ state.x))


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("kind", ["orthogonal rows", "condition 30"])
def test_vamp_iterates_are_those_of_the_textbook(name, kind):
    penalty, prox = PENALTIES[name]
    rng = np.random.default_rng(2)
    A = cs.partial_orthogonal(M, N, rng) if kind == "orthogonal rows" else conditioned(M, N, 30, rng)[0]
    y = A @ (rng.standard_normal(N) * (rng.random(N) < 0.1)) + 0.05 * rng.standard_normal(M)
    estimate = linear_estimate(A, y, 0.05 * M**0.5)
    assert type(estimate).__name__ == ("OrthogonalRows" if kind == "orthogonal rows" else "SingularValues")
    denoise = thresholding(penalty, complex_signals=False)
    ours = vamp_iterates(A, y, denoise, np.zeros(N), estimate=estimate)
    twin = reference.vamp(A.matrix, y, prox, denoise.best, 0.05**2)
    for state, expected in islice(zip(ours, twin, strict=False), 6):
        np.testing.assert_allclose(state.x, expected, rtol=0, atol=2e-3)
        assert state.residual_norm == pytest.approx(np.linalg.norm(y - A @ state.x))


# --- theorems --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["l1", "nonnegative", "blocks"])
def test_a_fixed_point_of_amp_solves_the_lasso(name):
    """Its optimality condition: correlations are at most lambda in the dual norm, and attain it with the solution."""
    m, n, rng = 240, 400, np.random.default_rng(4)
    A, blocks = cs.gaussian(m, n, rng), cs.Blocks(rng.permutation(np.arange(n) // 4))
    penalty = {"blocks": cs.GroupL2(blocks), "nonnegative": cs.NonNegativeL1(), "l1": cs.L1(np.linspace(1, 2, n))}[name]
    truth = abs(sparse_signals(1, n, 1, 0.05, rng)[0])
    y = A @ truth + 0.05 * rng.standard_normal(m)
    result = cs.amp(A, y, penalty, tol=1e-11)
    assert result.converged
    correlation = A.H @ (y - A @ result.x)
    scale = result.x @ correlation / penalty.value(result.x)
    assert penalty.zero_weight(correlation) == pytest.approx(scale, rel=1e-7)


def observed(solver, A, truth, penalty, sigma, **options):
    """Mean-square errors of five iterates, and those predicted from the data."""
    rng, errors, m = np.random.default_rng(7), [], A.size_out
    dtype = complex if np.iscomplexobj(A @ truth[0]) else float
    y = A @ truth + sigma * normal(rng, (len(truth), m), dtype)

    def keep(progress):
        errors.append(np.linalg.norm(progress.x - truth) ** 2 / truth.size)

    result = solver(A, y, penalty, max_iter=5, tol=0.0, callback=keep, **options)
    return np.array(errors), result.history["predicted"].mean(axis=1)


def agree(found, truth, penalty, ratio, sigma, singular_values=None, *, rtol=0.1):
    errors, read_off = found
    evolved = state_evolution(truth[0], penalty, ratio, sigma=sigma, singular_values=singular_values, iterations=5)
    np.testing.assert_allclose(errors, evolved, rtol=rtol)
    np.testing.assert_allclose(read_off, errors, rtol=0.1)


@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5, 0.75] if FULL else [0.25, 0.5])
@pytest.mark.parametrize("dtype", [float, complex] if FULL else [float])
def test_errors_of_amp_are_those_of_state_evolution(ratio, size, dtype):
    n, rng = 4000, np.random.default_rng(5)
    rho = transition_rho("block", ratio, size=size)
    truth = sparse_signals(16, n, size, 0.7 * rho * ratio, rng, dtype)
    penalty = cs.L1() if size == 1 else cs.GroupL2(cs.Blocks.uniform(n, size))
    matrices = 6 if ratio < 0.2 else 1  # of few rows each, which differ by some per cent
    draws = (cs.gaussian(round(ratio * n), n, rng, dtype=dtype) for _ in range(matrices))
    found = np.mean([observed(cs.amp, A, truth, penalty, 0.05) for A in draws], axis=0)
    agree(found, truth, penalty, ratio, 0.05, rtol=0.15 if ratio < 0.2 else 0.1)


@pytest.mark.parametrize("phases", ["spread", "equal"])
@pytest.mark.parametrize("field", [float, complex])
def test_errors_of_amp_on_complex_signals_are_predicted_whatever_their_phases(field, phases):
    n, rng = 1000, np.random.default_rng(5)
    truth = sparse_signals(32, n, 1, 0.1, rng, complex)
    truth = truth if phases == "spread" else abs(truth) * (0.6 + 0.8j)
    errors, read_off = observed(cs.amp, cs.gaussian(500, n, rng, dtype=field), truth, cs.L1(), 0.02)
    np.testing.assert_allclose(read_off, errors, rtol=0.1)
    if phases == "spread" or field is complex:
        np.testing.assert_allclose(errors, state_evolution(truth[0], cs.L1(), 0.5, sigma=0.02, iterations=5), rtol=0.1)


@pytest.mark.parametrize("sigma", [0.0, 0.05])
@pytest.mark.parametrize("size", [1, 10])
def test_errors_of_vamp_on_a_partial_cosine_transform_are_those_of_state_evolution(sigma, size):
    m, n, rng = 2000, 4000, np.random.default_rng(6)
    A = cs.random_rows(n, m, rng) @ cs.DCT(n)
    truth = sparse_signals(16, n, size, 0.12, rng)
    penalty = cs.L1() if size == 1 else cs.GroupL2(cs.Blocks.uniform(n, size))
    found = observed(cs.vamp, A, truth, penalty, sigma, noise=sigma * m**0.5)
    agree(found, truth, penalty, 0.5, sigma, np.full(m, 2**0.5))


@pytest.mark.parametrize("sigma", [0.0, 0.02])
def test_errors_of_vamp_at_condition_100_are_those_of_state_evolution(sigma):
    m, n, rng = 400, 800, np.random.default_rng(8)
    A, values = conditioned(m, n, 100, rng)
    truth = sparse_signals(64, n, 1, 0.12, rng)
    found = observed(cs.vamp, A, truth, cs.L1(), sigma, noise=sigma * m**0.5)
    agree(found, truth, cs.L1(), 0.5, sigma, values)


def test_orthogonal_rows_have_smaller_errors_than_independent_ones():
    """Rows that are orthogonal are worth more than independent ones."""
    truth = sparse_signals(1, 1000, 1, 0.1, np.random.default_rng(0))[0]
    plain = state_evolution(truth, cs.L1(), 0.5)
    rotated = state_evolution(truth, cs.L1(), 0.5, singular_values=np.full(500, 2**0.5))
    assert (rotated < plain).all()
    assert plain[-1] < 0.05 * plain[0]


@pytest.mark.parametrize("solver", [cs.amp, cs.vamp])
@pytest.mark.parametrize("ratio", [0.25, 0.5])
def test_recovery_succeeds_below_the_transition_and_fails_above(solver, ratio):
    n, rng, rho = 1000, np.random.default_rng(9), transition_rho("l1", ratio)
    m = round(ratio * n)
    A = cs.gaussian(m, n, rng) if solver is cs.amp else cs.random_rows(n, m, rng) @ cs.DCT(n)
    for share in (0.6, 1.25):
        truth = sparse_signals(8, n, 1, share * rho * ratio, rng)
        errors = solver(A, A @ truth, cs.L1(), max_iter=300).error(truth)
        assert (errors < 1e-4).all() if share < 1 else (errors > 1e-2).all()


# --- noise that is not known -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["orthogonal rows", "condition 100", "complex", "nonnegative"])
@pytest.mark.parametrize("sigma", [0.0, 0.01, 0.1] if FULL else [0.0, 0.05])
@pytest.mark.parametrize("size", [1, 10])
def test_noise_that_is_learnt_is_as_good_as_noise_that_is_known(kind, sigma, size):
    m, n, rng = 500, 1000, np.random.default_rng(6)
    if kind == "condition 100":
        m, n = 200, 400
        A = conditioned(m, n, 100, rng)[0]
    else:
        A = cs.random_rows(n, m, rng) @ (cs.DFT(n) if kind == "complex" else cs.DCT(n))
    truth = sparse_signals(4, n, size, 0.1, rng, complex if kind == "complex" else float)
    truth = abs(truth) if kind == "nonnegative" else truth
    signed = cs.NonNegativeL1() if kind == "nonnegative" else cs.L1()
    penalty = signed if size == 1 else cs.GroupL2(cs.Blocks.uniform(n, size))
    y = A @ truth + sigma * normal(rng, (4, m), complex if kind == "complex" else float)
    known = cs.vamp(A, y, penalty, noise=sigma * m**0.5, max_iter=100).error(truth)
    learnt = cs.vamp(A, y, penalty, noise="learn", max_iter=100).error(truth)
    assert np.mean(learnt) <= 1.05 * np.mean(known) + 1e-4


def test_noise_is_learnt_on_every_backend(backend):
    A, truth = cs.random_rows(256, 128, 0) @ cs.DCT(256), sparse_signals(3, 256, 4, 0.1, np.random.default_rng(1))
    y = A @ truth + 0.05 * np.random.default_rng(2).standard_normal((3, 128))
    penalty = cs.GroupL2(cs.Blocks.uniform(256, 4))
    expected = cs.vamp(A, y, penalty, noise="learn").x
    found = cs.vamp(*cs.to((A, y, penalty), backend), noise="learn").x
    np.testing.assert_allclose(cs.to_numpy(found), expected, atol=1e-6)
    single = cs.vamp(A, y.astype(np.float32), penalty, noise="learn", tol=1e-4)
    assert single.x.dtype == np.float32
    np.testing.assert_allclose(single.x, expected, atol=1e-2)


@pytest.mark.parametrize(("size", "dtype"), [(1, float), (5, float), (1, complex), (5, complex)])
def test_the_variance_of_noise_is_seen_beside_a_few_large_units(size, dtype):
    n, rng = 20_000, np.random.default_rng(3)
    penalty = cs.L1() if size == 1 else cs.GroupL2(cs.Blocks.uniform(n, size))
    denoise = thresholding(penalty, complex_signals=dtype is complex)
    v = 10 * sparse_signals(2, n, size, 0.1, rng, dtype) + 0.3 * normal(rng, (2, n), dtype)
    ratios = denoise.variance_ratio(v, np.array([0.3, 0.25]))
    np.testing.assert_allclose(ratios, [1, 1.44], rtol=0.1)


# --- what is refused -------------------------------------------------------------------------------------------------


def matrix_of(kind, m=300, n=600):
    rng = np.random.default_rng(3)
    plain = rng.standard_normal((m, n)) / m**0.5
    mixing = 0.6 ** abs(np.arange(n)[:, None] - np.arange(n))
    rows = 0.6 ** abs(np.arange(m)[:, None] - np.arange(m))
    return {
        "gaussian": plain,
        "signs": np.sign(plain),
        "scaled": 100 * plain,
        "mean": plain + 0.2 / m**0.5,
        "correlated columns": plain @ np.linalg.cholesky(mixing).T,
        "correlated rows": np.linalg.cholesky(rows) @ plain,
        "column norms": plain * np.linspace(0.5, 1.5, n),
        "orthogonal rows": cs.partial_orthogonal(m, n, 0).matrix,
    }[kind]


@pytest.mark.parametrize("kind", ["gaussian", "signs", "scaled"])
def test_amp_takes_bare_matrices_with_independent_entries(kind):
    A = cs.Matrix(matrix_of(kind))
    truth = sparse_signals(1, 600, 1, 0.08, np.random.default_rng(0))[0]
    assert cs.amp(A, A @ truth, cs.L1()).error(truth) < 1e-4


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("mean", "mean of its entries is not zero"),
        ("correlated columns", "columns are correlated"),
        ("correlated rows", "entries are correlated"),
        ("column norms", "columns have different norms"),
        ("orthogonal rows", "rows are nearly orthogonal: use vamp"),
    ],
)
def test_amp_refuses_other_matrices_and_says_why(kind, reason):
    with pytest.raises(ValueError, match=reason):
        cs.amp(matrix_of(kind), np.ones(300), cs.L1())


def test_a_stated_variance_is_taken_at_its_word():
    matrix = matrix_of("gaussian") * np.linspace(0.5, 1.5, 600)
    assert cs.amp(cs.Matrix(matrix, variance=1 / 300), np.ones(300), cs.L1(), max_iter=3).iterations == 3


@pytest.mark.parametrize(
    ("A", "reason"),
    [
        (cs.random_rows(64, 32, 0) @ cs.DCT(64), "use vamp where its rows are orthogonal"),
        (cs.random_convolution(64, 0), "independent entries"),
        (cs.Matrix(np.random.default_rng(0).standard_normal((2, 32, 64))), "stack"),
        (cs.random_rows(33, 20, 0) @ cs.DFT(64, real=True), "linear over the reals only"),
    ],
)
def test_amp_refuses_other_operators(A, reason):
    with pytest.raises(ValueError, match=reason):
        cs.amp(A, np.ones((*A.batch_shape, A.size_out)), cs.L1())


@pytest.mark.parametrize(
    ("A", "reason"),
    [
        (cs.Sampling(256, np.arange(128)) @ cs.DFT(256), "columns are correlated"),
        (cs.Sampling(256, np.arange(128)) @ cs.DCT(256), "columns"),
        (cs.random_rows(256, 128, 0) @ cs.Wavelet(256, "db4"), "columns"),
        (cs.random_rows(256, 128, 0), "columns"),
        (cs.blur(256, 2.0), "columns are correlated"),
        (cs.Matrix(matrix_of("column norms")), "columns have different norms"),
    ],
)
def test_vamp_refuses_singular_vectors_that_are_not_spread(A, reason):
    with pytest.raises(ValueError, match=reason):
        cs.vamp(A, np.ones(A.size_out), cs.L1())


@pytest.mark.parametrize("solver", [cs.amp, cs.vamp])
def test_penalties_without_a_known_derivative_are_refused(solver):
    A, y = cs.gaussian(30, 60, 0), np.ones(30)
    with pytest.raises(TypeError, match="got TV: use fista"):
        solver(A, y, cs.TV())
    with pytest.raises(ValueError, match="blocks of one size"):
        solver(A, y, cs.GroupL2(cs.Blocks(np.arange(60) // 7)))
    with pytest.raises(ValueError, match="nonnegative signals are real"):
        solver(A, y + 1j, cs.NonNegativeL1())


def test_a_noise_that_is_another_text_is_refused():
    with pytest.raises(ValueError, match="or \"learn\", got 'low'"):
        cs.vamp(cs.gaussian(30, 60, 0), np.ones(30), cs.L1(), noise="low")


def test_numbers_of_state_evolution_are_checked():
    with pytest.raises(ValueError, match="ratio > 0"):
        state_evolution(np.ones(4), cs.L1(), 0.0)
    with pytest.raises(ValueError, match="1 to 4 singular values"):
        state_evolution(np.ones(4), cs.L1(), 0.5, singular_values=np.zeros(2))
