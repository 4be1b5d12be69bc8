"""Sum of the Euclidean norms of overlapping groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..backend import Array, divide, flat, namespace, scaled, segment_sum, to_like
from .base import weights_for
from .overlap import OverlapNorm
from .tree_l2 import TreeL2


@dataclass(frozen=True, eq=False)
class OverlappingGroupL2(OverlapNorm):
    """Sum over groups g of w_g ||x_g||_2; groups may overlap, and coefficients in no group are free.

    The zeros of a proximal point are a union of groups: its support is what other groups leave. (For supports that are
    unions of groups see `LatentGroupL2`.) Shrinking one group after the other does not give it, unless all groups are
    nested or disjoint and smaller ones come first: then it is computed so, where x is, and so is the dual norm.

    Otherwise both come from an interior point method with one unknown a group, on the host, signal by signal: twenty to
    fifty steps, each a linear system whose matrix has an entry for each pair of groups that overlap. Its proximal point
    differs from the exact one by about 1e-13 ||x|| and is zero, exactly, in the groups whose dual variables are inside
    their balls. Its duality gap is certified to be at most 1e-11 ||x||^2. The dual norm is the largest ratio
    ||u_g|| / w_g of parts u_g that add up to u: never below the exact one but for rounding, above it by at most 1e-11.

    Parameters
    ----------
    groups : Groups
        for example ``Groups.windows(n, size, step)``.
    weight : float, array of one weight a group, or "sqrt" for the square roots of their sizes; default 1

    Raises
    ------
    TypeError
        When the groups are no Groups, or the weight no real number.
    ValueError
        When a weight is negative, not finite or another word, or there is not one a group.

    References
    ----------
    R. Jenatton, J.-Y. Audibert and F. Bach, Structured variable selection with sparsity-inducing norms,
    J. Machine Learning Research 12, 2011;
    R. Jenatton, J. Mairal, G. Obozinski and F. Bach, Proximal methods for hierarchical sparse coding,
    J. Machine Learning Research 12, 2011 (nested groups).
    """

    power = -1

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return namespace(x).sum(weights_for(x, self.weight) * self._norms(x), axis=-1)

    def dual(self, u: Array) -> Array:
        """Dual norm of each signal, infinite where a free coefficient is not zero: (*batch, *signal) to (*batch,)."""
        u, cells = flat(self._signals(u), self.ndim), self._cells
        xp, peak = namespace(u, cells.labels), namespace(u).max(abs(u), axis=-1)
        free = xp.any((u != 0) & (cells.labels == cells.count), axis=-1)
        infinite = xp.where(free, xp.full_like(peak, float("inf")), xp.zeros_like(peak))
        if not cells.count:
            return infinite
        sizes = cells.sizes(scaled(u))
        if self._tree is None:
            return infinite + peak * self._by_signal(sizes, self._least_ratio, xp.ones_like(peak))
        norm, nodes = self._tree
        return infinite + peak * norm.dual(segment_sum(sizes, nodes, norm.tree.size))

    def _least_ratio(self, energies: np.ndarray, _: float) -> float:
        point = self._barrier.minimise(energies, self._weights, 0.0)
        return float((point.loads / self._weights**2).max() * (energies / point.sums).sum()) ** 0.5

    def _kept(self, sizes: Array, steps: Array) -> Array:
        if self._tree is None:
            return self._iterated(sizes, steps)
        norm, nodes = self._tree
        lengths = segment_sum(sizes, nodes, norm.tree.size)
        return namespace(sizes).take(divide(norm.prox(lengths, steps), lengths), nodes, axis=-1)

    def _shares(self, scales: np.ndarray, gone: np.ndarray) -> np.ndarray:
        cells = self._cells
        sums = np.bincount(cells.cell, 1 / scales[cells.group], cells.count)
        return np.where(np.bincount(cells.cell, gone[cells.group], cells.count) > 0, 0, 1 / (1 + sums))

    @cached_property
    def _tree(self) -> tuple[TreeL2, Array] | None:
        """Nested or disjoint groups as subtrees: a node a group, and the node of each cell, its smallest group."""
        if self._cells.forest is None:
            return None
        tree, nodes = self._cells.forest
        return TreeL2(tree, to_like(self._weights, nodes)), nodes
