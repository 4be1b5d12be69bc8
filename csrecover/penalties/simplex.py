"""Signals that are not negative and have a given sum."""

from __future__ import annotations

from dataclasses import dataclass

from ..backend import Array, clip, expand, flat, namespace
from .base import positive_number
from .indicator import Indicator
from .water_level import water_level


@dataclass(frozen=True, eq=False)
class Simplex(Indicator):
    """Indicator of the real signals with x_i >= 0 and sum_i x_i = total.

    The projection is max(Re x_i - tau, 0), with the exact level tau.

    Parameters
    ----------
    total : float, positive
    ndim : int, default 1
        number of trailing axes that make one signal; solvers set it.
    """

    total: float = 1.0
    ndim: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", positive_number(self.total, "the total"))

    def project(self, x: Array) -> Array:
        x = self._signals(x)
        xp = namespace(x)
        heights = xp.real(x)
        heights = clip(heights - expand(xp.max(flat(heights, self.ndim), axis=-1), self.ndim), -self.total)
        values = flat(heights, self.ndim)
        level = water_level(values, self.total, lambda v: xp.sum(v, axis=-1, keepdims=True), lambda level: level)
        return xp.astype(clip(heights - expand(level[..., 0], self.ndim), 0), x.dtype)
