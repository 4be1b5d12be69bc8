"""Greedy and thresholding solvers for ||A x - y|| small with x in a sparsity model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, divide, expand, flat, keep, namespace, norm, on_host
from ..models import SupportModel
from ..operators import LinearOperator
from .base import Progress, iterate
from .hard import solve_with_model, still_running
from .least_squares import least_squares_on
from .narrowing import Steps
from .result import Result

_SHRINK = 0.5  # factor on a rejected step of IHT
_ENOUGH = 0.01  # share of ||change||^2 / step by which a plain step of IHT has to lower the squared residual


def iht(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    momentum: bool = False,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Normalised (model-based) iterative hard thresholding.

    A gradient step and a projection onto the model; the step is the exact one on the current support, halved, where
    the support changes, until the residual falls enough (the rule of Armijo, which the steps of the paper obey; longer
    ones may). The residual never rises. The other parameters, the result and the errors are those of `cosamp`.

    Parameters
    ----------
    momentum : bool
        as long as the support stays, steps go along conjugate gradients (CGIHT, restarted), which saves iterations
        where the columns are far from orthogonal. One that would raise the residual gives way to a plain step.

    References
    ----------
    T. Blumensath and M. E. Davies, Normalized iterative hard thresholding: guaranteed stability and performance,
    IEEE J. Selected Topics in Signal Processing 4(2), 2010;
    J. D. Blanchard, J. Tanner and K. Wei, CGIHT: conjugate gradient iterative hard thresholding for compressed sensing
    and matrix completion, Information and Inference 4(4), 2015.
    """
    return solve_with_model(
        partial(iht_iterates, momentum=momentum),
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
    )


def cosamp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    enlarge: int = 2,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """(Model-based) compressive sampling matching pursuit.

    Each iteration merges the current support with the best support for the correlations A^H r among sums of two
    members of the model, solves least squares there and projects onto the model. The enlargement by two is lowered
    where the merged system would have more unknowns than measurements.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    model : SupportModel
        for example ``Sparse()``, ``BlockSparse(blocks)`` or ``TreeSparse(tree)``.
    k : int
        budget of the model: coefficients, blocks, nodes.
    enlarge : int, 1 or 2
        how many members the identified support sums; one allows larger supports for the same measurements.
    x0 : array, (*batch, *in_shape), optional
        start, projected onto the model; zero by default.
    noise : float or array (*batch,), optional
        bound on the norm of the noise, for all signals or for each.
    tol : float
        a signal has converged when ||y - A x|| <= max(noise, tol ||y||).
    max_iter : int
    callback : callable, optional
        called with a `Progress` at each look (every iteration, on a device every tenth); a true return value stops.

    Returns
    -------
    Result
        the iterate of the smallest residual.

    Raises
    ------
    ValueError
        For wrong shapes, numbers that are not finite, k < 1 or larger than the model or the measurements allow, a
        negative noise level, or an enlargement that is neither 1 nor 2.
    TypeError
        When the model has no supports, or x0 is complex and A and y are real.

    References
    ----------
    D. Needell and J. A. Tropp, CoSaMP: iterative signal recovery from incomplete and inaccurate samples,
    Appl. Comput. Harmon. Anal. 26(3), 2009, Algorithm 1;
    R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde, Model-based compressive sensing,
    IEEE Trans. Information Theory 56(4), 2010, Algorithm 1.
    """
    if enlarge not in (1, 2):
        raise ValueError(f"enlarge must be 1 or 2, got {enlarge!r}")
    return solve_with_model(
        partial(cosamp_iterates, enlarge=enlarge),
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


def subspace_pursuit(
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
    """(Model-based) subspace pursuit.

    Each iteration merges the current support with the best support of budget k for the correlations A^H r, solves
    least squares there (minimum norm, where there are more unknowns than measurements), takes the best support of
    that and solves least squares again; it ends when the residual no longer falls. See `cosamp` for the parameters.

    References
    ----------
    W. Dai and O. Milenkovic, Subspace pursuit for compressive sensing signal reconstruction,
    IEEE Trans. Information Theory 55(5), 2009, Algorithm 1, with the model's projections in place of plain ones.
    """
    return solve_with_model(
        subspace_pursuit_iterates,
        A,
        y,
        model,
        k,
        x0=x0,
        noise=noise,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
        patience=1,
    )


def iht_iterates(
    A: LinearOperator, y: Array, model: SupportModel, k: Any, x: Array, *, momentum: bool = False
) -> Steps:
    """Yield the iterates of normalised IHT, without end; a rejected step is one iterate more at the same place."""
    ndim_in, ndim_out = len(A.in_shape), len(A.out_shape)
    residual = y - A @ x
    gradient = direction = A.H @ residual
    xp, support = namespace(y), (x != 0) | model.support(gradient, k)
    slope = norm(keep(gradient, support), ndim_in) ** 2
    shrink = xp.ones_like(slope)
    plain = slope >= 0
    curvature = norm(A @ keep(direction, support), ndim_out) ** 2
    while True:
        step = shrink * divide(slope, curvature)
        trial = x + expand(step, ndim_in) * direction
        support_next = model.support(trial, k)
        x_next = keep(trial, support_next)
        residual_next = y - A @ x_next
        enough = keep(_ENOUGH * divide(norm(x_next - x, ndim_in) ** 2, step), plain)
        falls = norm(residual_next, ndim_out) ** 2 <= norm(residual, ndim_out) ** 2 - enough
        same = xp.all(flat(support_next == support, ndim_in), axis=-1)
        good = same | falls
        take_in, take_out = expand(good, ndim_in), expand(good, ndim_out)
        x_prev, x = x, xp.where(take_in, x_next, x)
        support = xp.where(take_in, support_next, support)
        residual = xp.where(take_out, residual_next, residual)
        shrink = xp.where(good | ~plain, xp.ones_like(shrink), _SHRINK * shrink)
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, support, residual, slope, direction, shrink, same = still_running(
            kept, A, y, x, support, residual, slope, direction, shrink, same
        )
        if kept is None and on_host(y) and not bool(xp.any(good | ~plain)):
            continue  # a shorter step the same way
        gradient = A.H @ residual
        slope_prev, slope = slope, norm(keep(gradient, support), ndim_in) ** 2
        conjugate = keep(divide(slope, slope_prev), same & momentum)
        direction = gradient + expand(conjugate, ndim_in) * direction
        plain = conjugate == 0
        curvature = norm(A @ keep(direction, support), ndim_out) ** 2


def cosamp_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any, x: Array, *, enlarge: int = 2) -> Steps:
    """Yield the iterates of (model-based) CoSaMP, without end."""
    identify, most = _capped_identification(model, k, A.size_out, enlarge)
    support = x != 0
    residual = y - A @ x
    while True:
        proxy = A.H @ residual
        merged = identify(proxy) | support
        estimate = least_squares_on(A, y, merged, most)
        support = model.support(estimate, k)
        x_prev, x = x, keep(estimate, support)
        residual = y - A @ x
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, support, residual = still_running(kept, A, y, x, support, residual)


def _capped_identification(model: SupportModel, k: Any, m: int, enlarge: int) -> tuple[Callable[[Array], Array], int]:
    """Best support for a proxy among sums of `enlarge` members, and the size of the merged support at most.

    There are fewer members where the merged system would be too wide.
    """
    nonzeros = model.max_nonzeros(k)
    room = m - nonzeros
    while enlarge > 1 and model.max_nonzeros_of_sum(k, enlarge) > room:
        enlarge -= 1
    budget = k
    while enlarge == 1 and model.max_nonzeros(budget) > room and (less := _lowered(budget)) != budget:
        budget = less
    most = model.max_nonzeros_of_sum(budget, enlarge) + nonzeros
    return lambda proxy: model.support_of_sum(proxy, budget, enlarge), most


def _lowered(k: Any) -> Any:
    """A budget less by one in each part, but none less than one."""
    return tuple(_lowered(each) for each in k) if isinstance(k, tuple) else k - 1 if k > 1 else k


def subspace_pursuit_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any, x: Array) -> Steps:
    """Yield the iterates of (model-based) subspace pursuit, without end."""
    xp, ndim, most = namespace(y), len(A.in_shape), model.max_nonzeros(k)
    started = expand(xp.any(flat(x != 0, ndim), axis=-1), ndim)
    support = xp.where(started, x != 0, model.support(A.H @ y, k))
    while True:
        x_prev, x = x, least_squares_on(A, y, support, most)
        residual = y - A @ x
        kept = yield iterate(x, x_prev, residual, A, support=support)
        A, y, x, support, residual = still_running(kept, A, y, x, support, residual)
        merged = support | model.support(A.H @ residual, k)
        support = model.support(least_squares_on(A, y, merged, 2 * most), k)
