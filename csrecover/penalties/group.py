"""Sum of the Euclidean norms of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, clip, divide, energy, is_array, namespace, to_like
from ..kernels import fused
from ..structures import Blocks
from ..structures.signal import expect
from .base import Norm, check_weight, largest_ratio, threshold, weights_for


@dataclass(frozen=True, eq=False)
class GroupL2(Norm):
    """Group norm sum_b w_b ||x_b||_2 over disjoint blocks (no hidden factor sqrt(|b|)).

    Its proximal operator is block soft thresholding, its dual norm max_b ||u_b||_2 / w_b.

    Parameters
    ----------
    blocks : Blocks
    weight : float, array of one weight a block, or "sqrt" for sqrt(|b|); default 1

    References
    ----------
    M. Yuan and Y. Lin, Model selection and estimation in regression with grouped variables,
    J. Royal Statistical Society B 68(1), 2006.
    """

    blocks: Blocks
    weight: Any = 1.0

    def __post_init__(self) -> None:
        expect(self.blocks, Blocks, "Blocks.uniform(n, size)")
        weight = self.weight
        if isinstance(weight, str):
            if weight != "sqrt":
                raise ValueError(f'a weight is a number, an array or "sqrt", got {weight!r}')
            size = self.blocks.size
            weight = size**0.5 if size else to_like(np.sqrt(self.blocks.sizes), self.blocks.labels)
        weight = check_weight(weight)
        if is_array(weight) and weight.shape != (self.blocks.count,):
            raise ValueError(f"one weight a block was expected, shape ({self.blocks.count},), got {weight.shape}")
        object.__setattr__(self, "weight", weight)

    @property
    def ndim(self) -> int:
        return len(self.blocks.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.blocks.shape

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return namespace(x).sum(weights_for(x, self.weight) * block_norms(x, self.blocks), axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        return shrink_blocks(x, threshold(x, step, self.weight, 1), self.blocks)

    def dual(self, u: Array) -> Array:
        return largest_ratio(block_norms(self._signals(u), self.blocks), self.weight)


def block_norms(x: Array, blocks: Blocks) -> Array:
    """Euclidean norm of each block: (*batch, *signal) to (*batch, count)."""
    return namespace(x).sqrt(blocks.sums(energy(x)))


@fused
def shrink_blocks(x: Array, t: Any, blocks: Blocks) -> Array:
    """Shrink the norm of each block by t, to zero at the least."""
    norms = block_norms(x, blocks)
    return blocks.spread(divide(clip(norms - t, 0), norms)) * x
