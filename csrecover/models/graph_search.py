"""Good clusters in a graph of any size: prize-collecting Steiner forests, pruned, filled up and exchanged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from .graph_growth import Edges, steiner_forest

_HALVINGS = 24  # of the bracket of edge costs, at most
_SPAN = 40  # logarithm of the ratio of the largest and the smallest edge cost, at most
_LARGE = 3  # times the budget
_RATIO = 1.02  # of the ends of a bracket that is narrow enough


def found_clusters(adjacency: Any, energies: np.ndarray, k: int, clusters: int) -> np.ndarray:
    """Mask of at most k nodes in at most that many clusters that keep much energy.

    Each Steiner forest of the bisection for k nodes, but for those far too large, is pruned to k nodes or filled up
    to them; the best of them is pruned and filled again by ever fewer nodes for as long as that helps.
    """
    best, most = np.zeros(energies.size, dtype=bool), -1.0
    for size, mask in bisection(adjacency, energies, clusters, k, k):
        if size > _LARGE * k:
            continue
        trial = fill(adjacency, prune(adjacency, mask, energies, k), energies, k, clusters)
        kept = float(energies[trial].sum())
        if kept > most:
            best, most = trial, kept
    exchanged = k // 2
    while exchanged:
        trial = fill(adjacency, prune(adjacency, best, energies, k - exchanged), energies, k, clusters)
        kept = float(energies[trial].sum())
        if kept > most * (1 + 1e-12):
            best, most = trial, kept
        else:
            exchanged //= 2
    return best


def tail_clusters(adjacency: Any, energies: np.ndarray, k: int, clusters: int) -> np.ndarray:
    """Mask of at most 4 k nodes that leaves out little energy: see `GraphClusters.tail`."""
    edges = max(k - clusters, 0)
    low, high = 2 * edges + clusters, 4 * edges + clusters
    masks = [mask for size, mask in bisection(adjacency, energies, clusters, low, high) if size <= high]
    return max(masks, key=lambda mask: energies[mask].sum())


def bisection(
    adjacency: Any, energies: np.ndarray, clusters: int, low: int, high: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Sizes and masks of Steiner forests for edge costs that are bisected until one has `low` to `high` nodes."""
    edges = Edges.of(adjacency)
    dear, cheap = math.log(2 * energies.sum()), math.log(energies[energies > 0].min()) - math.log(4 * energies.size)
    cheap = max(cheap, dear - _SPAN)
    for cost in (dear, cheap):
        mask = steiner_forest(edges, energies, math.exp(cost), clusters)
        yield int(mask.sum()), mask
    if mask.sum() <= high:
        return
    for _ in range(_HALVINGS):
        cost = (dear + cheap) / 2
        mask = steiner_forest(edges, energies, math.exp(cost), clusters)
        size = int(mask.sum())
        yield size, mask
        if low <= size <= high or dear - cheap < math.log(_RATIO):
            return
        dear, cheap = (cost, cheap) if size < low else (dear, cost)


def prune(adjacency: Any, mask: np.ndarray, energies: np.ndarray, k: int) -> np.ndarray:
    """The mask without surplus leaves of a spanning forest, the smallest first; weak nodes are leaves where they can.

    Parameters
    ----------
    k : int
        number of nodes that stay at most.
    """
    nodes = np.flatnonzero(mask)
    surplus = nodes.size - k
    if surplus <= 0:
        return mask
    inner, gains = adjacency[nodes][:, nodes].tocoo(), energies[nodes]
    weights = 2 * gains.max(initial=0.0) + 1 - np.minimum(gains[inner.row], gains[inner.col])
    forest = minimum_spanning_tree(_matrix(weights, inner))
    links: list[set[int]] = [set() for _ in nodes]
    for tail, head in zip(*(ends.tolist() for ends in forest.nonzero()), strict=True):
        links[tail].add(head)
        links[head].add(tail)
    leaves = [(gain, node) for node, gain in enumerate(gains.tolist()) if len(links[node]) <= 1]
    heapify(leaves)
    mask, gone = mask.copy(), set()
    while surplus:
        _, leaf = heappop(leaves)
        if leaf in gone:
            continue
        gone.add(leaf)
        mask[nodes[leaf]] = False
        surplus -= 1
        for other in links[leaf]:
            links[other].discard(leaf)
            if len(links[other]) <= 1:
                heappush(leaves, (float(gains[other]), other))
    return mask


def _matrix(weights: np.ndarray, like: Any) -> Any:
    """Sparse matrix with other entries at the same places; the graph algorithms of SciPy 1.15 want short indices."""
    places = like.row.astype(np.int32), like.col.astype(np.int32)
    return type(like)((weights, places), shape=like.shape).tocsr()


def fill(adjacency: Any, mask: np.ndarray, energies: np.ndarray, k: int, clusters: int) -> np.ndarray:
    """The mask filled up to k nodes, one by one: the best of all where there may be more clusters, else a neighbour."""
    mask, room = mask.copy(), k - int(mask.sum())
    if room <= 0:
        return mask
    count, labels = connected_components(adjacency[mask][:, mask], directed=False)
    cluster = np.full(mask.size, -1)
    cluster[mask] = labels
    names = list(range(count))  # of clusters, with the one that each has gone into
    border = np.unique(adjacency[mask].indices)
    near = [(-float(energies[node]), int(node)) for node in border]
    heapify(near)
    far = iter(np.argsort(-energies, kind="stable").tolist())
    for _ in range(room):
        while near and mask[near[0][1]]:
            heappop(near)
        if count < clusters:
            node = next(node for node in far if not mask[node])
        elif near:
            node = heappop(near)[1]
        else:
            break
        others = adjacency.indices[adjacency.indptr[node] : adjacency.indptr[node + 1]]
        joined = {_last(names, int(cluster[other])) for other in others if mask[other]}
        for name in joined:
            names[name] = len(names)
        mask[node], cluster[node] = True, len(names)
        names.append(len(names))
        count += 1 - len(joined)
        for other in others[~mask[others]]:
            heappush(near, (-float(energies[other]), int(other)))
    return mask


def _last(names: list[int], name: int) -> int:
    """The cluster that one has gone into."""
    while names[name] != name:
        names[name] = name = names[names[name]]
    return name
