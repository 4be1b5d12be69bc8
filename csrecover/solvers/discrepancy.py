"""The weight of a penalty by the discrepancy principle: the largest that leaves a residual within the noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import exp, log
from typing import Any

import numpy as np

from ..backend import Array, cast_like, eps, norm, to_numpy
from ..operators import LinearOperator
from ..penalties import Penalty
from ..penalties.indicator import Indicator
from ..penalties.multiple import multiple
from .parts import joined_results
from .problem import check_penalty
from .result import Result, plain
from .search import Search, searched
from .selections import batch_of, signals_at
from .working_set import working_set

_CLOSE = 0.99  # a residual between this share of the noise level and the level itself is close enough
_AIM = 0.995
_ROUNDS = 40
_FINE = 0.01  # share of the noise that a solution may be off by in its residual: ||A (x - x*)||^2 / 2 <= gap
_DEEPEST = 1e-5  # share of what is to be expected of the scale below which none is looked for


def at_noise_level(
    solver: Callable[..., Result],
    A: LinearOperator,
    y: Array,
    penalty: Penalty,
    noise: Array,
    *,
    tol: float,
    **options: Any,
) -> Result:
    """The result for the largest scale of the penalty with ||y - A x|| <= noise, to one per cent of the noise.

    The residual grows with the scale, from its least value to ||y|| at `lambda_max`. The search goes down from there
    by the secant of its logarithm against that of the scale, then in between, each solution the start of the next. A
    signal for which no scale is small enough is INFEASIBLE. Where the penalty is not convex the residual may jump, and
    then lie further below the noise. The scales are compared on the host.

    Parameters
    ----------
    solver : callable
        ``solver(A, y, penalty, x0=..., tol=..., **options)``.
    A : LinearOperator
    y : array, (*batch, *out_shape)
    penalty : Penalty
    noise : array, (*batch,), positive
    tol : float
        of each solution; lowered where the noise is so small that a more exact one is needed.

    Raises
    ------
    TypeError, ValueError
        When it is no penalty, or one without a weight.

    References
    ----------
    V. A. Morozov, On the solution of functional equations by the method of regularization, Soviet Mathematics Doklady
    7, 1966 (the principle).
    """
    penalty = check_penalty(A, penalty)
    if isinstance(penalty, Indicator):
        raise TypeError(f"{type(penalty).__name__} has no weight for the noise level to decide: leave noise out")
    batch, size = batch_of(A, y), to_numpy(norm(y, len(A.out_shape)))
    share = np.divide(to_numpy(noise), size, out=np.ones_like(size), where=size > 0).min()
    solve_one = partial(solver, A, tol=min(tol, float(_FINE * share) ** 2), **options)
    solve_at = _one_after_another if solver is working_set else _together

    def solve(rows: np.ndarray, scales: np.ndarray, result: Result | None) -> Result:
        start = None if result is None else signals_at(result.x, rows, batch)
        found = solve_at(solve_one, signals_at(y, rows, batch), penalty, scales, start)
        return replace(found, scale=plain(scales))

    return searched(scales, solve, A, y, noise, _first_scales(A, y, penalty), one_by_one=False)


def scales(noise: float, size: float, start: float, at_zero: float) -> Search:
    """Scales for one signal; `at_zero` says whether its solution at the first of them is zero."""
    aim, slope, first = log(_AIM * noise), 1.0, log(start)
    deepest = first + min(aim - log(max(size, noise)), 0) + log(_DEEPEST)
    failing = (first, log(size)) if at_zero and size > noise else None
    fitting = None
    for count in range(_ROUNDS):
        if failing and fitting:
            share = 0.5 if count % 3 == 2 else (aim - fitting[1]) / (failing[1] - fitting[1])
            at = fitting[0] + min(max(share, 0.05), 0.95) * (failing[0] - fitting[0])
        elif failing:
            at = failing[0] + min(max((aim - failing[1]) / slope, -4), -0.05)
        else:
            at = fitting[0] + 1.5 if fitting else first
        if not fitting and at < deepest:
            return
        residual = yield exp(at)
        point = at, log(max(residual, 1e-300))
        if residual > noise:
            if failing and not fitting:
                slope = min(max((failing[1] - point[1]) / (failing[0] - point[0]), 0.2), 2.0)
            failing = point
        else:
            fitting = point
        if _CLOSE * noise <= residual <= noise or (at_zero and size <= noise):
            return


def _first_scales(A: LinearOperator, y: Array, penalty: Penalty) -> tuple[np.ndarray, np.ndarray]:
    """`lambda_max`, or <u, u> / penalty(u) with u = A^H y where that is infinite, and whether it is lambda_max."""
    u = A.H @ y
    largest, value = (np.asarray(to_numpy(numbers), float) for numbers in (penalty.zero_weight(u), penalty.value(u)))
    squares = np.asarray(to_numpy(norm(u, len(A.in_shape))), float) ** 2
    usable = np.isfinite(value) & (value > 0) & (squares > 0)
    guess = np.divide(squares, value, out=np.ones_like(squares), where=usable)
    finite = np.isfinite(largest)
    return np.where(finite, np.where(largest > 0, (1 + 8 * eps(y)) * largest, 1.0), guess), finite


def _together(solve: Callable[..., Result], y: Array, penalty: Penalty, scales: np.ndarray, start: Any) -> Result:
    """Solutions at a scale for each signal."""
    return solve(y, multiple(penalty, cast_like(scales, y)), x0=start)


def _one_after_another(
    solve: Callable[..., Result], y: Array, penalty: Penalty, scales: np.ndarray, start: Any
) -> Result:
    """The same by a solver that takes one scale."""
    if not np.ndim(scales):
        return solve(y, penalty, scale=float(scales), x0=start)
    results = []
    for row, scale in enumerate(np.ravel(scales)):
        one, x = (signals_at(values, np.array([row]), scales.shape) for values in (y, start))
        results.append(solve(one, penalty, scale=float(scale), x0=x))
    return joined_results(results, scales.shape)
