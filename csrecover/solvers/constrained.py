"""Least penalty for a bound on the residual, least residual for a bound on the penalty, and the square-root lasso."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..backend import (
    Array,
    cast_like,
    is_complex,
    norm,
    to_numpy,
)
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Counting, Progress, accounted, run
from .bregman import QUICK, bregman_iterates
from .convex import starting_point
from .forms import Radius, Residual, SquareRoot
from .problem import check_problem, one_a_signal, product_threads
from .result import Result, Status, plain
from .root import Form, check_gauge, root_iterates

_PATIENCE = 12  # penalised problems without a smaller error
_BEYOND = 10.0  # a lower bound this many times the value of x says that no signal will fit
_DRAWS, _QUANTILE, _SLACK = 100, 0.95, 1.1  # of the pivotal weight


def basis_pursuit(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 300,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise penalty(x) subject to A x = y, by Bregman iterations: the method of multipliers.

    With a multiplier u, 0.5 ||A x - y - t u||^2 + t penalty(x) is minimised by proximal steps of Barzilai-Borwein
    length; as soon as A x has settled, (y - A x) / t is added to u, which certifies x once it is scaled to a dual norm
    of one, and the weight t falls where the residual has not fallen to a quarter. Signals that have not ended after two
    hundred steps get each problem solved until its own duality gap says so, each more closely.

    A signal with few atoms takes some dozens of steps. Where y has none, the solution has as many atoms as there are
    measurements, and the steps grow with the squared condition number of these: ten thousands are usual then, and
    `bpdn` with a small sigma, or a linear program, may be what is wanted.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalty : Norm or NonNegativeL1
        with positive weights; its weight is of no consequence, only ratios of weights are.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default; its multiplier has to be found even where it is the solution.
    tol : float
        ||y - A x|| <= tol ||y||, and relative duality gap: gap <= tol penalty(x).
    max_iter : int
        pairs of steps, and from the hundredth on multipliers; those of a batch go on until each signal has ended.
    callback : callable, optional
        called with a `Progress` for each of them; a true return value stops.

    Returns
    -------
    Result
        `gap` is penalty(x) minus a lower bound on the minimum, not below zero. INFEASIBLE: y is out of the range of A.

    Raises
    ------
    TypeError
        For another penalty.
    ValueError
        For wrong shapes, y that is not finite, a weight of zero.

    References
    ----------
    S. Chen, D. Donoho and M. Saunders, Atomic decomposition by basis pursuit, SIAM J. Scientific Computing 20(1), 1998;
    W. Yin, S. Osher, D. Goldfarb and J. Darbon, Bregman iterative algorithms for l1-minimization with applications to
    compressed sensing, SIAM J. Imaging Sciences 1(1), 2008.
    """
    return _solve(Residual, A, y, penalty, None, "", x0, tol, max_iter, callback)


def bpdn(
    A: Any,
    y: Any,
    penalty: Penalty,
    sigma: Any,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise penalty(x) subject to ||y - A x|| <= sigma: basis pursuit denoising, for any norm.

    The solution is that of 0.5 ||A x - y||^2 + t penalty(x) for the t with a residual of norm sigma. An iteration
    solves such a problem by `sparsa`, each more closely; x is what fits on the straight line between the nearest
    solutions of both sides. With the residual r of either, u = r / dual(A^H r) bounds the minimum from below by
    Re <y, u> - sigma ||u||.

    Parameters
    ----------
    A, y, penalty, callback
        as in `basis_pursuit`.
    sigma : float or array, (*batch,), positive
        bound on the norm of the noise; without noise take `basis_pursuit`.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default; the first iterate, or where the way from it to zero has a residual of norm sigma.
    tol : float
        relative duality gap, gap <= tol penalty(x); ||y - A x|| <= sigma + tol ||y||, and to rounding once a weight
        has been found that is small enough.
    max_iter : int
        the start and penalised problems; all signals of a batch go on until each has ended.

    Returns
    -------
    Result
        `gap` is penalty(x) minus a lower bound on the minimum. INFEASIBLE: no signal fits to sigma.

    Raises
    ------
    TypeError
        For another penalty, or a sigma that is no real number.
    ValueError
        For wrong shapes, y that is not finite, a weight of zero, a sigma that is not positive and finite.

    References
    ----------
    E. van den Berg and M. P. Friedlander, Probing the Pareto frontier for basis pursuit solutions, SIAM J. Scientific
    Computing 31(2), 2008 (the curve, and the dual problem; the root is sought there by the value of the norm).
    """
    return _solve(Residual, A, y, penalty, sigma, "sigma", x0, tol, max_iter, callback)


def lasso_ball(
    A: Any,
    y: Any,
    penalty: Penalty,
    radius: Any,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 subject to penalty(x) <= radius: the lasso as it was first stated, for any norm.

    Found on the curve of penalised solutions as in `bpdn`, without projections onto the ball; all x are in it. The
    residual r bounds the minimum from below by max_s s (Re <y, r> - radius dual(A^H r)) - 0.5 s^2 ||r||^2, s >= 0.

    Parameters
    ----------
    A, y, penalty, x0, max_iter, callback
        as in `bpdn`.
    radius : float or array, (*batch,), positive
    tol : float
        relative duality gap, gap <= tol 0.5 ||y||^2.

    Returns
    -------
    Result
        `gap` bounds how far 0.5 ||A x - y||^2 is above its minimum.

    Raises
    ------
    TypeError, ValueError
        As in `bpdn`.

    References
    ----------
    R. Tibshirani, Regression shrinkage and selection via the lasso, J. Royal Statistical Society B 58(1), 1996.
    """
    return _solve(Radius, A, y, penalty, radius, "radius", x0, tol, max_iter, callback)


def sqrt_lasso(
    A: Any,
    y: Any,
    penalty: Penalty,
    weight: Any = None,
    *,
    rng: Any = 0,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise ||A x - y|| + weight penalty(x), the square-root lasso, whose weight needs no noise level.

    The solution is that of 0.5 ||A x - y||^2 + t penalty(x) for t = weight ||A x - y||, found as in `bpdn`. A weight so
    small that x fits y exactly, or nearly so, makes t tiny and the problems slow, by two orders of magnitude and more:
    `basis_pursuit` has the same solution where the fit is exact.

    Parameters
    ----------
    A, y, penalty, x0, max_iter, callback
        as in `bpdn`.
    weight : float or array, (*batch,), positive; optional
        by default pivotal: 1.1 times the 0.95 quantile of dual(A^H w) / ||w|| over white Gaussian noise w, of which
        100 are drawn. From dual(A^H y) / ||y|| on the solution is zero.
    rng : seed or numpy.random.Generator
        of that noise.
    tol : float
        relative duality gap, gap <= tol ||y||.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum, `scale` is the weight.

    Raises
    ------
    TypeError, ValueError
        As in `bpdn`.

    References
    ----------
    A. Belloni, V. Chernozhukov and L. Wang, Square-root lasso: pivotal recovery of sparse signals via conic
    programming, Biometrika 98(4), 2011;
    F. Bunea, J. Lederer and Y. She, The group square-root lasso: theoretical properties and fast algorithms,
    IEEE Trans. Information Theory 60(2), 2014.
    """
    if weight is None:
        A, y = check_problem(A, y)
        weight = _pivotal(A, y, check_gauge(A, penalty), np.random.default_rng(rng))
    return _solve(SquareRoot, A, y, penalty, weight, "weight", x0, tol, max_iter, callback)


def _solve(
    kind: type[Form],
    A: Any,
    y: Any,
    penalty: Any,
    level: Any,
    name: str,
    x0: Any,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    """Solve a form; without a level it is basis pursuit."""
    started = time.perf_counter()
    A, y = check_problem(A, y)
    penalty, size = check_gauge(A, penalty), norm(y, len(A.out_shape))
    counting = Counting(A)
    with product_threads(A, y):
        form = kind(counting, y, penalty, 0 * size if level is None else one_a_signal(level, name, size))
        x = starting_point(A, y, 0 * form.correlation, x0)
        steps = (bregman_iterates if level is None else root_iterates)(form, x, tol)
        patience = _PATIENCE + (QUICK if level is None else 0)
        result = run(steps, tol=tol, max_iter=max_iter, callback=callback, measure=form.error, patience=patience)
        if kind is Residual:
            result = _judged(result, form)
    if kind is SquareRoot:
        result = replace(result, scale=plain(to_numpy(form.level)))
    return accounted(result, counting, started)


def _judged(result: Result, form: Form) -> Result:
    """The result, INFEASIBLE where a lower bound on the minimum by its residual says so."""
    open_ = np.vectorize(lambda status: status in (Status.STALLED, Status.MAX_ITER), otypes=[bool])(result.status)
    if not open_.any():
        return result
    residual = form.y - form.A @ result.x
    slack = form.fit(residual) - form.level * norm(residual, len(form.A.out_shape))
    limit = _BEYOND * form.penalty.value(result.x) * form.penalty.zero_weight(form.A.H @ residual)
    status = np.array(result.status, dtype=object)
    status[open_ & to_numpy(slack > limit)] = Status.INFEASIBLE
    return replace(result, status=plain(status))


def _pivotal(A: LinearOperator, y: Array, penalty: Penalty, rng: np.random.Generator) -> Array:
    """Weight of the square-root lasso that noise alone stays below, as `sqrt_lasso` says."""
    shape, ratios = (*A.batch_shape, *A.out_shape), []
    for _ in range(_DRAWS):
        noise = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if is_complex(y) else 0)
        w = cast_like(noise, y)
        ratios.append(to_numpy(penalty.zero_weight(A.H @ w) / norm(w, len(A.out_shape))))
    return cast_like(_SLACK * np.quantile(ratios, _QUANTILE, axis=0), y)
