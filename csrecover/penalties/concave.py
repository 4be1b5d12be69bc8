"""Concave functions of the Euclidean norms of blocks, which do not shrink large blocks: MCP and SCAD."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from ..backend import Array, clip, divide, namespace
from ..structures import Blocks
from .base import Penalty, largest_ratio, one_weight, positive_number, threshold, weights_for
from .group import OnBlocks, block_norms, check_block_weight


@dataclass(frozen=True, eq=False)
class BlockConcave(OnBlocks, Penalty):
    """Penalty scale sum_b rho(||x_b||_2; w_b, gamma) with a function rho that is concave on r >= 0, of slope w_b at 0.

    Abstract: a subclass gives rho and the point where step rho(r) + (r - length)^2 / 2 is least.

    Parameters
    ----------
    blocks : Blocks
        ``Blocks.uniform(n, 1)`` for single coefficients.
    weight : float, array of one weight a block, or "sqrt" for sqrt(|b|); default 1
    gamma : float
        from r = gamma w_b on the function is constant.
    scale : float, default 1
        what ``t * penalty`` multiplies; it is no change of the weight.
    """

    blocks: Blocks
    weight: Any = 1.0
    gamma: float = 3.0
    scale: float = 1.0

    _least_gamma: ClassVar[float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_block_weight(self.weight, self.blocks))
        object.__setattr__(self, "gamma", positive_number(self.gamma, "gamma"))
        if not self.gamma > self._least_gamma:
            raise ValueError(f"gamma must be more than {self._least_gamma:g}, got {self.gamma:g}")
        object.__setattr__(self, "scale", one_weight(self.scale, "the scale"))

    @abstractmethod
    def _rho(self, length: Array, weight: Any) -> Array:
        """The function at the length of each block."""

    @abstractmethod
    def _shrunk(self, length: Array, step: Array, weight: Any) -> Array:
        """The least r >= 0 at which step rho(r) + (r - length)^2 / 2 has its minimum."""

    @property
    def convex(self) -> bool:
        return False

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        rho = self._rho(block_norms(x, self.blocks), weights_for(x, self.weight))
        return self.scale * namespace(x).sum(rho, axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        """The global minimiser, for any step; where two tie, that nearer to zero."""
        x = self._signals(x)
        xp, lengths = namespace(x), block_norms(x, self.blocks)
        steps = threshold(x, step, self.scale, 1) + xp.zeros_like(lengths)
        lengths = lengths + xp.zeros_like(steps)
        shrunk = self._shrunk(lengths, steps, weights_for(x, self.weight))
        return self.blocks.spread(divide(shrunk, lengths)) * x

    def zero_weight(self, u: Array) -> Array:
        scaled = largest_ratio(block_norms(self._signals(u), self.blocks), self.weight)
        return largest_ratio(scaled[..., None], self.scale)

    def _times(self, factor: float) -> Self:
        return dataclasses.replace(self, scale=factor * self.scale)


@dataclass(frozen=True, eq=False)
class BlockMCP(BlockConcave):
    """Minimax concave penalty of the norms of blocks, not convex.

    For r = ||x_b||_2: rho(r) = w_b r - r^2 / (2 gamma) up to r = gamma w_b, and gamma w_b^2 / 2 from there on.
    See `BlockConcave` for the parameters; gamma > 0.

    References
    ----------
    C.-H. Zhang, Nearly unbiased variable selection under minimax concave penalty, Annals of Statistics 38(2), 2010.
    """

    _least_gamma = 0.0

    def _rho(self, length: Array, weight: Any) -> Array:
        xp = namespace(length)
        length = xp.minimum(length, self.gamma * weight + xp.zeros_like(length))
        return weight * length - length**2 / (2 * self.gamma)

    def _shrunk(self, length: Array, step: Array, weight: Any) -> Array:
        xp, smooth = namespace(length), step < self.gamma
        firm = clip(length - step * weight, 0) / xp.where(smooth, 1 - step / self.gamma, xp.ones_like(step))
        far = (clip(step, self.gamma) * self.gamma) ** 0.5
        return xp.where(length > far * weight, length, xp.where(smooth, firm, xp.zeros_like(length)))


@dataclass(frozen=True, eq=False)
class BlockSCAD(BlockConcave):
    """Smoothly clipped absolute deviation of the norms of blocks, not convex.

    For r = ||x_b||_2 the slope of rho is w_b up to r = w_b, then (gamma w_b - r) / (gamma - 1), and 0 from
    r = gamma w_b on. See `BlockConcave` for the parameters; gamma > 2, 3.7 by default.

    References
    ----------
    J. Fan and R. Li, Variable selection via nonconcave penalized likelihood and its oracle properties,
    J. American Statistical Association 96(456), 2001.
    """

    gamma: float = 3.7

    _least_gamma = 2.0

    def _rho(self, length: Array, weight: Any) -> Array:
        xp = namespace(length)
        length = xp.minimum(length, self.gamma * weight + xp.zeros_like(length))
        return weight * length - clip(length - weight, 0) ** 2 / (2 * (self.gamma - 1))

    def _shrunk(self, length: Array, step: Array, weight: Any) -> Array:
        xp, a = namespace(length), self.gamma
        smooth = step < a - 1
        soft = clip(length - step * weight, 0)
        bent = ((a - 1) * length - step * a * weight) / xp.where(smooth, a - 1 - step, xp.ones_like(step))
        below = xp.where(smooth & (length > (1 + step) * weight), bent, soft)
        far = xp.where(step < a + 1, (a + 1 + clip(step, a - 1)) / 2, (step * (a + 1)) ** 0.5)
        return xp.where(length > far * weight, length, below)
