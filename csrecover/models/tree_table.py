"""Best rooted subtree by tables of all budgets up to k: the O(n k) dynamic program, for small problems.

The table of a node lists, for j = 0, 1, ..., the largest weight of at most j nodes in its subtree, closed under
ancestors. Two siblings' tables a, b merge into max over i of a[i] + b[j - i] (the budget is split); a node puts its own
weight in front of its children's merged table. See Cartis and Thompson, "An exact tree projection algorithm for
wavelets", IEEE Trans. Signal Processing, 2015. Here all nodes of a level do that at once, siblings merging in rounds
of a tournament.
"""

import numpy as np

__all__ = ["subtree_by_tables"]

CHUNK = 2**16  # numbers per vector operation: stays in the cache


def subtree_by_tables(order, weights, k):
    """Best rooted subtree of at most k nodes.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float >= 0, by position
    k : int, 1 <= k

    Returns
    -------
    (n,) bool, by position
    """
    levels, families = order.levels[:k], order.families[: k - 1]  # a node below level k costs too much
    all_rounds, tables = [], np.zeros((0, 1))
    for depth in reversed(range(len(levels))):
        level = levels[depth]
        below = np.zeros((level.stop - level.start, tables.shape[1]))
        if depth < len(families):
            heads = families[depth][0]
            below[positions(heads) - level.start] = tables
        tables = np.hstack([np.zeros((len(below), 1)), below + weights[level, None]])[:, : k - depth + 1]
        starts = families[depth - 1][1] if depth else np.zeros(1, int)
        rounds, tables = tournament(tables, starts, k - depth)
        all_rounds.append(rounds)
    return backtrack(order, levels, families, all_rounds[::-1], k)


def positions(heads):
    """Index array of a slice; an index array as it is."""
    return np.arange(heads.start, heads.stop) if isinstance(heads, slice) else heads


def tournament(tables, starts, cap):
    """Merge the tables of each family, a run of rows beginning at `starts`, into one; keep the rows of each round."""
    rounds = []
    while len(tables) > len(starts):
        left, right = pair_up(len(tables), starts)
        tables = np.vstack([tables, np.zeros(tables.shape[1])])  # last row: no partner
        rounds.append((tables, left, right))
        tables = merge(tables[left], tables[right], cap)
        starts = np.searchsorted(left, starts)
    return rounds, tables


def pair_up(count, starts):
    """Rows 0 and 1, 2 and 3, ... of each family; `count` (one past the end) stands for a missing partner."""
    place = np.arange(count) - np.repeat(starts, np.diff(starts, append=count))
    left = np.flatnonzero(place % 2 == 0)
    partner = np.append(place, 0)[left + 1] % 2 == 1
    return left, np.where(partner, left + 1, count)


def merge(a, b, cap):
    """Take max over i of a[:, i] + b[:, j - i], for j = 0 .. cap at most; cap >= width - 1."""
    width = a.shape[1]
    out_width = min(2 * width - 1, cap + 1)
    padded = np.full((len(b), width - 1 + out_width), -np.inf)  # left of b: no budget is negative
    padded[:, width - 1 : 2 * width - 1] = b
    padded[:, 2 * width - 1 :] = b[:, -1:]  # right of b: nothing is gained by more
    out = np.empty((len(a), out_width))
    rows = max(1, CHUNK // (width * out_width))
    windows = np.lib.stride_tricks.sliding_window_view(padded, out_width, axis=1)  # [:, -1 - i, j] = b[:, j - i]
    for lo in range(0, len(a), rows):
        part = slice(lo, lo + rows)
        np.max(windows[part] + a[part, ::-1, None], axis=1, out=out[part])
    return out


def backtrack(order, levels, families, all_rounds, k):
    """Follow the best splits of the budget from the roots down."""
    chosen = np.zeros(order.size, bool)
    budget = np.array([k])  # one per family of the level
    for depth, level in enumerate(levels):
        for tables, left, right in reversed(all_rounds[depth]):
            budget = split(tables, left, right, budget)
        chosen[level] = budget > 0
        if depth < len(families):
            budget = np.maximum(budget[positions(families[depth][0]) - level.start] - 1, 0)
    return chosen


def split(tables, left, right, budget):
    """Divide the budget of each merged row between its two parts, the left one served first among equals."""
    given = np.zeros(len(tables), int)
    some = np.flatnonzero(budget)
    width = tables.shape[1]
    share = np.arange(width)[::-1]  # nodes for the left part, largest share first
    rest = budget[some, None] - share
    value = tables[left[some]][:, ::-1] + np.take_along_axis(tables[right[some]], np.clip(rest, 0, width - 1), axis=1)
    best = np.where(rest >= 0, value, -np.inf).argmax(axis=1)
    given[right[some]] = np.minimum(rest[np.arange(len(some)), best], width - 1)
    given[left[some]] = share[best]
    return given[:-1]
