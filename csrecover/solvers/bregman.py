"""Basis pursuit by Bregman iterations: the multiplier grows while a penalised problem is solved, or after it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..backend import Array, clip, divide, eps, expand, namespace, norm
from ..penalties.multiple import multiple
from .base import Iterate
from .certificates import gap_from, objective_at
from .convex import inverse_curvature
from .root import ROUGH, Form, Point, closer, dual_of, penalised
from .sparsa import Descent

QUICK = 100  # pairs of steps after which a signal that has not ended is no easy one
_FIRST, _LEAST = 0.03, 1e-10  # weight at first and at least, in units of `lambda_max`
_FALL, _ENOUGH = 0.3, 0.25  # the weight falls where the residual has not fallen to this share
_SETTLED, _STILL = 0.1, 0.03  # moves of A x, in units of the residual, from which the multiplier grows
_EXACT = 10  # rounding units of ||y|| that a residual is no more than, where a larger weight sharpens the multiplier
_LITTLE = 0.1  # change of the multiplier, relative, from which the weight falls without a proof


def bregman_iterates(form: Form, x: Array, tol: float) -> Iterator[Iterate]:
    """Yield the iterates of `basis_pursuit`, without end; multipliers and weights are per signal."""
    for state in quick_iterates(form, x):
        x = state.x
        yield state
    yield from careful_iterates(form, x, tol)


def quick_iterates(form: Form, x: Array) -> Iterator[Iterate]:
    """Yield after every second step of SpaRSA, where the multiplier grows as soon as A x has settled.

    The weight falls only where the duality gap says that x belongs to its multiplier, or that one hardly changes. It
    rises where the residual is but rounding, an error of the multiplier that goes with one over the weight.
    """
    A, y, penalty, ndim, mdim = form.A, form.y, form.penalty, len(form.A.in_shape), len(form.A.out_shape)
    xp, weight = namespace(y), _FIRST * form.largest
    descent = Descent(A, x, inverse_curvature(form.correlation, A @ form.correlation, ndim, mdim))
    descent.aim(y, multiple(penalty, weight))
    multiplier, before, best = 0 * y, form.size, 0 * weight
    lowest = nothing = xp.full_like(weight, -float("inf"))
    for _ in range(QUICK):
        x_prev = descent.x
        descent.advance()
        image = descent.image
        x, _, Ax, residual, correlation, *_ = descent.advance()
        point = Point(weight, x, residual, correlation, penalty.value(x))
        best, left = xp.maximum(best, form.bounds(point)[1]), norm(y - Ax, mdim)
        yield _iterate(x, x_prev, left, point.value, best, ndim)
        rest, enough = descent.y - Ax, left <= _ENOUGH * before
        lowest = xp.maximum(lowest, dual_of(descent.y, residual, penalty.zero_weight(correlation), weight, mdim))
        solved = objective_at(descent.penalty, x, rest, mdim) - lowest <= 0.5 * left**2
        nearly = xp.where(enough | solved, _SETTLED * left, _STILL * left)
        grown = descent.taken & (norm(Ax - image, mdim) <= nearly)
        multiplier = xp.where(expand(grown, mdim), rest / expand(weight, mdim), multiplier)
        falls = grown & ~enough & (solved | (left <= _LITTLE * norm(rest, mdim)))
        rises = grown & (left <= _EXACT * eps(y) * form.size)
        lighter, heavier = (clip(f * weight, _LEAST * form.largest, _FIRST * form.largest) for f in (_FALL, 1 / _FALL))
        weight = xp.where(rises, heavier, xp.where(falls, lighter, weight))
        before, lowest = xp.where(grown, left, before), xp.where(grown, nothing, lowest)
        descent.aim(y + expand(weight, mdim) * multiplier, multiple(penalty, weight), grown)


def careful_iterates(form: Form, x: Array, tol: float) -> Iterator[Iterate]:
    """Yield the solutions of penalised problems from x on, each closer, without end."""
    A, y, penalty, ndim, mdim = form.A, form.y, form.penalty, len(form.A.in_shape), len(form.A.out_shape)
    xp, weight, left = namespace(y), _FIRST * form.largest, form.size
    multiplier, best, accuracy = 0 * y, 0 * weight, xp.full_like(weight, ROUGH)
    while True:
        shift = expand(weight, mdim) * multiplier
        point = penalised(A, y + shift, penalty, weight, x, accuracy)
        x_prev, x, left_before, left = x, point.x, left, norm(point.residual - shift, mdim)
        best = xp.maximum(best, form.bounds(point)[1])
        state = _iterate(x, x_prev, left, point.value, best, ndim)
        yield state
        accuracy = closer(accuracy, form.error(state), tol)
        multiplier = point.residual / expand(weight, mdim)
        lighter = xp.maximum(_FALL * weight, _LEAST * form.largest)
        weight = xp.where(left > _ENOUGH * left_before, lighter, weight)


def _iterate(x: Array, x_prev: Array, left: Array, value: Array, bound: Array, ndim: int) -> Iterate:
    change = divide(norm(x - x_prev, ndim), norm(x, ndim))
    return Iterate(x, change, left, objective=value, gap=gap_from(value, bound))
