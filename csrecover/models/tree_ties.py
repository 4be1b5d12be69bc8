"""Ties: many decisions of the same effect, of which a few stand for all, and a bound that sees through them.

Deciding node i against the default changes the size of the solution by the number of nodes that come or go with it, and
loses |g_i|. On quantised data thousands of nodes share one such pair. A core of a few representatives of each change
finds a good solution, and forgetting the tree (any decisions may be combined) leaves a knapsack whose optimum bounds
the loss from below, in which the cheapest decisions of each change suffice. Where the two meet all is proven.
"""

import numpy as np

from .tree_core import least_loss

__all__ = ["fill", "pad", "representatives", "size_changes", "smallest_loss"]


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


def size_changes(order, default):
    """Change of the size when a node is decided against its default, its parent being in."""
    counts = order.totals(np.ones(order.size, int), default)
    return np.where(default, -counts, counts)


def ranked(change, cost):
    """Rank the decisions of each change by cost, and sum the costs up to each of them."""
    by_change = np.lexsort((cost, change))
    change, cost = change[by_change], cost[by_change]
    first = np.searchsorted(change, change)
    total = np.cumsum(cost)
    rank, together = np.empty(len(cost), int), np.empty(len(cost))
    rank[by_change] = np.arange(len(cost)) - first
    together[by_change] = total - total[first] + cost[first]
    return rank, together


def representatives(change, cost, copies, count):
    """Select the `copies` cheapest decisions of each change, and the `count` cheapest of these."""
    few = np.flatnonzero(ranked(change, cost)[0] < copies)
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
