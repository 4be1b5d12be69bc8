"""Coefficients joined by the edges of a graph."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse

from ..backend import Array, frozen, is_array, to_like, to_numpy


@dataclass(frozen=True, eq=False)
class Graph:
    """An undirected graph with one node per coefficient.

    Parameters
    ----------
    edges : array of int, (E, 2)
        the flat C-order indices of the two ends of each edge; an edge given twice, either way round, counts once.
    shape : int or tuple of int
        of one signal; its entries are the nodes.

    Raises
    ------
    TypeError
        When the edges or the shape are no integers.
    ValueError
        When there is no node, the edges are not pairs, an end does not exist, or an edge joins a node to itself.
    """

    edges: Array
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        shape = _sizes(self.shape)
        edges = self.edges if is_array(self.edges) else np.asarray(self.edges)
        host = to_numpy(edges)
        if host.size == 0 and host.shape in ((0,), (0, 2)):
            host = np.zeros((0, 2), dtype=np.int64)
        _check_edges(host, math.prod(shape))
        host = np.unique(np.sort(host.astype(np.int64), axis=1), axis=0)
        object.__setattr__(self, "edges", frozen(to_like(host, edges)))
        object.__setattr__(self, "shape", shape)

    @classmethod
    def grid(cls, shape: int | tuple[int, ...], diagonal: bool = False) -> Graph:
        """The pixels of an image of any dimension, each joined to its neighbours along the axes.

        Parameters
        ----------
        shape : int or tuple of int
        diagonal : bool, default False
            whether pixels that differ by one in several coordinates are neighbours too.
        """
        shape = _sizes(shape)
        nodes, edges = np.arange(math.prod(shape)).reshape(shape), [np.zeros((0, 2), dtype=np.int64)]
        for move in product((-1, 0, 1), repeat=len(shape)):
            if move <= (0,) * len(shape) or (not diagonal and sum(map(abs, move)) > 1):
                continue
            tails = nodes[
                tuple(slice(max(0, -step), size - max(0, step)) for step, size in zip(move, shape, strict=True))
            ]
            heads = nodes[
                tuple(slice(max(0, step), size - max(0, -step)) for step, size in zip(move, shape, strict=True))
            ]
            edges.append(np.stack([tails.reshape(-1), heads.reshape(-1)], axis=1))
        return cls(np.concatenate(edges), shape)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return math.prod(self.shape)

    @cached_property
    def adjacency(self) -> scipy.sparse.csr_array:
        """Symmetric matrix of ones at the edges, (size, size), on the host."""
        ends = to_numpy(self.edges)
        tails, heads = np.concatenate([ends, ends[:, ::-1]]).T
        places = tails.astype(np.int32), heads.astype(np.int32)  # as the graph algorithms of SciPy 1.15 want them
        return scipy.sparse.csr_array((np.ones(tails.size), places), shape=(self.size, self.size))

    @cached_property
    def degree(self) -> int:
        """Largest number of neighbours of a node."""
        return int(np.diff(self.adjacency.indptr).max())

    def __repr__(self) -> str:
        return f"Graph({self.size} nodes, {self.edges.shape[0]} edges, shape {self.shape})"


def _sizes(shape: Any) -> tuple[int, ...]:
    """The shape of a signal as a tuple of positive integers."""
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if not all(isinstance(size, numbers.Integral) for size in shape):
        raise TypeError(f"the shape of a signal is integers, got {shape}: use an int or a tuple of them")
    if not shape or min(shape) < 1:
        raise ValueError(f"a graph needs at least one node, got shape {shape}: use positive sizes")
    return tuple(int(size) for size in shape)


def _check_edges(edges: np.ndarray, size: int) -> None:
    """Raise unless the rows are pairs of different nodes 0 .. size-1."""
    if edges.dtype.kind not in "iu":
        raise TypeError(f"edges are pairs of integers, got dtype {edges.dtype}: convert with edges.astype(int)")
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise ValueError(f"edges are pairs of nodes, an array of shape (E, 2), got shape {edges.shape}")
    if (wrong := ((edges < 0) | (edges >= size)).any(axis=1)).any():
        raise ValueError(
            f"nodes are 0 .. {size - 1}, got the edge {edges[wrong][0].tolist()}: use flat C-order indices"
        )
    if (wrong := edges[:, 0] == edges[:, 1]).any():
        raise ValueError(f"an edge joins two different nodes, got {edges[wrong][0].tolist()}: leave it out")
