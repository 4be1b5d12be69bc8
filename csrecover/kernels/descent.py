"""Block coordinate descent for min 0.5 ||A x - y||^2 + sum_b w_b ||x_b||, with Anderson acceleration.

Real numbers in double precision. The columns of block b are the rows first[b], ... of `columns`. The same rows of
`curvature` and `axes` hold the eigenvalues of its Gram matrix and, row by row, the eigenvectors.
"""

from __future__ import annotations

import numpy as np

from .jit import jit, sums

__all__ = ["descend", "gather", "grams", "lengths"]

_DEPTH = 5  # sweeps between extrapolations, differences in each
_STRETCH = 32  # rows of the matrix that `gather` goes through at a time
_RIDGE = 1e-12  # added to the diagonal of the products of the differences, relative to their trace


@jit
def gather(matrix, indices, out):
    """Columns of a matrix as rows of `out`."""
    for low in range(0, matrix.shape[0], _STRETCH):
        high = min(low + _STRETCH, matrix.shape[0])
        for j in range(len(indices)):
            for i in range(low, high):
                out[j, i] = matrix[i, indices[j]]


@jit
def grams(columns, first, size, out):
    """Gram matrix of each block, in the rows of `out` that its columns have in `columns`."""
    for b in range(len(first)):
        for i in range(size[b]):
            for j in range(i + 1):
                product = _dot(columns[first[b] + i], columns[first[b] + j])
                out[first[b] + i, j] = product
                out[first[b] + j, i] = product


@jit
def lengths(columns, first, size, y):
    """Norm of the products of the columns of each block with y."""
    out = np.zeros(len(first))
    for b in range(len(first)):
        for i in range(size[b]):
            out[b] += _dot(columns[first[b] + i], y) ** 2
    return np.sqrt(out)


@jit
def descend(columns, first, size, curvature, axes, weight, y, x, target, floor, most):
    """Lower the objective until its duality gap is at most `target`, in at most so many sweeps; returns y - A x.

    x, packed block after block, changes in place. A gap below `floor`, what rounding leaves, is not relied upon where
    blocks are discarded.
    """
    start = np.zeros(len(first) + 1, np.int64)
    start[1:] = np.cumsum(size)
    xs, residuals = np.empty((_DEPTH + 1, len(x))), np.empty((_DEPTH + 1, len(y)))
    residual = _residual(columns, first, start, x, y)
    within, active = np.ones(len(first), np.bool_), np.ones(len(first), np.bool_)
    scratch = np.empty((3, axes.shape[1]))
    sweeps = 0
    while sweeps < most and (
        _certify(columns, first, start, curvature, weight, x, residual, scratch[0], floor, within, active) > target
    ):
        xs[0], residuals[0] = x, residual
        for j in range(_DEPTH):
            _sweep(columns, first, start, curvature, axes, weight, x, residual, scratch, active)
            xs[j + 1], residuals[j + 1] = x, residual
        sweeps += _DEPTH
        _extrapolate(xs, residuals, start, weight, x, residual)
    return _residual(columns, first, start, x, y)


@sums
def _residual(columns, first, start, x, y):
    out = y.copy()
    for b in range(len(first)):
        for j in range(start[b], start[b + 1]):
            if x[j] != 0:
                _add(-x[j], columns[first[b] + j - start[b]], out)
    return out


@sums
def _certify(columns, first, start, curvature, weight, x, residual, slope, floor, within, active):
    """Duality gap; blocks that are zero in every solution leave `within`, those worth a sweep are `active`."""
    energy = _dot(residual, residual)
    along, penalty, most = energy, 0.0, 0.0
    ratios = np.zeros(len(first))
    for b in range(len(first)):
        if not within[b]:
            continue
        low, s = start[b], start[b + 1] - start[b]
        for j in range(s):
            slope[j] = _dot(columns[first[b] + j], residual)
        along += _dot(slope[:s], x[low : low + s])
        length = np.sqrt(_dot(x[low : low + s], x[low : low + s]))
        penalty += weight[b] * length
        ratios[b] = np.sqrt(_dot(slope[:s], slope[:s])) / weight[b]
        most = max(most, ratios[b])
        active[b] = length > 0 or ratios[b] > 1
    scale = along / energy if energy > 0 else 0.0
    if scale * most > 1:
        scale = 1 / most
    gap = 0.5 * energy + penalty - scale * along + 0.5 * scale * scale * energy
    radius = np.sqrt(2 * max(gap, floor))
    for b in range(len(first)):
        widest = curvature[first[b] + start[b + 1] - start[b] - 1]
        if within[b] and scale * ratios[b] + radius * np.sqrt(widest) / weight[b] < 1:
            within[b] = active[b] = False
            for j in range(start[b], start[b + 1]):
                if x[j] != 0:
                    _add(x[j], columns[first[b] + j - start[b]], residual)
                    x[j] = 0
    return gap


@sums
def _sweep(columns, first, start, curvature, axes, weight, x, residual, scratch, active):
    """Minimise over each active block in turn; in the axes of its Gram matrix, where the coordinates separate."""
    slope, old, pull = scratch
    for b in range(len(first)):
        if not active[b]:
            continue
        row, low, s = first[b], start[b], start[b + 1] - start[b]
        for j in range(s):
            slope[j] = _dot(columns[row + j], residual)
        squares = 0.0
        for i in range(s):
            old[i] = _dot(axes[row + i, :s], x[low : low + s])
            pull[i] = _dot(axes[row + i, :s], slope[:s]) + curvature[row + i] * old[i]
            squares += pull[i] * pull[i]
        length = _length(pull[:s], curvature[row : row + s], np.sqrt(squares), weight[b])
        slope[:s] = 0
        for i in range(s):
            new = pull[i] * length / (curvature[row + i] * length + weight[b])
            _add(new - old[i], axes[row + i, :s], slope[:s])
        for j in range(s):
            before = x[low + j]
            x[low + j] = before + slope[j] if length > 0 else 0
            if x[low + j] != before:
                _add(before - x[low + j], columns[row + j], residual)


@sums
def _length(pull, curvature, size, weight):
    """Norm t of the block that minimises its objective, sum_i (pull_i / (curvature_i t + weight))^2 = 1; else zero.

    The sum is convex and falls in t: Newton's method from below the root does not pass it.
    """
    widest = curvature[-1]
    if size <= weight or widest == 0:
        return 0.0
    length = (size - weight) / widest
    for _ in range(20 if len(pull) > 1 else 0):
        total, slope = 0.0, 0.0
        for i in range(len(pull)):
            below = curvature[i] * length + weight
            term = pull[i] * pull[i] / (below * below)
            total += term
            slope += 2 * term * curvature[i] / below
        length += (total - 1) / slope
        if not total - 1 > 1e-8 * length * slope:  # the error is squared by the step just taken
            break
    return length


@sums
def _extrapolate(xs, residuals, start, weight, x, residual):
    """Move to the affine combination of the last iterates whose step is least, if the objective is lower there."""
    products, trace = np.zeros((_DEPTH, _DEPTH)), 0.0
    for i in range(_DEPTH):
        for j in range(i + 1):
            for a in range(xs.shape[1]):
                products[i, j] += (xs[i + 1, a] - xs[i, a]) * (xs[j + 1, a] - xs[j, a])
            products[j, i] = products[i, j]
        trace += products[i, i]
    if trace == 0:
        return
    shares = _solve(products, _RIDGE * trace)
    trial, rest = np.zeros_like(x), np.zeros_like(residual)
    for i in range(_DEPTH):
        _add(shares[i], xs[i + 1], trial)
        _add(shares[i], residuals[i + 1], rest)
    if _objective(trial, rest, start, weight) < _objective(x, residual, start, weight):
        x[:] = trial
        residual[:] = rest


@sums
def _solve(products, ridge):
    """Solution of (products + ridge) z = 1 up to a factor, which makes its sum one, by elimination."""
    count = len(products)
    z = np.ones(count)
    for i in range(count):
        products[i, i] += ridge
    for i in range(count):
        for k in range(i + 1, count):
            factor = products[k, i] / products[i, i]
            for j in range(i, count):
                products[k, j] -= factor * products[i, j]
            z[k] -= factor * z[i]
    for i in range(count - 1, -1, -1):
        for j in range(i + 1, count):
            z[i] -= products[i, j] * z[j]
        z[i] /= products[i, i]
    total = 0.0
    for i in range(count):
        total += z[i]
    for i in range(count):
        z[i] /= total
    return z


@sums
def _objective(x, residual, start, weight):
    total = 0.5 * _dot(residual, residual)
    for b in range(len(weight)):
        block = x[start[b] : start[b + 1]]
        total += weight[b] * np.sqrt(_dot(block, block))
    return total


@sums
def _dot(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@sums
def _add(factor, a, out):
    for i in range(len(a)):
        out[i] += factor * a[i]
