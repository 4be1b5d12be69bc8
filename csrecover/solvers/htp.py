"""Hard thresholding pursuit: a gradient step names the support, least squares on it give the signal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, expand, keep
from ..models import SupportModel
from ..operators import LinearOperator
from .base import Progress, iterate
from .convex import check_step_length, inverse_curvature
from .hard import solve_with_model, still_running
from .least_squares import least_squares_on
from .narrowing import Steps
from .result import Result

_FEW = 3  # gradient steps in place of least squares
_PATIENCE = {False: 3, True: 8}  # iterations without a lower residual; three show a cycle of two supports


def htp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    step: float | None = None,
    fast: bool = False,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 200,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """(Model-based) hard thresholding pursuit.

    Each iteration takes the support of P_k(x + step A^H (y - A x)) and solves least squares there. Once a support
    repeats so do all further ones: the run ends in convergence, or stalled where the residual is not small. The other
    parameters, the result and the errors are those of `cosamp`.

    Parameters
    ----------
    step : float, optional
        one is that of the theorems, for operators close to an isometry on sparse signals; where step ||A||^2 < 1 the
        residual never rises. By default it is ||x||^2 / ||A x||^2 at the current x, whatever the scale of A.
    fast : bool
        a few gradient steps on the support in place of least squares: less work for large supports, more iterations.

    Raises
    ------
    ValueError
        As in `cosamp`, or when the step is not positive and finite.
    TypeError
        As in `cosamp`, or when the step is no number.

    References
    ----------
    S. Foucart, Hard thresholding pursuit: an algorithm for compressive sensing, SIAM J. Numer. Anal. 49(6), 2011.
    """
    check_step_length(step)
    return solve_with_model(
        partial(htp_iterates, step=step, fast=fast),
        A,
        y,
        model,
        k,
        x0=x0,
        noise=noise,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
        patience=_PATIENCE[fast],
        prepared=not fast,
    )


def htp_iterates(
    A: LinearOperator,
    y: Array,
    model: SupportModel,
    k: Any,
    x: Array,
    *,
    step: float | None = None,
    fast: bool = False,
) -> Steps:
    """Yield the iterates of (model-based) hard thresholding pursuit, without end."""
    ndim_in, ndim_out, most = len(A.in_shape), len(A.out_shape), model.max_nonzeros(k)
    residual = y - A @ x
    while True:
        length = expand(inverse_curvature(x, y - residual, ndim_in, ndim_out), ndim_in) if step is None else step
        proposal = x + length * (A.H @ residual)
        support = model.support(proposal, k)
        x_prev = x
        x = _descend(A, y, keep(proposal, support), support) if fast else least_squares_on(A, y, support, most)
        residual = y - A @ x
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, residual = still_running(kept, A, y, x, residual)


def _descend(A: LinearOperator, y: Array, x: Array, support: Array) -> Array:
    """A few gradient steps from x on the support, each of the length that is best."""
    ndim_in, ndim_out = len(A.in_shape), len(A.out_shape)
    residual = y - A @ x
    for _ in range(_FEW):
        slope = keep(A.H @ residual, support)
        image = A @ slope
        length = inverse_curvature(slope, image, ndim_in, ndim_out)
        x = x + expand(length, ndim_in) * slope
        residual = residual - expand(length, ndim_out) * image
    return x
