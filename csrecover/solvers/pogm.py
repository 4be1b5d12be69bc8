"""The proximal optimised gradient method."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, expand, namespace, norm, real_vdot
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Progress
from .certificates import Certificate
from .convex import Iterates, minimise
from .result import Result


def pogm(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    step: float | None = None,
    restart: bool = True,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by the proximal optimised gradient method.

    One product with A and one with A^H an iteration. The number of iterations is not known beforehand, so that the
    last one has no momentum of its own. See `fista` for the parameters; a restart is decided by the composite gradient.

    References
    ----------
    A. Taylor, J. Hendrickx and F. Glineur, Exact worst-case performance of first-order methods for composite convex
    optimization, SIAM J. Optimization 27(3), 2017 (the method);
    D. Kim and J. Fessler, Adaptive restart of the optimized gradient method for convex optimization, J. Optimization
    Theory and Applications 178, 2018 (the restart).
    """
    if isinstance(step, str):
        raise ValueError(f"pogm takes a number as step or None, got {step!r}")
    return minimise(
        partial(pogm_iterates, restart=restart),
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


def pogm_iterates(
    A: LinearOperator, y: Array, penalty: Penalty, x: Array, step: float, *, restart: bool = True
) -> Iterates:
    """Yield the iterates of POGM, without end; momentum and restart are per signal."""
    ndim, xp = len(A.in_shape), namespace(x)
    w = z = u = x
    Ax = A @ x
    certified = Certificate(A, y, penalty)
    t = xp.ones_like(norm(x, ndim))
    length = step * t
    while True:
        residual = y - Ax
        correlation = A.H @ residual
        w_prev, w = w, x + step * correlation
        t_next = (1 + xp.sqrt(1 + 4 * t**2)) / 2
        back, forth = (t - 1) / t_next, t / t_next
        z = (
            w
            + expand(back, ndim) * (w - w_prev)
            + expand(forth, ndim) * (w - x)
            + expand(step * back / length, ndim) * (z - x)
        )
        length = step * (1 + back + forth)
        start = z - expand(length, ndim) * correlation
        x_prev, x = x, penalty.prox(z, length)
        Ax = A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation, start, expand(length, ndim))
        gradient = (start - x) / expand(length, ndim)  # of the whole objective
        u_prev, u = u, x_prev - step * gradient
        turned = real_vdot(gradient, u - u_prev, ndim) > 0
        t = xp.where(turned, xp.ones_like(t), t_next) if restart else t_next
