"""Greedy and thresholding solvers for ||A x - y|| small with x in a sparsity model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import prod
from typing import Any

from ..backend import Array, blas_threads, divide, expand, keep, namespace, norm
from ..models import SupportModel
from ..operators import LinearOperator
from .base import Counting, Iterate, Progress, accounted, iterate, looks_every, run
from .least_squares import Dense, least_squares_on, prepare
from .problem import check_model, check_problem
from .result import Result

_SHRINK = 0.5  # factor on a rejected step of IHT
_SAFE = 0.99  # share of the largest step that is certain not to raise the residual, IHT


def iht(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Normalised (model-based) iterative hard thresholding.

    A gradient step and a projection onto the model; the step is the exact one on the current support, halved until
    the residual is certain to fall where the support changes. The residual never rises. See `cosamp` for the
    parameters.

    References
    ----------
    T. Blumensath and M. E. Davies, Normalized iterative hard thresholding: guaranteed stability and performance,
    IEEE J. Selected Topics in Signal Processing 4(2), 2010.
    """
    return _solve(iht_iterates, A, y, model, k, tol, max_iter, callback, patience=30, prepared=False)


def cosamp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
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
    tol : float
        a signal has converged when ||y - A x|| <= tol ||y||.
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
        For wrong shapes, y that is not finite, k < 1 or larger than the model or the measurements allow.

    References
    ----------
    D. Needell and J. A. Tropp, CoSaMP: iterative signal recovery from incomplete and inaccurate samples,
    Appl. Comput. Harmon. Anal. 26(3), 2009, Algorithm 1;
    R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde, Model-based compressive sensing,
    IEEE Trans. Information Theory 56(4), 2010, Algorithm 1.
    """
    return _solve(cosamp_iterates, A, y, model, k, tol, max_iter, callback, patience=8)


def subspace_pursuit(
    A: Any,
    y: Any,
    model: SupportModel,
    k: Any,
    *,
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
    return _solve(subspace_pursuit_iterates, A, y, model, k, tol, max_iter, callback, patience=1)


def _solve(
    iterates: Callable[..., Iterator[Iterate]],
    A: Any,
    y: Any,
    model: Any,
    k: Any,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
    *,
    patience: int,
    prepared: bool = True,
) -> Result:
    started = time.perf_counter()
    A, y = check_problem(A, y)
    model = check_model(A, model, k)
    k = model.check_budget(k)
    counting = Counting(A)
    energy = norm(y, len(A.out_shape))

    def measure(state: Iterate) -> Array:
        return divide(state.residual_norm, energy)

    with blas_threads(A.size_in * prod(y.shape)):
        operator = _counted(prepare(A, y), counting) if prepared else counting
        every = looks_every(y)
        result = run(
            iterates(operator, y, model, k),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            patience=-(-patience // every),
            check_every=every,
        )
    return accounted(result, counting, started)


def _counted(prepared: LinearOperator, counting: Counting) -> LinearOperator:
    """The prepared operator with its products counted."""
    return replace(prepared, operator=counting) if isinstance(prepared, Dense) else counting


def iht_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any) -> Iterator[Iterate]:
    """Yield the iterates of normalised IHT, without end; a rejected step is one iterate more at the same place."""
    ndim_in, ndim_out = len(A.in_shape), len(A.out_shape)
    residual = y
    gradient = A.H @ residual
    xp, support = namespace(y), model.support(gradient, k)
    x = xp.zeros_like(gradient)
    shrink = xp.ones_like(norm(y, ndim_out))
    while True:
        descent = keep(gradient, support)
        step = shrink * divide(norm(descent, ndim_in) ** 2, norm(A @ descent, ndim_out) ** 2)
        trial = x + expand(step, ndim_in) * gradient
        support_next = model.support(trial, k)
        x_next = keep(trial, support_next)
        residual_next = y - A @ x_next
        moved = norm(x_next - x, ndim_in) ** 2
        seen = norm(residual_next - residual, ndim_out) ** 2
        same = xp.all(xp.reshape(support_next == support, (*shrink.shape, -1)), axis=-1)
        good = same | (step * seen <= _SAFE * moved)
        take_in, take_out = expand(good, ndim_in), expand(good, ndim_out)
        x_prev, x = x, xp.where(take_in, x_next, x)
        support = xp.where(take_in, support_next, support)
        residual = xp.where(take_out, residual_next, residual)
        shrink = xp.where(good, xp.ones_like(shrink), _SHRINK * shrink)
        yield iterate(x, x_prev, residual, A, support=support)
        gradient = A.H @ residual


def cosamp_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any, *, enlarge: int = 2) -> Iterator[Iterate]:
    """Yield the iterates of (model-based) CoSaMP, without end."""
    identify, most = _capped_identification(model, k, A.size_out, enlarge)
    proxy = A.H @ y
    x = namespace(y).zeros_like(proxy)
    support = x != 0
    while True:
        merged = identify(proxy) | support
        estimate = least_squares_on(A, y, merged, most)
        support = model.support(estimate, k)
        x_prev, x = x, keep(estimate, support)
        residual = y - A @ x
        yield iterate(x, x_prev, residual, A, support=support)
        proxy = A.H @ residual


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


def subspace_pursuit_iterates(A: LinearOperator, y: Array, model: SupportModel, k: Any) -> Iterator[Iterate]:
    """Yield the iterates of (model-based) subspace pursuit, without end."""
    most = model.max_nonzeros(k)
    support = model.support(A.H @ y, k)
    x = least_squares_on(A, y, support, most)
    x_prev = namespace(x).zeros_like(x)
    while True:
        residual = y - A @ x
        yield iterate(x, x_prev, residual, A, support=support)
        merged = support | model.support(A.H @ residual, k)
        support = model.support(least_squares_on(A, y, merged, 2 * most), k)
        x_prev, x = x, least_squares_on(A, y, support, most)
