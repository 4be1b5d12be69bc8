"""Accelerated proximal gradient descent with full momentum and a long step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, expand, namespace, norm
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Progress
from .certificates import Certificate
from .convex import Iterates, minimise
from .momentum import extrapolated, uphill
from .result import Result

_LONGER = 1.3  # first step, in units of 1 / ||A||^2
_SHRINK = 0.96  # factor on the step where an iterate moves farther than the first one


def greedy_fista(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    step: float | None = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by greedy FISTA: momentum one between restarts, steps beyond 1 / ||A||^2.

    One product with A and one with A^H an iteration. The step starts at 1.3 times `step` and shrinks towards it while
    a signal moves farther than in its first iteration. See `fista` for the parameters.

    References
    ----------
    J. Liang, T. Luo and C.-B. Schoenlieb, Improving "fast iterative shrinkage-thresholding algorithm": faster,
    smarter, and greedier, SIAM J. Scientific Computing 44(3), 2022.
    """
    if isinstance(step, str):
        raise ValueError(f"greedy_fista takes a number as step or None, got {step!r}")
    return minimise(
        greedy_fista_iterates,
        A,
        y,
        penalty,
        scale=scale,
        x0=x0,
        step=step,
        tol=tol,
        max_iter=max_iter,
        check_every=check_every,
        callback=callback,
    )


def greedy_fista_iterates(A: LinearOperator, y: Array, penalty: Penalty, x: Array, step: float) -> Iterates:
    """Yield the iterates of greedy FISTA, without end; steps and restarts are per signal."""
    ndim, mdim, xp = len(A.in_shape), len(A.out_shape), namespace(x)
    z, Ax = x, A @ x
    Az = Ax
    certified = Certificate(A, y, penalty)
    shortest = step * xp.ones_like(norm(x, ndim))
    lengths, first = _LONGER * shortest, None
    while True:
        residual = y - Az
        correlation = A.H @ residual
        length = expand(lengths, ndim)
        x_prev, x = x, penalty.prox(z + length * correlation, lengths)
        Ax_prev, Ax = Ax, A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation, z, length)
        moved = norm(x - x_prev, ndim)
        first = moved if first is None else first
        lengths = xp.where(moved > first, xp.maximum(_SHRINK * lengths, shortest), lengths)
        momentum = xp.astype(uphill(z, x, x_prev, ndim) < 0, lengths.dtype)
        z = extrapolated(x, x_prev, expand(momentum, ndim))
        Az = extrapolated(Ax, Ax_prev, expand(momentum, mdim))
