"""Clusters in a graph one by one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array


def cluster_sets(adjacency: csr_array, k: int, clusters: int) -> Iterator[np.ndarray]:
    """Sets of at most k nodes in at most so many connected pieces that cannot take another node; sorted.

    The pieces are grown one after the other, in the order of their lowest nodes. A neighbour of the piece is taken or
    refused for good; a piece ends when all its neighbours are refused, and the next one begins at any node that is
    left, refusing those before. So each set is reached in one way. What cannot reach k nodes is not followed, unless it
    may become whole components of the graph. Sets are the bits of integers.
    """
    everything = (1 << adjacency.shape[0]) - 1
    near = [sum(1 << int(j) for j in row) for row in np.split(adjacency.indices, adjacency.indptr[1:-1])]
    open_ = [(0, 0, 0, 0)]  # taken, refused, taken or neighbours, pieces
    while open_:
        taken, refused, around, pieces = open_.pop()
        left, missing = everything & ~taken & ~refused, k - taken.bit_count()
        border = around & left
        if missing == 0:
            yield _indices(taken)
        elif around & refused and not _suffice(left if pieces < clusters else border, left, near, missing):
            continue
        elif border:
            node = border & -border
            open_.append((taken, refused | node, around, pieces))
            open_.append((taken | node, refused, around | node | near[node.bit_length() - 1], pieces))
        else:
            if around == taken and (pieces == clusters or taken == everything):
                yield _indices(taken)
            while left and pieces < clusters:
                root = left & -left
                left &= ~root
                open_.append((taken | root, refused, around | root | near[root.bit_length() - 1], pieces + 1))
                refused |= root


def _suffice(begun: int, left: int, near: list[int], missing: int) -> bool:
    """Whether as many nodes as are missing can be reached from those at the beginning through those that are left."""
    reached = begun
    while begun and reached.bit_count() < missing:
        node = begun & -begun
        begun = (begun & ~node) | (near[node.bit_length() - 1] & left & ~reached)
        reached |= begun
    return reached.bit_count() >= missing


def _indices(taken: int) -> np.ndarray:
    """The places of the ones, lowest first."""
    return np.array([place for place, bit in enumerate(bin(taken)[:1:-1]) if bit == "1"], np.intp)
