"""What norms of the subtrees of a forest have in common: their fields, passes over the levels, the dual norm."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..backend import Array, clip, divide, eps, flat, is_array, library, namespace, segment_sum, to_like, to_numpy
from ..kernels import compiled
from ..structures import Tree
from ..structures.signal import expect
from .base import Norm, check_weight, threshold, weights_for

Level = tuple[slice, "int | Array | None"]


@dataclass(frozen=True, eq=False)
class TreeNorm(Norm):
    """Sum over the nodes v of a forest of w_v ||x_{subtree(v)}||; a subtree is a node with all its descendants.

    A proximal operator composes those of the subtrees from the leaves to the roots. Each of them lowers the dual norm
    (that to the power `power` is a sum) of its subtree by step * w_v, to zero at the least. What is left at the roots
    is a convex function of the step, and the dual norm the step at which it vanishes: found by Newton's method, which
    climbs towards it from below, and raised by some rounding units until nothing is left.
    """

    tree: Tree
    weight: Any = 1.0
    power: ClassVar[int]

    def __post_init__(self) -> None:
        expect(self.tree, Tree, "Wavelet(shape, name).tree")
        object.__setattr__(self, "weight", check_weight(self.weight))
        if is_array(self.weight) and self.weight.shape != self.tree.shape:
            raise ValueError(f"one weight a node was expected, shape {self.tree.shape}, got {self.weight.shape}")

    @property
    def ndim(self) -> int:
        return len(self.tree.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.tree.shape

    @property
    def definite(self) -> bool:
        """Whether every node has a positive weight, or an ancestor that has one."""
        return self._bounded is None

    def dual(self, u: Array) -> Array:
        """Dual norm sup { Re <u, z> : value(z) <= 1 } of each signal: (*batch, *signal) to (*batch,).

        But for the rounding errors of one pass over the tree it is never below the norm, and after k passes above it by
        4 k rounding units at most; k is rarely more than 15. A pass costs a device one synchronisation.
        """
        u = flat(abs(self._signals(u)), self.ndim)
        if self._bounded is None:
            return self._vanishing_step(u)
        xp, (free, bounded, rest) = namespace(u, self.tree.parents), self._bounded
        infinite = xp.max(xp.take(u, free, axis=-1), axis=-1) > 0
        finite = xp.zeros_like(u[..., 0]) if rest is None else rest._vanishing_step(xp.take(u, bounded, axis=-1))
        return xp.where(infinite, xp.full_like(finite, float("inf")), finite)

    def _vanishing_step(self, u: Array) -> Array:
        """Smallest step for which the prox of signals with magnitudes u, (*batch, n), is zero; no root is free."""
        xp, peak = namespace(u), namespace(u).max(u, axis=-1)
        own, step, slack = divide(u, peak[..., None]) ** self.power, xp.zeros_like(peak), 0.0
        while True:
            least, left = self._newton(own, step)
            if not bool(xp.any(left > 0)):
                return peak * step
            slack += 4 * eps(u)
            step = xp.where(left > 0, least * (1 + slack), step)

    def _newton(self, own: Array, step: Array) -> tuple[Array, Array]:
        """The next step of Newton's method, and the most that is left at a root."""
        if kernel := self._kernel(own):
            order, weights = self.tree.order, self._host_weights(self.tree.order.nodes)
            own, steps = on_rows(own, -1, order.size), on_rows(step, -1)
            least, left = kernel.newton(own, steps, weights, order.nodes, order.parents, self.power)
            return least.reshape(step.shape).astype(step.dtype), left.reshape(step.shape)
        own, weight = self._in_order(own), self._weights(own)
        return newton(own, step[..., None], weight, self._levels, self.power)

    def _kernel(self, x: Array) -> ModuleType | None:
        """The compiled sweeps, where x is an array for them."""
        return compiled("tree_prox") if library(x) == library(self.tree.parents) == "numpy" else None

    def _steps(self, x: Array, step: Any) -> Array:
        """One step for each of the signals x, (*batch, n), that a host pass takes one after the other."""
        steps = to_numpy(threshold(x, step, 1.0, 1))
        return np.ascontiguousarray(np.broadcast_to(steps, (*x.shape[:-1], 1)), dtype=np.float64).reshape(-1)

    def _host_weights(self, nodes: np.ndarray) -> np.ndarray:
        """The weights of the nodes, in their order, or the one of all."""
        weight = to_numpy(self.weight).reshape(-1).astype(np.float64)
        return weight[nodes] if weight.size > 1 else weight

    @cached_property
    def _order(self) -> tuple[Array, Array] | None:
        """Node at each position and position of each node, where the tree is; None where they are the same."""
        nodes = self.tree.order.nodes
        if (nodes == np.arange(nodes.size)).all():
            return None
        return to_like(nodes, self.tree.parents), to_like(np.argsort(nodes), self.tree.parents)

    def _in_order(self, values: Array) -> Array:
        """Values (*batch, n) of the nodes, level by level."""
        xp = namespace(values, self.tree.parents)
        return values if self._order is None else xp.take(values, self._order[0], axis=-1)

    def _in_place(self, values: Array) -> Array:
        """Values (*batch, n) level by level, back at their nodes."""
        return values if self._order is None else namespace(values).take(values, self._order[1], axis=-1)

    def _weights(self, like: Array) -> Any:
        """The weights level by level, in the precision of `like`; a number stays a number."""
        if not is_array(self.weight):
            return self.weight
        return self._in_order(namespace(like, self.weight).reshape(weights_for(like, self.weight), (-1,)))

    @cached_property
    def _levels(self) -> list[Level]:
        """Positions of each level, and how the level below joins it: how many children each, or the parent of each."""
        order = self.tree.order
        joins: list[Any] = []
        for above, level, (_, starts, children) in zip(order.levels, order.levels[1:], order.families, strict=False):
            same = 0 < children <= 8 and starts.size == above.stop - above.start
            joins.append(children if same else to_like(order.parents[level] - above.start, self.tree.parents))
        return list(zip(order.levels, [*joins, None], strict=True))

    @cached_property
    def _bounded(self) -> tuple[Array, Array, TreeNorm | None] | None:
        """The nodes that no weight bounds, those that one does, and the norm of these; None where all are bounded."""
        order, like = self.tree.order, self.tree.parents
        weights = np.broadcast_to(to_numpy(self.weight), self.tree.shape).reshape(-1)[order.nodes]
        free = order.connected(weights == 0)
        if not free.any():
            return None
        nodes = to_like(order.nodes[free], like)
        if free.all():
            return nodes, nodes, None
        part, positions = order.part(~free)
        tree, weight = Tree(to_like(part.parents, like)), to_like(weights[positions], like)
        return nodes, to_like(order.nodes[positions], like), dataclasses.replace(self, tree=tree, weight=weight)


def on_rows(x: np.ndarray, *shape: int) -> np.ndarray:
    """Numbers of the host in that shape, as compiled sweeps take them."""
    return np.require(x.reshape(shape), np.float64, ["C", "W"])


def newton(own: Array, step: Array, weight: Any, levels: list[Level], power: int) -> tuple[Array, Array]:
    """The next step of Newton's method, and the most that is left at a root: both (*batch,).

    own : (*batch, n), magnitudes to the power, level by level; step : (*batch, 1)
    """
    xp, sums, slopes = namespace(own), None, None
    for level, join in reversed(levels):
        size, slope, w = own[..., level], xp.zeros_like(own[..., level]), of_level(weight, level)
        if join is not None:
            size, slope = size + joined(sums, join, size.shape[-1]), joined(slopes, join, size.shape[-1])
        if power == 2:
            size = xp.sqrt(size)
            slope = divide(slope, size)
        left = clip(size - step * w, 0)
        slope = xp.where(left > 0, slope - w, xp.zeros_like(slope))
        sums, slopes = left**power, slope * left ** (power - 1)
    return xp.max(step - divide(left, slope), axis=-1), xp.max(left, axis=-1)


def of_level(weight: Any, level: slice) -> Any:
    """The weights of a level; a number is that of every level."""
    return weight[level] if is_array(weight) else weight


def joined(values: Array, join: Any, size: int) -> Array:
    """Sum of values (*batch, level) over the children of each of the `size` nodes above."""
    if is_array(join):
        return segment_sum(values, join, size)
    return sum((values[..., child::join] for child in range(1, join)), values[..., ::join])


def spread(values: Array, join: Any) -> Array:
    """Values of the nodes above for each of their children."""
    xp = namespace(values)
    return xp.take(values, join, axis=-1) if is_array(join) else xp.repeat(values, join, axis=-1)
