"""Recovery from part of the measurements: the others, which it has not seen, bracket its error."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..backend import Array, eps, flat, is_complex, namespace, norm, to_like, to_numpy
from ..models import SupportModel
from ..models.base import exceeds
from ..operators import LinearOperator, Sampling
from ..solvers import Result
from ..solvers.hard import noise_level
from ..solvers.problem import check_problem
from ..structures.signal import fit
from .brackets import bracket, widened
from .rows import Rows, rows_of

_BUDGETS = 8  # candidates for an unknown budget; the bracket allows for their number


def held_out(
    solve: Callable[[LinearOperator, Array, Any], Result],
    A: Any,
    y: Any,
    model: Any,
    k: Any,
    *,
    noise: Any = None,
    holdout: Any = True,
    rng: Any = 0,
    confidence: float = 0.9,
    rows: Rows | None = None,
) -> Result:
    """Recover twice, first without some rows drawn at random, which bracket the error, then with all.

    The bracket is about the first recovery, ``result.x_holdout``, which the held-out rows have no part in. The second,
    ``result.x``, is mostly better; its own bracket is wider by the distance of the two, which holds by the triangle
    inequality. Where k is None, the first step runs through eight budgets, takes the one of the least held-out
    residual (of equals the smallest), and its bracket allows for the choice. What the brackets compute is small and
    happens on the host.

    Parameters
    ----------
    solve : callable
        ``solve(A, y, k)`` gives a Result from any of the rows; a bound on the noise that it uses is for these, too.
    A : LinearOperator, array or SciPy operator
        whose rows are known (`rows_of`).
    y : array, (*batch, *out_shape)
    model : SupportModel
        what k is a budget of; looked at where k is None.
    k : int, tuple or None
    noise : float or array (*batch,), optional
        bound on the norm of the noise in y, 0 where there is none; without it the bracket has an upper end only.
    holdout : True, float or int
        the number of rows to hold out, or their share of the eligible ones. True: a sixth of the measurements, at least
        10 and at most 40; check rows all.
    rng : int or numpy.random.Generator
        what the choice of rows depends on, and nothing else.
    confidence : float in (0, 1)
    rows : Rows, optional
        what the caller knows of the rows, where the operator does not tell: how they were drawn, and which are always
        measured.

    Returns
    -------
    Result
        of all rows, with `error_estimate`, `x_holdout` and `holdout_estimate`; seconds and products are those of all
        solves.

    Raises
    ------
    ValueError
        When the rows say nothing certain of the error, too few or too many are held out, or k is None for a batch.
    TypeError
        When holdout or the confidence is no number, or k is None for a model without integer budgets.

    References
    ----------
    R. Ward, Compressed sensing with cross validation, IEEE Trans. Information Theory 55(12), 2009.
    """
    A, y = check_problem(A, y)
    _check_confidence(confidence)
    rows = rows_of(A) if rows is None else rows
    held = _draw(rows, A.size_out, holdout, rng)
    level = to_numpy(noise_level(noise, norm(y, len(A.out_shape))))
    budgets = _budgets(model, A, y, int((~held).sum())) if k is None else [k]
    used = to_like(np.flatnonzero(~held), y)
    part, seen = Sampling(A.out_shape, used) @ A, namespace(y).take(flat(y, len(A.out_shape)), used, axis=-1)
    tried = [solve(part, seen, budget) for budget in budgets]
    best = _least([_rows(A, y - A @ each.x)[held] for each in tried], _rows(A, y)[held]) if k is None else 0
    first, refit = tried[best], solve(A, y, budgets[best])
    half = is_complex(y) and not is_complex(first.x)  # a complex measurement is two equations for real unknowns
    found = bracket(
        rows,
        _rows(A, y - A @ first.x),
        _rows(A, y),
        held,
        _norms(A, first.x),
        power=None if noise is None else level**2 / A.size_out,
        nonzeros=to_numpy(flat(first.support, len(A.in_shape))).sum(axis=-1) / (1 + half),
        floor=(10 * A.size_in) ** 0.5 * eps(y) * _norms(A, first.x),
        confidence=confidence,
        comparisons=len(budgets),
        about="x_holdout",
    )
    distance = _norms(A, refit.x - first.x)
    return replace(
        refit,
        seconds=refit.seconds + sum(each.seconds for each in tried),
        n_apply=refit.n_apply + sum(each.n_apply for each in tried),
        n_adjoint=refit.n_adjoint + sum(each.n_adjoint for each in tried),
        error_estimate=widened(found, distance, _norms(A, refit.x), about="x"),
        x_holdout=first.x,
        holdout_estimate=found,
    )


def _check_confidence(confidence: Any) -> None:
    if not isinstance(confidence, numbers.Real):
        raise TypeError(f"the confidence is a number between 0 and 1, got {confidence!r}")
    if not 0 < float(confidence) < 1:
        raise ValueError(f"the confidence is a number between 0 and 1, got {confidence}")


def _draw(rows: Rows, m: int, holdout: Any, rng: Any) -> np.ndarray:
    """Mask of the measurements that are held out."""
    eligible = rows.eligible
    if eligible.size and not (eligible.min() >= 0 and eligible.max() < m):
        raise ValueError(f"eligible rows are measurements 0 .. {m - 1}, got {eligible.min()} .. {eligible.max()}")
    count = _count(eligible.size, m, holdout)
    rows.check_count(count)
    if count == m:
        raise ValueError(f"all {m} measurements are held out: leave some to recover from")
    held = np.zeros(m, dtype=bool)
    held[np.random.default_rng(rng).choice(eligible, count, replace=False)] = True
    return held


def _count(eligible: int, m: int, holdout: Any) -> int:
    """The number of rows that `holdout` asks for."""
    if holdout is True:
        return min(max(10, math.ceil(m / 6)), 40) if eligible == m else eligible
    if isinstance(holdout, bool) or not isinstance(holdout, numbers.Real):
        raise TypeError(f"holdout is True, a share of the rows or their number, got {holdout!r}")
    if isinstance(holdout, numbers.Integral):
        return int(holdout)
    share = float(holdout)
    if not 0 < share < 1:
        raise ValueError(f"the share of rows to hold out lies between 0 and 1, got {holdout}")
    return round(share * eligible)


def _budgets(model: SupportModel, A: LinearOperator, y: Array, m: int) -> list[int]:
    """Budgets spread evenly on a logarithmic scale, as far as m measurements can tell two members apart."""
    if y.ndim > len(A.out_shape):
        raise ValueError("held-out rows choose the budget of one signal at a time: give k for a batch")
    if not isinstance(model, SupportModel):
        raise TypeError(f"held-out rows choose the budget of a model with supports: give k for {model}")
    model = fit(model, A.in_shape)
    most, units = 1, model.units(A.in_shape)
    while not exceeds(model.check_budget(most + 1), units) and model.max_nonzeros(most + 1) <= m // 2:
        most += 1
    return sorted({round(most ** (step / (_BUDGETS - 1))) for step in range(_BUDGETS)})


def _least(residuals: list[np.ndarray], y: np.ndarray) -> int:
    """Place of the least residual, the first of those that are equal but for rounding."""
    energies = [float(np.mean(np.abs(each) ** 2)) for each in residuals]
    rounding = 10 * y.size * float(np.finfo(y.real.dtype).eps) ** 2 * float(np.mean(np.abs(y) ** 2))
    return next(place for place, each in enumerate(energies) if each <= max(rounding, min(energies)))


def _rows(A: LinearOperator, y: Array) -> np.ndarray:
    """Measurements on the host, one axis a signal."""
    return to_numpy(flat(y, len(A.out_shape)))


def _norms(A: LinearOperator, x: Array) -> np.ndarray:
    """Norm of each signal, on the host."""
    return to_numpy(norm(x, len(A.in_shape))).astype(np.float64)
