"""Batches that do not fit in memory: solved in parts, one after another, and joined."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, itemsize, memory_free, namespace
from ..operators import LinearOperator
from .result import PER_SIGNAL, Result, lasting
from .selections import batch_of, signals_at

_ARRAYS = 30  # of the size of signals and measurements together: what a solver and its operator hold
_FREE = 0.9  # share of the free memory of a device that a batch may take


def in_parts(
    solve: Callable[[Array, Array | None], Result],
    A: LinearOperator,
    y: Array,
    noise: Array | None,
    max_memory: float | None,
) -> Result:
    """Solve a batch in parts of as many signals as the memory holds; each signal's result is that of the whole batch.

    Parameters
    ----------
    solve : callable
        measurements and their noise levels to `Result`.
    A : LinearOperator
    y : array, (*batch, *out_shape)
    noise : array, (*batch,), or None
    max_memory : float or None
        bytes for the working arrays of a part, estimated from the sizes of A; at least one signal is solved at a
        time. None: nine tenths of what is free on the device of y, without limit on the host.

    Raises
    ------
    ValueError
        When max_memory is no positive number.
    """
    if max_memory is not None and not (isinstance(max_memory, numbers.Real) and max_memory > 0):
        raise ValueError(f"max_memory is a number of bytes such as 2e9, got {max_memory!r}")
    free = memory_free(y)
    if max_memory is None and free is not None:
        max_memory = _FREE * free
    batch = batch_of(A, y)
    one = _ARRAYS * prod(A.batch_shape) * (A.size_in + A.size_out) * itemsize(y)
    if max_memory is None or one * prod(batch) <= max_memory:
        return solve(y, noise)
    count = max(1, int(max_memory // one))
    parts = [np.arange(start, min(start + count, prod(batch))) for start in range(0, prod(batch), count)]
    return joined_results([solve(signals_at(y, part, batch), signals_at(noise, part, batch)) for part in parts], batch)


def joined_results(results: list[Result], batch: tuple[int, ...]) -> Result:
    """One result of the parts of a batch; the history of a part that ended early goes on with its last row."""
    first = results[0]
    looks = max(len(numbers) for result in results for numbers in result.history.values())

    def joined(parts: list[Any], axis: int = 0) -> Any:
        xp = namespace(*parts)
        together = xp.concat(parts, axis=axis)
        return xp.reshape(together, (*together.shape[:axis], *batch, *together.shape[axis + 1 :]))

    return replace(
        first,
        **{
            name: joined([getattr(result, name) for result in results])
            for name in PER_SIGNAL
            if getattr(first, name) is not None
        },
        history={
            name: joined([lasting(result.history[name], looks) for result in results], axis=1) for name in first.history
        },
        **{name: sum(getattr(result, name) for result in results) for name in ("n_apply", "n_adjoint", "seconds")},
    )
