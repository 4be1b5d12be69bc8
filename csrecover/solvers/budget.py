"""The smallest budget of a model that brings the residual down to the noise."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..backend import Array, eps, namespace, norm
from ..models import SupportModel
from ..operators import LinearOperator
from .chance import told_apart
from .problem import check_model
from .result import Result, plain
from .search import Search, searched
from .selections import batch_of, signals_at


def smallest_budget(
    solve: Callable[[Array, int, Array], Result], A: LinearOperator, y: Array, model: Any, noise: Array, tol: float
) -> Result:
    """The result of the smallest budget with ||y - A x|| <= max(noise, tol ||y||): of 1, 2, 4, ..., then bisection.

    Budgets are tried as long as the fit that is to be expected would be no accident, see `told_apart`. A signal that
    fits with none of them is INFEASIBLE, and returned as the largest of them leaves it.

    Parameters
    ----------
    solve : callable
        ``solve(y, k, noise)`` for some of the signals.
    A : LinearOperator
    y : array, (*batch, *out_shape)
    model : SupportModel
    noise : array, (*batch,)
    tol : float

    Raises
    ------
    TypeError, ValueError
        When the budget of the model has several parts, or A is a stack of matrices.
    """
    if isinstance(model, SupportModel) and not isinstance(model.units(A.in_shape), numbers.Integral):
        raise TypeError(f"the budget of {model} has several parts, which are not searched for: give k")
    model, batch = check_model(A, model, 1), batch_of(A, y)
    level = namespace(y).maximum(noise, max(tol, 10 * eps(y)) * norm(y, len(A.out_shape)))

    def sensible(k: int, relative: float) -> bool:
        absorbed = model.max_nonzeros(k) / A.size_out  # the share of the noise that least squares take up
        if k > model.units(A.in_shape) or absorbed >= 1:
            return False
        return bool(told_apart(A, y, model, k, (1 - absorbed) ** 0.5 * relative))

    def search(noise: float, size: float) -> Search:
        """Budgets, from their residuals: the first is tried in any case."""
        failing, fitting = 0, None
        while fitting is None or fitting - failing > 1:
            k = max(1, 2 * failing) if fitting is None else (failing + fitting) // 2
            fits = k > 1 and not sensible(k, noise / size)
            if not fits:
                residual = yield k
                fits = residual <= noise
            failing, fitting = (failing, k) if fits else (k, fitting)

    def solve_rows(rows: np.ndarray, k: int, _: Result | None) -> Result:
        result = solve(signals_at(y, rows, batch), k, signals_at(noise, rows, batch))
        return replace(result, budget=plain(np.full(np.shape(result.status), k)))

    return searched(search, solve_rows, A, y, level, one_by_one=True)
