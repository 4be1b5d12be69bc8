"""Random ensembles and physical measurements against their definitions."""

from itertools import combinations

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

import csrecover as cs
from csrecover.operators import as_operator

DTYPES = ["float32", "float64", "complex64", "complex128"]


def mean_energy_ratio(create, x, draws=300):
    """Mean of ||A x||^2 / ||x||^2 over draws of A, and its standard error."""
    ratios = [np.linalg.norm(create(seed) @ x) ** 2 / np.linalg.norm(x) ** 2 for seed in range(draws)]
    return np.mean(ratios), max(np.std(ratios), 1e-12) / draws**0.5


@pytest.mark.parametrize(
    "create",
    [
        lambda seed: cs.partial_orthogonal(10, 30, seed),
        lambda seed: cs.random_demodulator(10, 30, seed),
        lambda seed: cs.random_demodulator(7, 30, seed),
        lambda seed: cs.structurally_random(cs.DCT(30), 10, seed),
        lambda seed: cs.structurally_random(cs.DCT(30), 10, seed, scramble="permutation"),
        lambda seed: cs.spread_spectrum(30, 10, seed),
    ],
)
def test_random_measurements_keep_the_energy_on_average(create):
    mean, error = mean_energy_ratio(create, np.random.default_rng(0).standard_normal(30))
    assert abs(mean - 1) < 4 * error


# --- unit columns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("A", [cs.gaussian(5, 8, 0), cs.random_rows((2, 4), 5, 0) @ cs.DCT((2, 4))])
def test_unit_columns_are_the_columns_over_their_norms(A):
    dense, unit = A.todense(), cs.unit_columns(A)
    assert isinstance(unit, cs.Matrix) == isinstance(A, cs.Matrix)
    np.testing.assert_allclose(unit.todense(), dense / np.linalg.norm(dense, axis=0), atol=1e-14)
    np.testing.assert_allclose(unit.column_norms(), np.ones(A.in_shape), rtol=1e-14)


def test_unit_columns_of_a_stack_of_matrices():
    stack = np.random.default_rng(0).standard_normal((3, 4, 6))
    unit = cs.unit_columns(cs.Matrix(stack)).matrix
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1)


# --- rows of orthogonal matrices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("m", "n"), [(1, 1), (4, 9), (6, 6)])
def test_rows_of_a_partial_orthogonal_matrix_are_orthogonal(m, n, dtype):
    A = cs.partial_orthogonal(m, n, 0, dtype=dtype)
    assert A.matrix.dtype == dtype
    np.testing.assert_allclose(A.matrix @ A.matrix.conj().T, n / m * np.eye(m), atol=20 * np.finfo(dtype).eps)
    assert A.norm() == (n / m) ** 0.5


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_orthogonal_matrices_have_the_trace_moments_of_the_haar_measure(dtype):
    """E tr Q = 0 and E |tr Q|^2 = 1; both fail for the Q of a plain QR decomposition."""
    traces = np.array([np.trace(cs.partial_orthogonal(3, 3, seed, dtype=dtype).matrix) for seed in range(600)])
    assert abs(traces.mean()) < 4 / 600**0.5
    assert abs(np.mean(np.abs(traces) ** 2) - 1) < 4 * np.std(np.abs(traces) ** 2) / 600**0.5


# --- sparse matrices --------------------------------------------------------------------------------------------------


def sparse_source(dtype="float64"):
    """Six by five with an empty row and an empty column."""
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((6, 5)) + (1j * rng.standard_normal((6, 5)) if "complex" in dtype else 0)
    dense[rng.random((6, 5)) < 0.4] = 0
    dense[2], dense[:, 1] = 0, 0
    return dense.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sparse_matrix_acts_like_its_dense_matrix_wherever_it_lives(dtype, backend):
    dense, rng = sparse_source(dtype), np.random.default_rng(1)
    used = cs.sparse_matrix(scipy.sparse.csr_array(dense))
    x, y = rng.standard_normal((2, 3, 5)).astype(dtype), rng.standard_normal((4, 6)).astype(dtype)
    used @ x, used.H @ y  # what it has cached stays behind
    A, tolerance = cs.to(used, backend), 10 * np.finfo(dtype).eps
    for seen, wanted in (
        (A @ cs.to(x, backend), x @ dense.T),
        (A.H @ cs.to(y, backend), y @ dense.conj()),
        (A.columns([3, 1, 3]), dense[:, [3, 1, 3]]),
        (A.column_norms(), np.linalg.norm(dense, axis=0)),
    ):
        assert cs.to_numpy(seen).dtype == wanted.dtype
        np.testing.assert_allclose(cs.to_numpy(seen), wanted, atol=tolerance)


def test_long_signals_give_in_a_batch_what_they_give_alone():
    A = cs.sparse_binary(30, 2**15, 2, 0, dtype=np.float32)
    x = np.random.default_rng(0).standard_normal((2, 3, 2**15)).astype(np.float32)
    np.testing.assert_array_equal(A @ x, [[A @ signal for signal in row] for row in x])
    assert (A @ x).dtype == np.float32


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_sparse_matrix_takes_every_scipy_format(kind):
    dense = sparse_source()
    np.testing.assert_array_equal(cs.sparse_matrix(scipy.sparse.csr_array(dense).asformat(kind)).todense(), dense)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "bool"])
def test_duplicate_integers_are_summed_in_double_precision(dtype):
    values, twice = np.array([127, 127, 1], dtype=dtype), ([0, 0, 1], [1, 1, 0])
    A = cs.sparse_matrix(scipy.sparse.coo_array((values, twice), shape=(2, 2)))
    np.testing.assert_array_equal(A.todense(), [[0, 2.0 * float(values[0])], [1, 0]])
    assert A.data.dtype == np.float64


def test_canonical_rows_are_not_copied_and_others_not_changed():
    source = scipy.sparse.csr_array(sparse_source())
    assert np.shares_memory(cs.sparse_matrix(source).data, source.data)
    unsorted = scipy.sparse.csr_array((np.ones(3), np.array([2, 0, 0]), np.array([0, 3])), shape=(1, 3))
    np.testing.assert_array_equal(cs.sparse_matrix(unsorted).todense(), [[2, 0, 1]])
    np.testing.assert_array_equal(unsorted.indices, [2, 0, 0])


def test_a_matrix_without_entries_is_zero():
    A = cs.sparse_matrix(scipy.sparse.csr_array((3, 4)))
    np.testing.assert_array_equal(A @ np.ones((2, 4)), np.zeros((2, 3)))
    assert A.norm() == 0


@pytest.mark.parametrize("create", [cs.from_scipy, as_operator])
def test_scipy_sparse_matrices_become_sparse_matrices(create):
    assert isinstance(create(scipy.sparse.eye_array(3)), cs.SparseMatrix)


@pytest.mark.parametrize(("m", "n", "d"), [(7, 50, 3), (4, 10, 4), (9, 5, 1), (1, 1, 1)])
def test_each_column_of_a_sparse_binary_matrix_has_d_equal_entries(m, n, d):
    dense = cs.sparse_binary(m, n, d, 0).todense()
    assert ((dense != 0).sum(axis=0) == d).all()
    np.testing.assert_allclose(dense[dense != 0], d**-0.5)


def test_every_set_of_rows_is_equally_likely():
    count, m, d = 20000, 6, 3
    dense = cs.sparse_binary(m, count, d, 0).todense() != 0
    sets = dict.fromkeys(combinations(range(m), d), 0)
    for column in dense.T:
        sets[tuple(np.flatnonzero(column).tolist())] += 1
    expected = count / len(sets)
    chi_squared = sum((seen - expected) ** 2 / expected for seen in sets.values())
    assert chi_squared < 44  # 19 degrees of freedom: exceeded with probability 0.001


# --- random demodulator -----------------------------------------------------------------------------------------------


def overlaps(m, n):
    """Fraction of sample j that lies in window i of m."""
    starts, ends = np.arange(n) / n, np.arange(1, n + 1) / n
    windows = np.arange(m)[:, None] / m
    return n * np.clip(np.minimum(ends, windows + 1 / m) - np.maximum(starts, windows), 0, None)


@pytest.mark.parametrize(("m", "n"), [(1, 5), (4, 12), (5, 5), (2, 3), (5, 12), (7, 9)])
def test_demodulator_weighs_each_sample_by_the_root_of_its_overlap(m, n):
    dense = cs.random_demodulator(m, n, 0).todense()
    np.testing.assert_allclose(np.abs(dense) ** 2, overlaps(m, n), atol=1e-12)
    signs = np.sign(dense.sum(axis=0))
    assert ((dense * signs) >= 0).all()


def test_demodulator_of_two_measurements_and_three_samples_is_that_of_the_paper():
    dense = np.abs(cs.random_demodulator(2, 3, 0).todense())
    np.testing.assert_allclose(dense, [[1, 0.5**0.5, 0], [0, 0.5**0.5, 1]])


def test_demodulator_norm_is_exact_where_windows_hold_whole_samples():
    A = cs.random_demodulator(300, 1200, 0)
    assert A.norm() == 2.0
    np.testing.assert_allclose(A @ (A.H @ np.eye(300)), 4 * np.eye(300))


# --- scrambled transforms ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scramble", ["signs", "permutation"])
@pytest.mark.parametrize("transform", [cs.WalshHadamard((2, 8)), cs.DCT(16), cs.DFT((4, 4))])
def test_rows_of_a_scrambled_transform_are_orthogonal(transform, scramble):
    A = cs.structurally_random(transform, 6, 0, scramble=scramble)
    dense = A.todense()
    np.testing.assert_allclose(dense @ dense.conj().T, 16 / 6 * np.eye(6), atol=1e-13)
    assert A.norm() == (16 / 6) ** 0.5


def test_random_signs_spread_a_constant_signal():
    assert np.abs(cs.structurally_random(cs.DCT(1024), 1024, 0) @ np.ones(1024)).max() < 5  # of norm 32


def test_spread_spectrum_samples_the_spectrum_of_the_modulated_signal():
    A, x = cs.spread_spectrum((4, 6), 9, 0), np.random.default_rng(0).standard_normal((4, 6))
    rows, _, signs = A.factors
    spectrum = np.fft.fft2(signs.weights * x, norm="ortho").reshape(-1)
    np.testing.assert_allclose(A @ x, (24 / 9) ** 0.5 * spectrum[rows.indices])
    assert set(np.unique(signs.weights)) == {-1, 1}


# --- blur -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (4, 5)])
def test_blur_is_the_sum_over_the_kernel_around_its_middle(size):
    rng, shape = np.random.default_rng(0), (4, 5)
    kernel, x = rng.standard_normal(size), rng.standard_normal(shape)
    expected = np.zeros(shape)
    for i in np.ndindex(shape):
        for k in np.ndindex(size):
            source = tuple((i[a] - (k[a] - size[a] // 2)) % shape[a] for a in range(2))
            expected[i] += kernel[k] * x[source]
    np.testing.assert_allclose(cs.blur(shape, kernel) @ x, expected, atol=1e-13)


@pytest.mark.parametrize("deviation", [0.05, 1, 3.7, 25.0, 1e6])
def test_gaussian_blur_has_the_kernel_of_its_definition_and_norm_one(deviation):
    A = cs.blur((7, 6), deviation)
    spread = min(deviation, 50.0)
    expected = [sum(np.exp(-((np.arange(n) + p * n) ** 2) / (2 * spread**2)) for p in range(-400, 401)) for n in (7, 6)]
    expected = np.outer(*expected) / np.outer(*expected).sum()
    np.testing.assert_allclose(A.kernel, expected, rtol=1e-12, atol=1e-16)
    assert A.norm() == pytest.approx(1, rel=1e-14)


# --- single-pixel camera ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indices", [[0], [0, 3], [0, 6, 2, 5], [0, 1, 2, 3, 4, 5, 6, 7]])
def test_camera_shows_the_open_and_shut_rows_of_the_hadamard_matrix(indices):
    camera = cs.SinglePixel(8, indices, order="natural")
    patterns = (1 + scipy.linalg.hadamard(8)[indices]) / 2
    np.testing.assert_allclose(camera.todense(), patterns, atol=1e-15)
    assert camera.norm() == pytest.approx(np.linalg.norm(patterns, 2), rel=1e-13)
    np.testing.assert_allclose(camera.column_norms(), np.linalg.norm(patterns, axis=0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dark", [0, np.float64(0.3), [[0.5], [-0.2]]])
def test_corrected_readings_are_orthonormal_hadamard_measurements(dark, dtype, backend):
    camera = cs.to(cs.SinglePixel.random((4, 8), 12, 0), backend)
    x = cs.to(np.random.default_rng(0).random((2, 4, 8)).astype(dtype), backend)
    frame = cs.to(np.array(dark, dtype=dtype), backend) if isinstance(dark, list) else float(dark)
    seen = cs.to_numpy(camera.correct(camera @ x + frame, frame if isinstance(dark, list) else dark))
    assert seen.dtype == dtype
    np.testing.assert_allclose(seen, cs.to_numpy(camera.hadamard @ x), atol=30 * np.finfo(dtype).eps)
    assert camera.hadamard.norm() == 1


def test_camera_creators_begin_with_the_open_pattern_and_repeat_none():
    for camera in (cs.SinglePixel.random((4, 8), 20, 3), cs.SinglePixel.low_sequency((4, 8), 20)):
        indices = cs.to_numpy(camera.indices)
        assert indices[0] == 0
        assert np.unique(indices).size == 20


def test_low_sequencies_change_sign_least():
    camera = cs.SinglePixel.low_sequency((4, 8), 32)
    patterns = camera.todense().reshape(32, 4, 8)
    changes = (np.diff(patterns, axis=1)[:, :, 0] != 0).sum(1) + (np.diff(patterns, axis=2)[:, 0] != 0).sum(1)
    np.testing.assert_array_equal(changes, np.sort(changes))


def test_stars_are_recovered_from_half_the_patterns_despite_a_dark_current():
    camera, sky = cs.SinglePixel.random((16, 16), 128, 1), np.zeros((16, 16))
    sky[[2, 5, 11], [7, 1, 14]] = [1, 2, 3]
    y = camera.correct(camera @ sky + 0.4, dark=0.4)
    assert cs.subspace_pursuit(camera.hadamard, y, cs.Sparse(2), 3).error(sky) < 1e-10


# --- snapshot spectral imager -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bands", "step"), [(1, 1), (3, 1), (2, 3)])
@pytest.mark.parametrize("complex_", [False, True])
def test_snapshot_is_the_sum_of_shifted_coded_bands(bands, step, complex_):
    rng = np.random.default_rng(0)
    mask = rng.random((3, 4)) * np.exp(2j * np.pi * rng.random((3, 4)) * complex_)
    mask = mask if complex_ else mask.real
    A, cube = cs.CASSI(mask, bands, step), rng.standard_normal((bands, 3, 4))
    expected = np.zeros((3, 4 + step * (bands - 1)), dtype=mask.dtype)
    for band, i, j in np.ndindex(cube.shape):
        expected[i, j + step * band] += mask[i, j] * cube[band, i, j]
    np.testing.assert_allclose(A @ cube, expected)
    assert A.norm() == pytest.approx(np.linalg.norm(A.todense(), 2), rel=1e-13)


# --- what they refuse -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (ValueError, r"column \(2,\) of Matrix .* is zero", lambda: cs.unit_columns(cs.Matrix([[1, 1, 0], [0, 1, 0]]))),
        (TypeError, "an operator, got ndarray: wrap an array in Matrix", lambda: cs.unit_columns(np.eye(2))),
        (ValueError, "m must be between 1 and .* unknowns n=3, got 4", lambda: cs.partial_orthogonal(4, 3, 0)),
        (ValueError, "positive int", lambda: cs.partial_orthogonal(0, 3, 0)),
        (TypeError, "dtype float32", lambda: cs.partial_orthogonal(2, 3, 0, dtype="int64")),
        (TypeError, "SciPy sparse matrix or array, got ndarray; see Matrix", lambda: cs.sparse_matrix(np.eye(2))),
        (ValueError, r"rows and columns .* \(0, 3\)", lambda: cs.sparse_matrix(scipy.sparse.csr_array((0, 3)))),
        (ValueError, r"rows and columns .* \(3,\)", lambda: cs.sparse_matrix(scipy.sparse.coo_array(np.ones(3)))),
        (ValueError, "rise from 0 to the number of entries 1", lambda: cs.SparseMatrix([1.0], [0], [0, 2], 3)),
        (ValueError, "columns 0 .. 2, got 3 .. 3", lambda: cs.SparseMatrix([1.0], [3], [0, 1], 3)),
        (ValueError, "increase within each row", lambda: cs.SparseMatrix([1.0, 2], [1, 1], [0, 2], 3)),
        (ValueError, "of one length", lambda: cs.SparseMatrix([1.0, 2], [1], [0, 1], 3)),
        (TypeError, "arrays of integers", lambda: cs.SparseMatrix([1.0], [0.0], [0, 1], 3)),
        (ValueError, "d must be between 1 and the number of rows m=3, got 4", lambda: cs.sparse_binary(3, 5, 4, 0)),
        (ValueError, "m must be between 1 and .* samples n=3, got 4", lambda: cs.random_demodulator(4, 3, 0)),
        (ValueError, "unitary transform such as DCT", lambda: cs.structurally_random(cs.gaussian(4, 4, 0), 2, 0)),
        (TypeError, "as the transform, got str", lambda: cs.structurally_random("dct", 2, 0)),
        (ValueError, "got 'shuffle'", lambda: cs.structurally_random(cs.DCT(4), 2, 0, scramble="shuffle")),
        (ValueError, r"no larger than .* \(4,\) was expected, got shape \(5,\)", lambda: cs.blur(4, np.ones(5))),
        (ValueError, r"got shape \(2, 2\)", lambda: cs.blur(4, np.ones((2, 2)))),
        (ValueError, "standard deviation .* positive, got 0.0", lambda: cs.blur(4, 0)),
        (ValueError, "begin with 0, the open pattern, .* got 3", lambda: cs.SinglePixel(8, [3, 0])),
        (ValueError, "power of two", lambda: cs.SinglePixel(6, [0])),
        (ValueError, "number of patterns 8, got 9", lambda: cs.SinglePixel.low_sequency(8, 9)),
        (ValueError, "number of patterns 8, got 0", lambda: cs.SinglePixel.random(8, 0, 0)),
        (ValueError, r"\(\*batch, 2\) were .* got \(3,\)", lambda: cs.SinglePixel(8, [0, 1]).correct(np.ones(3))),
        (ValueError, r"\(height, width\) was expected, got shape \(3,\)", lambda: cs.CASSI(np.ones(3), 2)),
        (ValueError, "positive int", lambda: cs.CASSI(np.ones((2, 2)), 0)),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_reason(error, message, call):
    with pytest.raises(error, match=message):
        call()
