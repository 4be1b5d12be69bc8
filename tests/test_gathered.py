"""What the signals of a batch share: products and small systems of the columns of one matrix, compiled and plain."""

import numpy as np
import pytest

import csrecover as cs
from csrecover import kernels
from csrecover.backend import in_threads, top_k_mask
from csrecover.solvers import gathered, least_squares
from csrecover.solvers.gathered import Columns, Gram

M, N = 30, 50
DTYPES = ["float32", "float64", "complex64", "complex128"]
needs_numba = pytest.mark.skipif(kernels.compiled("gathered") is None, reason="numba is not installed")
every_way = pytest.mark.parametrize("fast", [pytest.param("1", marks=needs_numba), "0"])
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def normal(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def drawn_masks(rng, count, most):
    masks = np.zeros((count, N), bool)
    for mask in masks[1:]:  # the first one is empty
        mask[rng.permutation(N)[: rng.integers(1, most + 1)]] = True
    return masks


def solved(matrix, y, masks):
    gram = Gram(Columns(matrix))
    gram.add(np.flatnonzero(masks.any(axis=0)))
    return gram.solve_all(masks, y @ matrix.conj(), y)


def by_definition(matrix, y, masks):
    x = np.zeros(masks.shape, np.result_type(matrix, y))
    for row, mask, one in zip(x, masks, y, strict=True):
        row[mask] = np.linalg.pinv(matrix[:, mask]) @ one
    return x


@needs_numba
@every_dtype
def test_compiled_combinations_are_the_product(dtype):
    rng = np.random.default_rng(0)
    for count in (0, 1, 3, 4, 5, 11):
        x = normal(rng, (6, N), dtype) * (rng.permuted(np.tile(np.arange(N), (6, 1)), axis=1) < count)
        order = rng.permutation(N)
        matrix = normal(rng, (M, N), "float32" if dtype == "complex64" else "float64" if "complex" in dtype else dtype)
        out = np.empty((6, M), dtype)
        kernels.compiled("gathered").combine(np.ascontiguousarray(matrix.T[order]), np.argsort(order), x, out)
        np.testing.assert_allclose(out, x @ matrix.T, rtol=0, atol=300 * np.finfo(dtype).eps)


@every_way
@every_dtype
def test_systems_together_have_the_solutions_of_each(dtype, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(1)
    for most in (1, 3, 4, 9, 20):
        matrix, y, masks = normal(rng, (M, N), dtype), normal(rng, (7, M), dtype), drawn_masks(rng, 7, most)
        x = solved(matrix, y, masks)
        assert x.dtype == dtype
        assert not x[~masks].any()
        np.testing.assert_allclose(x, by_definition(matrix, y, masks), rtol=0, atol=2000 * np.finfo(dtype).eps)


@every_way
def test_real_columns_serve_complex_measurements(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(2)
    matrix, y, masks = normal(rng, (M, N), "float64"), normal(rng, (7, M), "complex128"), drawn_masks(rng, 7, 10)
    np.testing.assert_allclose(solved(matrix, y, masks), by_definition(matrix, y, masks), rtol=0, atol=1e-11)


@every_way
@pytest.mark.parametrize("angle", [1e-4, 1e-6])
def test_signals_of_ill_conditioned_columns_are_refined_and_leave_the_others_alone(angle, fast, monkeypatch):
    """Normal equations alone leave an error of eps / angle^2, refined ones of eps / angle."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(3)
    matrix, masks = normal(rng, (M, N), "float64"), drawn_masks(rng, 5, 8)
    matrix[:, 1] = matrix[:, 0] + angle * matrix[:, 1]
    masks[:, :2], masks[3, :2] = False, True
    truth = keep(rng.standard_normal((5, N)), masks)
    np.testing.assert_allclose(solved(matrix, truth @ matrix.T, masks), truth, rtol=0, atol=1e-14 / angle)


def keep(x, masks):
    return np.where(masks, x, 0)


@every_way
def test_one_singular_system_has_minimum_norm_and_the_others_stay(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(4)
    matrix, y, masks = normal(rng, (M, N), "float64"), normal(rng, (6, M), "float64"), drawn_masks(rng, 6, 8)
    matrix[:, 7] = 2 * matrix[:, 5]
    masks[2, [5, 7]] = True
    np.testing.assert_allclose(solved(matrix, y, masks), by_definition(matrix, y, masks), rtol=0, atol=1e-10)


@needs_numba
@every_dtype
def test_a_system_that_is_not_definite_is_left_and_said_to_be_so(dtype):
    products = np.diag([1, 4, -1, 2]).astype(dtype)
    x, ease = np.ones(5, dtype), np.empty(3, products.real.dtype)
    kernels.compiled("gathered").solve(products, np.array([0, 1, 2, 3, 1]), np.array([0, 2, 3, 5]), x, ease)
    np.testing.assert_allclose(ease, [0.25, 0, 0.5])
    np.testing.assert_allclose(x, [1, 0.25, 1, 0.5, 0.25])


@pytest.mark.parametrize("limits", [(), ("_SHARED",), ("_SHARED", "_KEPT")])
def test_a_part_of_a_batch_has_its_own_measurements_and_keeps_what_is_known(limits, monkeypatch):
    for limit in limits:
        monkeypatch.setattr(least_squares, limit, 0)
    rng = np.random.default_rng(5)
    matrix, y, masks = normal(rng, (M, N), "float64"), normal(rng, (2, 3, M), "float64"), drawn_masks(rng, 6, 9)
    whole = least_squares.prepare(cs.Matrix(matrix), y)
    x = least_squares.least_squares_on(whole, y, masks.reshape(2, 3, N), 9)
    rows = np.array([1, 2, 5])
    part = whole.part(rows)
    assert part.gathered is whole.gathered
    np.testing.assert_array_equal(part.y, y.reshape(6, M)[rows])
    np.testing.assert_allclose(part.H @ part.y, part.y @ matrix, atol=1e-12)
    found = least_squares.least_squares_on(part, part.y, masks[rows], 9)
    np.testing.assert_allclose(found, x.reshape(6, N)[rows], atol=1e-12)


def test_systems_beyond_the_cache_are_those_of_the_small_ones(monkeypatch):
    rng = np.random.default_rng(6)
    matrix, y, masks = normal(rng, (M, N), "float64"), normal(rng, (5, M), "float64"), drawn_masks(rng, 5, 12)
    together = solved(matrix, y, masks)
    monkeypatch.setattr(gathered, "_TOGETHER", 0)
    np.testing.assert_allclose(together, solved(matrix, y, masks), rtol=0, atol=1e-12)


@pytest.mark.parametrize("nonzeros", [0, 3, 10, 24, 26, 50])
def test_the_largest_gains_are_those_of_a_stable_sort_whatever_the_zeros(nonzeros):
    rng = np.random.default_rng(nonzeros)
    for k in (1, 3, 10, 25):
        gains = np.zeros((4, 50))
        for row in gains:
            row[rng.permutation(50)[:nonzeros]] = rng.integers(1, 5, nonzeros)  # with ties
        expected = np.zeros(gains.shape, bool)
        np.put_along_axis(expected, np.argsort(-gains, axis=-1, kind="stable")[:, :k], True, axis=-1)
        np.testing.assert_array_equal(top_k_mask(gains, k), expected & (gains > 0))


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_each_item_is_called_once_in_threads_as_the_caller_handles_warnings(count):
    seen = np.zeros(count)

    def call(i):
        seen[i] += np.exp(np.float64(1000)) > 0

    with np.errstate(over="ignore"):
        in_threads(call, range(count))
    assert (seen == 1).all()


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda i: 1 / i, [3, 2, 1, 0])


@every_way
def test_units_of_a_start_that_are_fewer_than_a_step_takes_leave_the_rest_to_the_correlations(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(0)
    matrix, start = normal(rng, (M, N), "float64"), np.zeros(N)
    start[[20, 31, 40, 42]] = 1, 2, 3, 4
    y = matrix @ cs.random_signal(cs.Sparse(), N, 9, rng)
    first = [20, 31, 40, 42]
    residual = y - matrix[:, first[1:]] @ np.linalg.lstsq(matrix[:, first[1:]], y, rcond=None)[0]
    gains = abs(matrix.T @ residual)
    gains[first] = -1
    expected = sorted([*first, *np.argsort(-gains)[:2].tolist()])
    result = cs.gomp(matrix, y, cs.Sparse(), 9, at_once=3, x0=start, max_iter=2)
    assert np.flatnonzero(result.support).tolist() == expected
