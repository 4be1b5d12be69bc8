"""Sum of the Euclidean norms of blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, clip, divide, energy, flat, is_array, namespace, to_like
from ..backend.streaming import is_long, shrunk_rows, shrunk_segments
from ..kernels import fused
from ..structures import Blocks
from ..structures.signal import Structured, expect
from .base import Norm, check_weight, largest_ratio, threshold, weights_for


class OnBlocks(Structured):
    """What penalties of blocks share: their signals are those of the blocks."""

    blocks: Blocks

    @property
    def ndim(self) -> int:
        return len(self.blocks.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.blocks.shape


@dataclass(frozen=True, eq=False)
class GroupL2(OnBlocks, Norm):
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
        object.__setattr__(self, "weight", check_block_weight(self.weight, self.blocks))

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return namespace(x).sum(weights_for(x, self.weight) * block_norms(x, self.blocks), axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        return shrink_blocks(x, threshold(x, step, self.weight, 1), self.blocks)

    def dual(self, u: Array) -> Array:
        return largest_ratio(block_norms(self._signals(u), self.blocks), self.weight)


def check_block_weight(weight: Any, blocks: Any) -> Any:
    """A weight for each of the blocks, a number or an array of shape (count,); "sqrt" for the square root of its size.

    Raises
    ------
    TypeError
        When the blocks are none, or the weight is no real number.
    ValueError
        When the weight is negative, not finite, of another shape or another word.
    """
    expect(blocks, Blocks, "Blocks.uniform(n, size)")

    def roots() -> Any:
        return blocks.size**0.5 if blocks.size else to_like(np.sqrt(blocks.sizes), blocks.labels)

    return check_unit_weight(weight, blocks.count, roots, "block")


def check_unit_weight(weight: Any, count: int, roots: Callable[[], Any], unit: str) -> Any:
    """A number or an array of one weight a unit (block, group); "sqrt" for the roots of their sizes.

    Raises
    ------
    TypeError
        When the weight is no real number.
    ValueError
        When it is negative, not finite, of another shape or another word.
    """
    if isinstance(weight, str):
        if weight != "sqrt":
            raise ValueError(f'a weight is a number, an array or "sqrt", got {weight!r}')
        weight = roots()
    weight = check_weight(weight)
    if is_array(weight) and weight.shape != (count,):
        raise ValueError(f"one weight a {unit} was expected, shape ({count},), got {weight.shape}")
    return weight


def block_norms(x: Array, blocks: Blocks) -> Array:
    """Euclidean norm of each block: (*batch, *signal) to (*batch, count)."""
    return namespace(x).sqrt(blocks.sums(energy(x)))


@fused
def shrink_blocks(x: Array, t: Any, blocks: Blocks) -> Array:
    """Shrink the norm of each block by t, to zero at the least."""
    if is_long(x) and (shrunk := _shrunk_long(x, t, blocks)) is not None:
        return shrunk
    norms = block_norms(x, blocks)
    return blocks.spread(divide(clip(norms - t, 0), norms)) * x


def _shrunk_long(x: Array, t: Any, blocks: Blocks) -> Array | None:
    """The same of a long NumPy array; None where the plain code is as fast."""
    signals = flat(x, len(blocks.shape))
    if blocks.size is None:
        out = shrunk_segments(signals, t, blocks.labels.reshape(-1), blocks.starts, blocks.count)
    else:
        out = shrunk_rows(signals.reshape(*signals.shape[:-1], blocks.count, blocks.size), t)
        out = out.reshape(*out.shape[:-2], -1)
    return None if out is None else out.reshape(*out.shape[:-1], *blocks.shape)
