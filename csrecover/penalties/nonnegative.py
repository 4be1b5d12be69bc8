"""Sum of the entries of signals that are not negative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..backend import Array, clip, is_array, namespace
from .base import Penalty, check_weight, threshold
from .l1 import largest_entry_ratio, weighted_sum


@dataclass(frozen=True, eq=False)
class NonNegativeL1(Penalty):
    """Weighted sum sum_i w_i x_i of signals with all x_i >= 0, infinity for every other, complex ones too.

    Its proximal operator is max(Re x_i - step w_i, 0); the weight 0 asks for signals that are not negative and no more.

    Parameters
    ----------
    weight : float or array of the signal's shape, default 1
    ndim : int, default 1
        number of trailing axes that make one signal, where the weight is a number; solvers set it.
    """

    weight: Any = 1.0
    ndim: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_weight(self.weight))
        if is_array(self.weight):
            object.__setattr__(self, "ndim", self.weight.ndim)

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return self.weight.shape if is_array(self.weight) else None

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        xp, size = namespace(x), abs(x)
        outside = weighted_sum(xp.astype(x != size, size.dtype), 1.0, self.ndim) > 0
        total = weighted_sum(size, self.weight, self.ndim)
        return xp.where(outside, xp.full_like(total, float("inf")), total)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        xp = namespace(x)
        return xp.astype(clip(xp.real(x) - threshold(x, step, self.weight, self.ndim), 0), x.dtype)

    def zero_weight(self, u: Array) -> Array:
        u = self._signals(u)
        return largest_entry_ratio(clip(namespace(u).real(u), 0), self.weight, self.ndim)
