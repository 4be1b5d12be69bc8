"""Rows of one matrix that a batch shares: combinations of some, and definite systems of some and their columns."""

from __future__ import annotations

import numpy as np

from .jit import jit, sums

__all__ = ["combine", "solve", "total"]


@jit
def combine(rows, place, x, out):
    """Each row of `out` is the sum of rows[place[j]], each times x[., j], over the nonzeros of a row of x."""
    chosen, values = np.empty(x.shape[1], np.int64), np.empty(x.shape[1], x.dtype)
    for i in range(len(x)):
        count = 0
        for j in range(x.shape[1]):
            if x[i, j] != 0:
                chosen[count], values[count] = place[j], x[i, j]
                count += 1
        _sum(rows, chosen[:count], values[:count], out[i])


@jit
def total(rows, place, x, out):
    """`out` is the sum of rows[place[j]], each times x[j]."""
    _sum(rows, place, x, out)


@jit
def solve(products, places, starts, x, ease):
    """Overwrite the right sides x by the solutions; `ease` gets the smallest pivot by the largest of each system.

    Parameters
    ----------
    products : (n, n), Hermitian
    places : rows and columns of the systems, those of system i at starts[i], ..., starts[i + 1] - 1, as in x
    starts : (count + 1,)
    x : (len(places),)
    ease : (count,), real; zero for a system that is not positive definite, which is left
    """
    size = 0
    for i in range(len(ease)):
        size = max(size, starts[i + 1] - starts[i])
    factor = np.empty((size, size), products.dtype)
    for i in range(len(ease)):
        ease[i] = _factorised(products, places[starts[i] : starts[i + 1]], factor)
        if ease[i] > 0:
            _substituted(factor, x[starts[i] : starts[i + 1]])


@sums
def _sum(rows, chosen, values, out):
    """Four rows at a time."""
    out[:] = 0
    count = len(chosen)
    for i in range(0, count - 3, 4):
        a, b, c, d = rows[chosen[i]], rows[chosen[i + 1]], rows[chosen[i + 2]], rows[chosen[i + 3]]
        p, q, r, s = values[i], values[i + 1], values[i + 2], values[i + 3]
        for j in range(len(out)):
            out[j] += p * a[j] + q * b[j] + r * c[j] + s * d[j]
    for i in range(count - count % 4, count):
        a, p = rows[chosen[i]], values[i]
        for j in range(len(out)):
            out[j] += p * a[j]


@sums
def _factorised(products, places, factor):
    """Rows of the upper factor U with U^H U = products[places, places], each less four of those above it at a time."""
    t = len(places)
    low, high = np.inf, 0.0
    for i in range(t):
        own, given = factor[i, i:t], products[places[i]]
        for j in range(t - i):
            own[j] = given[places[i + j]]
        for k in range(0, i - 3, 4):
            a, b, c, d = factor[k, i:t], factor[k + 1, i:t], factor[k + 2, i:t], factor[k + 3, i:t]
            p, q, r, s = np.conj(a[0]), np.conj(b[0]), np.conj(c[0]), np.conj(d[0])
            for j in range(t - i):
                own[j] -= p * a[j] + q * b[j] + r * c[j] + s * d[j]
        for k in range(i - i % 4, i):
            a = factor[k, i:t]
            p = np.conj(a[0])
            for j in range(t - i):
                own[j] -= p * a[j]
        pivot = own[0].real
        low, high = min(low, pivot), max(high, pivot)
        if not low > 0:
            return 0.0
        scale = 1 / np.sqrt(pivot)
        for j in range(t - i):
            own[j] *= scale
    return low / high if t else 1.0


@sums
def _substituted(factor, x):
    """U^H U x = b, in the place of b."""
    t = len(x)
    for i in range(t):
        x[i] /= factor[i, i].real
        for j in range(i + 1, t):
            x[j] -= np.conj(factor[i, j]) * x[i]
    for i in range(t - 1, -1, -1):
        total = x[i]
        for j in range(i + 1, t):
            total -= factor[i, j] * x[j]
        x[i] = total / factor[i, i].real
