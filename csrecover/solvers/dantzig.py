"""The Dantzig selector of any norm, by restarted primal-dual hybrid gradients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from math import inf
from typing import Any

from ..backend import Array, clip, divide, expand, namespace, norm, real_vdot
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Counting, Iterate, Progress, accounted, run
from .certificates import gap_from
from .convex import starting_point
from .problem import check_problem, one_a_signal, product_threads
from .result import Result
from .root import check_gauge, chosen

_LOOK = 10  # steps between looks, at which a run may start anew
_MUCH, _LITTLE = 0.2, 0.8  # share of its first error at which a run starts anew, at once or when the error rises again
_LONG = 0.36  # share of all steps after which it does in any case
_SAFE = 0.99  # share of the longest steps for which the method converges


def dantzig(
    A: Any,
    y: Any,
    penalty: Penalty,
    radius: Any,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100_000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise penalty(x) subject to dual(A^H (y - A x)) <= radius: the Dantzig selector, for any norm.

    Two proximal steps an iteration, one of them for the multiplier z, and two products with A and with A^H. Every ten
    iterations the better one of the pair (x, z) and its average is looked at; where its error has fallen to a fifth the
    run starts anew from there, with steps in proportion to how far x and z have come. Scaled to
    dual(A^H A z) = 1, z bounds the minimum from below by Re <z, A^H y> - radius penalty(z).

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalty : Norm or NonNegativeL1
        with positive weights, which scale the constraint too: ``L1(w)`` asks for |(A^H r)_i| <= radius w_i.
    radius : float or array, (*batch,), positive
        for example what `lambda_max` of white noise exceeds rarely; from `lambda_max` of y on the solution is zero.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default; its multiplier has to be found even where it is the solution.
    tol : float
        relative duality gap, gap <= tol penalty(x), and dual(A^H (y - A x)) <= radius + tol dual(A^H y).
    max_iter : int
    callback : callable, optional
        called with a `Progress` every ten iterations; a true return value stops.

    Returns
    -------
    Result
        `gap` is penalty(x) minus a lower bound on the minimum, not below zero.

    Raises
    ------
    TypeError
        For another penalty, or a radius that is no real number.
    ValueError
        For wrong shapes, y that is not finite, a weight of zero, a radius that is not positive and finite.

    References
    ----------
    E. Candes and T. Tao, The Dantzig selector: statistical estimation when p is much larger than n, Annals of
    Statistics 35(6), 2007;
    A. Chambolle and T. Pock, A first-order primal-dual algorithm for convex problems with applications to imaging,
    J. Mathematical Imaging and Vision 40(1), 2011 (Algorithm 1);
    D. Applegate, O. Hinder, H. Lu and M. Lubin, Faster first-order primal-dual methods for linear programming using
    restarts and sharpness, Mathematical Programming 201, 2023 (restarts from the average).
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    penalty = check_gauge(A, penalty)
    counting = Counting(A)
    with product_threads(A, y):
        selector = _Selector(counting, y, penalty, one_a_signal(radius, "radius", norm(y, len(A.out_shape))))
        result = run(
            dantzig_iterates(selector, starting_point(A, y, 0 * selector.target, x0)),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=selector.error,
            check_every=_LOOK,
        )
    return accounted(result, counting, started)


@dataclass(frozen=True, eq=False)
class _Pair:
    """A signal x, a multiplier z, and A^H A of both: (*batch, *in_shape) each."""

    x: Array
    z: Array
    image: Array
    dual_image: Array

    def over(self, count: Array) -> _Pair:
        """The average of so many pairs with this sum."""
        return _Pair(*[getattr(self, field.name) / count for field in fields(self)])

    def __add__(self, other: _Pair) -> _Pair:
        return _Pair(*[getattr(self, field.name) + getattr(other, field.name) for field in fields(self)])


class _Selector:
    """A Dantzig selector, and how good a pair is."""

    def __init__(self, A: LinearOperator, y: Array, penalty: Penalty, radius: Array) -> None:
        self.A, self.y, self.penalty, self.radius = A, y, penalty, radius
        self.target, self.ndim = A.H @ y, len(A.in_shape)
        self.largest = penalty.zero_weight(self.target)
        self.beyond = 0 * self.largest  # of the iterate that was made last

    def bounds(self, pair: _Pair) -> tuple[Array, Array]:
        """penalty(x) and the lower bound on its minimum by z."""
        slope = real_vdot(pair.z, self.target, self.ndim) - self.radius * self.penalty.value(pair.z)
        return self.penalty.value(pair.x), clip(divide(slope, self.penalty.zero_weight(pair.dual_image)), 0)

    def violation(self, image: Array) -> Array:
        """How far dual(A^H (y - A x)) is beyond the radius, relative to dual(A^H y)."""
        return clip(divide(self.penalty.zero_weight(self.target - image) - self.radius, self.largest), 0)

    def distance(self, pair: _Pair) -> Array:
        """Violation, or relative distance of both bounds where that is larger."""
        value, bound = self.bounds(pair)
        apart = divide(abs(value - bound), namespace(value).maximum(value, bound))
        return namespace(value).maximum(apart, self.violation(pair.image))

    def iterate(self, pair: _Pair, x_prev: Array, bound: Array) -> Iterate:
        """The iterate of a pair, by the best lower bound so far."""
        value, residual = self.penalty.value(pair.x), self.y - self.A @ pair.x
        change = divide(norm(pair.x - x_prev, self.ndim), norm(pair.x, self.ndim))
        length = norm(residual, len(self.A.out_shape))
        self.beyond = self.violation(pair.image)
        return Iterate(pair.x, change, length, objective=value, gap=gap_from(value, bound))

    def error(self, state: Iterate) -> Array:
        """Violation of the constraint, or relative gap where that is larger, of the iterate that was made last."""
        return namespace(self.beyond).maximum(self.beyond, divide(state.gap, state.objective))


def dantzig_iterates(selector: _Selector, x: Array) -> Iterator[Callable[[], Iterate]]:
    """Yield the better of the pair and its average as of the last look, without end; restarts are per signal."""
    ndim, target, size = selector.ndim, selector.target, selector.A.norm() ** 2
    xp, unit, zero = namespace(target), norm(target, ndim), 0 * target
    balance = 1 / xp.where(unit > 0, unit, xp.ones_like(unit))  # of the step of z to that of x
    nothing = total = _Pair(zero, zero, zero, zero)
    start = pair = best = _Pair(x, zero, selector.A.gram @ x, zero)
    count, steps, bound = 0, 0 * unit, 0 * unit
    first = before = xp.full_like(unit, inf)
    while True:
        pair = _stepped(selector, pair, _SAFE / size / balance, _SAFE / size * balance)
        total, steps, count = total + pair, steps + 1, count + 1
        x_prev = best.x
        if count % _LOOK == 0:
            mean = total.over(expand(steps, ndim))
            error, error_of_mean = selector.distance(pair), selector.distance(mean)
            best, error = chosen(error_of_mean < error, mean, pair), xp.minimum(error, error_of_mean)
            bound = xp.maximum(bound, selector.bounds(best)[1])
        yield partial(selector.iterate, best, x_prev, bound)
        if count % _LOOK:
            continue
        anew = (error <= _MUCH * first) | ((error <= _LITTLE * first) & (error > before)) | (steps >= _LONG * count)
        ratio = divide(norm(best.z - start.z, ndim), norm(best.x - start.x, ndim))
        balance = xp.where(anew & (ratio > 0), xp.sqrt(balance * ratio), balance)
        start, pair = chosen(anew, best, start), chosen(anew, best, pair)
        total, steps = chosen(anew, nothing, total), xp.where(anew, 0 * steps, steps)
        first, before = xp.where(anew, error, first), xp.where(anew, xp.full_like(error, inf), error)


def _stepped(selector: _Selector, pair: _Pair, step: Array, dual_step: Array) -> _Pair:
    """One iteration of the primal-dual hybrid gradient method, its steps (*batch,)."""
    A, ndim = selector.A, selector.ndim
    x = selector.penalty.prox(pair.x + expand(step, ndim) * pair.dual_image, step)
    image = A.gram @ x
    ascent = selector.target - 2 * image + pair.image
    z = selector.penalty.prox(pair.z + expand(dual_step, ndim) * ascent, dual_step * selector.radius)
    return _Pair(x, z, image, A.gram @ z)
