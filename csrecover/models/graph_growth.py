"""Prize-collecting Steiner forests by the growth of moats, all edges at one cost, on the host.

The loops are plain Python on NumPy arrays, compiled as they stand where numba is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from ..kernels import compiled

_TIGHT = 1e-12  # share of an edge's cost that may be left where the moats at its ends meet


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a graph, and those at each node, v: ``at[first[v] : first[v + 1]]``."""

    tails: np.ndarray
    heads: np.ndarray
    first: np.ndarray
    at: np.ndarray

    @classmethod
    def of(cls, adjacency: Any) -> Edges:
        """The edges of a symmetric sparse matrix."""
        tails, heads = adjacency.nonzero()
        tails, heads = (ends[tails < heads].astype(np.int64) for ends in (tails, heads))
        ends = np.concatenate([tails, heads])
        first = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=adjacency.shape[0]))])
        return cls(tails, heads, first, np.argsort(ends, kind="stable") % max(tails.size, 1))


def steiner_forest(edges: Edges, prizes: np.ndarray, cost: float, clusters: int) -> np.ndarray:
    """Mask of the nodes of a forest of at most that many trees, small in edge costs plus twice the prizes left out.

    The sum is at most twice that of the edge costs and the prizes left out by any such forest.

    References
    ----------
    M. X. Goemans and D. P. Williamson, A general approximation technique for constrained forest problems,
    SIAM J. Computing 24(2), 1995; for several trees C. Hegde, P. Indyk and L. Schmidt, ICML 2015. The trees are cut
    back to their best subtrees (strong pruning) as in D. S. Johnson, M. Minkoff and S. Phillips, The prize collecting
    Steiner tree problem: theory and practice, SODA 2000.
    """
    grow, cut = _loops(compiled("jit"))
    taken = grow(edges.tails, edges.heads, edges.first, edges.at, prizes, cost, clusters)
    return cut(edges.tails, edges.heads, edges.first, edges.at, taken, 2 * prizes, cost, clusters)


@cache
def _loops(kernel: Any) -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    """The loops, compiled where they can be."""
    return (_grow, _cut) if kernel is None else (kernel.jit(_grow), kernel.jit(_cut))


def _grow(tails, heads, first, at, prizes, cost, clusters):
    """Mask of the edges that join clusters while moats grow around the active ones, until few enough are active.

    A cluster is known by one of its nodes, `name`; the moat of a node is its `base` plus what its cluster has `grown`.
    A cluster stops when its prizes are used up, and goes on when another joins it. Events are edges that may have
    become tight, by their number, and clusters that may stop, by the number of edges plus their name.
    """
    n, m = prizes.size, tails.size
    name, last, size = np.arange(n), np.arange(n), np.ones(n, np.int64)
    following = np.full(n, -1)
    base, grown, since = np.zeros(n), np.zeros(n), np.zeros(n)
    left, until, active = prizes.copy(), prizes.copy(), prizes > 0
    taken = np.zeros(m, np.bool_)
    count = active.sum()
    events = [(prizes[v], m + v) for v in range(n)]
    for e in range(m):
        speed = int(active[tails[e]]) + int(active[heads[e]])
        if speed:
            events.append((cost / speed, e))
    heapify(events)
    while count > clusters and len(events):
        time, number = heappop(events)
        if number >= m:
            c = number - m
            if name[c] == c and active[c] and until[c] == time:
                grown[c] += time - since[c]
                left[c], active[c] = 0.0, False
                count -= 1
            continue
        a, b = tails[number], heads[number]
        moats = base[a] + base[b]
        while name[a] != a:
            name[a] = name[name[a]]
            a = name[a]
        while name[b] != b:
            name[b] = name[name[b]]
            b = name[b]
        speed = int(active[a]) + int(active[b])
        if a == b or speed == 0:
            continue
        for c in (a, b):
            if active[c]:
                grown[c] += time - since[c]
                left[c] -= time - since[c]
            since[c] = time
            moats += grown[c]
        if cost - moats > _TIGHT * cost:
            heappush(events, (time + (cost - moats) / speed, number))
            continue
        taken[number] = True
        count -= speed - 1
        if size[a] < size[b]:
            a, b = b, a
        for c in (a, b):
            v = c if not active[c] else -1
            while v >= 0:  # its edges come in sight again
                for e in at[first[v] : first[v + 1]]:
                    heappush(events, (time, e))
                v = following[v]
        v = b
        while v >= 0:
            base[v] += grown[b] - grown[a]
            v = following[v]
        name[b], following[last[a]], last[a] = a, b, last[b]
        size[a] += size[b]
        left[a] = max(left[a], 0.0) + max(left[b], 0.0)
        active[a], until[a] = True, time + left[a]
        heappush(events, (until[a], m + a))
    return taken


def _cut(tails, heads, first, at, taken, prizes, cost, clusters):
    """Mask of the best subtrees, by prizes less edge costs, of the trees of a forest: the best so many of them."""
    n = prizes.size
    parent, order, tree = np.full(n, -1), np.empty(n, np.int64), np.full(n, -1)
    place = 0
    for root in range(n):
        if tree[root] >= 0:
            continue
        order[place], tree[root], seen = root, root, place
        place += 1
        while seen < place:
            v = order[seen]
            seen += 1
            for e in at[first[v] : first[v + 1]]:
                other = tails[e] + heads[e] - v
                if taken[e] and tree[other] < 0:
                    parent[other], tree[other], order[place] = v, root, other
                    place += 1
    gain, best, top = prizes.copy(), np.zeros(n), np.full(n, -1)
    for v in order[::-1]:
        if gain[v] > best[tree[v]]:
            best[tree[v]], top[tree[v]] = gain[v], v
        if parent[v] >= 0 and gain[v] > cost:
            gain[parent[v]] += gain[v] - cost
    mask = np.zeros(n, np.bool_)
    for root in np.argsort(-best, kind="mergesort")[:clusters]:
        if best[root] > 0:
            mask[top[root]] = True
    for v in order:
        if parent[v] >= 0 and mask[parent[v]] and gain[v] > cost:
            mask[v] = True
    return mask
