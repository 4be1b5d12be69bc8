"""Signals of bounded Euclidean norm."""

from __future__ import annotations

from dataclasses import dataclass

from ..backend import Array, divide, expand, flat, namespace, norm, scaled
from .base import positive_number
from .indicator import Indicator


@dataclass(frozen=True, eq=False)
class L2Ball(Indicator):
    """Indicator of the signals with ||x||_2 <= radius.

    Parameters
    ----------
    radius : float, positive
    ndim : int, default 1
        number of trailing axes that make one signal; solvers set it.
    """

    radius: float = 1.0
    ndim: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive_number(self.radius, "the radius"))

    def project(self, x: Array) -> Array:
        x = self._signals(x)
        xp, direction = namespace(x), scaled(x, self.ndim)
        peak, size = xp.max(abs(flat(x, self.ndim)), axis=-1), norm(direction, self.ndim)
        factor = divide(xp.full_like(size, self.radius), size)
        return xp.where(expand(peak <= factor, self.ndim), x, expand(factor, self.ndim) * direction)
