"""Sum of the largest magnitudes of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..backend import Array, clip, divide, is_complex, namespace
from ..structures import Blocks
from .base import Norm, largest_ratio, threshold, weights_for
from .group import OnBlocks, check_block_weight
from .water_level import water_level


@dataclass(frozen=True, eq=False)
class GroupLInf(OnBlocks, Norm):
    """Group norm sum_b w_b max_i |x_bi| over disjoint blocks.

    Its proximal operator cuts the magnitudes of each block off at a level, so that step w_b is cut off in all (what it
    cuts off is the projection onto an l1 ball, found exactly); its dual norm is max_b ||u_b||_1 / w_b.

    Parameters
    ----------
    blocks : Blocks
    weight : float, array of one weight a block, or "sqrt" for sqrt(|b|); default 1

    References
    ----------
    B. A. Turlach, W. N. Venables and S. J. Wright, Simultaneous variable selection, Technometrics 47(3), 2005.
    """

    blocks: Blocks
    weight: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_block_weight(self.weight, self.blocks))

    def value(self, x: Array) -> Array:
        size = abs(self._signals(x))
        xp = namespace(size)
        largest = self.blocks.sums(xp.where(self.blocks.top(size, 1), size, xp.zeros_like(size)))
        return xp.sum(weights_for(size, self.weight) * largest, axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        size = abs(x)
        level = water_level(size, threshold(x, step, self.weight, 1), self.blocks.sums, self.blocks.spread)
        level = self.blocks.spread(clip(level, 0))
        return x * divide(namespace(size).minimum(size, level), size) if is_complex(x) else clip(x, -level, level)

    def dual(self, u: Array) -> Array:
        return largest_ratio(self.blocks.sums(abs(self._signals(u))), self.weight)
