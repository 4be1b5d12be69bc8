"""The constrained forms whose solutions lie on the curve of penalised ones."""

from __future__ import annotations

from typing import Any

from ..backend import Array, clip, divide, namespace, norm, real_vdot
from .root import Form, Point


class Residual(Form):
    """Least penalty(x) with ||y - A x|| <= level."""

    def excess(self, point: Point) -> Array:
        return self.residual_norm(point) - self.level

    def share(self, light: Point, heavy: Point) -> Array:
        move, ndim = heavy.residual - light.residual, len(self.A.out_shape)
        beyond = self.residual_norm(light) ** 2 - self.level**2
        return first_root(norm(move, ndim) ** 2, real_vdot(light.residual, move, ndim), beyond)

    def bounds(self, point: Point) -> tuple[Array, Array]:
        limit = self.penalty.zero_weight(point.correlation)
        return point.value, clip(divide(self.fit(point.residual) - self.level * self.residual_norm(point), limit), 0)

    def error(self, state: Any) -> Array:
        violation = divide(state.residual_norm - self.level, self.size)
        return namespace(violation).maximum(divide(state.gap, state.objective), violation)

    def lighter(self, point: Point) -> Array:
        return divide(point.weight * self.level, self.residual_norm(point))


class Radius(Form):
    """Least 0.5 ||y - A x||^2 with penalty(x) <= level."""

    def excess(self, point: Point) -> Array:
        return self.level - point.value

    def share(self, light: Point, heavy: Point) -> Array:
        return clip(divide(light.value - self.level, light.value - heavy.value), 0, 1)

    def bounds(self, point: Point) -> tuple[Array, Array]:
        squared = self.residual_norm(point) ** 2
        slope = clip(self.fit(point.residual) - self.level * self.penalty.zero_weight(point.correlation), 0)
        return 0.5 * squared, 0.5 * divide(slope**2, squared)

    def error(self, state: Any) -> Array:
        return divide(state.gap, 0.5 * self.size**2)


class SquareRoot(Form):
    """Least ||y - A x|| + level penalty(x)."""

    def excess(self, point: Point) -> Array:
        return point.weight - self.level * self.residual_norm(point)

    def share(self, light: Point, heavy: Point) -> Array:
        move, rise, ndim = heavy.residual - light.residual, heavy.weight - light.weight, len(self.A.out_shape)
        squared = self.level**2
        return first_root(
            rise**2 - squared * norm(move, ndim) ** 2,
            light.weight * rise - squared * real_vdot(light.residual, move, ndim),
            light.weight**2 - squared * self.residual_norm(light) ** 2,
        )

    def bounds(self, point: Point) -> tuple[Array, Array]:
        size, limit = self.residual_norm(point), self.penalty.zero_weight(point.correlation)
        length = namespace(size).maximum(size, limit / self.level)
        return size + self.level * point.value, divide(self.fit(point.residual), length)

    def error(self, state: Any) -> Array:
        return divide(state.gap, self.size)

    def lighter(self, point: Point) -> Array:
        return self.level * self.residual_norm(point)


def first_root(a: Array, b: Array, c: Array) -> Array:
    """The t in [0, 1] with a t^2 + 2 b t + c = 0, of a polynomial that is not positive at 0 and not negative at 1."""
    root = namespace(a).sqrt(clip(b**2 - a * c, 0))
    return clip(namespace(a).where(b >= 0, divide(-c, b + root), divide(root - b, a)), 0, 1)
