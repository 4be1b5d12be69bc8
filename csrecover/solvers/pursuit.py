"""Matching pursuits: a support that grows by the units of largest correlation, with least squares on it."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from ..backend import Array, eps, namespace, norm, on_host, to_numpy
from ..models import Sparse, SupportModel
from ..operators import LinearOperator
from .base import Counting, Iterate, Progress, accounted, iterate, run
from .convex import starting_point
from .gram_pursuit import GramPursuit, serves
from .hard import counted, noise_level, residual_measures
from .least_squares import least_squares_on
from .orthogonal import OrthogonalPursuit
from .problem import check_model, check_problem, product_threads
from .result import Result, Status, plain
from .units import Units

_EVERY = 10  # iterations between looks on a device
_CLOSER = 1 - 1e-3  # share of the residual to reach, so that the product that certifies it may round


def omp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: int,
    *,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Orthogonal matching pursuit, for coefficients, blocks, and channels with one support.

    Each iteration adds the unit of largest correlation ||A_u^H r|| to the support and solves least squares there, until
    the residual is small or the budget is used up. A unit is a coefficient for `Sparse`, a block for `BlockSparse`, and
    for `JointSparse` one of these in all channels (simultaneous orthogonal matching pursuit). Correlations
    are compared as they are: see `unit_columns` where the columns of A differ in norm. A column that depends on the
    chosen ones, to half of the precision, is passed over and its coefficient is zero.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    model : Sparse, BlockSparse (without costs) or JointSparse of these
    k : int
        units to take at most.
    x0 : array, (*batch, *in_shape), optional
        its units are taken first, one an iteration, those of most energy first.
    noise : float or array, (*batch,), optional
        bound on the norm of the noise: a signal has also converged when ||y - A x|| is no larger.
    tol : float
        a signal has converged when ||y - A x|| <= tol ||y||.
    max_iter : int, optional
        by default as many as the budget allows.
    callback : callable, optional
        called with a `Progress` every iteration, on a device every tenth; a true return value stops.

    Returns
    -------
    Result
        STALLED where the budget is used up and the residual is larger.

    Raises
    ------
    TypeError
        For a model that is not made of such units.
    ValueError
        For wrong shapes, y that is not finite, k < 1 or larger than the model or the measurements allow, an operator
        that is linear over the reals only and takes complex signals.

    References
    ----------
    Y. C. Pati, R. Rezaiifar and P. S. Krishnaprasad, Orthogonal matching pursuit: recursive function approximation with
    applications to wavelet decomposition, Asilomar Conference on Signals, Systems and Computers, 1993;
    J. A. Tropp and A. C. Gilbert, Signal recovery from random measurements via orthogonal matching pursuit,
    IEEE Trans. Information Theory 53(12), 2007;
    J. A. Tropp, A. C. Gilbert and M. J. Strauss, Algorithms for simultaneous sparse approximation. Part I: Greedy
    pursuit, Signal Processing 86(3), 2006;
    B. L. Sturm and M. G. Christensen, Comparison of orthogonal matching pursuit implementations, EUSIPCO 2012.
    """
    return _pursue(A, y, model, k, 1, x0, noise, tol, max_iter, callback)


def block_omp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: int,
    *,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Block orthogonal matching pursuit: `omp` with a `BlockSparse` model, or a `JointSparse` one.

    Parameters, result and errors are those of `omp`; a model of single coefficients is refused.

    References
    ----------
    Y. C. Eldar, P. Kuppinger and H. Boelcskei, Block-sparse signals: uncertainty relations and efficient recovery,
    IEEE Trans. Signal Processing 58(6), 2010.
    """
    if isinstance(model, Sparse):
        raise TypeError("block_omp takes blocks, BlockSparse(blocks) or JointSparse(): use omp for Sparse()")
    return _pursue(A, y, model, k, 1, x0, noise, tol, max_iter, callback)


def gomp(
    A: Any,
    y: Any,
    model: SupportModel,
    k: int,
    *,
    at_once: int = 3,
    x0: Any = None,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Generalised orthogonal matching pursuit: `omp` that adds several units an iteration, wrong ones among them.

    The support grows for at most k iterations, or until it has as many columns as there are measurements. Where it has
    more than k units the k best of its least squares solution are kept and least squares are solved once more on them;
    the result is the one of these with the smallest residual, and has budget k. The other parameters, the result and
    the errors are those of `omp`.

    Parameters
    ----------
    at_once : int
        units an iteration, at most k.

    References
    ----------
    J. Wang, S. Kwon and B. Shim, Generalized orthogonal matching pursuit,
    IEEE Trans. Signal Processing 60(12), 2012, without the last step.
    """
    if isinstance(at_once, bool) or not isinstance(at_once, numbers.Integral):
        raise TypeError(f"at_once is an integer, the units to add an iteration, got {at_once!r}")
    if at_once < 1:
        raise ValueError(f"at_once must be at least 1, got {at_once}")
    return _pursue(A, y, model, k, int(at_once), x0, noise, tol, max_iter, callback)


def _pursue(
    A: Any,
    y: Any,
    model: Any,
    k: Any,
    at_once: int,
    x0: Any,
    noise: Any,
    tol: float,
    max_iter: int | None,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    started = time.perf_counter()
    A, y = check_problem(A, y)
    model = check_model(A, model, k)
    single, units = Units.of(A, model, y)
    k = model.check_budget(k)
    at_once = min(at_once, k)
    steps = min(k, max(k, single.size_out // units.width) // at_once)
    last = steps if max_iter is None else min(max_iter, steps) if isinstance(max_iter, numbers.Integral) else max_iter
    size = norm(y, len(A.out_shape))
    level = noise_level(noise, size)
    measure, merit = residual_measures(size, level)
    counting = Counting(A)

    with product_threads(A, y):
        operator = counted(A, y, counting)
        inner = operator if single is A else counted(single, y, Counting(single, counting.counts))
        first = None
        if x0 is not None:
            start = starting_point(A, y, namespace(y).zeros_like(inner.H @ y), x0)
            first = units.gains(model.project(start, k), size.shape)
        relative = max(tol, 10 * eps(y)) if isinstance(tol, numbers.Real) else 0.0  # of another kind `run` complains
        enough = _CLOSER * namespace(size).maximum(level, relative * size)
        kind: Any = GramPursuit if serves(inner, y, units, steps * at_once * units.width) else OrthogonalPursuit
        pursuit: OrthogonalPursuit | GramPursuit = kind(inner, y, units, steps, at_once, first, enough)
        every, before = (1 if on_host(y) else _EVERY), 0
        most = -(-steps // every) * every if last == steps else last
        if callback is None and every == 1 and isinstance(last, numbers.Integral):
            before = max(0, min(last, k // at_once) - 1)  # up to k units a later iterate is the better one
        result = run(
            pursuit_iterates(operator, y, model, k, pursuit, before),
            tol=tol,
            max_iter=most - before if before else most,
            callback=callback,
            measure=measure,
            merit=merit,
            check_every=every,
        )
    if callback is None:
        result = replace(result, iterations=plain(to_numpy(pursuit.iterations)))
    return accounted(_stalled(result) if last == steps else result, counting, started)


def pursuit_iterates(
    A: LinearOperator, y: Array, model: SupportModel, k: int, pursuit: OrthogonalPursuit | GramPursuit, before: int
) -> Iterator[Callable[[], Iterate]]:
    """Yield functions that take a pursuit to their iteration and give its iterate, without end, after the first few."""
    xp, x = namespace(y), 0

    def look(iteration: int) -> Iterate:
        nonlocal x
        pursuit.advance(min(iteration, pursuit.steps))
        x_prev, x = x, xp.reshape(pursuit.signal(), (*y.shape[: y.ndim - len(A.out_shape)], *A.in_shape))
        if iteration * pursuit.at_once > k:
            x = least_squares_on(A, y, model.support(x, k), model.max_nonzeros(k))
        return iterate(x, x_prev, y - A @ x, A)

    for iteration in count(1 + before):
        yield partial(look, iteration)


def _stalled(result: Result) -> Result:
    """The result of a budget that is used up, which is why the iterations ended."""
    stalled = np.vectorize(lambda one: Status.STALLED if one is Status.MAX_ITER else one, otypes=[object])
    return replace(result, status=stalled(result.status)[()])
