"""Recovery with approximate projections: gradients go through a head, estimates through a tail approximation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import Array, expand, flat, keep, namespace, norm, to_numpy
from ..models import SupportModel
from ..models.base import multiple
from ..operators import LinearOperator
from .base import Progress, iterate
from .convex import inverse_curvature
from .hard import solve_with_model, still_running
from .least_squares import least_squares_on
from .narrowing import Steps
from .result import Result

_SHRINK = 0.5  # factor on a rejected step


def am_iht(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Approximate-model iterative hard thresholding.

    Each iteration is x <- T(x + step H(A^H (y - A x))), with the head approximation H(v) = v on ``model.head(v, 2 k)``
    and the tail approximation T of ``model.tail``. A model without them projects exactly, ``support_of_sum`` and
    ``support`` take their places. The step is the exact one for the head on the current support (the whole head, where
    that is zero), halved until the residual falls.

    Parameters are those of `cosamp`. The support of the result is a tail and may exceed the budget as that does.

    References
    ----------
    C. Hegde, P. Indyk and L. Schmidt, Approximation algorithms for model-based compressive sensing,
    IEEE Trans. Information Theory 61(9), 2015; there the step is one.
    """
    return solve_with_model(
        am_iht_iterates,
        A,
        y,
        model,
        k,
        x0=x0,
        noise=noise,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
        patience=30,
        prepared=False,
    )


def am_cosamp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Approximate-model CoSaMP.

    Each iteration merges the current support with ``model.head`` of the correlations A^H r, solves least squares there
    (minimum norm, where there are more unknowns than measurements) and keeps the estimate on its ``model.tail``. A
    model without them projects exactly: ``support`` takes the place of both.

    Parameters are those of `cosamp`. The support of the result is a tail and may exceed the budget as that does.

    References
    ----------
    C. Hegde, P. Indyk and L. Schmidt, Approximation algorithms for model-based compressive sensing,
    IEEE Trans. Information Theory 61(9), 2015; there the head is of the budget of a sum of two members, which needs
    more measurements in practice.
    """
    return solve_with_model(
        am_cosamp_iterates,
        A,
        y,
        model,
        k,
        x0=x0,
        noise=noise,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
        patience=8,
    )


def am_iht_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any, x: Array) -> Steps:
    """Yield the iterates of AM-IHT, without end; a rejected step is one iterate more at the same place."""
    ndim_in, ndim_out = len(A.in_shape), len(A.out_shape)
    xp, support = namespace(y), x != 0
    residual = y - A @ x
    shrink = xp.ones_like(norm(residual, ndim_out))
    while True:
        gradient = A.H @ residual
        descent = keep(gradient, _head(model, gradient, k, 2))
        on_support = keep(descent, support)
        probe = xp.where(expand(norm(on_support, ndim_in) > 0, ndim_in), on_support, descent)
        step = shrink * inverse_curvature(probe, A @ probe, ndim_in, ndim_out)
        trial = x + expand(step, ndim_in) * descent
        support_next = _tail(model, trial, k)
        x_next = keep(trial, support_next)
        residual_next = y - A @ x_next
        falls = norm(residual_next, ndim_out) <= norm(residual, ndim_out)
        take_in, take_out = expand(falls, ndim_in), expand(falls, ndim_out)
        x_prev, x = x, xp.where(take_in, x_next, x)
        support = xp.where(take_in, support_next, support)
        residual = xp.where(take_out, residual_next, residual)
        shrink = xp.where(falls, xp.ones_like(shrink), _SHRINK * shrink)
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, support, residual, shrink = still_running(kept, A, y, x, support, residual, shrink)


def am_cosamp_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any, x: Array) -> Steps:
    """Yield the iterates of AM-CoSaMP, without end."""
    support = x != 0
    residual = y - A @ x
    while True:
        merged = _head(model, A.H @ residual, k, 1) | support
        estimate = least_squares_on(A, y, merged, _most(merged, len(A.in_shape)))
        support = _tail(model, estimate, k)
        x_prev, x = x, keep(estimate, support)
        residual = y - A @ x
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, support, residual = still_running(kept, A, y, x, support, residual)


def _head(model: SupportModel, v: Array, k: Any, copies: int) -> Array:
    """Head approximation of v for sums of members, exact where the model has none."""
    if hasattr(model, "head"):
        return model.head(v, multiple(k, copies))
    return model.support_of_sum(v, k, copies)


def _tail(model: SupportModel, v: Array, k: Any) -> Array:
    """Tail approximation of v, exact where the model has none."""
    return model.tail(v, k) if hasattr(model, "tail") else model.support(v, k)


def _most(supports: Array, ndim: int) -> int:
    """Size of the largest support: counted, as approximations exceed their budget by factors of their own."""
    xp = namespace(supports)
    return int(to_numpy(xp.max(xp.sum(flat(xp.astype(supports, xp.int64), ndim), axis=-1))))
