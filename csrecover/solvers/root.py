"""The curve of solutions of 0.5 ||A x - y||^2 + t penalty(x), t > 0, and where a constrained form meets it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ..backend import (
    Array,
    clip,
    divide,
    eps,
    expand,
    namespace,
    norm,
    on_host,
    real_vdot,
    to_numpy,
)
from ..operators import LinearOperator
from ..penalties import NonNegativeL1, Norm, Penalty
from ..penalties.multiple import multiple
from .base import Iterate, looks_every, run
from .certificates import gap_from
from .problem import check_penalty
from .sparsa import sparsa_iterates

D = TypeVar("D", bound=Any)  # a dataclass

ROUGH = 1e-2  # accuracy of the first penalised problem, in units of t penalty(x)
_CLOSER = 0.1  # share of the relative error so far that the next one is solved to
_LOOK = 2  # iterations between looks at a penalised problem on the host, which often takes but ten
_STEPS = 10_000  # of a penalised problem at most
_PATIENCE = 150  # looks without a smaller gap after which rounding allows no more
_LEAST = 1e-2  # weight of a start at least, in units of `lambda_max`
_NUDGE = 0.01  # share by which the weight moves where the last two do not say more
_PUSH, _DOWN = 0.7, 0.1  # how far the weight falls while all were too large, of what is known and at the most


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the curve, or near it: arrays of one batch.

    Attributes
    ----------
    weight : array, (*batch,), t
    x : array, (*batch, *in_shape)
    residual : y - A x
    correlation : A^H (y - A x)
    value : array, (*batch,), penalty(x)
    """

    weight: Array
    x: Array
    residual: Array
    correlation: Array
    value: Array

    def toward(self, other: Point, share: Array, penalty: Penalty) -> Point:
        """The point at this share, (*batch,), of the straight line to the other."""
        names = ("weight", "x", "residual", "correlation")
        pairs = [(getattr(self, name), getattr(other, name)) for name in names]
        mixed = [a + expand(share, a.ndim - share.ndim) * (b - a) for a, b in pairs]
        return Point(mixed[0], mixed[1], mixed[2], mixed[3], penalty.value(mixed[1]))


def chosen(mask: Array, ours: D, theirs: D) -> D:
    """Two dataclasses of arrays as one: the first for the signals of the mask, (*batch,), the second for the rest."""
    xp = namespace(mask)
    pairs = [(getattr(ours, field.name), getattr(theirs, field.name)) for field in fields(ours)]
    return type(ours)(*[xp.where(expand(mask, a.ndim - mask.ndim), a, b) for a, b in pairs])


class Form(ABC):
    """A constrained form: on which side of its solution a point of the curve lies, and how good it is.

    Parameters
    ----------
    A : LinearOperator
    y : array, (*batch, *out_shape)
    penalty : Penalty
        as `check_gauge` gives it.
    level : array, (*batch,)
        the number that defines the form.

    Attributes
    ----------
    size, correlation, largest : arrays
        ||y||, A^H y and its `zero_weight`, which is `lambda_max`; one where y = 0.
    """

    def __init__(self, A: LinearOperator, y: Array, penalty: Penalty, level: Array) -> None:
        self.A, self.y, self.penalty, self.level = A, y, penalty, level
        self.size, self.correlation = norm(y, len(A.out_shape)), A.H @ y
        largest = penalty.zero_weight(self.correlation)
        self.largest = namespace(y).where(largest > 0, largest, namespace(y).ones_like(largest))

    @abstractmethod
    def excess(self, point: Point) -> Array:
        """Positive where the weight of the point is too large."""

    @abstractmethod
    def share(self, light: Point, heavy: Point) -> Array:
        """Where the straight line between points with weights that are too small and too large meets the form."""

    @abstractmethod
    def bounds(self, point: Point) -> tuple[Array, Array]:
        """The objective of the form at the point, and a lower bound on its minimum by the residual."""

    @abstractmethod
    def error(self, state: Iterate) -> Array:
        """Relative gap of an iterate, or what it violates where that is larger."""

    def lighter(self, point: Point) -> Array:
        """A guess of the weight of the solution from a point whose weight is too large."""
        return 0.5 * point.weight

    def residual_norm(self, point: Point) -> Array:
        """||y - A x||."""
        return norm(point.residual, len(self.A.out_shape))

    def fit(self, residual: Array) -> Array:
        """Re <y, residual>."""
        return real_vdot(self.y, residual, len(self.A.out_shape))


def start_of(form: Form, end: Point, x: Array) -> tuple[Point, Array]:
    """What x is good for as it is, and the weight that comes next: that at which x might be a solution.

    Where x makes the weight of the solution look too large it is the point itself, elsewhere one nearer to zero.
    """
    A, residual = form.A, form.y - form.A @ x
    correlation = A.H @ residual
    weight = clip(form.penalty.zero_weight(correlation), _LEAST * end.weight, end.weight)
    point = Point(weight, x, residual, correlation, form.penalty.value(x))
    nearer = point.toward(end, form.share(point, end), form.penalty)
    moved = norm(x, len(A.in_shape)) > 0
    weight = namespace(x).where(moved, weight, clip(form.lighter(end), _DOWN * end.weight, end.weight))
    return chosen(form.excess(point) > 0, point, nearer), weight


def penalised(A: LinearOperator, y: Array, penalty: Penalty, weight: Array, x: Array, accuracy: Array) -> Point:
    """The point of the curve at a weight, (*batch,), by `sparsa` from x.

    A signal ends where its duality gap is at most accuracy * weight * penalty(x), all (*batch,).
    """
    energy = 0.5 * norm(y, len(A.out_shape)) ** 2

    def gap_of(state: Any) -> Array:
        return _gap(A, y, penalty, weight, state) if state.gap is None else state.gap

    def measure(state: Any) -> Array:
        wanted = accuracy * (state.objective - 0.5 * state.residual_norm**2)
        return divide(gap_of(state), namespace(wanted).maximum(wanted, 10 * eps(wanted) * energy))

    x = run(
        sparsa_iterates(A, y, multiple(penalty, weight), x),
        tol=1.0,
        max_iter=_STEPS,
        measure=measure,
        merit=lambda state: divide(gap_of(state), energy),
        patience=_PATIENCE,
        check_every=_LOOK if on_host(y) else looks_every(y),
    ).x
    residual = y - A @ x
    return Point(weight, x, residual, A.H @ residual, penalty.value(x))


def _gap(A: LinearOperator, y: Array, penalty: Penalty, weight: Array, state: Any) -> Array:
    """Duality gap of an iterate for a penalty without a dual norm."""
    residual = y - A @ state.x
    limit = penalty.zero_weight(A.H @ residual)
    return gap_from(state.objective, dual_of(y, residual, limit, weight, len(A.out_shape)))


def dual_of(y: Array, residual: Array, limit: Array, weight: Array, ndim: int) -> Array:
    """Dual value of a residual at a weight, scaled to be feasible; `limit` is the `zero_weight` of A^H residual."""
    xp, along, squared = namespace(y), real_vdot(y, residual, ndim), norm(residual, ndim) ** 2
    scale = clip(divide(along, squared), 0)
    scale = xp.where(scale * limit > weight, divide(weight, limit), scale)
    return scale * along - 0.5 * scale**2 * squared


def closer(accuracy: Array, error: Array, tol: float) -> Array:
    """Accuracy of the next penalised problem, by that of the last one and the error it left; one at the end."""
    xp = namespace(error)
    return xp.where(error <= tol, xp.ones_like(error), xp.minimum(_CLOSER * error, 0.5 * accuracy))


def root_iterates(form: Form, x: Array, tol: float) -> Iterator[Iterate]:
    """Yield the start, then where the form meets the straight line between the nearest points of both sides, endlessly.

    The next weight is the secant's by the last two points, every third one the geometric mean of those of both sides,
    and before there is one that is too small it falls. A rough solution may lie on the wrong side, so that no weight is
    a bound for later ones.
    """
    A, y, penalty, ndim, xp = form.A, form.y, form.penalty, len(form.A.in_shape), namespace(x)
    heavy = light = point = Point(form.largest, 0 * x, y, form.correlation, 0 * form.largest)
    at_zero, best = form.excess(point) <= 0, form.bounds(point)[1]
    start, weight = start_of(form, point, x)
    between, bracketed, accuracy, count = chosen(at_zero, point, start), at_zero, xp.full_like(best, 2 * ROUGH), 0
    while True:
        x_prev, x = x, between.x
        objective, bound = form.bounds(between)
        best = xp.maximum(best, xp.maximum(bound, form.bounds(point)[1]))
        change = divide(norm(x - x_prev, ndim), norm(x, ndim))
        state = Iterate(x, change, form.residual_norm(between), objective=objective, gap=gap_from(objective, best))
        yield state
        accuracy = closer(accuracy, form.error(state), tol)
        before, point = point, penalised(A, y, penalty, xp.where(at_zero, heavy.weight, weight), x, accuracy)
        over, count = form.excess(point) > 0, count + 1
        heavy, light, bracketed = chosen(over, point, heavy), chosen(over, light, point), bracketed | ~over
        between = chosen(bracketed, light.toward(heavy, form.share(light, heavy), penalty), point)
        inside = _secant(form, point, before) if count % 3 else xp.sqrt(light.weight * heavy.weight)
        falling = clip(_PUSH * form.lighter(point), _DOWN * point.weight, _PUSH * point.weight)
        weight = xp.where(bracketed, inside, falling)


def _secant(form: Form, point: Point, before: Point) -> Array:
    """Where the secant of the excess vanishes, at most a factor of two away; one per cent where it does not rise."""
    xp, excess = namespace(point.weight), form.excess(point)
    inverse = divide(point.weight - before.weight, excess - form.excess(before))
    ahead = clip(point.weight - excess * inverse, 0.5 * point.weight, 2 * point.weight)
    return xp.where(inverse > 0, ahead, point.weight * (1 - _NUDGE * xp.sign(excess)))


def check_gauge(A: LinearOperator, penalty: Any) -> Penalty:
    """The penalty, which must be positively homogeneous, and leave no coefficient free.

    Raises
    ------
    TypeError
        When it is no norm, nor `NonNegativeL1`.
    ValueError
        When a weight is zero, or it is for signals of another shape.
    """
    penalty = check_penalty(A, penalty)
    if not isinstance(penalty, Norm | NonNegativeL1):
        raise TypeError(
            f"expected a norm or NonNegativeL1, got {type(penalty).__name__}: its multiples are no scalings"
        )
    definite = penalty.definite if isinstance(penalty, Norm) else bool((to_numpy(penalty.weight) > 0).all())
    if not definite:
        raise ValueError(f"{type(penalty).__name__} has a weight of zero: give each coefficient a positive one")
    return penalty
