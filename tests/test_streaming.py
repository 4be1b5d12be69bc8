"""Long NumPy signals are shrunk in one pass over the memory, to what the plain code gives."""

import numpy as np
import pytest

import csrecover as cs
from csrecover import kernels
from csrecover.backend import streaming, systems
from csrecover.penalties import group, l1


def draw(rng, shape, dtype):
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if "complex" in dtype else 0)
    return x.astype(dtype)


def long_cases(dtype):
    """Signals with blocks, longer than what goes through the cache in one piece, and thresholds of all shapes."""
    rng, n = np.random.default_rng(0), 2**16 + 40
    shuffled = np.unique(rng.integers(0, 7000, n), return_inverse=True)[1]
    runs = cs.Blocks(np.cumsum((rng.random(n) < 0.1) & (np.arange(n) > 1000)))
    for blocks in (cs.Blocks.uniform(n, 8), cs.Blocks(np.arange(n).reshape(-1, 8) // 8), cs.Blocks(shuffled), runs):
        for batch in ((), (3,), (2, 1)):
            x = draw(rng, (*batch, *blocks.shape), dtype)
            x.reshape(-1)[:40] = 0
            real = x.real.dtype
            yield x, blocks, 0.0, 0.0
            yield x[::-1], blocks, rng.uniform(0, 3, blocks.count).astype(real), 0.5
            steps = rng.uniform(0, 3, batch or (3,)).astype(real)
            yield x, blocks, steps[..., None], steps.reshape(*steps.shape, *[1] * len(blocks.shape))


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("dtype", ["float32", "complex64", "float64", "complex128"])
def test_long_signals_are_shrunk_as_short_ones(dtype, fast, monkeypatch):
    """Whatever the way through the memory; where numba is missing both ways are the chunks."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    for x, blocks, of_blocks, of_entries in long_cases(dtype):
        before = x.copy()
        x.flags.writeable = False
        seen = group.shrink_blocks(x, of_blocks, blocks), l1.soft_threshold(x, of_entries)
        with monkeypatch.context() as patch:
            patch.setattr(streaming, "_LONG", np.inf)
            wanted = group.shrink_blocks(x, of_blocks, blocks), l1.soft_threshold(x, of_entries)
        for ours, theirs in zip(seen, wanted, strict=True):
            assert ours.dtype == dtype
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(ours, theirs, atol=100 * np.finfo(dtype).eps * abs(x).max())
        np.testing.assert_array_equal(x, before)


@pytest.mark.skipif(kernels.compiled("shrinkage") is None, reason="numba is not installed")
def test_numbers_that_are_none_spread_in_long_signals_as_in_short_ones():
    x = np.zeros(2**16)
    x[::1000] = np.nan
    for blocks in (cs.Blocks.uniform(2**16, 4), cs.Blocks(np.arange(2**16)[::-1] // 4)):
        spread = np.isnan(group.shrink_blocks(x, 0.5, blocks)).reshape(-1, 4)
        assert spread[np.isnan(x).reshape(-1, 4).any(axis=1)].all()
        assert np.isnan(l1.soft_threshold(x, 0.5)).sum() == np.isnan(x).sum()


@pytest.mark.skipif(kernels.compiled("shrinkage") is None, reason="numba is not installed")
@pytest.mark.parametrize("threads", [1, 3])
def test_stretches_on_threads_give_what_one_gives(threads, monkeypatch):
    rng, n = np.random.default_rng(0), 2**15 + 24
    x, blocks, t = rng.standard_normal((2, n)), cs.Blocks.uniform(n, 8), rng.uniform(0, 3, (2, 1))
    wanted = group.shrink_blocks(x, t, blocks), l1.soft_threshold(x, t)
    monkeypatch.setattr(streaming, "_STRETCH", 2**12)
    monkeypatch.setattr(systems, "_threads", lambda: threads)
    seen = group.shrink_blocks(x, t, blocks), l1.soft_threshold(x, t)
    for ours, theirs in zip(seen, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_starts_are_those_of_blocks_that_follow_each_other():
    np.testing.assert_array_equal(cs.Blocks([0, 0, 1, 2, 2, 2]).starts, [0, 2, 3])
    np.testing.assert_array_equal(cs.Blocks(np.array([[0, 1], [1, 1]], np.uint8)).starts, [0, 1])
    assert cs.Blocks(np.array([0, 1, 1, 0], np.uint8)).starts is None
    assert cs.Blocks([1, 1, 0]).starts is None
