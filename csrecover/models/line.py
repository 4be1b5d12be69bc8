"""What the models of signals on a line share: one axis, and projections on the host."""

from __future__ import annotations

import numbers
from abc import ABC
from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import Array, device, namespace, scaled, to_like
from .base import SupportModel


class LineModel(SupportModel, ABC):
    """A model of signals of one axis, of any length; its projections run on the host."""

    @property
    def ndim(self) -> int:
        return 1

    def _fitted(self, shape: tuple[int, ...]) -> LineModel:
        self._length(shape)
        return self

    def _length(self, shape: tuple[int, ...] | None) -> int:
        """Length of signals of that shape.

        Raises
        ------
        ValueError
            When they have not one axis.
        """
        shape = self._one_shape(shape)
        if len(shape) != 1:
            raise ValueError(f"{self} is for signals on a line, of shape (n,), got shape {shape}: reshape the signals")
        return shape[0]

    def _mask_on_host(self, x: Array, best: Callable[[np.ndarray], np.ndarray]) -> Array:
        """Mask that `best` makes of the energies, NumPy (signals, n) in double precision, the largest of each one.

        Raises
        ------
        ValueError
            When the signals are not finite, or too short for the model.
        """
        x = self._signals(x)
        self._length(x.shape[-1:])
        if 0 in x.shape:
            return namespace(x).zeros(x.shape, dtype=namespace(x).bool, device=device(x))
        return to_like(best(scaled(self._magnitudes(x)) ** 2).reshape(x.shape), x)


def check_size(value: Any, name: str) -> None:
    """Refuse what is no integer >= 1.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is an integer, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
