"""What selects the largest entries and blocks: quantiles from a sample, sums of short rows, a look for NaN."""

import numpy as np
import pytest

import csrecover as cs
from csrecover import backend as b


@pytest.mark.parametrize("k", [1, 7, 90, 100, 101])
def test_the_largest_of_each_of_many_rows_are_those_of_a_stable_sort(k):
    rng, n = np.random.default_rng(k), 1200
    gains = rng.random((2, 3, n))
    gains[0, 0, rng.permutation(n)[: n - 60]] = 0
    gains[0, 1] = rng.integers(0, 5, n)
    gains[0, 2, ::16] += 1  # a sample of every sixteenth sees nothing else
    expected = np.zeros(gains.shape, bool)
    np.put_along_axis(expected, np.argsort(-gains, axis=-1, kind="stable")[..., :k], True, axis=-1)
    np.testing.assert_array_equal(b.top_k_mask(gains, k), expected & (gains > 0))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("size", [1, 3, 128, 129])
def test_sums_over_equal_blocks_are_those_of_their_members(size, dtype, rtol):
    blocks, values = (
        cs.Blocks.uniform(5 * size, size),
        np.random.default_rng(size).random((2, 3, 5 * size)).astype(dtype),
    )
    sums = blocks.sums(values)
    assert sums.dtype == dtype
    expected = [[[signal[blocks.labels == label].sum() for label in range(5)] for signal in rows] for rows in values]
    np.testing.assert_allclose(sums, expected, rtol=rtol)


@pytest.mark.parametrize("n", [0, 5, 10**4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_finite_numbers_are_told_from_others_however_large(n, dtype):
    x = np.full(n, np.finfo(dtype).max / 2, dtype)
    assert b.all_finite(x)
    for number in (np.nan, np.inf, -np.inf) if n else ():
        x[-1] = number
        assert not b.all_finite(x)


@pytest.mark.parametrize("n", [3, 10**4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_scaled_signals_have_the_largest_magnitude_one_or_are_zero(n, dtype):
    x = np.random.default_rng(n).standard_normal((3, n)).astype(dtype)
    x[1] = 0
    x[2, 1] = -1e30
    scaled = b.scaled(x)
    np.testing.assert_allclose(scaled, x / np.array([abs(x[0]).max(), 1, 1e30], abs(x).dtype)[:, None], rtol=1e-6)
    np.testing.assert_allclose(abs(scaled).max(axis=-1), [1, 0, 1], rtol=1e-6)
