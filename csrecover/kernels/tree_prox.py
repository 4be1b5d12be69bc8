"""Sweeps over the nodes of a forest for the norms of its subtrees: up the tree backwards, down it forwards.

Each is the twin of plain code in `penalties.tree`, `tree_l2` or `tree_linf`, and computes in double precision whatever
the precision of the signals. The nodes come in an order that lists parents first, as indices of the signals, with the
places of their parents in this order; that of a root is -1, so that it reads and writes the last entry of arrays one
longer. Weights come in this order too, or one for all.
"""

from __future__ import annotations

import numba
import numpy as np

from .jit import jit

_TINY = 1e-300  # its inverse is finite

__all__ = ["clip_subtrees", "newton", "shrink", "value"]


@numba.njit(inline="always")
def _weight(weights, i):
    return weights[min(i, len(weights) - 1)]


@jit
def shrink(x, steps, weights, nodes, parents):
    """Proximal points (signals, n) of the sum of the Euclidean norms of subtrees, for one step a signal."""
    signals, n = x.shape
    out, scale = np.empty_like(x), np.empty(n + 1)
    for row in range(signals):
        peak = _TINY
        for z in x[row]:
            peak = max(peak, abs(z.real), abs(z.imag))
        unit = 1 / peak
        scale[:] = 0
        for i in range(n - 1, -1, -1):
            z = x[row, nodes[i]]
            a, b = z.real * unit, z.imag * unit
            size = np.sqrt(scale[i] + a * a + b * b)
            left = max(size - steps[row] * unit * _weight(weights, i), 0.0)
            scale[i] = left / size if size > 0 else 0.0
            scale[parents[i]] += left * left
        scale[n] = 1
        for i in range(n):
            scale[i] *= scale[parents[i]]
            out[row, nodes[i]] = x[row, nodes[i]] * scale[i]
    return out


@jit
def value(own, weights, nodes, parents, largest):
    """Weighted sums (signals,) of the largest magnitudes of subtrees, or of the roots of their energies."""
    signals, n = own.shape
    out, total = np.zeros(signals), np.empty(n + 1)
    for row in range(signals):
        total[:] = 0
        for i in range(n - 1, -1, -1):
            mine, above = own[row, nodes[i]], parents[i]
            if largest:
                size = max(total[i], mine)
                total[above] = max(total[above], size)
            else:
                energy = total[i] + mine
                size = np.sqrt(energy)
                total[above] += energy
            out[row] += _weight(weights, i) * size
    return out


@jit
def newton(own, steps, weights, nodes, parents, power):
    """The next step (signals,) towards that at which nothing is left at the roots, and the most left there now."""
    signals, n = own.shape
    least, most = steps.copy(), np.zeros(signals)
    total, slopes = np.empty(n + 1), np.empty(n + 1)
    for row in range(signals):
        total[:] = 0
        slopes[:] = 0
        for i in range(n - 1, -1, -1):
            size, weight, above = total[i] + own[row, nodes[i]], _weight(weights, i), parents[i]
            if power == 2:
                size = np.sqrt(size)
            left = size - steps[row] * weight
            if left > 0:
                slope = (slopes[i] / size if power == 2 else slopes[i]) - weight
                if above < 0:
                    least[row] = max(least[row], steps[row] - left / slope)
                    most[row] = max(most[row], left)
                else:
                    total[above] += left * left if power == 2 else left
                    slopes[above] += left * slope if power == 2 else slope
    return least, most


@jit
def clip_subtrees(x, steps, weights, nodes, parents):
    """Clip the largest magnitudes of each subtree to one level, so that they lose step * weight together.

    The magnitudes of a subtree are in a pairing heap, an entry for all that were clipped alike: their key, how many
    they are, the first heap below and the next beside it. Until a node has its turn its first heap below is the heap
    of its children, and its level what they leave.
    """
    signals, n = x.shape
    out, level = np.empty(x.shape), np.empty(n + 1)
    key, many = np.empty(n), np.empty(n, np.int32)
    child, sibling = np.empty(n + 1, np.int32), np.empty(n, np.int32)
    for row in range(signals):
        level[:] = 0
        child[:] = -1
        for i in range(n - 1, -1, -1):
            key[i], many[i], budget = abs(x[row, nodes[i]]), 1, steps[row] * _weight(weights, i)
            left = level[i] + key[i] - budget
            level[i] = 0
            if left > 0:
                above, top = parents[i], np.int32(i)
                if child[i] < 0:
                    key[i] = left
                else:
                    heap = child[i]
                    child[i] = -1
                    top = _meld(heap, top, key, child, sibling)
                    _clip(top, budget, key, many, child, sibling)
                level[i] = key[top]
                level[above] += left
                child[above] = _meld(child[above], top, key, child, sibling)
        level[n] = np.inf
        for i in range(n):
            level[i] = min(level[i], level[parents[i]])
            out[row, nodes[i]] = max(min(x[row, nodes[i]], level[i]), -level[i])
    return out


@numba.njit(inline="always")
def _meld(a, b, key, child, sibling):
    """The heap of two, of which the first may be empty."""
    if a < 0:
        return b
    top = a if key[a] >= key[b] else b
    other = a ^ b ^ top
    sibling[other] = child[top]
    child[top] = other
    return top


@numba.njit
def _paired(first, key, child, sibling):
    """The heap of all heaps in a list of siblings: two by two on the way there, all together on the way back."""
    if first < 0 or sibling[first] < 0:
        return first
    done = np.int32(-1)
    while first >= 0:
        second = sibling[first]
        following, pair = second, first
        if second >= 0:
            following = sibling[second]
            pair = _meld(first, second, key, child, sibling)
        sibling[pair] = done
        done, first = pair, following
    top, done = done, sibling[done]
    while done >= 0:
        following = sibling[done]
        top = _meld(top, done, key, child, sibling)
        done = following
    sibling[top] = -1
    return top


@numba.njit(inline="always")
def _clip(top, budget, key, many, child, sibling):
    """Lower the largest entries of the heap to one level, by `budget` together; they become the entry at its top."""
    count, excess = many[top], many[top] * key[top] - budget
    rest = _paired(child[top], key, child, sibling)
    while rest >= 0 and count * key[rest] > excess:
        excess += many[rest] * key[rest]
        count += many[rest]
        rest = _paired(child[rest], key, child, sibling)
    key[top], many[top], child[top] = max(excess / count, 0.0), count, rest
