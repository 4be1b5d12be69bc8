"""Sum of the Euclidean norms of subtrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, clip, divide, energy, flat, namespace, scaled
from .base import threshold
from .tree import Level, TreeNorm, joined, of_level, on_rows, spread


@dataclass(frozen=True, eq=False)
class TreeL2(TreeNorm):
    """Hierarchical group norm sum_v w_v ||x_{subtree(v)}||_2 over the nodes of a forest.

    A subtree is a node with all its descendants, so a proximal point is nonzero on rooted subtrees only: the parent of
    a nonzero coefficient is nonzero. One pass from the leaves to the roots and one back give it exactly. With the
    `fast` extra NumPy signals are swept by compiled code; elsewhere each level is one array operation.

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

    power = 2

    def value(self, x: Array) -> Array:
        x = flat(self._signals(x), self.ndim)
        xp, peak = namespace(x), namespace(x).max(abs(x), axis=-1)
        own = energy(scaled(x))
        if kernel := self._kernel(x):
            order, weights = self.tree.order, self._host_weights(self.tree.order.nodes)
            sums = kernel.value(on_rows(own, -1, order.size), weights, order.nodes, order.parents, False)
            return peak * sums.reshape(peak.shape).astype(own.dtype)
        sizes, _ = climb(self._in_order(own), 0.0, 1.0, self._levels)
        return peak * xp.sum(self._weights(own) * xp.concat(sizes, axis=-1), axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        signals = flat(x, self.ndim)
        if kernel := self._kernel(x):
            order, steps = self.tree.order, self._steps(signals, step)
            signals = np.require(signals.reshape(-1, order.size), requirements=["C", "W"])
            weights = self._host_weights(order.nodes)
            return kernel.shrink(signals, steps, weights, order.nodes, order.parents).reshape(x.shape)
        xp = namespace(x)
        peak = xp.max(abs(signals), axis=-1, keepdims=True)
        unit = divide(xp.ones_like(peak), peak)
        own = self._in_order(energy(signals * unit))
        scales = shrink(own, threshold(signals, step, 1.0, 1) * unit, self._weights(own), self._levels)
        return x * xp.reshape(self._in_place(scales), x.shape)


def climb(own: Array, step: Any, weight: Any, levels: list[Level]) -> tuple[list[Array], list[Array]]:
    """Norm of each subtree when those inside it have been shrunk, and what shrinking it leaves, level by level.

    own : (*batch, n), energies level by level
    """
    sizes: list[Array] = []
    lefts: list[Array] = []
    for level, join in reversed(levels):
        total = own[..., level]
        if join is not None:
            total = total + joined(lefts[-1] ** 2, join, total.shape[-1])
        sizes.append(namespace(own).sqrt(total))
        lefts.append(clip(sizes[-1] - step * of_level(weight, level), 0))
    return sizes[::-1], lefts[::-1]


def shrink(own: Array, step: Any, weight: Any, levels: list[Level]) -> Array:
    """Factor of each coefficient of the proximal point: the product over its ancestors of what shrinking leaves."""
    scales, above = [], None
    for size, left, (_, join) in zip(*climb(own, step, weight, levels), levels, strict=True):
        scales.append(divide(left, size) if above is None else divide(left, size) * spread(scales[-1], above))
        above = join
    return namespace(own).concat(scales, axis=-1)
