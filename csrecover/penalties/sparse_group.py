"""Sum of magnitudes and of the Euclidean norms of blocks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, clip, divide, energy, eps, is_array, namespace, to_numpy
from ..structures import Blocks
from .base import Norm, check_weight, threshold, weights_for
from .group import OnBlocks, block_norms, check_block_weight, shrink_blocks
from .l1 import soft_threshold, weighted_sum


@dataclass(frozen=True, eq=False)
class SparseGroup(OnBlocks, Norm):
    """Sparse group norm sum_i l_i |x_i| + sum_b g_b ||x_b||_2: few blocks, and few coefficients in these.

    Its proximal operator is soft thresholding, then block soft thresholding of what is left. Its dual norm is
    max_b s_b, where s_b solves ||(|u_b| - s l_b)_+||_2 = s g_b.

    Parameters
    ----------
    blocks : Blocks
    l1 : float or array of the signal's shape, default 1
        weight of the magnitudes.
    group : float, array of one weight a block, or "sqrt" for sqrt(|b|); default 1
        weight of the norms of the blocks.

    References
    ----------
    N. Simon, J. Friedman, T. Hastie and R. Tibshirani, A sparse-group lasso,
    J. Computational and Graphical Statistics 22(2), 2013.
    """

    blocks: Blocks
    l1: Any = 1.0
    group: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", check_block_weight(self.group, self.blocks))
        l1 = check_weight(self.l1)
        if is_array(l1) and l1.shape != self.blocks.shape:
            raise ValueError(f"l1 is a number or an array of the signal's shape {self.blocks.shape}, got {l1.shape}")
        object.__setattr__(self, "l1", l1)

    @property
    def definite(self) -> bool:
        group = np.broadcast_to(to_numpy(self.group), self.blocks.count)[to_numpy(self.blocks.labels)]
        return bool(((to_numpy(self.l1) > 0) | (group > 0)).all())

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        groups = namespace(x).sum(weights_for(x, self.group) * block_norms(x, self.blocks), axis=-1)
        return weighted_sum(abs(x), self.l1, self.ndim) + groups

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        left = soft_threshold(x, threshold(x, step, self.l1, self.ndim))
        return shrink_blocks(left, threshold(x, step, self.group, 1), self.blocks)

    def dual(self, u: Array) -> Array:
        """Dual norm, by Newton's method for all blocks at once.

        The function ||(|u_b| - s l_b)_+||_2 - s g_b of s is convex and falls, so that Newton's method from s = 0 never
        passes its root and ends there, where rounding lets s rise no further. On a device each step waits for it.
        """
        size = abs(self._signals(u))
        xp, l1, group = namespace(size), weights_for(size, self.l1), weights_for(size, self.group)
        unbound = self._unbound(size, l1, group)
        size = xp.where(self.blocks.spread(unbound), xp.zeros_like(size), size)
        root = self.blocks.sums(xp.zeros_like(size))
        while True:
            left = clip(size - self.blocks.spread(root) * l1, 0)
            norms = xp.sqrt(self.blocks.sums(energy(left)))
            slope = divide(self.blocks.sums(left * l1), norms) + group
            rise = divide(norms - root * group, slope)
            if not bool(xp.any(rise > 2 * eps(size) * root)):
                return xp.max(xp.where(unbound, xp.full_like(root, float("inf")), root), axis=-1)
            root = root + clip(rise, 0)

    def _unbound(self, size: Array, l1: Any, group: Any) -> Array:
        """Blocks without a root: of weight 0, with a coefficient that is not zero and has weight 0 too."""
        xp = namespace(size)
        free = self.blocks.sums(xp.where(l1 + xp.zeros_like(size) > 0, xp.zeros_like(size), size))
        return (free > 0) & (group + xp.zeros_like(free) == 0)

    def _times(self, factor: float) -> SparseGroup:
        return dataclasses.replace(self, l1=factor * self.l1, group=factor * self.group)
