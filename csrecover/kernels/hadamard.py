"""Walsh-Hadamard transform in place: one small matrix product, then butterflies a cache block at a time.

It runs on the thread that calls it and without the lock of the interpreter, so any number of threads may call it.
"""

from __future__ import annotations

import numba
import numpy as np

from .jit import jit

_CHUNK = 2**15  # numbers, a quarter of a megabyte in double precision: half the second-level cache of a small core
_BLOCK = 2**12  # numbers in the first-level cache
_TILE = 64


def transform(x: np.ndarray, lowest: np.ndarray) -> np.ndarray:
    """Natural-order transform of each row, not normalised: the lowest three bits by the matrix `lowest`.

    Parameters
    ----------
    x : array of float32 or float64, (signals, n)
        n a power of two, at least 64.
    lowest : array of the same dtype, (8, 8)
        a multiple of the Hadamard matrix of size 8, or of that of size 4 on interleaved pairs of numbers.
    """
    n = x.shape[1]
    out = np.empty(x.shape, x.dtype)
    source, image = x.reshape(-1), out.reshape(-1)
    block = min(n, _BLOCK)
    for start in range(0, x.size, _CHUNK):
        chunk = image[start : start + _CHUNK]
        np.matmul(source[start : start + _CHUNK].reshape(-1, 8), lowest, out=chunk.reshape(-1, 8))
        _blocks(chunk, block)
    if n > block:
        _rows(out, block)
    return out


@numba.njit(inline="always")
def _four(a, b, c, d):
    sums, differences, more_sums, more_differences = a + b, a - b, c + d, c - d
    return sums + more_sums, differences + more_differences, sums - more_sums, differences - more_differences


@numba.njit(inline="always")
def _eight(a, b, c, d, e, f, g, h):
    a, b, c, d = _four(a, b, c, d)
    e, f, g, h = _four(e, f, g, h)
    return a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h


@numba.njit(inline="always")
def _radix_8(p, q, r, s, t, u, v, w):
    for j in range(len(p)):
        p[j], q[j], r[j], s[j], t[j], u[j], v[j], w[j] = _eight(p[j], q[j], r[j], s[j], t[j], u[j], v[j], w[j])


@numba.njit(inline="always")
def _radix_4(p, q, r, s):
    for j in range(len(p)):
        p[j], q[j], r[j], s[j] = _four(p[j], q[j], r[j], s[j])


@numba.njit(inline="always")
def _radix_2(p, q):
    for j in range(len(p)):
        p[j], q[j] = p[j] + q[j], p[j] - q[j]


@numba.njit(inline="always")
def _stages(x, h, end):
    """Butterflies of the bits from stride h up to `end`, the length of x."""
    while h < end:
        if 8 * h <= end:
            for i in range(0, end, 8 * h):
                low, high = x[i : i + 4 * h], x[i + 4 * h : i + 8 * h]
                _radix_8(
                    low[:h], low[h : 2 * h], low[2 * h : 3 * h], low[3 * h :],
                    high[:h], high[h : 2 * h], high[2 * h : 3 * h], high[3 * h :],
                )  # fmt: skip
            h *= 8
        elif 4 * h <= end:
            _radix_4(x[:h], x[h : 2 * h], x[2 * h : 3 * h], x[3 * h :])
            h *= 4
        else:
            _radix_2(x[:h], x[h:])
            h *= 2


@numba.njit(inline="always")
def _tile(x, start):
    """Butterflies of strides 8, 16 and 32; constant unsigned offsets are what compiles to vector instructions."""
    u = numba.uint64
    for j in range(8):
        i = u(start) + u(j)
        (
            x[i], x[i + u(8)], x[i + u(16)], x[i + u(24)], x[i + u(32)], x[i + u(40)], x[i + u(48)], x[i + u(56)],
        ) = _eight(
            x[i], x[i + u(8)], x[i + u(16)], x[i + u(24)], x[i + u(32)], x[i + u(40)], x[i + u(48)], x[i + u(56)],
        )  # fmt: skip


@jit
def _blocks(x, block):
    """Bits from stride 8 of consecutive blocks of a one-dimensional array."""
    for start in range(0, x.size, block):
        part = x[start : start + block]
        for tile in range(0, block, _TILE):
            _tile(part, tile)
        _stages(part, _TILE, block)


@jit
def _rows(x, h):
    """Bits from stride h of each row."""
    for row in range(x.shape[0]):
        _stages(x[row], h, x.shape[1])
