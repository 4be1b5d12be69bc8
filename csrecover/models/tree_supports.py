"""Rooted subtrees one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..structures.tree import LevelOrder


def subtrees(order: LevelOrder, k: int) -> Iterator[np.ndarray]:
    """Sets of k nodes that hold the parent of each of theirs, 0 <= k <= n; sorted node indices.

    A set grows from its roots: the nodes that may be next are decided in turn, and each that is taken offers its
    children. A set that cannot reach k nodes any more is not followed, so that none is begun in vain.
    """
    ends = np.searchsorted(order.parents, np.arange(-1, order.size), side="right").tolist()
    sizes = order.totals(np.ones(order.size, int), np.ones(order.size, bool)).tolist()
    open_: list[tuple[tuple[int, ...], tuple[int, ...]]] = [((), tuple(range(ends[0])))]
    while open_:
        chosen, offered = open_.pop()
        if len(chosen) == k:
            yield np.sort(order.nodes[list(chosen)])
            continue
        within_reach = len(chosen)
        for place in reversed(range(len(offered))):
            node = offered[place]
            within_reach += sizes[node]
            if within_reach >= k:
                children = range(ends[node], ends[node + 1])
                open_.append(((*chosen, node), (*offered[place + 1 :], *children)))
