"""Working sets for min 0.5 ||A x - y||^2 + penalty(x): the few groups that matter are found, solved for, certified."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..backend import Array, blas_threads, cast_like, device, energy, eps, namespace, norm, real_vdot, to_like, to_numpy
from ..operators import LinearOperator
from ..penalties import L1, GroupL2
from .base import Counting, Iterate, Progress, accounted, run
from .convex import starting_point
from .correlations import Correlations
from .parts import joined_results
from .problem import check_penalty, check_problem
from .restricted import Free, Partition, restricted
from .result import Result
from .scaling import fraction_of

_CLOSER = 0.01  # share of the gap that a restricted problem is solved to
_NEAR = 0.4  # share of the largest violation from which on groups join together
_PATIENCE = 5  # looks without a smaller gap: rounding allows no more


def working_set(
    A: Any,
    y: Any,
    penalty: L1 | GroupL2,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 100,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) on a growing set of groups of coefficients.

    An iteration takes in the groups that violate optimality most, ||A_g^H r|| > w_g with the residual r = y - A x,
    minimises over those it has to a hundredth of the duality gap, and computes A^H r and the gap of all groups. NumPy
    arrays with numba installed: block coordinate descent with exact steps, Anderson acceleration, gap-safe screening,
    compiled. Otherwise: `fista` on the columns of the working set. The numbers of the groups are compared on the host.

    Coefficients of weight zero are eliminated by least squares, so that there is a gap with them too.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
        a matrix best: of other operators the columns of the working set are made dense.
    y : array, (*batch, *out_shape)
        signals of a batch are solved one after another and share the columns.
    penalty : L1 or GroupL2
    scale : float or str, default 1
        what the penalty is multiplied by: a number, or a fraction such as "0.1 lmax" of `lambda_max`.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default.
    tol : float
        relative duality gap, gap <= tol * 0.5 ||y||^2.
    max_iter : int
        products with A^H.
    callback : callable, optional
        called with a `Progress` at each iteration, for each signal; a true return value stops the signal.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum.

    Raises
    ------
    TypeError
        For another penalty.
    ValueError
        For wrong shapes, y that is not finite, a stack of matrices, an operator that is linear over the reals only.

    References
    ----------
    M. Massias, A. Gramfort and J. Salmon, Celer: a fast solver for the lasso with dual extrapolation, ICML 2018
    (working sets);
    Q. Bertrand and M. Massias, Anderson acceleration of coordinate descent, AISTATS 2021;
    E. Ndiaye, O. Fercoq, A. Gramfort and J. Salmon, Gap safe screening rules for sparsity enforcing penalties,
    J. Machine Learning Research 18, 2017.
    """
    A, y = check_problem(A, y)
    penalty = check_supported(A, penalty)
    batch = y.shape[: y.ndim - len(A.out_shape)]
    xp = namespace(y)
    first = Prepared(A, xp.reshape(y, (-1, *A.out_shape))[0, ...], penalty)
    zero = xp.zeros((*batch, *A.in_shape), dtype=first.y.dtype, device=device(y))
    x = None if x0 is None else starting_point(A, y, zero, x0)
    options: dict[str, Any] = {"scale": scale, "tol": tol, "max_iter": max_iter, "callback": callback}
    if not batch:
        return first.solve(x0=x, **options)
    signals = xp.reshape(y, (-1, 1, *A.out_shape))
    starts = None if x is None else xp.reshape(x, (-1, *A.in_shape))
    results = []
    for i in range(signals.shape[0]):
        start = None if starts is None else starts[i, ...]
        results.append(Prepared(A, signals[i, ...], penalty, first).solve(x0=start, **options))
    return joined_results(results, batch)


class Prepared:
    """A problem for any multiple of its penalty: what all have in common, and the last solution.

    Parameters
    ----------
    A : LinearOperator
    y : array, out_shape
        or with an axis of length one before, which the numbers of the results then have.
    penalty : L1 or GroupL2
    like : Prepared, optional
        the same with another y, to share the columns.
    """

    def __init__(self, A: Any, y: Any, penalty: L1 | GroupL2, like: Prepared | None = None) -> None:
        self.A, y = check_problem(A, y)
        self.batch = y.shape[: y.ndim - len(self.A.out_shape)]
        xp = namespace(y)
        dtype = xp.result_type(y, xp.complex64) if self.A.complex_output else y.dtype
        self.y = xp.astype(xp.reshape(y, (-1,)), dtype, copy=False)
        if like is None:
            penalty = check_supported(self.A, penalty)
            self.partition = Partition.of(penalty, self.A.size_in)
            weights = np.asarray(to_numpy(penalty.weight), np.float64).reshape(-1)
            self.weights = np.broadcast_to(weights, self.partition.sizes.shape)
            self.free = Free.of(self.A, self.partition.members(np.flatnonzero(self.weights == 0)), self.y)
            self.restricted = restricted(self.A, self.partition, self.free, self.y)
        else:
            self.partition, self.weights = like.partition, like.weights
            self.free, self.restricted = like.free, like.restricted
        self.half_energy = 0.5 * float(norm(self.y)) ** 2
        self.target = self.free.project(self.y)
        self.correlations = Correlations(self.A, self.partition, self.restricted)
        self.at_zero: float | None = None
        self.move_to(np.zeros(self.A.size_in, to_numpy(self.y[:0]).dtype), self.target)

    def move_to(self, x: np.ndarray, residual: Array) -> None:
        """Take a solution, zero in the free coefficients, and the residual that it leaves."""
        self.x, self.residual = x, residual

    def start_from(self, x0: Array) -> None:
        """Go on from a signal of in_shape in place of the last solution."""
        x = np.array(to_numpy(x0).reshape(-1), self.x.dtype)
        x[self.free.indices] = 0
        places = np.flatnonzero(x)
        if places.size:
            image = self.A.columns(places) @ to_like(x[places], self.y)
            self.move_to(x, self.target - self.free.project(image))
        else:
            self.move_to(x, self.target)

    def lambda_max(self, A: LinearOperator) -> float:
        """Least factor for which the solution is zero."""
        if self.at_zero is None:
            self.at_zero = self.ratios(A, self.target, 0.0)[1]
        return self.at_zero

    def ratios(self, A: LinearOperator, residual: Array, factor: float) -> tuple[np.ndarray, float]:
        """||A_g^H r|| / w_g of each group for a residual r, zero where the weight is, and the largest or a bound on it.

        A ratio that is surely below `factor` may be an estimate below it.
        """
        enough = np.where(self.weights > 0, factor * self.weights, np.inf)
        ratios, limits = (
            np.divide(lengths, self.weights, out=np.zeros_like(lengths), where=self.weights > 0)
            for lengths in self.correlations.lengths(A, residual, enough)
        )
        return ratios, float(limits.max())

    def solve(
        self,
        scale: float | str = 1.0,
        *,
        x0: Array | None = None,
        tol: float = 1e-6,
        max_iter: int = 100,
        callback: Callable[[Progress], Any] | None = None,
    ) -> Result:
        """Minimise 0.5 ||A x - y||^2 + scale * penalty(x) from x0, or else from the last solution; see `working_set`.

        A sequence of falling scales costs little more than the last of them.
        """
        started = time.perf_counter()
        counting = Counting(self.A)
        factor, relative = fraction_of(scale)
        with blas_threads(math.prod(self.A.shape)):
            if relative:
                factor *= (1 + 8 * eps(self.y)) * (self.lambda_max(counting) or 1.0)
            if x0 is not None:
                self.start_from(x0)
            result = run(
                working_set_iterates(self, counting, factor, tol),
                tol=tol,
                max_iter=max_iter,
                callback=callback,
                measure=self.relative_gap,
                patience=_PATIENCE,
            )
        return accounted(result, counting, started)

    def relative_gap(self, state: Iterate) -> Array:
        """Duality gap in units of 0.5 ||y||^2."""
        gap: Any = state.gap
        return gap / self.half_energy if self.half_energy else gap

    def iterate(self, A: Counting, x: np.ndarray, x_prev: np.ndarray, objective: float, gap: float) -> Iterate:
        """The iterate x with its numbers; its residual is that of the last solution."""
        A.counts[0] += 1  # the product of x with its columns
        size = np.sqrt(energy(x).sum())
        change = np.sqrt(energy(x - x_prev).sum()) / size if size else 0.0
        numbers = (change, float(norm(self.residual)), objective, gap)
        change_, residual_norm, objective_, gap_ = (cast_like(np.full(self.batch, value), self.y) for value in numbers)
        signal = namespace(self.y).reshape(to_like(x, self.y), (*self.batch, *A.in_shape))
        return Iterate(signal, change_, residual_norm, objective=objective_, gap=gap_)

    def filled(self) -> np.ndarray:
        """The last solution with the best values of the free coefficients."""
        if not self.free.indices.size:
            return self.x
        x, places = self.x.copy(), np.flatnonzero(self.x)
        left = self.y - self.A.columns(places) @ to_like(x[places], self.y) if places.size else self.y
        x[self.free.indices] = to_numpy(self.free.solve(left))
        return x


def working_set_iterates(problem: Prepared, A: Counting, factor: float, tol: float) -> Iterator[Iterate]:
    """Yield the minimum on each working set, from the last solution of the problem on, without end."""
    partition, weights, unit = problem.partition, factor * problem.weights, problem.half_energy
    within, best, x = np.zeros(weights.shape, bool), -np.inf, problem.filled()
    while True:
        lengths, (ratios, largest) = partition.norms(problem.x), problem.ratios(A, problem.residual, factor)
        objective, dual = bounds(problem.target, problem.residual, largest / factor, weights @ lengths)
        best = max(best, dual)
        gap = max(objective - best, 0.0)
        x_prev, x = x, problem.filled()
        yield problem.iterate(A, x, x_prev, objective, gap)
        within |= (lengths > 0) | joining(ratios / factor, within, partition.sizes, A.size_out)
        groups = np.flatnonzero(within)
        if groups.size:
            places = partition.members(groups)
            found, residual = problem.restricted.minimise(
                groups,
                weights[groups],
                problem.target,
                problem.x[places],
                max(_CLOSER * gap, 0.5 * tol * unit, 5 * eps(problem.y) * unit),
            )
            solution = np.zeros_like(problem.x)
            solution[places] = found
            problem.move_to(solution, residual)


def bounds(y: Array, residual: Array, largest: float, penalty: float) -> tuple[float, float]:
    """Objective and dual objective of the best feasible multiple of the residual, where `largest` is its dual norm."""
    squares, along = float(norm(residual)) ** 2, float(real_vdot(y, residual))
    scale = along / squares if squares else 0.0
    if abs(scale) * largest > 1:
        scale = math.copysign(1 / largest, scale)
    return 0.5 * squares + penalty, scale * along - 0.5 * scale**2 * squares


def joining(ratios: np.ndarray, within: np.ndarray, sizes: np.ndarray, m: int) -> np.ndarray:
    """Mask of the groups that join the working set: the largest ratios, as many coefficients as there are already.

    A ratio above one violates optimality. Those slightly below it join too: they may violate it next.
    """
    top = ratios.max()
    joiners = np.flatnonzero(~within & (ratios > max(2 - top, _NEAR * top)))
    joiners = joiners[np.argsort(-ratios[joiners], kind="stable")]
    room = max(m // 2, int(sizes[within].sum()))
    count = max(1, int(np.searchsorted(np.cumsum(sizes[joiners]), room, side="right")))
    mask = np.zeros_like(within)
    mask[joiners[:count]] = True
    return mask


def check_supported(A: LinearOperator, penalty: Any) -> L1 | GroupL2:
    """The penalty for the operator's signals; both of the kinds that working sets are for.

    Raises
    ------
    TypeError
        For another penalty.
    ValueError
        For a stack of matrices, or an operator that is linear over the reals only.
    """
    penalty = check_penalty(A, penalty)
    if not isinstance(penalty, (L1, GroupL2)):
        raise TypeError(f"working sets are for L1 and GroupL2, not for {type(penalty).__name__}: use fista")
    if A.batch_shape or A.real_linear:
        reason = "is a stack of matrices" if A.batch_shape else "is linear over the reals only"
        raise ValueError(f"{A} {reason}, which has no columns for a working set: use fista")
    return penalty
