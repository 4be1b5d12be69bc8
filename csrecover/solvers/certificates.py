"""Optimality certificates of min 0.5 ||A x - y||^2 + penalty(x), written apart from the proximal operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import Array, clip, device, divide, eps, expand, namespace, norm, real_vdot
from ..operators import LinearOperator
from ..penalties import Norm, Penalty
from .base import Iterate
from .problem import check_penalty, check_problem

_DEPTH = 5  # looks from which a dual point is extrapolated
_DOUBT = 10  # rounding units by which a correlation may be wrong


def lambda_max(A: Any, y: Any, penalty: Any) -> Array:
    """Smallest t >= 0 for which 0.5 ||A x - y||^2 + t * penalty(x) is minimised at x = 0.

    For a norm it is the dual norm of A^H y; infinite where no multiple makes zero optimal (a penalty that leaves some
    signals free), zero where all do.

    Parameters
    ----------
    A : operator or array
    y : array, (*batch, *out_shape)
    penalty : Penalty

    Returns
    -------
    array, (*batch,)
    """
    A, y = check_problem(A, y)
    return check_penalty(A, penalty).zero_weight(A.H @ y)


def duality_gap(A: Any, y: Any, penalty: Any, x: Any) -> Array:
    """Upper bound on how far the objective at x is above its minimum.

    The dual point is the residual y - A x, scaled to be feasible; weak duality makes the bound valid at any x.

    Parameters
    ----------
    A : operator or array
    y : array, (*batch, *out_shape)
    penalty : Norm
    x : array, (*batch, *in_shape)

    Returns
    -------
    array, (*batch,)
    """
    A, y = check_problem(A, y)
    penalty = check_norm_penalty(A, penalty)
    residual = y - A @ x
    objective = objective_at(penalty, x, residual, len(A.out_shape))
    return gap_from(objective, dual_value(A, y, penalty, residual, A.H @ residual))


def check_norm_penalty(A: LinearOperator, penalty: Any) -> Norm:
    """The penalty, which must be a norm."""
    penalty = check_penalty(A, penalty)
    if not isinstance(penalty, Norm):
        raise TypeError(f"{type(penalty).__name__} is no norm: it has no dual norm and so no such certificate")
    return penalty


def dual_value(
    A: LinearOperator, y: Array, penalty: Norm, residual: Array, correlation: Array, doubt: Any = 0.0
) -> Array:
    """Best dual objective 0.5 ||y||^2 - 0.5 ||y - s residual||^2 over the scalings s that are dual feasible.

    Feasible means dual(A^H s residual) <= 1; `correlation` is A^H residual, at hand in every solver, up to a relative
    error of `doubt`.
    """
    xp, ndim = namespace(y), len(A.out_shape)
    along, squared = real_vdot(y, residual, ndim), norm(residual, ndim) ** 2
    limit = penalty.dual(correlation) * (1 + doubt)
    scale = divide(along, squared)
    most = 1 / xp.where(limit > 0, limit, xp.ones_like(limit))
    scale = xp.where(abs(scale) * limit > 1, xp.where(scale < 0, -most, most), scale)
    return scale * along - 0.5 * scale**2 * squared


def gap_from(objective: Array, dual: Array) -> Array:
    """Objective minus dual value, not below zero."""
    return clip(objective - dual, 0)


class Certificate:
    """Makes iterates with their objective and, where the penalty is a norm, their duality gap.

    The gap is taken to the best dual value seen so far, a lower bound on the minimum of the objective. Dual points are
    the residuals and, every few looks, their combination whose composite gradient is least: the maps of first-order
    methods are affine near a solution, where the residual of an iterate is far behind its objective.

    References
    ----------
    M. Massias, S. Vaiter, A. Gramfort and J. Salmon, Dual extrapolation for sparse generalized linear models,
    J. Machine Learning Research 21, 2020 (the idea, for the iterates of ISTA and coordinate descent).
    """

    def __init__(self, A: LinearOperator, y: Array, penalty: Penalty, *, extrapolate: bool = True) -> None:
        self.A, self.y, self.penalty = A, y, penalty
        self.best: Array | None = None
        self.norm = penalty if isinstance(penalty, Norm) and penalty.definite else None
        self.extrapolate = extrapolate
        self.looks: list[tuple[Array, Array, Array]] = []

    def __call__(
        self,
        x: Array,
        x_prev: Array,
        Ax: Array,
        point: Array,
        correlation: Array,
        start: Array,
        length: Any,
        trial: Array | None = None,
    ) -> Iterate:
        """The iterate x; `point` is the residual and `correlation` A^H of it at `start`, where the step began.

        A proximal gradient step of that length, which broadcasts against x, led from there to `trial`, x where none is
        given. Its change is that to the trial: a rejected one is no sign of having arrived. It is relative to the
        larger of both, so that a step to zero counts.
        """
        residual = self.y - Ax
        objective = objective_at(self.penalty, x, residual, len(self.A.out_shape))
        trial, ndim = x if trial is None else trial, len(self.A.in_shape)
        gap = None
        if self.norm is not None:
            self._raise_to(point, correlation)
            if self.extrapolate:
                self.looks.append((point, correlation, (trial - start) / length))
            if len(self.looks) == _DEPTH:
                points, correlations, slopes = zip(*self.looks, strict=True)
                self._raise_to(*flattest(points, correlations, slopes, ndim))
                self.looks.clear()
            gap = gap_from(objective, self.best)
        size = namespace(x).maximum(norm(trial, ndim), norm(x_prev, ndim))
        change = divide(norm(trial - x_prev, ndim), size)
        return Iterate(x, change, norm(residual, len(self.A.out_shape)), objective=objective, gap=gap)

    def _raise_to(self, point: Array, correlation: Array, doubt: Any = 0.0) -> None:
        """Take the dual value of a point in, where it is the best."""
        assert self.norm is not None
        value = dual_value(self.A, self.y, self.norm, point, correlation, doubt)
        self.best = value if self.best is None else namespace(value).maximum(self.best, value)


def flattest(
    points: Sequence[Array], correlations: Sequence[Array], slopes: Sequence[Array], ndim: int
) -> tuple[Array, Array, Array]:
    """The affine combination of dual points whose slope is least, its correlation, and what rounding may add to that.

    Slopes have `ndim` axes. Large shares of both signs magnify the rounding errors of the correlations.
    """
    xp = namespace(*slopes)
    gram = _inner_products(slopes, ndim)
    trace = xp.sum(xp.linalg.diagonal(gram), axis=-1)[..., None, None]
    unit = xp.eye(len(slopes), dtype=gram.dtype, device=device(gram))
    usable = (trace > 0) & xp.isfinite(trace)
    gram = xp.where(usable, divide(gram, trace), unit) + eps(gram) ** 0.75 * unit
    shares = xp.linalg.solve(gram, xp.ones_like(gram[..., :1]))
    shares = shares / xp.sum(shares, axis=-2, keepdims=True)

    def combined(arrays: Sequence[Array]) -> Array:
        extra = arrays[0].ndim - shares.ndim + 2
        return sum(expand(shares[..., i, 0], extra) * array for i, array in enumerate(arrays))

    doubt = _DOUBT * eps(shares) * xp.sum(abs(shares[..., 0]), axis=-1)
    return combined(points), combined(correlations), doubt


def _inner_products(signals: Sequence[Array], ndim: int) -> Array:
    """Real inner products of the signals with each other, (*batch, count, count); no copy is made of the signals."""
    xp, count = namespace(*signals), range(len(signals))
    lower = [[real_vdot(signals[i], signals[j], ndim) for j in range(i + 1)] for i in count]
    rows = [xp.stack([lower[max(i, j)][min(i, j)] for j in count], axis=-1) for i in count]
    return xp.stack(rows, axis=-2)


def objective_at(penalty: Penalty, x: Array, residual: Array, ndim: int) -> Array:
    """0.5 ||residual||^2 + penalty(x) of each signal; a residual has `ndim` axes."""
    return 0.5 * norm(residual, ndim) ** 2 + penalty.value(x)
