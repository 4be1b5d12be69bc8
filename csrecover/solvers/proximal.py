"""Proximal gradient descent for min 0.5 ||A x - y||^2 + penalty(x), plain and accelerated."""

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
from .guarded import guarded_iterates
from .momentum import accelerated, extrapolated
from .result import Result


def ista(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    step: float | str | None = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by iterative soft thresholding (proximal gradient descent).

    The objective never rises for steps up to 1 / ||A||^2, which includes penalties that are not convex: what it then
    reaches is a stationary point. See `fista` for the parameters; `fista` and `sparsa` are faster.

    References
    ----------
    I. Daubechies, M. Defrise and C. De Mol, An iterative thresholding algorithm for linear inverse problems with a
    sparsity constraint, Comm. Pure Appl. Math. 57(11), 2004.
    """

    def algorithm(A: LinearOperator, y: Array, penalty: Penalty, x: Array, length: float | None) -> Iterates:
        if length is None:
            return guarded_iterates(A, y, penalty, x, None, accelerated=False)
        return ista_iterates(A, y, penalty, x, length)

    return minimise(
        algorithm,
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
        convex=False,
    )


def fista(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    step: float | str | None = None,
    restart: bool = True,
    monotone: bool = False,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by accelerated proximal gradient descent.

    One product with A and one with A^H an iteration; the duality gap that stops it comes from these.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalty : Penalty
        convex, for example ``L1(0.1)`` or ``GroupL2(blocks, 0.1)``; the weight is the regularisation parameter lambda.
    scale : float or str, default 1
        what the penalty is multiplied by: a number, or a fraction such as "0.1 lmax" of `lambda_max`, for each signal
        its own; the solution is then the same in whatever units A and y are given, and zero from "1 lmax" on.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default.
    step : float or "backtracking", optional
        step length; 1 / ||A||^2 by default, with the operator's exact norm or a safe upper estimate of it.
        "backtracking" needs no norm: each signal has its own step, halved where the quadratic bound of the method
        fails; a rejected trial costs an iteration.
    restart : bool, default True
        forget the momentum of a signal whenever it points uphill.
    monotone : bool, default False
        keep an iterate only where the objective falls.
    tol : float
        with a norm: relative duality gap, gap <= tol * 0.5 ||y||^2; with another penalty: relative change of x.
    max_iter : int
    check_every : int, optional
        iterations between looks at the numbers of the history, the gap among them, and calls of `callback`; by default
        five, on a device ten, where a look synchronises.
    callback : callable, optional
        called with a `Progress` at each look; a true return value stops.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum (None where the penalty is no norm).

    Raises
    ------
    ValueError
        For wrong shapes, y that is not finite, a step or a scale that is not positive, a penalty that is not convex,
        a fraction of an infinite lambda_max.
    TypeError
        When the step or the scale is of another kind.

    References
    ----------
    A. Beck and M. Teboulle, A fast iterative shrinkage-thresholding algorithm for linear inverse problems,
    SIAM J. Imaging Sciences 2(1), 2009 (algorithm and O(1/k^2) bound, Theorem 4.4; also with backtracking);
    A. Beck and M. Teboulle, Fast gradient-based algorithms for constrained total variation image denoising and
    deblurring problems, IEEE Trans. Image Processing 18(11), 2009 (monotone form);
    B. O'Donoghue and E. Candes, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15, 2015
    (the gradient scheme, section 3.2).
    """

    def algorithm(A: LinearOperator, y: Array, penalty: Penalty, x: Array, length: float | None) -> Iterates:
        if length is None or monotone:
            return guarded_iterates(A, y, penalty, x, length, restart=restart, monotone=monotone)
        return fista_iterates(A, y, penalty, x, length, restart=restart)

    return minimise(
        algorithm,
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


def ista_iterates(A: LinearOperator, y: Array, penalty: Penalty, x: Array, step: float) -> Iterates:
    """Yield the iterates of ISTA, without end."""
    Ax = A @ x
    certified = Certificate(A, y, penalty)
    while True:
        residual = y - Ax
        correlation = A.H @ residual
        x_prev, x = x, penalty.prox(x + step * correlation, step)
        Ax = A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation, x_prev, step)


def fista_iterates(
    A: LinearOperator,
    y: Array,
    penalty: Penalty,
    x: Array,
    step: float,
    *,
    restart: bool = True,
    extrapolate: bool = True,
) -> Iterates:
    """Yield the iterates of FISTA, without end; momentum and restart are per signal."""
    ndim = len(A.in_shape)
    z, Ax = x, A @ x
    Az, xp = Ax, namespace(x)
    certified = Certificate(A, y, penalty, extrapolate=extrapolate)
    t = xp.ones_like(norm(x, ndim))
    while True:
        residual = y - Az
        correlation = A.H @ residual
        x_prev, x = x, penalty.prox(z + step * correlation, step)
        Ax_prev, Ax = Ax, A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation, z, step)
        z, t, momentum = accelerated(z, x, x_prev, t, ndim, restart=restart)
        Az = extrapolated(Ax, Ax_prev, expand(momentum, len(A.out_shape)))
