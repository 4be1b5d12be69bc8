"""Dynamic program over items in preorder: the twin of `models.tree_core.least_loss`."""

from __future__ import annotations

import numba
import numpy as np

from .jit import jit

__all__ = ["least_loss"]


@jit
def least_loss(sizes, gains, skip, needed, last_use, target, limit, work):
    """Loss and items taken; the parameters are those of the twin, `needed` and `last_use` its first two lines.

    The tables that are still in use lie one behind the other, the latest last: in preorder a table is dropped before
    those that were made earlier.
    """
    m = len(sizes)
    first, start, length = np.zeros(m + 1, np.intp), np.zeros(m + 1, np.intp), np.zeros(m + 1, np.intp)
    tables, length[m], top = np.zeros(1024), 1, 1
    bits, places, used = np.zeros(1024, np.uint8), np.zeros((m, 2), np.intp), 0
    taken = np.zeros(m, np.bool_)
    for i in range(m - 1, -1, -1):
        after, jump = i + 1, skip[i]
        low = max(min(first[jump], first[after] + sizes[i]), needed[i])
        ends = first[jump] + length[jump], first[after] + length[after] + sizes[i]
        count = max(min(max(ends[0], ends[1]), target + 1) - low, 0)
        work -= count
        if work < 0:
            return -np.inf, taken
        tables, bits = _with_room(tables, top + count), _with_room(bits, used + count // 8 + 1)
        table = tables[top : top + count]
        table[:] = np.inf
        refused = tables[start[jump] : start[jump] + length[jump]]
        _add(refused, first[jump] - low, max(gains[i], 0.0), table)
        into = tables[start[after] : start[after] + length[after]]
        _improve(into, first[after] + sizes[i] - low, max(-gains[i], 0.0), table, bits[used : used + count // 8 + 1])
        places[i, 0], places[i, 1] = low, used
        used += count // 8 + 1
        lo, hi = _stretch(table, limit)
        if last_use[after] == i:
            top = start[after]
        if last_use[jump] == i:
            top = start[jump]
        first[i], start[i], length[i] = low + lo, top, hi - lo
        for place in range(lo, hi):
            tables[top + place - lo] = table[place]
        top += hi - lo
    place = target - first[0]
    if not 0 <= place < length[0]:
        return np.inf, taken
    _follow(places, bits, sizes, skip, target, taken)
    return tables[start[0] + place], taken


@numba.njit(inline="always")
def _with_room(array, size):
    """The array, or a copy of at least twice the length where it is shorter than `size`."""
    if size <= len(array):
        return array
    wider = np.zeros(max(size, 2 * len(array)), array.dtype)
    wider[: len(array)] = array
    return wider


@numba.njit(inline="always")
def _add(source, shift, cost, table):
    for place in range(max(-shift, 0), min(len(source), len(table) - shift)):
        table[place + shift] = source[place] + cost


@numba.njit(inline="always")
def _improve(source, shift, cost, table, bits):
    """Take what is strictly less, and say so in the bits."""
    for place in range(max(-shift, 0), min(len(source), len(table) - shift)):
        loss, at = source[place] + cost, place + shift
        less = loss < table[at]
        table[at] = min(loss, table[at])
        bits[at >> 3] |= less << (at & 7)


@numba.njit(inline="always")
def _stretch(table, limit):
    """Where the losses up to `limit` begin and end."""
    lo, hi = 0, len(table)
    while hi > 0 and table[hi - 1] > limit:
        hi -= 1
    while lo < hi and table[lo] > limit:
        lo += 1
    return min(lo, hi), hi


@numba.njit(inline="always")
def _follow(places, bits, sizes, skip, target, taken):
    i = 0
    while i < len(sizes):
        place = target - places[i, 0]
        taken[i] = bits[places[i, 1] + (place >> 3)] >> (place & 7) & 1
        if taken[i]:
            target -= sizes[i]
        i = i + 1 if taken[i] else skip[i]
