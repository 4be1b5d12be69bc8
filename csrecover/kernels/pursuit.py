"""Matching pursuit of one signal from rows of the Gram matrix of the columns, with a Cholesky factorisation that grows.

Row place[j] of `rows` is a_j^H A; place[j] is negative where it is not known yet. Unit u is the coefficients
order[start[u]], ..., order[start[u + 1] - 1].
"""

from __future__ import annotations

import numba
import numpy as np

from .jit import jit

__all__ = ["CHECK", "DONE", "MISSING", "advance"]

DONE, MISSING, CHECK = range(3)
_SLACK = 1e-12  # relative difference below which gains are ties
_STRETCH = 1024  # correlations that are updated at a time, so that they stay in the nearest cache
_sums = numba.njit(fastmath={"contract", "reassoc", "nsz"})  # in any order


@jit
def advance(
    rows, place, order, start, c0, first, floor, least, goal, c, taken, picks, chosen, factor, z, x, counts, left
):
    """Take units until `goal` iterations are done; says why it came back.

    Parameters
    ----------
    c0, c : correlations A^H y, and those of the residual
    first : (units,), gains of the units that are taken before any other
    floor : squared residual norm at or below which it comes back with CHECK, once an iteration
    least : share of the squared norm of a column that has to lie outside the span of the others
    goal : int
    taken : mask of units; picks : (units at once,), where MISSING leaves those whose rows are asked for
    chosen, z, x : (places,), columns in the order of the factor L of A_S^H A_S = L L^H, L^-1 A_S^H y, coefficients
    factor : (places, places)
    counts : [columns, iterations, iteration of the last CHECK]
    left : (1,), ||y||^2 - ||z||^2
    """
    while True:
        if left[0] <= floor and counts[2] != counts[1]:
            counts[2] = counts[1]
            return CHECK
        if counts[1] >= goal:
            return DONE
        for i in range(len(picks)):
            picks[i] = _best(order, start, first, c, taken)
            taken[picks[i]] = True
        for unit in picks:
            for j in order[start[unit] : start[unit + 1]]:
                if place[j] < 0:
                    for other in picks:
                        taken[other] = False
                    return MISSING
        for unit in picks:
            for j in order[start[unit] : start[unit + 1]]:
                counts[0] += _append(rows[place[j]], j, c0[j], least, chosen, factor, z, counts[0], left)
        _solve(factor, z, x, counts[0])
        _correlate(rows, place, chosen, x, counts[0], c0, c)
        counts[1] += 1


@jit
def _best(order, start, first, c, taken):
    """Unit of most energy in the correlations (or of those to be taken first), of equal ones the first."""
    gains = np.zeros(len(taken), first.dtype)
    early = False
    for u in range(len(taken)):
        early |= first[u] > 0 and not taken[u]
    for u in range(len(taken)):
        if taken[u]:
            gains[u] = -1
        elif early:
            gains[u] = first[u]
        else:
            for j in order[start[u] : start[u + 1]]:
                gains[u] += c[j].real ** 2 + c[j].imag ** 2
    enough = gains.max() * (1 - _SLACK)
    for u in range(len(taken)):
        if gains[u] >= enough and not taken[u]:
            return u
    return 0


@_sums
def _append(row, j, target, least, chosen, factor, z, t, left):
    """One more column of the factorisation, unless it depends on the others: their number less that before."""
    square = row[j].real
    outside = square
    for i in range(t):
        product = row[chosen[i]]
        for k in range(i):
            product -= factor[t, k] * np.conj(factor[i, k])
        product /= factor[i, i].real
        factor[t, i] = product
        outside -= product.real**2 + product.imag**2
        target -= product * z[i]
    if t == len(chosen) - 1 or not outside > least * square:
        return 0
    pivot = np.sqrt(outside)
    chosen[t], factor[t, t], z[t] = j, pivot, target / pivot
    left[0] -= z[t].real ** 2 + z[t].imag ** 2
    return 1


@_sums
def _solve(factor, z, x, t):
    """L^H x = z."""
    x[:t] = z[:t]
    for i in range(t - 1, -1, -1):
        x[i] /= factor[i, i].real
        for k in range(i):
            x[k] -= np.conj(factor[i, k]) * x[i]


@_sums
def _correlate(rows, place, chosen, x, t, c0, c):
    """Correlations c = A^H (y - A_S x)."""
    for low in range(0, len(c), _STRETCH):
        high = min(low + _STRETCH, len(c))
        part = c[low:high]
        part[:] = c0[low:high]
        for i in range(0, t - 3, 4):
            a, b = rows[place[chosen[i]], low:high], rows[place[chosen[i + 1]], low:high]
            d, e = rows[place[chosen[i + 2]], low:high], rows[place[chosen[i + 3]], low:high]
            for j in range(high - low):
                part[j] -= (
                    np.conj(a[j]) * x[i]
                    + np.conj(b[j]) * x[i + 1]
                    + np.conj(d[j]) * x[i + 2]
                    + np.conj(e[j]) * x[i + 3]
                )
        for i in range(t - t % 4, t):
            a = rows[place[chosen[i]], low:high]
            for j in range(high - low):
                part[j] -= np.conj(a[j]) * x[i]
