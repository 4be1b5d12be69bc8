"""Proximal gradient methods for min 0.5 ||A x - y||^2 + penalty(x)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from math import inf, prod
from typing import Any

from ..backend import Array, as_float, blas_threads, divide, eps, expand, is_complex, keep, namespace, norm
from ..operators import LinearOperator
from ..penalties import Norm, Penalty
from .base import Counting, Iterate, Progress, accounted, iterate, looks_every, run
from .certificates import dual_value, gap_from
from .momentum import extrapolated, next_momentum, uphill
from .problem import check_penalty, check_problem
from .result import Result

Iterates = Iterator[Callable[[], Iterate]]  # each is made where it is looked at


def ista(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    x0: Any = None,
    step: float | None = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by iterative soft thresholding (proximal gradient descent).

    The objective never rises for steps up to 1 / ||A||^2. See `fista` for the parameters; `fista` is faster.

    References
    ----------
    I. Daubechies, M. Defrise and C. De Mol, An iterative thresholding algorithm for linear inverse problems with a
    sparsity constraint, Comm. Pure Appl. Math. 57(11), 2004.
    """
    return _solve(ista_iterates, A, y, penalty, x0, step, tol, max_iter, callback)


def fista(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    x0: Any = None,
    step: float | None = None,
    restart: bool = True,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by accelerated proximal gradient descent.

    One product with A and one with A^H an iteration; the duality gap that stops it comes from these.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalty : Penalty
        for example ``L1(0.1)`` or ``GroupL2(blocks, 0.1)``; the weight is the regularisation parameter lambda.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default.
    step : float, optional
        step length; 1 / ||A||^2 by default, with the operator's exact norm or a safe upper estimate of it.
    restart : bool, default True
        forget the momentum of a signal whenever it points uphill.
    tol : float
        with a norm: relative duality gap, gap <= tol * 0.5 ||y||^2; with another penalty: relative change of x.
    max_iter : int
    callback : callable, optional
        called with a `Progress` at each look (every iteration, on a device every tenth); a true return value stops.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum (None where the penalty is no norm).

    Raises
    ------
    ValueError
        For wrong shapes, y that is not finite, a step that is not positive.

    References
    ----------
    A. Beck and M. Teboulle, A fast iterative shrinkage-thresholding algorithm for linear inverse problems,
    SIAM J. Imaging Sciences 2(1), 2009 (algorithm and O(1/k^2) bound, Theorem 4.4);
    B. O'Donoghue and E. Candes, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15, 2015
    (the gradient scheme, section 3.2).
    """

    def algorithm(*problem: Any) -> Iterates:
        return fista_iterates(*problem, restart=restart)

    return _solve(algorithm, A, y, penalty, x0, step, tol, max_iter, callback)


def _solve(
    algorithm: Callable[..., Iterates],
    A: Any,
    y: Any,
    penalty: Any,
    x0: Any,
    step: float | None,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    started = time.perf_counter()
    A, y = check_problem(A, y)
    penalty = check_penalty(A, penalty)
    if step is not None and not 0 < step < inf:
        raise ValueError(f"the step must be positive and finite, got {step}")
    counting = Counting(A)
    half_energy = 0.5 * norm(y, len(A.out_shape)) ** 2

    def measure(state: Iterate) -> Array:
        return state.change if state.gap is None else divide(state.gap, half_energy)

    def merit(state: Iterate) -> Array:
        return divide(state.objective if state.gap is None else state.gap, half_energy)

    with blas_threads(A.size_in * prod(y.shape)):
        x = _start(counting, y, x0)
        length = float(step) if step is not None else _safe_step(A, y)
        iterates = algorithm(counting, y, penalty, x, length)
        result = run(
            iterates,
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            merit=merit,
            check_every=looks_every(y),
        )
    return accounted(result, counting, started)


def _start(A: LinearOperator, y: Array, x0: Any) -> Array:
    """First iterate, in the dtype that the iterates will have."""
    zero = 0 * (A.H @ y)
    if x0 is None:
        return zero
    x0 = as_float(x0)
    xp = namespace(zero, x0)
    if x0.shape != zero.shape:
        raise ValueError(f"x0 must have shape {zero.shape}, got {x0.shape}")
    if is_complex(x0) and not is_complex(zero):
        raise TypeError(f"x0 must be real as A and y are, got {x0.dtype}")
    if not bool(xp.all(xp.isfinite(x0))):
        raise ValueError("x0 holds NaN or infinity: start from finite numbers")
    measured = expand(norm(y, len(A.out_shape)) > 0, len(A.in_shape))
    return keep(xp.astype(x0, zero.dtype), measured)  # y = 0 has the solution 0


def _safe_step(A: LinearOperator, y: Array) -> float:
    """1 / ||A||^2, kept inside the range of the precision."""
    size = A.norm()
    return min(1 / size**2, 1 / eps(y) ** 4) if size > 1e-150 else 1.0


def ista_iterates(A: LinearOperator, y: Array, penalty: Penalty, x: Array, step: float) -> Iterates:
    """Yield the iterates of ISTA, without end."""
    Ax = A @ x
    certified = Certificate(A, y, penalty)
    while True:
        residual = y - Ax
        correlation = A.H @ residual
        x_prev, x = x, penalty.prox(x + step * correlation, step)
        Ax = A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation)


def fista_iterates(
    A: LinearOperator, y: Array, penalty: Penalty, x: Array, step: float, *, restart: bool = True
) -> Iterates:
    """Yield the iterates of FISTA, without end; momentum and restart are per signal."""
    ndim = len(A.in_shape)
    z, Ax = x, A @ x
    Az, xp = Ax, namespace(x)
    certified = Certificate(A, y, penalty)
    t = xp.ones_like(norm(x, ndim))
    downhill = xp.zeros_like(t)
    while True:
        residual = y - Az
        correlation = A.H @ residual
        x_prev, x = x, penalty.prox(z + step * correlation, step)
        Ax_prev, Ax = Ax, A @ x
        yield partial(certified, x, x_prev, Ax, residual, correlation)
        t, momentum = next_momentum(t, uphill(z, x, x_prev, ndim) if restart else downhill)
        z = extrapolated(x, x_prev, expand(momentum, ndim))
        Az = extrapolated(Ax, Ax_prev, expand(momentum, len(A.out_shape)))


class Certificate:
    """Makes iterates with their objective and, where the penalty is a norm, their duality gap.

    The gap is taken to the best dual value seen so far, a lower bound on the minimum of the objective.
    """

    def __init__(self, A: LinearOperator, y: Array, penalty: Penalty) -> None:
        self.A, self.y, self.penalty = A, y, penalty
        self.best: Array | None = None
        self.norm = penalty if isinstance(penalty, Norm) and penalty.definite else None

    def __call__(self, x: Array, x_prev: Array, Ax: Array, point: Array, correlation: Array) -> Iterate:
        """The iterate x; `point` leads to a dual point and `correlation` is A^H of it."""
        residual = self.y - Ax
        objective = 0.5 * norm(residual, len(self.A.out_shape)) ** 2 + self.penalty.value(x)
        gap = None
        if self.norm is not None:
            value = dual_value(self.A, self.y, self.norm, point, correlation)
            self.best = value if self.best is None else namespace(value).maximum(self.best, value)
            gap = gap_from(objective, self.best)
        return iterate(x, x_prev, residual, self.A, objective=objective, gap=gap)
