"""Block coordinate descent for min 0.5 ||A x - y||^2 + sum_b w_b ||x_b|| in real numbers, with Anderson acceleration."""

from __future__ import annotations

import numba
import numpy as np

from .jit import jit

__all__ = ["descend", "gather"]

_DEPTH = 5  # sweeps between extrapolations, differences in each
_STRETCH = 32  # rows of the matrix that `gather` goes through at a time
_reals = numba.njit(fastmath={"contract", "reassoc", "nsz"})  # sums in any order


@jit
def gather(matrix, indices, out):
    """Columns of a matrix as rows of `out`."""
    for low in range(0, matrix.shape[0], _STRETCH):
        high = min(low + _STRETCH, matrix.shape[0])
        for j in range(len(indices)):
            for i in range(low, high):
                out[j, i] = matrix[i, indices[j]]


@jit
def descend(columns, first, size, curvature, weight, x, residual, target, floor, most):
    """Lower the objective until its duality gap is at most `target`, in at most so many sweeps; returns the sweeps.

    The columns of block b are the rows first[b], ... of `columns`; they are orthogonal to one another, with the
    squared norms `curvature`. x, packed block after block, and the residual y - A x change in place. No gap is taken
    to be below `floor`, what rounding leaves, where it screens.
    """
    p, k = len(first), len(x)
    start = np.zeros(p + 1, np.int64)
    start[1:] = np.cumsum(size)
    xs, residuals = np.empty((_DEPTH + 1, k), x.dtype), np.empty((_DEPTH + 1, len(residual)), x.dtype)
    slope = np.zeros(k, x.dtype)
    within, active = np.ones(p, np.bool_), np.ones(p, np.bool_)
    sweeps = 0
    while True:
        gap = _certify(columns, first, start, curvature, weight, x, residual, slope, floor, within, active)
        if gap <= target or sweeps >= most:
            return sweeps
        xs[0], residuals[0] = x, residual
        for j in range(_DEPTH):
            _sweep(columns, first, start, curvature, weight, x, residual, slope, active)
            xs[j + 1], residuals[j + 1] = x, residual
        sweeps += _DEPTH
        _extrapolate(xs, residuals, start, weight, x, residual)


@_reals
def _certify(columns, first, start, curvature, weight, x, residual, slope, floor, within, active):
    """Duality gap; blocks that are zero in every solution leave `within`, those worth a sweep are `active`."""
    energy, along, penalty, most = _dot(residual, residual), 0.0, 0.0, 0.0
    energy = np.float64(energy)
    ratios = np.zeros(len(first))
    for b in range(len(first)):
        if not within[b]:
            continue
        squares, length = 0.0, 0.0
        for j in range(start[b], start[b + 1]):
            slope[j] = _dot(columns[first[b] + j - start[b]], residual)
            along += slope[j] * x[j]
            squares += slope[j] * slope[j]
            length += x[j] * x[j]
        ratios[b] = np.sqrt(squares) / weight[b]
        penalty += weight[b] * np.sqrt(length)
        most = max(most, ratios[b])
        active[b] = length > 0 or ratios[b] > 1
    along += energy
    scale = along / energy if energy > 0 else 0.0
    if scale * most > 1:
        scale = 1 / most
    gap = 0.5 * energy + penalty - scale * along + 0.5 * scale * scale * energy
    radius = np.sqrt(2 * max(gap, floor))
    for b in range(len(first)):
        if within[b]:
            widest = 0.0
            for j in range(start[b], start[b + 1]):
                widest = max(widest, curvature[first[b] + j - start[b]])
            if scale * ratios[b] + radius * np.sqrt(widest) / weight[b] < 1:
                within[b] = active[b] = False
                for j in range(start[b], start[b + 1]):
                    if x[j] != 0:
                        _add(x[j], columns[first[b] + j - start[b]], residual)
                        x[j] = 0
    return gap


@_reals
def _sweep(columns, first, start, curvature, weight, x, residual, pull, active):
    """Minimise over each active block in turn."""
    for b in range(len(first)):
        if not active[b]:
            continue
        low, high, row = start[b], start[b + 1], first[b] - start[b]
        squares, widest = 0.0, 0.0
        for j in range(low, high):
            pull[j] = _dot(columns[row + j], residual) + curvature[row + j] * x[j]
            squares += pull[j] * pull[j]
            widest = max(widest, curvature[row + j])
        length = _length(pull, curvature, low, high, row, np.sqrt(squares), widest, weight[b])
        for j in range(low, high):
            new = x.dtype.type(pull[j] * length / (curvature[row + j] * length + weight[b]))
            if new != x[j]:
                _add(x[j] - new, columns[row + j], residual)
                x[j] = new


@_reals
def _length(pull, curvature, low, high, row, size, widest, weight):
    """Norm t of the block that minimises its objective, sum_j (pull_j / (curvature_j t + weight))^2 = 1; else zero.

    The sum is convex and falls in t: Newton's method from below the root does not pass it.
    """
    if size <= weight or widest == 0:
        return 0.0
    length = (size - weight) / widest
    for _ in range(20 if high - low > 1 else 0):
        total, slope = 0.0, 0.0
        for j in range(low, high):
            below = curvature[row + j] * length + weight
            term = pull[j] * pull[j] / (below * below)
            total += term
            slope += 2 * term * curvature[row + j] / below
        if not total - 1 > 1e-12:
            break
        length += (total - 1) / slope
    return length


@_reals
def _extrapolate(xs, residuals, start, weight, x, residual):
    """Move to the affine combination of the last iterates whose step is least, if the objective is lower there."""
    depth = len(xs) - 1
    products = np.zeros((depth, depth))
    for i in range(depth):
        for j in range(i + 1):
            total = 0.0
            for a in range(xs.shape[1]):
                total += (xs[i + 1, a] - xs[i, a]) * (xs[j + 1, a] - xs[j, a])
            products[i, j] = products[j, i] = total
    ridge = 0.0
    for i in range(depth):
        ridge += 1e-12 * products[i, i]
    if ridge == 0:
        return
    for i in range(depth):
        products[i, i] += ridge
    shares = np.linalg.solve(products, np.ones(depth))
    shares /= np.sum(shares)
    trial, rest = np.zeros_like(x), np.zeros_like(residual)
    for i in range(depth):
        _add(shares[i], xs[i + 1], trial)
        _add(shares[i], residuals[i + 1], rest)
    if _objective(trial, rest, start, weight) < _objective(x, residual, start, weight):
        x[:] = trial
        residual[:] = rest


@_reals
def _objective(x, residual, start, weight):
    total = 0.5 * _dot(residual, residual)
    for b in range(len(weight)):
        squares = 0.0
        for j in range(start[b], start[b + 1]):
            squares += x[j] * x[j]
        total += weight[b] * np.sqrt(squares)
    return total


@_reals
def _dot(a, b):
    total = a.dtype.type(0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@_reals
def _add(factor, a, out):
    for i in range(len(a)):
        out[i] += factor * a[i]
