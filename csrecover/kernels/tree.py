"""Sweeps over the nodes of a forest in an order that lists parents first: down the tree forwards, up backwards.

Each is the twin of a pass of `structures.tree.LevelOrder`, in place: NumPy lays large arrays out in large pages, the
compiler would not. Two are the steps of `models.tree_dual.SweptNodes`, where the parent -1 of a root is the last entry
of arrays that have one more than there are nodes.
"""

from __future__ import annotations

import numpy as np

from .jit import jit

__all__ = ["connected", "gains", "level_order", "narrow", "nearest", "path_sums", "split", "totals"]

_BLOCK = 512  # numbers added up one by one; sums of blocks are added with their rounding errors


@jit
def level_order(by_parent, first, nodes, above):
    """Nodes breadth first and the positions of their parents, from the children of -1, 0, 1, ... one after another."""
    nodes[: first[1]] = by_parent[: first[1]]
    above[: first[1]] = -1
    end = first[1]
    for position in range(len(nodes)):
        node = nodes[position]
        for child in by_parent[first[node + 1] : first[node + 2]]:
            nodes[end] = child
            above[end] = position
            end += 1


@jit
def _roots(parents):
    """Number of leading roots."""
    count = 0
    while count < len(parents) and parents[count] < 0:
        count += 1
    return count


@jit
def gains(g, parents):
    """g_i += sum over children c of max(g_c, 0)."""
    for i in range(len(g) - 1, _roots(parents) - 1, -1):
        g[parents[i]] += max(g[i], 0)


@jit
def totals(t, linked, parents):
    """t_i += sum over linked children c of t_c."""
    for i in range(len(t) - 1, _roots(parents) - 1, -1):
        t[parents[i]] += t[i] * linked[i]


@jit
def connected(mask, parents):
    """Keep in `mask` the nodes whose ancestors are all in it."""
    for i in range(_roots(parents), len(mask)):
        mask[i] &= mask[parents[i]]


@jit
def path_sums(s, parents):
    """s_i += sum of s over the ancestors of i."""
    for i in range(_roots(parents), len(s)):
        s[i] += s[parents[i]]


@jit
def nearest(found, mask, parents):
    """Position of the nearest node of `mask` at or above each node; found_i = i or -1 before, as the mask says."""
    for i in range(_roots(parents), len(mask)):
        if not mask[i]:
            found[i] = found[parents[i]]


@jit
def split(between, price, weights, parents, gains, best):
    """Mark in `best` the best subtree at a price among the nodes `between`, whose other ancestors are in `best`.

    Parameters
    ----------
    between : (m,) int, ascending
    price : float
    weights, parents : (n,) float and int
    gains : (n + 1,) float, zero at `between` before and after
    best : (n + 1,) bool, the last entry True

    Returns
    -------
    count : int, number of the nodes marked
    inside, outside : float, weight of the nodes marked, and of the others between
    """
    for j in range(len(between) - 1, -1, -1):
        i = between[j]
        gains[i] += weights[i] - price
        gains[parents[i]] += max(gains[i], 0)
    count, sums, lost = 0, np.zeros(2), np.zeros(2)
    for start in range(0, len(between), _BLOCK):
        inside, both = 0.0, 0.0
        for i in between[start : start + _BLOCK]:
            taken = (gains[i] > 0) & best[parents[i]]
            gains[i] = 0
            best[i] = taken
            count += taken
            inside += weights[i] * taken
            both += weights[i] * (not taken)
        _add(sums, lost, 0, inside)
        _add(sums, lost, 1, both)
    return count, sums[0] + lost[0], sums[1] + lost[1]


@jit
def narrow(between, best, kept):
    """Move the nodes `between` that are in `best`, or those that are not, to the front; how many these are."""
    count = 0
    for i in between:
        between[count] = i
        count += best[i] == kept
    return count


@jit
def _add(sums, lost, k, x):
    """Add x to a sum, and what rounding took from the smaller of both to the other (Neumaier)."""
    total = sums[k] + x
    lost[k] += (sums[k] - total) + x if abs(sums[k]) >= abs(x) else (x - total) + sums[k]
    sums[k] = total
