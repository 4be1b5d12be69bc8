"""Ties: many decisions of the same effect, of which a few stand for all, and a bound that sees through them.

Deciding node i against the default changes the size of the solution by the number of nodes that come or go with it, and
loses |g_i|. On quantised data thousands of nodes share one such pair. A core of a few representatives of each change
finds a good solution, and forgetting the tree (any decisions may be combined) leaves a knapsack whose optimum bounds
the loss from below, in which the cheapest decisions of each change suffice. Where the two meet all is proven.
"""

from itertools import pairwise

import numpy as np

from .tree_core import least_loss

__all__ = ["fill", "pad", "representatives", "smallest_loss", "tied"]


def fill(order, gains, k):
    """Default decisions: take positive gains, refuse negative ones, take zero gains as far as there is room in k.

    A zero node comes with what hangs on it by positive gains. They are taken from the top, in breadth-first order
    until one does not fit, then the largest first among those whose ancestors are in.
    """
    sure, loose, zero = order.connected(gains > 0), order.connected(gains >= 0), gains == 0
    room = k - int(np.count_nonzero(sure))
    default = gains > 0
    nodes = np.flatnonzero(loose & zero)
    if room <= 0 or not len(nodes):
        return default
    owner = order.nearest(loose & zero)
    sizes = np.bincount(owner[loose & ~sure], minlength=order.size)[nodes]
    above = order.parents[nodes]
    above = np.where(above < 0, -1, owner[above])
    above = np.where(above < 0, len(nodes), np.searchsorted(nodes, above))  # its zero ancestor; the last: none
    fits = int(np.searchsorted(np.cumsum(sizes), room, side="right"))
    taken = np.arange(len(nodes) + 1) < fits
    taken[-1] = True
    room -= int(sizes[:fits].sum())
    while len(front := np.flatnonzero(~taken[:-1] & taken[above] & (sizes <= room))):
        front = front[np.argsort(-sizes[front], kind="stable")]
        for size, start, count in zip(*np.unique(-sizes[front], return_index=True, return_counts=True), strict=True):
            fits = min(count, room // -size)
            taken[front[start : start + fits]] = True
            room += fits * size
    default[nodes] = taken[:-1]
    return default


def pad(mask, cost, k):
    """Add nodes until there are k, cheapest first, equals from the top; a child must not cost less than its parent."""
    missing = k - int(np.count_nonzero(mask))
    if missing <= 0:
        return mask
    outside = np.flatnonzero(~mask)
    cost = cost[outside]
    last = np.partition(cost, missing - 1)[missing - 1]
    cheaper = cost < last
    added = np.concatenate([outside[cheaper], outside[cost == last][: missing - np.count_nonzero(cheaper)]])
    mask = mask.copy()
    mask[added] = True
    return mask


def tied(cost):
    """Whether many decisions cost the same, as a sample shows."""
    sample = cost[:: 1 + len(cost) // 1000]
    return len(np.unique(sample)) < 0.8 * len(sample)


def ranked(change, cost):
    """Rank the decisions of each change by cost, and sum the costs up to each of them."""
    count = len(cost)
    by_cost = np.argsort(cost, kind="stable")
    by_change = by_cost[np.sort(change[by_cost] * count + np.arange(count)) % max(count, 1)]
    change, total = change[by_change], np.cumsum(cost[by_change])
    first = np.flatnonzero(np.diff(change, prepend=count + change[:1]))
    runs = np.diff(first, append=count)
    rank, together = np.empty(count, int), np.empty(count)
    rank[by_change] = np.arange(count) - np.repeat(first, runs)
    together[by_change] = total - np.repeat(total[first] - cost[by_change[first]], runs)
    return rank, together


def cheapest(change, cost, count):
    """Select decisions, among them the `count` cheapest of each change, in linear time: few are left to sort."""
    if len(change) < 2**13 or count > len(change) // 16:
        return np.arange(len(change))
    small = np.clip(change, -(2**15), 2**15 - 1).astype(np.int16)  # sorted by their bits; the extremes are mixed
    by_change = np.argsort(small, kind="stable")
    starts = np.flatnonzero(np.diff(small[by_change], prepend=small[by_change[0]] - np.int32(1)))
    kept = np.ones(len(change), bool)
    for lo, hi in pairwise([*starts.tolist(), len(change)]):
        group = by_change[lo:hi]
        if hi - lo > 2 * count and abs(int(small[group[0]])) < 2**15 - 1:
            costs = cost[group]
            last = np.partition(costs, count - 1)[count - 1]
            kept[group] = costs < last
            kept[group[costs == last][: count - np.count_nonzero(costs < last)]] = True
    return np.flatnonzero(kept)


def representatives(change, cost, copies, count):
    """Select the `copies` cheapest decisions of each change, and the `count` cheapest of these."""
    few = cheapest(change, cost, copies)
    few = few[ranked(change[few], cost[few])[0] < copies]
    return few[np.argsort(cost[few], kind="stable")[:count]]


def smallest_loss(change, loss, target, limit, work):
    """Lower bound on the loss of any set of decisions whose changes sum to `target`, if the least is below `limit`.

    A knapsack of independent items. Of equal changes the cheapest are used first, so those that together exceed the
    limit are dropped; the many free ones are bundled in powers of two.

    Returns
    -------
    float, infinite where every such set loses more than `limit`, -inf where the tables would pass `work` entries
    """
    free = loss == 0
    values, counts = np.unique(change[free], return_counts=True)
    bundles = [value * size for value, count in zip(values, counts, strict=True) for size in powers_of_two(int(count))]
    change, loss = change[~free], loss[~free]
    few = cheapest(change, loss, 1 + int(min(limit / loss.min(initial=np.inf), len(loss))))
    change, loss = change[few], loss[few]
    useful = ranked(change, loss)[1] <= limit
    change = np.concatenate([np.array(bundles, int), change[useful]])
    loss = np.concatenate([np.zeros(len(bundles)), loss[useful]])
    largest_first = np.argsort(-abs(change), kind="stable")
    change, loss = change[largest_first], loss[largest_first]
    leaves = change < 0  # in by default: refusing it is the decision that costs
    gains = np.where(leaves, loss, -loss)
    items = np.arange(1, len(change) + 1)
    return least_loss(abs(change), gains, items, target - int(change[leaves].sum()), limit, work)[0]


def powers_of_two(count):
    """1, 2, 4, ... and a remainder, which sum to `count`: their partial sums are all of 0 .. count."""
    sizes: list[int] = []
    while count > 0:
        sizes.append(min(1 << len(sizes), count))
        count -= sizes[-1]
    return sizes
