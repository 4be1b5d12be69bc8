"""Several channels that share one support."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, namespace, scaled
from ..structures.signal import expect, fit
from .base import SupportModel, check_count
from .sparse import Sparse


@dataclass(frozen=True, eq=False)
class JointSparse(SupportModel):
    """Signals of several channels, shape (channels, *signal), with one support of another model in common.

    The budget is that of the other model. It projects the root of the energy over the channels, so the projection is
    exact where that model's is.

    Parameters
    ----------
    model : SupportModel, default Sparse()
    channels : int, optional
        number of channels; solvers set it from their operator.

    References
    ----------
    J. A. Tropp, A. C. Gilbert and M. J. Strauss, Algorithms for simultaneous sparse approximation. Part I: Greedy
    pursuit, Signal Processing 86(3), 2006.
    """

    model: SupportModel = dataclasses.field(default_factory=Sparse)
    channels: int | None = None

    def __post_init__(self) -> None:
        expect(self.model, SupportModel, "Sparse() or BlockSparse(blocks)")
        if self.channels is not None:
            object.__setattr__(self, "channels", check_count(self.channels, least=1))

    @property
    def ndim(self) -> int:
        return 1 + self.model.ndim

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        inner = self.model.signal_shape
        return None if inner is None or self.channels is None else (self.channels, *inner)

    def _fitted(self, shape: tuple[int, ...]) -> JointSparse:
        if len(shape) < 2 or self.channels not in (None, shape[0]):
            raise ValueError(f"{self} is for signals of shape (channels, *signal), the operator's have {shape}")
        return dataclasses.replace(self, model=fit(self.model, shape[1:]), channels=shape[0])

    def _signals(self, x: Any) -> Array:
        x = super()._signals(x)
        if self.channels not in (None, x.shape[x.ndim - self.ndim]):
            raise ValueError(f"{self} takes signals of {self.channels} channels, got an array of shape {x.shape}")
        return x

    def support(self, x: Array, k: Any) -> Array:
        return self.support_of_sum(x, k, 1)

    def support_of_sum(self, x: Array, k: Any, copies: int) -> Array:
        x = self._signals(x)
        xp, together = namespace(x), self._together(x)
        mask = self.model.support(together, k) if copies == 1 else self.model.support_of_sum(together, k, copies)
        return xp.broadcast_to(xp.expand_dims(mask, axis=-self.ndim), x.shape)

    def bound(self, x: Array, k: Any) -> Array:
        return self.model.bound(self._together(self._signals(x)), k)

    def _together(self, x: Array) -> Array:
        """Root of the energy over the channels, relative to the peak of each signal."""
        return namespace(x).linalg.vector_norm(scaled(x, self.ndim), axis=-self.ndim)

    def max_nonzeros(self, k: Any) -> int:
        return self._known * self.model.max_nonzeros(k)

    def max_nonzeros_of_sum(self, k: Any, copies: int) -> int:
        return self._known * self.model.max_nonzeros_of_sum(k, copies)

    @property
    def _known(self) -> int:
        if self.channels is None:
            raise ValueError("the number of channels is not known: give JointSparse(model, channels=...)")
        return self.channels

    def log_count(self, k: Any, shape: tuple[int, ...] | None = None) -> float:
        return self.model.log_count(k, None if shape is None else tuple(shape[1:]))

    def supports(self, k: Any, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        channels, *inner = self._one_shape(shape)
        starts = np.arange(channels)[:, None] * math.prod(inner)
        return ((starts + support).reshape(-1) for support in self.model.supports(k, tuple(inner)))

    def units(self, shape: tuple[int, ...]) -> Any:
        return self.model.units(shape[1:])

    def check_budget(self, k: Any, least: int = 0) -> Any:
        return self.model.check_budget(k, least)
