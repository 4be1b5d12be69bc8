"""Soft thresholding in one pass over the memory, two where the labels of blocks are in any order.

Arrays are contiguous; thresholds t are one for all, shape (1,), or one for each entry or row.
"""

from __future__ import annotations

import numpy as np

from .jit import jit

__all__ = ["entries", "rows", "segments"]


@jit
def entries(x, t, out):
    """Shrink the magnitude of each entry of x, (n,), real."""
    if len(t) == 1:
        least = t[0]
        for i in range(len(x)):
            out[i] = x[i] - min(max(x[i], -least), least)
    else:
        for i in range(len(x)):
            out[i] = x[i] - min(max(x[i], -t[i]), t[i])


@jit
def rows(x, t, out):
    """Shrink the Euclidean norm of each row of x, (m, size), real."""
    zero, own = x.dtype.type(0), int(len(t) > 1)
    for b in range(x.shape[0]):
        squares, least = zero, t[own * b]
        for i in range(x.shape[1]):
            squares += x[b, i] * x[b, i]
        length = np.sqrt(squares)
        factor = zero if length <= least else (length - least) / length
        for i in range(x.shape[1]):
            out[b, i] = factor * x[b, i]


@jit
def segments(x, t, labels, out):
    """Shrink the Euclidean norm of the entries of each signal, x[s], that have each label; t is (signals, count)."""
    signals, count = t.shape
    for s in range(signals):
        factors = np.zeros(count)
        for i in range(len(labels)):
            factors[labels[i]] += x[s, i].real * x[s, i].real + x[s, i].imag * x[s, i].imag
        for b in range(count):
            length = np.sqrt(factors[b])
            factors[b] = 0.0 if length <= t[s, b] else (length - t[s, b]) / length
        for i in range(len(labels)):
            out[s, i] = factors[labels[i]] * x[s, i]
