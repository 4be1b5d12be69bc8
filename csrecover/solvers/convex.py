"""Common to the solvers of min 0.5 ||A x - y||^2 + penalty(x): checks, start, step length, when it ends."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

from ..backend import Array, all_finite, as_float, divide, eps, expand, is_complex, keep, namespace, norm, on_host
from ..operators import LinearOperator
from .base import Counting, Iterate, Progress, accounted, looks_every, run
from .problem import check_penalty, check_problem, product_threads
from .result import Result
from .scaling import scaled_penalty

_LOOK = 5  # iterations between looks on the host, where their numbers cost about as much as an iteration

Iterates = Iterator[Callable[[], Iterate]]  # each is made where it is looked at


def minimise(
    algorithm: Callable[..., Iterates],
    A: Any,
    y: Any,
    penalty: Any,
    *,
    scale: float | str,
    x0: Any,
    step: float | str | None,
    tol: float,
    max_iter: int,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None,
    convex: bool = True,
) -> Result:
    """Run ``algorithm(A, y, penalty, x, length)``; its parameters are those of `fista`.

    Raises
    ------
    ValueError
        When `convex` and the penalty is not, and as in `fista`.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    penalty = check_penalty(A, penalty)
    if convex and not penalty.convex:
        raise ValueError(f"{type(penalty).__name__} is not convex and momentum may diverge: use sparsa or ista")
    check_step_length(step)
    counting = Counting(A)
    half_energy = 0.5 * norm(y, len(A.out_shape)) ** 2

    def measure(state: Iterate) -> Array:
        return state.change if state.gap is None else divide(state.gap, half_energy)

    def merit(state: Iterate) -> Array:
        return divide(state.objective if state.gap is None else state.gap, half_energy)

    with product_threads(A, y):
        correlation = counting.H @ y
        penalty = scaled_penalty(penalty, scale, correlation)
        x = starting_point(A, y, 0 * correlation, x0)
        length = _safe_step(A, y) if step is None else None if isinstance(step, str) else float(step)
        result = run(
            algorithm(counting, y, penalty, x, length),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            merit=merit,
            check_every=check_every or (_LOOK if on_host(y) else looks_every(y)),
        )
    return accounted(result, counting, started)


def check_step_length(step: Any) -> None:
    """Refuse what is no step length: a positive number, None for the safe one, or "backtracking".

    Raises
    ------
    TypeError
        When it is no number.
    ValueError
        When it is not positive or not finite, or another text.
    """
    if step is None or (isinstance(step, str) and step == "backtracking"):
        return
    if isinstance(step, str):
        raise ValueError(f'a step is a number, None or "backtracking", got {step!r}')
    if not isinstance(step, numbers.Real):
        raise TypeError(f'a step is a number, None or "backtracking", got {step!r}')
    if not 0 < float(step) < inf:
        raise ValueError(f"the step must be positive and finite, got {step}")


def starting_point(A: LinearOperator, y: Array, zero: Array, x0: Any) -> Array:
    """First iterate, in the shape and dtype of `zero`."""
    if x0 is None:
        return zero
    x0 = as_float(x0)
    xp = namespace(zero, x0)
    if x0.shape != zero.shape:
        raise ValueError(f"x0 must have shape {zero.shape}, got {x0.shape}")
    if is_complex(x0) and not is_complex(zero):
        raise TypeError(f"x0 must be real as A and y are, got {x0.dtype}")
    if not all_finite(x0):
        raise ValueError("x0 holds NaN or infinity: start from finite numbers")
    measured = expand(norm(y, len(A.out_shape)) > 0, len(A.in_shape))
    return keep(xp.astype(x0, zero.dtype), measured)  # y = 0 has the solution 0


def _safe_step(A: LinearOperator, y: Array) -> float:
    """1 / ||A||^2, kept inside the range of the precision."""
    size = A.norm()
    return min(1 / size**2, 1 / eps(y) ** 4) if size > 1e-150 else 1.0


def first_step(A: LinearOperator, y: Array) -> Array:
    """Step that minimises 0.5 ||A x - y||^2 from zero along the gradient, (*batch,); at least 1 / ||A||^2.

    It costs a product with A and one with A^H.
    """
    slope = A.H @ y
    return inverse_curvature(slope, A @ slope, len(A.in_shape), len(A.out_shape))


def inverse_curvature(move: Array, image: Array, ndim: int, image_ndim: int) -> Array:
    """||d||^2 / ||A d||^2 of moves d and their images, (*batch,); one where there is no move or no image."""
    ratio = divide(norm(move, ndim), norm(image, image_ndim)) ** 2
    xp = namespace(ratio)
    return xp.where(ratio > 0, ratio, xp.ones_like(ratio))
