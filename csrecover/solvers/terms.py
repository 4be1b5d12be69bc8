"""One penalty of a sum, with its operator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ..backend import Array, expand, norm, real_vdot
from ..operators import LinearOperator
from ..penalties import NonNegativeL1, Norm, Penalty
from ..penalties.indicator import Indicator

Pairs = list[tuple[Array, Array]]  # of each term a dual variable u and a point p where u is a subgradient


@dataclass(frozen=True, eq=False)
class Term:
    """One term penalty(L x) of a sum."""

    penalty: Penalty
    operator: LinearOperator

    @cached_property
    def curvature(self) -> float:
        """||L||^2, one for an operator that is zero."""
        return self.operator.norm() ** 2 or 1.0

    @property
    def finite(self) -> bool:
        """Whether the penalty is known to be finite everywhere."""
        return not isinstance(self.penalty, (Indicator, NonNegativeL1))

    def value(self, x: Array) -> Array:
        """penalty(L x) of each signal."""
        return self.penalty.value(self.operator @ x)

    def prox(self, x: Array, step: Array) -> Array:
        """Proximal point of penalty(L x), for a unitary L."""
        return self.operator.H @ self.penalty.prox(self.operator @ x, step)

    def expanded(self, numbers: Array) -> Array:
        """One number a signal, made to broadcast against L x."""
        return expand(numbers, len(self.operator.out_shape))

    def square(self, u: Array) -> Array:
        """||u||^2 of each image u."""
        return norm(u, len(self.operator.out_shape)) ** 2

    def dual_step(self, u: Array, step: Array) -> tuple[Array, Array]:
        """Proximal point of step * conjugate at u, with the point p that it is a subgradient at (Moreau)."""
        length = self.expanded(step)
        p = self.penalty.prox(u / length, 1 / step)
        return u - length * p, p

    def conjugate(self, u: Array, p: Array) -> Array:
        """Convex conjugate of the penalty at a subgradient u at p."""
        if isinstance(self.penalty, Norm):
            return 0 * self.square(u)
        return real_vdot(u, p, len(self.operator.out_shape)) - self.penalty.value(p)
