"""Sum of magnitudes and of squares."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..backend import Array, energy, is_array
from .base import Penalty, check_weight, one_weight, threshold
from .l1 import largest_entry_ratio, soft_threshold, weighted_sum


@dataclass(frozen=True, eq=False)
class ElasticNet(Penalty):
    """Elastic net sum_i w_i |x_i| + ridge/2 ||x||^2.

    Its proximal operator is soft thresholding, followed by division by 1 + step ridge.

    Parameters
    ----------
    weight : float or array of the signal's shape, default 1
        of the magnitudes.
    ridge : float, default 1
        of the halved squares.
    ndim : int, default 1
        number of trailing axes that make one signal, where the weight is a number; solvers set it.

    References
    ----------
    H. Zou and T. Hastie, Regularization and variable selection via the elastic net,
    J. Royal Statistical Society B 67(2), 2005 (the "naive" elastic net there).
    """

    weight: Any = 1.0
    ridge: float = 1.0
    ndim: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", check_weight(self.weight))
        object.__setattr__(self, "ridge", one_weight(self.ridge, "the ridge"))
        if is_array(self.weight):
            object.__setattr__(self, "ndim", self.weight.ndim)

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return self.weight.shape if is_array(self.weight) else None

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return weighted_sum(abs(x), self.weight, self.ndim) + weighted_sum(energy(x), self.ridge / 2, self.ndim)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        shrunk = soft_threshold(x, threshold(x, step, self.weight, self.ndim))
        return shrunk / (1 + threshold(x, step, self.ridge, self.ndim))

    def zero_weight(self, u: Array) -> Array:
        return largest_entry_ratio(abs(self._signals(u)), self.weight, self.ndim)

    def _times(self, factor: float) -> ElasticNet:
        return dataclasses.replace(self, weight=factor * self.weight, ridge=factor * self.ridge)
