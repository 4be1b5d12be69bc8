"""Convex sets as penalties: zero inside, infinity outside."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from ..backend import Array, eps, namespace, norm
from .base import Penalty, check_step


class Indicator(Penalty):
    """Penalty that is 0 for the signals of a closed convex set and infinity for all others.

    Its proximal operator is the projection onto the set, whatever the step. A signal counts as one of the set up to
    rounding: within a thousand rounding units, relative to its Euclidean norm, of its projection.
    """

    @abstractmethod
    def project(self, x: Array) -> Array:
        """The nearest signal of the set: (*batch, *signal) to the same shape and dtype."""

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        distance = norm(x - self.project(x), self.ndim)
        return zero_where(distance <= 1000 * eps(x) * norm(x, self.ndim), distance)

    def prox(self, x: Array, step: Any) -> Array:
        check_step(step)
        return self.project(x)

    def zero_weight(self, u: Array) -> Array:
        """Zero where u is in the normal cone of the set at 0, which projects onto 0; infinity elsewhere."""
        size = norm(self.project(u), self.ndim)
        return zero_where(size == 0, size)

    def _times(self, factor: float) -> Self:
        if not factor >= 0:
            raise ValueError(f"a penalty is scaled by a number >= 0, got {factor}")
        return self


def zero_where(condition: Array, like: Array) -> Array:
    """Zero where the condition holds and infinity elsewhere, in the dtype of `like`."""
    xp = namespace(like)
    return xp.where(condition, xp.zeros_like(like), xp.full_like(like, float("inf")))
