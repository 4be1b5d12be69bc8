"""Common to the solvers with a model: checks, start, noise level, when a signal has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, divide, keep, namespace, norm
from ..operators import LinearOperator
from .base import Counting, Iterate, Progress, accounted, looks_every, run
from .convex import starting_point
from .least_squares import Dense, prepare
from .narrowing import Narrowing, Steps
from .problem import check_model, check_problem, one_a_signal, product_threads
from .result import Result
from .selections import signals_at


def solve_with_model(
    iterates: Callable[..., Steps],
    A: Any,
    y: Any,
    model: Any,
    k: Any,
    *,
    x0: Any,
    noise: Any,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
    patience: int,
    prepared: bool = True,
) -> Result:
    """Run ``iterates(A, y, model, k, x)`` from the start x, zeros or x0 projected onto the model.

    The other parameters are those of `cosamp`.

    Parameters
    ----------
    iterates : callable
        yields `Iterate`, each with its residual norm; sent what `still_running` takes, it goes on with these signals.
    patience : int
        iterations without a further decrease of the residual after which a signal has stalled.
    prepared : bool
        whether the iterates solve least squares: then A is as `least_squares_on` wants it.

    Raises
    ------
    TypeError, ValueError
        As in `cosamp`.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    model = check_model(A, model, k)
    k = model.check_budget(k)
    counting = Counting(A)
    size = norm(y, len(A.out_shape))
    measure, merit = residual_measures(size, noise_level(noise, size))
    with product_threads(A, y):
        operator = counted(A, y, counting) if prepared else counting
        x = starting_point(A, y, namespace(y).zeros_like(operator.H @ y), x0)
        x = x if x0 is None else model.project(x, k)
        every = looks_every(y)
        steps = iterates(operator, y, model, k, x)
        together = callback is not None or A.batch_shape or prod(size.shape) == 1
        result = run(
            steps if together else Narrowing(steps, prod(size.shape)),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            merit=merit,
            patience=-(-patience // every),
            check_every=every,
        )
    return accounted(result, counting, started)


def still_running(kept: np.ndarray | None, A: LinearOperator, y: Array, *arrays: Array) -> tuple[Any, ...]:
    """The operator, the measurements and other arrays of the batch for the signals at ascending flat positions.

    They are as they were where none are named.
    """
    if kept is None:
        return A, y, *arrays
    batch = y.shape[: y.ndim - len(A.out_shape)]
    others = [signals_at(each, kept, batch) for each in arrays]
    if isinstance(A, Dense):
        part = A.part(kept)
        return part, part.y, *others
    return A, signals_at(y, kept, batch), *others


def noise_level(noise: Any, like: Array) -> Array:
    """Bound on the noise norm of each signal, an array as `like`; -1, which no residual reaches, for None.

    Raises
    ------
    TypeError
        When the bounds are no real numbers.
    ValueError
        When they are not one number or one a signal, or one is negative or not finite.
    """
    if noise is None:
        return namespace(like).full_like(like, -1.0)
    return one_a_signal(noise, "noise", like, zero=True)


def residual_measures(size: Array, level: Array) -> tuple[Callable[[Iterate], Array], Callable[[Iterate], Array]]:
    """What `run` compares with tol and ranks by: the relative residual, zero within the noise level and as it is."""

    def relative(state: Iterate) -> Array:
        return divide(state.residual_norm, size)

    def unexplained(state: Iterate) -> Array:
        return keep(relative(state), ~(state.residual_norm <= level))  # of NaN it is NaN

    return unexplained, relative


def counted(A: LinearOperator, y: Array, counting: Counting) -> LinearOperator:
    """The operator as `least_squares_on` wants it, with its products counted."""
    prepared = prepare(A, y)
    return replace(prepared, operator=counting) if isinstance(prepared, Dense) else counting
