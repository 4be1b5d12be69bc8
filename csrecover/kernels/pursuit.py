"""Matching pursuit of one signal from rows of the Gram matrix of the columns, with a Cholesky factorisation that grows.

Row place[j] of `rows` is a_j^H A; place[j] is negative where it is not known yet. Unit u is the coefficients
order[start[u]], ..., order[start[u + 1] - 1].
"""

from __future__ import annotations

import numpy as np

from .jit import jit, sums

__all__ = ["CHECK", "DONE", "MISSING", "advance"]

DONE, MISSING, CHECK = range(3)
_SLACK = 1e-12  # relative difference below which gains are ties
_STRETCH = 1024  # correlations that are updated at a time, so that they stay in the nearest cache


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
    factor : (places (places + 1) / 2,), its rows one after another, up to the diagonal
    counts : [columns, iterations, iteration of the last CHECK]
    left : (1,), ||y||^2 - ||z||^2
    """
    gains = np.empty(len(taken), first.dtype)
    early = np.sum((first > 0) & ~taken)
    while True:
        if left[0] <= floor and counts[2] != counts[1]:
            counts[2] = counts[1]
            return CHECK
        if counts[1] >= goal:
            return DONE
        _energies(order, start, c, taken, gains)
        for i in range(len(picks)):
            picks[i] = _best(_left(first, taken) if early else gains)
            early -= first[picks[i]] > 0
            taken[picks[i]], gains[picks[i]] = True, -1
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


@sums
def _energies(order, start, c, taken, gains):
    """Energy of the correlations in each unit, -1 for those that are taken."""
    if len(order) == len(gains):
        for u in range(len(gains)):
            gains[u] = c[order[u]].real ** 2 + c[order[u]].imag ** 2
    else:
        for u in range(len(gains)):
            gains[u] = 0
            for j in order[start[u] : start[u + 1]]:
                gains[u] += c[j].real ** 2 + c[j].imag ** 2
    for u in range(len(gains)):
        gains[u] = -1 if taken[u] else gains[u]


@jit
def _left(gains, taken):
    out = gains.copy()
    for u in range(len(gains)):
        if taken[u]:
            out[u] = -1
    return out


@jit
def _best(gains):
    """Unit of largest gain, of equal ones the first; the maxima of four parts do not wait for each other."""
    a = b = c = d = 0.0
    for u in range(0, len(gains) - 3, 4):
        a, b, c, d = max(a, gains[u]), max(b, gains[u + 1]), max(c, gains[u + 2]), max(d, gains[u + 3])
    for u in range(len(gains) - len(gains) % 4, len(gains)):
        a = max(a, gains[u])
    enough = max(a, b, c, d) * (1 - _SLACK)
    for u in range(len(gains)):
        if gains[u] >= enough:
            return u
    return 0


@jit
def _row(factor, i):
    return factor[i * (i + 1) // 2 : (i + 1) * (i + 2) // 2]


@sums
def _append(row, j, target, least, chosen, factor, z, t, left):
    """One more column of the factorisation, unless it depends on the others: their number less that before."""
    square = row[j].real
    outside = square
    new = _row(factor, t)
    for i in range(t):
        own = _row(factor, i)
        product = row[chosen[i]]
        for k in range(i):
            product -= new[k] * np.conj(own[k])
        product /= own[i].real
        new[i] = product
        outside -= product.real**2 + product.imag**2
        target -= product * z[i]
    if t == len(chosen) - 1 or not outside > least * square:
        return 0
    pivot = np.sqrt(outside)
    chosen[t], new[t], z[t] = j, pivot, target / pivot
    left[0] -= z[t].real ** 2 + z[t].imag ** 2
    return 1


@sums
def _solve(factor, z, x, t):
    """L^H x = z."""
    x[:t] = z[:t]
    for i in range(t - 1, -1, -1):
        own = _row(factor, i)
        x[i] /= own[i].real
        for k in range(i):
            x[k] -= np.conj(own[k]) * x[i]


@sums
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
