"""Periodised one-dimensional wavelet transform, a cache block at a time."""

from __future__ import annotations

from functools import cache

import numba
import numpy as np

from .jit import jit

_BLOCK = 1024  # outputs of each filter whose inputs stay in the first-level cache


def analyse(x: np.ndarray, filters: tuple[tuple[float, ...], ...], levels: int) -> np.ndarray:
    """Coefficients [a_L, d_L, ..., d_1] of each row.

    Parameters
    ----------
    x : array of float32 or float64, (signals, n)
    filters : two tuples of T numbers
        low-pass and high-pass filter: c_k = sum_j h_j x_{2k + T/2 - j}.
    levels : int
    """
    x, out, work = _arrays(x)
    _analyse(x, _analysis_taps(filters, x.dtype), levels, out, work)
    return out


def synthesise(c: np.ndarray, filters: tuple[tuple[float, ...], ...], levels: int) -> np.ndarray:
    """Transpose of `analyse`."""
    c, out, work = _arrays(c)
    _synthesise(c, _synthesis_taps(filters, c.dtype), levels, out, work)
    return out


def _arrays(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """X contiguous and not read-only (that would be another type to compile for), its image, room for two levels."""
    n = x.shape[1]
    return np.require(x, requirements=["C", "W"]), np.empty(x.shape, x.dtype), np.empty(n // 2 + n // 4, x.dtype)


@cache
def _analysis_taps(filters: tuple[tuple[float, ...], ...], dtype: np.dtype) -> np.ndarray:
    """Taps (T/2, 2, 2) of both filters for an even and an odd sample, in the order of the samples."""
    return np.array(filters, dtype)[:, ::-1].reshape(2, -1, 2).transpose(1, 0, 2).copy()


@cache
def _synthesis_taps(filters: tuple[tuple[float, ...], ...], dtype: np.dtype) -> np.ndarray:
    """Taps (K, 2, 2) of an even and an odd sample for an approximation and a detail, in the order of these."""
    length = len(filters[0])
    reach = length // 4
    tap = 2 * np.arange(-reach, reach + 1)[:, None] + length // 2 - np.arange(2)
    taps = np.where((tap >= 0) & (tap < length), np.array(filters, dtype)[:, tap.clip(0, length - 1)], 0)
    return taps.transpose(1, 2, 0).copy()


@numba.njit(inline="always")
def _filter(p, q, taps, first, second):
    """first_i = sum_t taps_t00 p_{i+t} + taps_t01 q_{i+t}, second_i likewise."""
    count = len(first)
    first[:] = 0
    second[:] = 0
    for t in range(len(taps)):
        a, b, c, d = taps[t, 0, 0], taps[t, 0, 1], taps[t, 1, 0], taps[t, 1, 1]
        u, v = p[t : t + count], q[t : t + count]
        for i in range(count):
            first[i] += a * u[i] + b * v[i]
            second[i] += c * u[i] + d * v[i]


@numba.njit(inline="always")
def _cyclic(x, stride, first, start, p):
    """Samples `start`, `start` + 1, ... of the periodic signal x[first::stride]."""
    period, count, done = len(x) // stride, len(p), 0
    place = start % period
    while done < count:
        run = min(count - done, period - place)
        source, target = x[stride * place : stride * (place + run)], p[done : done + run]
        for i in range(run):
            target[i] = source[stride * i + first]
        done += run
        place = 0


@jit
def _analyse(x, taps, levels, out, work):
    signals, n = x.shape
    more = len(taps) - 1
    p, q = np.empty(_BLOCK + more, x.dtype), np.empty(_BLOCK + more, x.dtype)
    smooth = work[: n // 2], work[n // 2 :]
    for row in range(signals):
        source = x[row]
        for level in range(levels):
            half = len(source) // 2
            target, detail = smooth[level % 2][:half], out[row, half : 2 * half]
            for k in range(0, half, _BLOCK):
                end = min(k + _BLOCK, half)
                wide = end - k + more
                _cyclic(source, 2, more % 2, k - (more + 1) // 2, p[:wide])
                _cyclic(source, 2, 1 - more % 2, k - more // 2, q[:wide])
                _filter(p[:wide], q[:wide], taps, target[k:end], detail[k:end])
            source = target
        out[row, : len(source)] = source


@jit
def _synthesise(c, taps, levels, out, work):
    signals, n = c.shape
    more = len(taps) - 1
    p, q = np.empty(_BLOCK + more, c.dtype), np.empty(_BLOCK + more, c.dtype)
    even, odd = np.empty(_BLOCK, c.dtype), np.empty(_BLOCK, c.dtype)
    smooth = work[: n // 2], work[n // 2 :]
    for row in range(signals):
        source = c[row, : n >> levels]
        for level in range(levels - 1, -1, -1):
            half = n >> (level + 1)
            detail = c[row, half : 2 * half]
            target = smooth[1 - level % 2][: 2 * half] if level else out[row]
            for k in range(0, half, _BLOCK):
                count = min(_BLOCK, half - k)
                _cyclic(source, 1, 0, k - more // 2, p[: count + more])
                _cyclic(detail, 1, 0, k - more // 2, q[: count + more])
                _filter(p[: count + more], q[: count + more], taps, even[:count], odd[:count])
                pairs = target[2 * k : 2 * (k + count)]
                for i in range(count):
                    pairs[2 * i], pairs[2 * i + 1] = even[i], odd[i]
            source = target
