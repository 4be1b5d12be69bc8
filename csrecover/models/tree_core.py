"""Least loss at an exact size, when only the nodes of a small core may be decided against the sign of their gain."""

from typing import Any

import numpy as np

from ..kernels import compiled

__all__ = ["least_loss", "subtree_from_core"]


def subtree_from_core(order, gains, default, core, k, limit, work=np.inf):
    """Find the best closed set of k nodes that follows `default` outside `core`.

    Parameters
    ----------
    order : LevelOrder
    gains : (n,) float, what deciding a node costs: max(-g, 0) to take it, max(g, 0) to refuse it, its parent being in
    default : (n,) bool, the free decisions, given that the parent is in
    core : (m,) int, positions of the nodes to be decided
    k : int, number of nodes
    limit : float, give up on losses above
    work : float, give up on tables of more than this many entries in all

    Returns
    -------
    loss : float, infinite where every such set loses more than `limit`, -inf where the work is too much
    mask : (n,) bool, by position, or None then
    """
    in_core = np.zeros(order.size, bool)
    in_core[core] = True
    reach = order.connected(in_core | default)
    rank, end = order.preorder
    nodes = core[reach[core]]
    nodes = nodes[np.argsort(rank[nodes])]
    owner = order.nearest(in_core & reach)[reach]  # what is outside the core follows its owner
    glued = np.bincount(owner + 1, minlength=order.size + 1)
    skip = np.searchsorted(rank[nodes], end[nodes])
    loss, taken = least_loss(glued[1:][nodes], gains[nodes], skip, int(k - glued[0]), limit, work)
    if taken is None:
        return loss, None
    decision = default.copy()
    decision[nodes] = taken
    return loss, order.connected(decision)


def least_loss(sizes, gains, skip, target, limit, work=np.inf):
    """Choose among items in preorder, so that the sizes of those taken sum to `target`, at the least loss.

    Taking item i costs max(-g_i, 0) and leads to item i + 1; refusing it costs max(g_i, 0) and jumps over its
    descendants to item skip_i. The table of item i lists the least loss from there on against the size taken from there
    on; only its stretch of losses up to `limit` is kept.

    Parameters
    ----------
    sizes : (m,) int > 0
    gains : (m,) float
    skip : (m,) int, skip_i > i; i + 1 for items that are independent of each other
    target : int
    limit : float
    work : float, give up on tables of more than this many entries in all

    Returns
    -------
    loss : float, infinite where every choice loses more than `limit`, -inf where the work is too much
    taken : (m,) bool, or None then
    """
    m = len(sizes)
    needed = target - np.cumsum(sizes) + sizes  # the items before i cannot fill more than the rest
    last_use = np.arange(-1, m)  # a table is dropped after it
    np.minimum.at(last_use, skip, np.arange(m))
    if kernel := compiled("tree_core"):
        loss, taken = kernel.least_loss(sizes, gains, skip, needed, last_use, target, limit, work)
        return loss, taken if np.isfinite(loss) else None
    sizes, gains, skip = sizes.tolist(), gains.tolist(), skip.tolist()
    tables: list[Any] = [None] * m + [(0, np.zeros(1))]
    choices: list[Any] = [None] * m
    for i in range(m - 1, -1, -1):
        (first_out, out), (first_in, into) = tables[skip[i]], tables[i + 1]
        first_in += sizes[i]
        first = max(min(first_out, first_in), int(needed[i]))
        count = min(max(first_out + len(out), first_in + len(into)), target + 1) - first
        refuse = stretch(out, first_out - first, count, max(gains[i], 0))
        take = stretch(into, first_in - first, count, max(-gains[i], 0))
        choices[i] = first, np.packbits(take < refuse)
        tables[i] = trimmed(first, np.minimum(take, refuse), limit)
        work -= count
        if work < 0:
            return -np.inf, None
        for used in {i + 1, skip[i]}:
            if last_use[used] == i:
                tables[used] = None
    first, table = tables[0]
    if not 0 <= target - first < len(table):
        return np.inf, None
    return float(table[target - first]), follow(choices, sizes, skip, target)


def stretch(table, shift, count, cost):
    """Entries 0 .. count - 1 of `table` moved by `shift`, plus `cost`; infinite where there is none."""
    moved = np.full(max(count, 0), np.inf)
    lo, hi = max(shift, 0), min(shift + len(table), count)
    if lo < hi:
        np.add(table[lo - shift : hi - shift], cost, out=moved[lo:hi])
    return moved


def trimmed(first, table, limit):
    """Cut the losses above `limit` off both ends of a table."""
    kept = table <= limit
    if not kept.any():
        return first, table[:0]
    lo, hi = int(kept.argmax()), len(kept) - int(kept[::-1].argmax())
    return first + lo, table[lo:hi]


def follow(choices, sizes, skip, target):
    """Items taken on the path that fills `target`."""
    taken, i = np.zeros(len(sizes), bool), 0
    while i < len(sizes):
        first, bits = choices[i]
        place = target - first
        taken[i] = bits[place >> 3] >> (7 - (place & 7)) & 1
        if taken[i]:
            target -= sizes[i]
        i = i + 1 if taken[i] else skip[i]
    return taken
