"""Matching pursuits: in lockstep with the textbook, and the theorems about them."""

from itertools import combinations

import numpy as np
import pytest
from scipy.linalg import hadamard

import csrecover as cs
from csrecover import kernels

from . import cupy_double
from .test_cupy_double import after_the_first_look

M, N, K = 30, 48, 8
LABELS = np.random.default_rng(5).permutation(np.repeat(np.arange(14), [1, 2, 5] + 10 * [4] + [0]))[:N]
LABELS = np.unique(LABELS, return_inverse=True)[1]  # blocks of unequal sizes, in no order
every_field = pytest.mark.parametrize("field", ["real", "complex"])
every_way = pytest.mark.parametrize(
    "fast",
    [
        pytest.param("1", marks=pytest.mark.skipif(kernels.compiled("pursuit") is None, reason="numba is missing")),
        "0",
    ],
)


def normal(rng, shape, field):
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if field == "complex" else x


def problem(seed, field, m=M, n=N):
    """Matrix of unit columns and measurements that no sparse signal explains."""
    rng = np.random.default_rng(seed)
    matrix = normal(rng, (m, n), field)
    return matrix / np.linalg.norm(matrix, axis=0), normal(rng, m, field)


def textbook(matrix, y, units, k, at_once=1):
    """Orthogonal matching pursuit, y (m,) or (m, channels): support and solution after each iteration."""
    chosen, residual, x = [], y, None
    for _ in range(k):
        gains = [
            np.linalg.norm(matrix[:, unit].conj().T @ residual) * (u not in chosen) for u, unit in enumerate(units)
        ]
        chosen += np.argsort(-np.array(gains), kind="stable")[:at_once].tolist()
        columns = np.concatenate([units[u] for u in chosen])
        x = np.zeros((matrix.shape[1], *y.shape[1:]), np.result_type(matrix, y))
        x[columns] = np.linalg.lstsq(matrix[:, columns], y, rcond=None)[0]
        residual = y - matrix @ x
        yield list(chosen), x


def followed(solver, A, y, model, k, **options):
    """Result of a solver and its iterates."""
    seen = []
    result = solver(A, y, model, k, tol=0.0, callback=lambda progress: seen.append(progress.x), **options)
    return result, seen


UNITS = {
    "coefficients": (cs.Sparse(), np.arange(N)[:, None], K),
    "blocks": (cs.BlockSparse(cs.Blocks.uniform(N, 4)), np.arange(N).reshape(12, 4), 4),
    "unequal blocks": (cs.BlockSparse(cs.Blocks(LABELS)), [np.flatnonzero(b == LABELS) for b in range(13)], 4),
}


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("units", UNITS)
@every_way
@every_field
def test_iterates_are_those_of_the_textbook(units, fast, field, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    model, members, k = UNITS[units]
    for seed in range(4):
        matrix, y = problem(seed, field)
        _, seen = followed(cs.omp, matrix, y, model, k)
        for x, (_, expected) in zip(seen, textbook(matrix, y, members, k), strict=True):
            np.testing.assert_allclose(x, expected, rtol=0, atol=1e-11)


@every_way
def test_matrix_free_iterates_are_those_of_the_textbook(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    monkeypatch.setattr("csrecover.solvers.least_squares._DENSE", 0)
    A = cs.random_rows(N, M, 0) @ cs.DCT(N)
    y = problem(0, "complex")[1]
    _, seen = followed(cs.omp, A, y, cs.Sparse(), K)
    for x, (_, expected) in zip(seen, textbook(A.todense(), y, UNITS["coefficients"][1], K), strict=True):
        np.testing.assert_allclose(x, expected, rtol=0, atol=1e-11)


@every_way
@every_field
def test_several_units_at_once_are_those_of_the_textbook(fast, field, monkeypatch):
    """What is kept of more than k units are the k best, with least squares solved again."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    for seed in range(4):
        matrix, y = problem(seed, field)
        _, seen = followed(cs.gomp, matrix, y, cs.Sparse(), K, at_once=3)
        steps = list(textbook(matrix, y, UNITS["coefficients"][1], K, at_once=3))
        assert len(seen) == K
        for x, (chosen, expected) in zip(seen, steps, strict=True):
            best = np.sort(np.argsort(-abs(expected))[:K])
            if len(chosen) > K:
                expected = 0 * expected
                expected[best] = np.linalg.lstsq(matrix[:, best], y, rcond=None)[0]
            np.testing.assert_allclose(x, expected, rtol=0, atol=1e-10)


@every_field
def test_channels_are_those_of_the_textbook(field):
    """Simultaneous orthogonal matching pursuit, by an operator on one channel and by one dense matrix for all."""
    matrix, _ = problem(0, field)
    y = normal(np.random.default_rng(1), (3, M), field)
    steps = list(textbook(matrix, y.T, UNITS["coefficients"][1], K))
    A = cs.channels(cs.Matrix(matrix), 3)
    scrambled = cs.Permutation(A.in_shape, np.arange(3 * N))  # the same operator, but nobody sees that
    for operator in (A, A @ scrambled):
        _, seen = followed(cs.omp, operator, y, cs.JointSparse(), K)
        for x, (_, expected) in zip(seen, steps, strict=True):
            np.testing.assert_allclose(x, expected.T, rtol=0, atol=1e-11)


def test_blocks_of_channels_are_those_of_the_textbook():
    model, members, k = UNITS["unequal blocks"]
    matrix, _ = problem(0, "real")
    y = np.random.default_rng(1).standard_normal((2, M))
    _, seen = followed(cs.block_omp, cs.channels(cs.Matrix(matrix), 2), y, cs.JointSparse(model), k)
    for x, (_, expected) in zip(seen, textbook(matrix, y.T, members, k), strict=True):
        np.testing.assert_allclose(x, expected.T, rtol=0, atol=1e-11)


def test_real_signals_of_complex_measurements_solve_the_equations_of_both_parts():
    A = cs.random_rows(25, 14, 0) @ cs.DFT(N, real=True)
    y = problem(0, "complex")[1][:14]
    columns = A.todense()
    matrix = np.concatenate([columns.real, columns.imag])
    x = cs.omp(A, y, cs.Sparse(), 5).x
    assert x.dtype == np.float64
    *_, (_, expected) = textbook(matrix, np.concatenate([y.real, y.imag]), UNITS["coefficients"][1], 5)
    np.testing.assert_allclose(x, expected, atol=1e-11)


@every_way
def test_a_large_problem_is_that_of_the_textbook(fast, monkeypatch):
    """More columns than are multiplied with each other in advance, and correlations in several stretches."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(0)
    A, truth = cs.gaussian(300, 2500, rng), cs.random_signal(cs.Sparse(), 2500, 60, rng)
    y = A @ truth + 0.02 * rng.standard_normal(300)
    *_, (_, expected) = textbook(A.matrix, y, np.arange(2500)[:, None], 60)
    np.testing.assert_allclose(cs.omp(A, y, cs.Sparse(), 60).x, expected, atol=1e-11)


# --- theorems --------------------------------------------------------------------------------------------------------


def exact_recovery_number(matrix, support):
    """max over other columns of ||pinv(A_S) a_j||_1, Tropp 2004."""
    others = np.setdiff1d(np.arange(matrix.shape[1]), support)
    return abs(np.linalg.pinv(matrix[:, support]) @ matrix[:, others]).sum(axis=0).max()


@every_field
def test_supports_below_one_of_the_exact_recovery_number_are_recovered_in_k_iterations(field):
    """J. A. Tropp, Greed is good, 2004: for every signal on the support, whatever its coefficients."""
    matrix, _ = problem(3, field, 40, 60)
    checked = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        support = np.sort(rng.choice(60, 3, replace=False))
        if exact_recovery_number(matrix, support) >= 1:
            continue
        x = np.zeros(60, matrix.dtype)
        x[support] = normal(rng, 3, field) * [1, 1e-3, 30]
        result = cs.omp(matrix, matrix @ x, cs.Sparse(), 3, tol=1e-10)
        np.testing.assert_allclose(result.x, x, atol=1e-10)
        assert result.converged
        assert result.iterations == 3
        checked += 1
    assert checked >= 10


def test_every_support_below_the_coherence_bound_is_recovered():
    """Tropp 2004, k < (1 + 1 / mu) / 2; spikes and Walsh functions have mu = 1 / sqrt(m)."""
    matrix = np.hstack([np.eye(16), hadamard(16) / 4])
    gram = abs(matrix.T @ matrix - np.eye(32))
    k = 2
    assert k < (1 + 1 / gram.max()) / 2
    signals = np.zeros((496, 32))
    for x, support in zip(signals, combinations(range(32), k), strict=True):
        x[list(support)] = np.random.default_rng(sum(support)).standard_normal(k)
    result = cs.omp(matrix, signals @ matrix.T, cs.Sparse(), k, tol=1e-12)
    np.testing.assert_allclose(result.x, signals, atol=1e-12)


@every_field
def test_blocks_below_the_bound_of_block_coherence_are_recovered(field):
    """Eldar, Kuppinger and Boelcskei 2010, Theorem 3: k d < (1 / mu_B + d - (d - 1) nu / mu_B) / 2."""
    d, k, phase = 2, 2, 1j if field == "complex" else 1
    inside = np.array([[1, 0.02], [0, (1 - 0.02**2) ** 0.5 * phase]])
    matrix = np.kron(np.hstack([np.eye(16), hadamard(16) / 4]), inside)
    gram = (matrix.conj().T @ matrix).reshape(32, d, 32, d).transpose(0, 2, 1, 3)
    mu_b = max(np.linalg.norm(gram[i, j], 2) for i in range(32) for j in range(32) if i != j) / d
    nu = max(abs(gram[i, i] - np.eye(d)).max() for i in range(32))
    assert nu > 0.01
    assert k * d < (1 / mu_b + d - (d - 1) * nu / mu_b) / 2
    model = cs.BlockSparse(cs.Blocks.uniform(64, d))
    for blocks in list(combinations(range(32), k))[::7]:
        x = np.zeros((32, d), matrix.dtype)
        x[list(blocks)] = normal(np.random.default_rng(sum(blocks)), (k, d), field)
        result = cs.block_omp(matrix, matrix @ x.reshape(-1), model, k, tol=1e-12)
        np.testing.assert_allclose(result.x, x.reshape(-1), atol=1e-12)


@every_way
@every_field
def test_the_residual_falls_and_is_orthogonal_to_the_chosen_columns(fast, field, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix, y = problem(0, field)
    result, seen = followed(cs.omp, matrix, y, cs.Sparse(), 20)
    for x in seen:
        assert np.abs(matrix[:, x != 0].conj().T @ (y - matrix @ x)).max() <= 1e-13 * np.linalg.norm(y)
    assert (np.diff(result.history["residual_norm"]) < 0).all()
    assert [np.count_nonzero(x) for x in seen] == list(range(1, 21))


def test_wrong_units_among_several_are_dropped():
    """A budget of k = 6 that orthogonal matching pursuit spends in part on wrong columns."""
    better = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        A = cs.gaussian(24, 64, rng)
        x = cs.random_signal(cs.Sparse(), 64, 6, rng)
        several, one = cs.gomp(A, A @ x, cs.Sparse(), 6, at_once=2), cs.omp(A, A @ x, cs.Sparse(), 6)
        assert np.count_nonzero(several.x) <= 6
        better += several.converged - one.converged
    assert better >= 5


# --- what is no textbook problem -------------------------------------------------------------------------------------


@every_way
@every_field
def test_dependent_columns_are_passed_over(fast, field, monkeypatch):
    """Of two equal columns one is taken; with more columns than dimensions all is explained, and nothing is NaN."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix, _ = problem(0, field, 6, 9)
    twice = np.hstack([matrix, matrix, np.zeros((6, 2))])
    twice[-1] = 0  # five dimensions
    result = cs.omp(twice, twice @ np.ones(20), cs.Sparse(), 6, tol=0.0)
    assert np.isfinite(result.x).all()
    assert np.count_nonzero(result.x) <= 5
    assert result.residual_norm <= 1e-12
    assert not (result.x[:9] * result.x[9:18]).any()


@every_way
def test_a_block_of_dependent_columns_counts_as_its_span(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix, y = problem(0, "real", 12, 16)
    matrix[:, 5:8] = matrix[:, 4:5] * [2, 0, -1]
    result = cs.block_omp(matrix, y, cs.BlockSparse(cs.Blocks.uniform(16, 4)), 3, tol=0.0)
    *_, (_, expected) = textbook(matrix, y, np.arange(16).reshape(4, 4), 3)
    np.testing.assert_allclose(matrix @ result.x, matrix @ expected, atol=1e-12)


@every_way
def test_measurements_that_no_column_explains_give_zero(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix = np.eye(5)[:, :3]
    for y in (np.zeros(5), np.array([0, 0, 0, 1.0, 2.0])):
        result = cs.omp(matrix, y, cs.Sparse(), 2)
        assert not result.x.any()
        assert result.converged == (not y.any())


@every_way
@pytest.mark.parametrize("solver", [cs.omp, cs.gomp])
def test_a_batch_gives_what_its_signals_give_alone(solver, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(0)
    A = cs.gaussian(M, N, rng)
    y = np.stack(
        [A @ cs.random_signal(cs.Sparse(), N, k, rng) for k in (1, 4, 12)]
        + [rng.standard_normal(M), 0 * rng.standard_normal(M)]
    )
    noise = np.array([0, 0, 0, 2.0, 0])
    for batch in (y, y[:, None]):
        together = solver(A, batch, cs.Sparse(), K, noise=noise.reshape(batch.shape[:-1]))
        for i in range(5):
            alone = solver(A, y[i], cs.Sparse(), K, noise=noise[i])
            np.testing.assert_allclose(together.x[i].reshape(-1), alone.x, atol=1e-12)
            assert np.ravel(together.status)[i] is alone.status
            assert np.ravel(together.iterations)[i] == alone.iterations


def test_each_matrix_of_a_stack_serves_its_signal():
    matrices = np.stack([problem(seed, "real")[0] for seed in range(3)])
    y = np.random.default_rng(0).standard_normal((2, 3, M))
    x = cs.omp(cs.Matrix(matrices), y, cs.Sparse(), 5).x
    for i in range(3):
        np.testing.assert_allclose(x[:, i], cs.omp(matrices[i], y[:, i], cs.Sparse(), 5).x, atol=1e-12)


@every_way
def test_it_ends_with_the_first_residual_within_the_noise(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix, y = problem(0, "real")
    full, _ = followed(cs.omp, matrix, y, cs.Sparse(), 12)
    norms = full.history["residual_norm"]
    for options in ({"noise": 0.5 * (norms[6] + norms[7])}, {"tol": 0.5 * (norms[6] + norms[7]) / np.linalg.norm(y)}):
        result = cs.omp(matrix, y, cs.Sparse(), 12, **options)
        assert result.converged
        assert result.iterations == 8
        assert np.count_nonzero(result.x) == 8
    assert full.status is cs.Status.STALLED
    assert cs.omp(matrix, y, cs.Sparse(), 12, max_iter=5).status is cs.Status.MAX_ITER


@every_way
def test_the_units_of_a_start_are_taken_first(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    matrix, y = problem(0, "real")
    start = np.zeros(N)
    start[[3, 40, 7]] = 2, -5, 1e-3
    _, seen = followed(cs.omp, matrix, y, cs.Sparse(), 5, x0=start)
    assert [np.flatnonzero(x).tolist() for x in seen[:3]] == [[40], [3, 40], [3, 7, 40]]
    expected = np.linalg.lstsq(matrix[:, [3, 7, 40]], y, rcond=None)[0]
    np.testing.assert_allclose(seen[2][[3, 7, 40]], expected, atol=1e-12)
    assert np.count_nonzero(seen[4]) == 5


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("units", UNITS)
def test_compiled_pursuit_is_its_plain_twin(dtype, units, monkeypatch):
    model, _, k = UNITS[units]
    matrix, y = (x.astype(dtype) for x in problem(0, "complex" if "complex" in dtype else "real"))
    fast = cs.omp(matrix, y, model, k)
    monkeypatch.setenv("CSRECOVER_FAST", "0")
    plain = cs.omp(matrix, y, model, k)
    assert fast.x.dtype == plain.x.dtype == dtype
    np.testing.assert_allclose(fast.x, plain.x, atol=200 * np.finfo(dtype).eps)


# --- what is refused, and what a device is asked for -----------------------------------------------------------------


def test_models_without_units_are_refused():
    matrix, y = problem(0, "real")
    with pytest.raises(TypeError, match=r"takes units that any k of make a support.*got TreeSparse"):
        cs.omp(matrix[:, :32], y, cs.TreeSparse(cs.Wavelet(32, "haar").tree), 3)
    with pytest.raises(TypeError, match="without costs"):
        cs.block_omp(matrix, y, cs.BlockSparse(cs.Blocks.uniform(N, 4), "size"), 8)
    with pytest.raises(TypeError, match="block_omp takes blocks"):
        cs.block_omp(matrix, y, cs.Sparse(), 3)
    with pytest.raises(ValueError, match="linear over the reals only"):
        cs.omp(cs.DFT(8, real=True) @ cs.DFT(8, real=True).H, np.ones(5), cs.Sparse(), 2)


def test_bad_numbers_are_refused():
    matrix, y = problem(0, "real")
    for at_once, error, message in (
        (0, ValueError, "at least 1"),
        (1.5, TypeError, "an integer"),
        (True, TypeError, "an"),
    ):
        with pytest.raises(error, match=f"at_once .*{message}"):
            cs.gomp(matrix, y, cs.Sparse(), 3, at_once=at_once)
    with pytest.raises(ValueError, match="lower k or measure more"):
        cs.omp(matrix, y, cs.Sparse(), M + 1)
    with pytest.raises(ValueError, match="x0 must have shape"):
        cs.omp(matrix, y, cs.Sparse(), 3, x0=np.ones(3))
    with pytest.raises(ValueError, match="noise must be finite and not negative"):
        cs.omp(matrix, y, cs.Sparse(), 3, noise=-1.0)
    for options, error in (
        ({"tol": "small"}, TypeError),
        ({"max_iter": 2.5}, TypeError),
        ({"max_iter": 0}, ValueError),
    ):
        with pytest.raises(error, match="tol"):
            cs.omp(matrix, y, cs.Sparse(), 3, **options)


@pytest.mark.cupy_double(cupy_double.versions()[0])
@pytest.mark.parametrize("operator", [cs.gaussian(64, 128, 0), cs.random_rows(128, 64, 0) @ cs.DCT(128)])
def test_a_device_is_waited_for_once_a_look(operator):
    log, units = after_the_first_look(cs.omp, operator, cs.Sparse(), 40)
    assert log.count("sync") <= units["look"] == 3, log.report("sync")
    assert log.count("transfer") == 0, log.report("transfer")
