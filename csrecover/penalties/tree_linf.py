"""Sum of the largest magnitudes of subtrees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..backend import Array, divide, flat, is_complex, namespace, real_dtype, staged, to_like
from ..kernels import compiled
from .tree import TreeNorm, on_rows


@dataclass(frozen=True, eq=False)
class TreeLInf(TreeNorm):
    """Hierarchical group norm sum_v w_v max |x_{subtree(v)}| over the nodes of a forest.

    A subtree is a node with all its descendants, so the zeros of a proximal point are whole subtrees. Each subtree in
    turn, from the leaves to the roots, has its largest magnitudes clipped to one level; heaps of the magnitudes find
    it, in O(n log n) (O(n log^2 n) without the `fast` extra). Value and proximal operator are computed on the host;
    the dual norm, the largest ratio of sum |u_v| to sum w_v over rooted subtrees, wherever the signals are.

    Parameters
    ----------
    tree : Tree
        for example ``Wavelet(shape, name).tree``.
    weight : float or array of the tree's shape, default 1

    Raises
    ------
    TypeError
        When the tree is no Tree, or the weight no real number.
    ValueError
        When a weight is negative or there is not one a node.

    References
    ----------
    R. Jenatton, J. Mairal, G. Obozinski and F. Bach, Proximal methods for hierarchical sparse coding,
    J. Machine Learning Research 12, 2011.
    """

    power = 1

    def value(self, x: Array) -> Array:
        """Penalty of each signal: (*batch, *signal) to (*batch,); runs on the host."""
        x = self._signals(x)
        sizes = self._on_rows(abs(x))
        order, weights = self.tree.order, self._host_weights(self.tree.order.nodes)
        if kernel := compiled("tree_prox"):
            values = kernel.value(sizes, weights, order.nodes, order.parents, True)
        else:
            largest = sizes[:, order.nodes]
            for level, (heads, starts, _) in zip(order.levels[:0:-1], order.families[::-1], strict=True):
                below = np.maximum.reduceat(largest[:, level], starts, axis=-1)
                largest[:, heads] = np.maximum(largest[:, heads], below)
            values = np.sum(weights * largest, axis=-1)
        return self._returned(values, x, x.shape[: x.ndim - self.ndim])

    def prox(self, x: Array, step: Any) -> Array:
        """Proximal point argmin_z value(z) + ||z - x||^2 / (2 step); runs on the host."""
        x = self._signals(x)
        sizes = abs(x) if is_complex(x) else x
        steps, (nodes, parents) = self._steps(flat(x, self.ndim), step), self._preorder
        clip = getattr(compiled("tree_prox"), "clip_subtrees", clip_subtrees)
        clipped = clip(self._on_rows(sizes), steps, self._host_weights(nodes), nodes, parents)
        clipped = self._returned(clipped, x, x.shape)
        return x * divide(clipped, sizes) if is_complex(x) else clipped

    def _on_rows(self, x: Array) -> np.ndarray:
        """Real signals (signals, n) on the host, in double precision."""
        return on_rows(staged(x), -1, self.tree.size)

    def _returned(self, values: np.ndarray, x: Array, shape: tuple[int, ...]) -> Array:
        """Values of the host to where x is, in its precision."""
        return namespace(x).astype(to_like(values.reshape(shape), x), real_dtype(x), copy=False)

    @cached_property
    def _preorder(self) -> tuple[np.ndarray, np.ndarray]:
        """The nodes in preorder and the places of their parents there, on the host: a subtree is a run of places."""
        order, (rank, _) = self.tree.order, self.tree.order.preorder
        positions = np.argsort(rank)
        return order.nodes[positions], np.append(rank, -1)[order.parents[positions]]


def clip_subtrees(
    x: np.ndarray, steps: np.ndarray, weights: np.ndarray, nodes: np.ndarray, parents: np.ndarray
) -> np.ndarray:
    """Clip the largest magnitudes of each subtree to one level, so that they lose step * weight together.

    x : (signals, n), real; the nodes, and with them weights and parents, come parents first
    """
    out = np.empty_like(x)
    for row, step in enumerate(steps):
        budgets = np.broadcast_to(step * weights, nodes.shape).tolist()
        level = clip_levels(abs(x[row, nodes]).tolist(), budgets, parents.tolist())
        out[row, nodes] = np.clip(x[row, nodes], np.negative(level), level)
    return out


def clip_levels(sizes: list[float], budgets: list[float], parents: list[int]) -> list[float]:
    """Level of each coefficient when the largest of each subtree lose its budget together, or all fall to zero.

    A heap holds pairs (-magnitude, how many coefficients have it); the smaller of two is poured into the larger.
    """
    heaps: list[list[tuple[float, int]]] = [[] for _ in range(len(sizes) + 1)]
    left, levels = [0.0] * (len(sizes) + 1), [0.0] * len(sizes) + [float("inf")]
    for i in reversed(range(len(sizes))):
        left[i] += sizes[i] - budgets[i]
        heap, heaps[i] = heaps[i], []
        if not left[i] > 0:
            continue
        heappush(heap, (-sizes[i], 1))
        excess, count = -budgets[i], 0
        while heap and -heap[0][0] * count >= excess:
            key, many = heappop(heap)
            excess -= key * many
            count += many
        levels[i] = max(excess / count, 0.0)
        heappush(heap, (-levels[i], count))
        small, large = sorted((heaps[parents[i]], heap), key=len)
        for entry in small:
            heappush(large, entry)
        heaps[parents[i]] = large
        left[parents[i]] += left[i]
    for i, parent in enumerate(parents):
        levels[i] = min(levels[i], levels[parent])
    return levels[:-1]
