"""Several solvers in turn: each for the signals of a batch that those before it left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..backend import Array
from ..operators import LinearOperator
from .result import Result, Status
from .selections import batch_of, put_back, signals_at

_LESS = 1e-6  # share by which a residual must fall below the one so far to take its place


def in_turn(
    solvers: Sequence[Callable[..., Result]], A: LinearOperator, y: Array, *structure: Any, noise: Any, **options: Any
) -> Result:
    """The first solver for all signals, the next for those that have not converged, and so on.

    Parameters
    ----------
    solvers : sequence of callables
        ``solver(A, y, *structure, noise=noise, **options)``.
    A : LinearOperator
    y : array, (*batch, *out_shape)
    noise : array, (*batch,), or None

    Returns
    -------
    Result
        of each signal what the solver with the smallest residual gave, `solver` says which; the products and seconds
        are those of all.
    """
    first, *others = solvers
    batch = batch_of(A, y)
    result = named(first.__name__, first(A, y, *structure, noise=noise, **options))
    for solver in others:
        rows = np.flatnonzero(~np.reshape(result.converged, (prod(batch), -1)).all(axis=1))
        if not rows.size or stopped(result):
            break
        y_part, noise_part = (signals_at(values, rows, batch) for values in (y, noise))
        part = solver(A, y_part, *structure, noise=noise_part, **options)
        before = signals_at(np.asarray(result.residual_norm), rows, batch)
        better = np.reshape(part.residual_norm < (1 - _LESS) * before, np.shape(part.status))
        result = put_back(result, named(f"{first.__name__}, then {solver.__name__}", part), rows, batch, better)
    return result


def named(text: str, result: Result) -> Result:
    """The result with a text that says where it comes from, the same for each signal."""
    return replace(result, solver=np.full(np.shape(result.status), text, object) if np.ndim(result.status) else text)


def stopped(result: Result) -> bool:
    """Whether the callback has stopped a signal."""
    return any(status is Status.STOPPED for status in np.ravel(result.status))
