"""Sum of magnitudes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..backend import Array, clip, divide, flat, is_array, is_complex, namespace
from ..backend.streaming import is_long, shrunk_entries
from ..kernels import fused
from .base import Norm, check_weight, largest_ratio, threshold, weights_for


@dataclass(frozen=True, eq=False)
class L1(Norm):
    """Weighted l1 norm, sum_i w_i |x_i|; complex coefficients by their magnitude.

    Its proximal operator is soft thresholding, its dual norm max_i |u_i| / w_i.

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
        return weighted_sum(abs(self._signals(x)), self.weight, self.ndim)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        return soft_threshold(x, threshold(x, step, self.weight, self.ndim))

    def dual(self, u: Array) -> Array:
        return largest_entry_ratio(abs(self._signals(u)), self.weight, self.ndim)


def weighted_sum(magnitudes: Array, weight: Any, ndim: int) -> Array:
    """Sum of weight * magnitude over each signal, (*batch,); the weight is a number or one for each entry."""
    if is_array(weight):
        return namespace(magnitudes).sum(flat(weights_for(magnitudes, weight) * magnitudes, ndim), axis=-1)
    return weight * namespace(magnitudes).sum(flat(magnitudes, ndim), axis=-1)


def largest_entry_ratio(magnitudes: Array, weight: Any, ndim: int) -> Array:
    """Largest magnitude / weight of each signal, (*batch,); the weight is a number or one for each entry."""
    weight = namespace(magnitudes, weight).reshape(weight, (-1,)) if is_array(weight) else weight
    return largest_ratio(flat(magnitudes, ndim), weight)


@fused
def soft_threshold(x: Array, t: Any) -> Array:
    """Shrink the magnitude of each entry by t, to zero at the least."""
    if is_long(x):
        return shrunk_entries(x, t)
    if not is_complex(x):
        return x - clip(x, -t, t)
    size = abs(x)
    return x * divide(clip(size - t, 0), size)
