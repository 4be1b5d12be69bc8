"""A penalty times a number for each signal of a batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ..backend import Array, is_array, namespace, real_dtype
from .base import Norm, Penalty, check_step

M = TypeVar("M", bound="_Multiple")


@dataclass(frozen=True, eq=False)
class _Multiple(Penalty):
    """What a multiple of a penalty and one of a norm have in common.

    Parameters
    ----------
    penalty : Penalty
    factor : array, (*batch,), positive
    """

    penalty: Any
    factor: Array

    @property
    def ndim(self) -> int:
        return self.penalty.ndim

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return self.penalty.signal_shape

    @property
    def convex(self) -> bool:
        return self.penalty.convex

    def value(self, x: Array) -> Array:
        return self._factor(x) * self.penalty.value(x)

    def prox(self, x: Array, step: Any) -> Array:
        check_step(step)
        step = namespace(x, step).astype(step, real_dtype(x)) if is_array(step) else step
        return self.penalty.prox(x, self._factor(x) * step)

    def _times(self: M, factor: float) -> M:
        return replace(self, factor=factor * self.factor)

    def _factor(self, x: Array) -> Array:
        return namespace(x, self.factor).astype(self.factor, real_dtype(x), copy=False)


@dataclass(frozen=True, eq=False)
class MultiplePenalty(_Multiple):
    """A penalty that is no norm, times a factor."""

    def zero_weight(self, u: Array) -> Array:
        return self.penalty.zero_weight(u) / self._factor(u)


@dataclass(frozen=True, eq=False)
class MultipleNorm(_Multiple, Norm):
    """A norm times a factor."""

    @property
    def definite(self) -> bool:
        return self.penalty.definite

    def dual(self, u: Array) -> Array:
        return self.penalty.dual(u) / self._factor(u)


def multiple(penalty: Penalty, factor: Array) -> Penalty:
    """The penalty times a positive factor for each signal, (*batch,)."""
    return (MultipleNorm if isinstance(penalty, Norm) else MultiplePenalty)(penalty, factor)
