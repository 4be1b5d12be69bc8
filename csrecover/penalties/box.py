"""Real signals between bounds."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, as_float, clip, is_array, namespace, to_numpy
from .base import weights_for
from .indicator import Indicator


@dataclass(frozen=True, eq=False)
class Box(Indicator):
    """Indicator of the real signals with low <= x_i <= high; of a complex signal the real part is projected.

    Parameters
    ----------
    low, high : float or array of the signal's shape
        infinite ones bind nothing; ``Box(0, inf)`` are the signals that are not negative.
    ndim : int, default 1
        number of trailing axes that make one signal, where the bounds are numbers; solvers set it.

    Raises
    ------
    TypeError
        When a bound is not real.
    ValueError
        When no number lies between the bounds, or their shapes differ.
    """

    low: Any = 0.0
    high: Any = 1.0
    ndim: int = 1

    def __post_init__(self) -> None:
        low, high = check_bound(self.low), check_bound(self.high)
        if is_array(low) and is_array(high) and low.shape != high.shape:
            raise ValueError(f"two arrays of bounds have the shape of the signal, got {low.shape} and {high.shape}")
        below, above = to_numpy(low), to_numpy(high)
        if not ((below <= above) & (below < np.inf) & (above > -np.inf)).all():
            raise ValueError("low <= high was expected, with a finite number between them: exchange or mend the bounds")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if self.signal_shape:
            object.__setattr__(self, "ndim", len(self.signal_shape))

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return next((bound.shape for bound in (self.low, self.high) if is_array(bound)), None)

    def project(self, x: Array) -> Array:
        x = self._signals(x)
        xp = namespace(x)
        return xp.astype(clip(xp.real(x), weights_for(x, self.low), weights_for(x, self.high)), x.dtype)


def check_bound(bound: Any) -> Any:
    """A bound as a float or a floating array."""
    if isinstance(bound, numbers.Real):
        return float(bound)
    bound = as_float(bound)
    if to_numpy(bound).dtype.kind == "c":
        raise TypeError("a bound is a real number or an array of them, got complex ones")
    return bound if bound.ndim else float(bound)
