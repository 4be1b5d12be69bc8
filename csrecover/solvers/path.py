"""Solutions for a decreasing sequence of regularisation parameters, and the choice among them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, eps, is_complex, namespace, on_host, to_like, to_numpy
from ..operators import LinearOperator, Matrix, Sampling
from ..penalties import L1, GroupL2, Penalty
from .certificates import lambda_max
from .freedom import degrees_of_freedom
from .problem import check_penalty, check_problem
from .proximal import fista
from .result import Result
from .scaling import fraction_of
from .sparsa import sparsa
from .working_set import Prepared, check_supported, working_set


@dataclass(frozen=True, eq=False, repr=False)
class Path:
    """Solutions of min 0.5 ||A x - y||^2 + lambda penalty(x) for decreasing lambda.

    Attributes
    ----------
    A : LinearOperator
    y : array, out_shape
    penalty : Penalty
    lambdas : NumPy array, (n,)
        what the penalty is multiplied by, from large to small.
    x : array, (n, *in_shape)
    gaps : NumPy array, (n,)
        duality gap of each solution; NaN where the penalty is no norm.
    residual_norms : NumPy array, (n,)
        ||y - A x||.
    sizes : NumPy array, (n,)
        number of nonzeros.
    begin : callable
        ``begin(A, y, penalty)`` gives the ``solve(lambda, x0)`` that made them.
    """

    A: LinearOperator
    y: Array
    penalty: Penalty
    lambdas: np.ndarray
    x: Array
    gaps: np.ndarray
    residual_norms: np.ndarray
    sizes: np.ndarray
    begin: Callable[..., Callable[[float, Array | None], Result]]

    def __len__(self) -> int:
        return len(self.lambdas)

    def __repr__(self) -> str:
        ends = f"lambda {self.lambdas[0]:.3g} .. {self.lambdas[-1]:.3g}, {self.sizes[0]} .. {self.sizes[-1]} nonzeros"
        return f"Path({len(self)} solutions, {ends})"

    def best(self, criterion: str, *, noise: float | None = None, share: float = 0.2, rng: Any = 0) -> int:
        """Index of the solution that a criterion prefers: ``path.x[path.best("bic")]``.

        Parameters
        ----------
        criterion : str
            "aic" or "bic": information criteria for Gaussian noise, of the level `noise` or, without it, estimated from
            each residual, which needs more measurements than unknowns in play; for L1 and GroupL2, see
            `csrecover.solvers.freedom`.
            "discrepancy": the largest lambda with ||y - A x|| <= noise (discrepancy principle of Morozov).
            "held-out": the path is computed again without a share of the measurements, drawn at random, and the
            smallest error in predicting these wins; lambda shrinks with the number of measurements that remain.
        noise : float
            expected norm of the noise in y.
        share : float
            of the measurements that are held out.
        rng : numpy.random.Generator or seed

        Raises
        ------
        ValueError
            For an unknown criterion, a missing or unreached noise level, a share that leaves no measurement.
        TypeError
            When the degrees of freedom of the penalty are not known.
        """
        if criterion in ("aic", "bic"):
            return int(np.argmin(self._information(criterion, noise)))
        if criterion == "discrepancy":
            if noise is None:
                raise ValueError("the discrepancy principle needs the expected norm of the noise: best(..., noise=...)")
            residuals = to_numpy(self.residual_norms)
            small = np.flatnonzero(residuals <= noise)
            if not small.size:
                least = residuals.min()
                raise ValueError(f"no residual is down to noise={noise:g}, the least is {least:g}: lower `smallest`")
            return int(small[0])
        if criterion == "held-out":
            return int(np.argmin(self._held_out(share, rng)))
        raise ValueError(f'a criterion is "aic", "bic", "discrepancy" or "held-out", got {criterion!r}')

    def _information(self, criterion: str, noise: float | None) -> np.ndarray:
        """The criterion at each solution, up to a constant."""
        count = self.A.size_out * (2 if is_complex(self.y) else 1)
        squares = np.maximum(to_numpy(self.residual_norms).astype(float), 1e-150) ** 2
        misfit = count * (np.log(squares) if noise is None else squares / noise**2)
        price = 2 if criterion == "aic" else math.log(count)
        solutions = zip(to_numpy(self.lambdas), to_numpy(self.x), strict=True)
        freedom = [degrees_of_freedom(self.A, float(weight) * self.penalty, x) for weight, x in solutions]
        return misfit + price * np.array(freedom)

    def _held_out(self, share: float, rng: Any) -> np.ndarray:
        """Error in the measurements held out of each solution from the others."""
        m = self.A.size_out
        held = round(share * m)
        if not 1 <= held < m:
            raise ValueError(f"share must leave some of the {m} measurements on both sides, got {share}")
        mask = np.zeros(m, dtype=bool)
        mask[np.random.default_rng(rng).permutation(m)[:held]] = True
        mask = mask.reshape(self.A.out_shape)
        kept, left = (Sampling(self.A.out_shape, to_like(part, self.y)) for part in (~mask, mask))
        lambdas = to_numpy(self.lambdas) * (1 - held / m)
        x = follow(kept @ self.A, kept @ self.y, self.penalty, lambdas, self.begin).x
        return np.linalg.norm(to_numpy(left @ (self.A @ x) - left @ self.y).reshape(len(lambdas), -1), axis=1)


def path(
    A: Any,
    y: Any,
    penalty: Penalty,
    lambdas: Any = None,
    n: int = 100,
    *,
    smallest: float | str = "0.01 lmax",
    solver: Callable[..., Result] | None = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
) -> Path:
    """Minimise 0.5 ||A x - y||^2 + lambda penalty(x) for decreasing lambda, each solution the start of the next.

    Where only the last solution is wanted and its lambda is small, a path of few solutions gets there sooner than a
    solver that starts from zero.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, out_shape
        one signal.
    penalty : Penalty
    lambdas : array, optional
        multiples of the penalty; by default n of them, from `lambda_max` down to `smallest` in equal ratios.
    n : int, default 100
    smallest : float or str, default "0.01 lmax"
        the last lambda: a number, or a fraction of lambda_max.
    solver : callable, optional
        ``solver(A, y, penalty, x0=..., tol=..., max_iter=...)``; by default `working_set` for a `Matrix` of NumPy with
        L1 or GroupL2, `sparsa` where the penalty is not convex, else `fista`.
    tol, max_iter
        of each solution, as in the solver.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        When y is a batch, lambda_max is zero or infinite, or the lambdas are not positive and finite.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani, Regularization paths for generalized linear models via coordinate descent,
    J. Statistical Software 33(1), 2010 (sequence and warm starts).
    """
    A, y = check_problem(A, y)
    penalty = check_penalty(A, penalty)
    if A.batch_shape or y.shape != A.out_shape:
        raise ValueError(f"a path is of one signal, y of shape {A.out_shape}, got {y.shape}: loop over the batch")
    multiples = _multiples(A, y, penalty, n, smallest) if lambdas is None else _checked(lambdas)
    chosen = solver or default_solver(A, y, penalty)

    def begin(A: LinearOperator, y: Array, penalty: Penalty) -> Callable[[float, Array | None], Result]:
        if chosen is working_set:
            problem = Prepared(A, y, check_supported(A, penalty))  # goes on from its last solution
            return lambda weight, _: problem.solve(weight, tol=tol, max_iter=max_iter)
        return lambda weight, x0: chosen(A, y, weight * penalty, x0=x0, tol=tol, max_iter=max_iter)

    return follow(A, y, penalty, multiples, begin)


def default_solver(A: LinearOperator, y: Array, penalty: Penalty) -> Callable[..., Result]:
    """`working_set` for a `Matrix` of NumPy with L1 or GroupL2, `sparsa` for what is not convex, else `fista`."""
    if isinstance(A, Matrix) and not A.batch_shape and isinstance(penalty, (L1, GroupL2)) and on_host(y):
        return working_set
    return fista if penalty.convex else sparsa


def follow(A: LinearOperator, y: Array, penalty: Penalty, lambdas: np.ndarray, begin: Callable[..., Any]) -> Path:
    """The path through the given lambdas; ``begin(A, y, penalty)`` gives ``solve(lambda, x0)``."""
    solve = begin(A, y, penalty)
    results: list[Result] = []
    for weight in lambdas:
        results.append(solve(float(weight), results[-1].x if results else None))
    x = namespace(y).stack([result.x for result in results])
    return Path(
        A,
        y,
        penalty,
        lambdas,
        x,
        gaps=np.array([math.nan if result.gap is None else result.gap for result in results]),
        residual_norms=np.array([result.residual_norm for result in results]),
        sizes=np.array([np.count_nonzero(row) for row in to_numpy(x)]),
        begin=begin,
    )


def _multiples(A: LinearOperator, y: Array, penalty: Penalty, n: int, smallest: float | str) -> np.ndarray:
    """Multiples of a penalty from lambda_max down, in equal ratios."""
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n, the number of solutions, is a positive integer, got {n!r}")
    largest = float(lambda_max(A, y, penalty)) * (1 + 8 * eps(y))
    if not 0 < largest < math.inf:
        raise ValueError(f"lambda_max is {largest:g}, from which no path leads: give the lambdas")
    fraction, relative = fraction_of(smallest)
    least = fraction * largest if relative else fraction
    if least > largest:
        raise ValueError(f"smallest={smallest} is more than lambda_max = {largest:g}: there the solution is zero")
    return np.geomspace(largest, least, n)


def _checked(lambdas: Any) -> np.ndarray:
    """The given multiples in decreasing order."""
    values = np.asarray(to_numpy(lambdas), dtype=float)
    if values.ndim != 1 or not values.size or not ((values > 0) & np.isfinite(values)).all():
        raise ValueError(f"lambdas are positive numbers, one a solution, got {lambdas!r}")
    return np.sort(values)[::-1].copy()
