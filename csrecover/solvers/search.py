"""A parameter searched for each signal of a batch, so that its residual is within the noise."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, norm, to_numpy
from ..operators import LinearOperator
from .attempts import stopped
from .result import Result, Status, plain
from .selections import batch_of, put_back

Search = Generator[Any, float, None]  # yields a value of the parameter, is sent the residual it leads to, and ends


def searched(
    search: Callable[..., Search],
    solve: Callable[[np.ndarray, Any, Result | None], Result],
    A: LinearOperator,
    y: Array,
    noise: Array,
    facts: tuple[np.ndarray, ...] = (),
    *,
    one_by_one: bool,
) -> Result:
    """Solve signals until the search of each has ended; its last result within the noise, or else its last, is kept.

    A signal without a result within the noise is INFEASIBLE. The residuals are compared on the host.

    Parameters
    ----------
    search : callable
        ``search(noise, size, *facts)`` of one signal, with size = ||y||.
    solve : callable
        ``solve(rows, values, result)`` for the signals at these flat positions, with the result so far.
    A : LinearOperator
    y : array, (*batch, *out_shape)
    noise : array, (*batch,)
    facts : NumPy arrays, (*batch,)
    one_by_one : bool
        whether a solve takes one value for all its signals, in place of an array of the shape of their batch.

    Raises
    ------
    ValueError
        When A is a stack of matrices.
    """
    if A.batch_shape:
        raise ValueError(f"{A} is a stack of matrices, whose signals are not searched for: loop over the matrices")
    batch = batch_of(A, y)
    numbers = [np.ravel(to_numpy(values)).astype(float) for values in (noise, norm(y, len(A.out_shape)), *facts)]
    searches = [search(*of_one) for of_one in zip(*numbers, strict=True)]
    wanted: dict[int, Any] = {row: next(each) for row, each in enumerate(searches)}
    found, result = np.zeros(prod(batch), bool), None
    while wanted:
        least = min(wanted.values())
        rows = np.array([row for row, value in wanted.items() if not one_by_one or value == least])
        each = np.array([wanted[row] for row in rows])
        part = solve(rows, least if one_by_one else np.reshape(each, batch if len(rows) == prod(batch) else -1), result)
        residuals = np.ravel(part.residual_norm)
        fits = residuals <= numbers[0][rows]
        result = put_back(result, part, rows, batch, np.reshape(fits | ~found[rows], np.shape(part.status)))
        if stopped(part):
            return result
        found[rows] |= fits
        for row, residual in zip(rows, residuals, strict=True):
            try:
                wanted[row] = searches[row].send(float(residual))
            except StopIteration:
                del wanted[row]
    assert result is not None
    status = np.array(result.status, dtype=object)
    status[~found.reshape(batch)] = Status.INFEASIBLE
    return replace(result, status=plain(status))
