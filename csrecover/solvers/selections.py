"""Some signals of a batch: taken out, and their results put back."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, expand, namespace, to_like
from ..operators import LinearOperator
from .result import PER_SIGNAL, Result, lasting


def batch_of(A: LinearOperator, y: Array) -> tuple[int, ...]:
    """Batch axes of y that A has not: where A is a stack of matrices, a signal is one for each of them."""
    return y.shape[: y.ndim - len(A.batch_shape) - len(A.out_shape)]


def signals_at(x: Any, rows: np.ndarray, batch: tuple[int, ...]) -> Any:
    """Signals of a batch at ascending flat positions, (len(rows), *signal); x itself where these are all, or None."""
    if x is None or len(rows) == prod(batch):
        return x
    xp = namespace(x)
    return xp.take(xp.reshape(x, (-1, *x.shape[len(batch) :])), to_like(rows, x), axis=0)


def put_back(old: Result | None, part: Result, rows: np.ndarray, batch: tuple[int, ...], wins: Any = True) -> Result:
    """The result of a batch with that of the signals at `rows` in place, or with those of them that the mask names.

    Where there is no old result the rows are all. Products and seconds are summed, histories that are shorter go on
    with their last row.
    """
    if old is None:
        return part
    sums = {name: getattr(old, name) + getattr(part, name) for name in ("n_apply", "n_adjoint", "seconds")}
    if not np.ndim(part.status):
        return replace(part if wins else old, **sums)
    new = part if len(rows) == prod(batch) else _spread(part, rows, batch)
    where = np.zeros((prod(batch), *np.shape(old.status)[len(batch) :]), bool)
    where[rows] = np.reshape(np.broadcast_to(wins, np.shape(part.status)), (len(rows), *where.shape[1:]))
    where = where.reshape(np.shape(old.status))
    looks = max(len(values) for result in (old, new) for values in result.history.values())

    def chosen(name: str) -> Array:
        ours, theirs = getattr(old, name), getattr(new, name)
        mask = expand(to_like(where, ours), ours.ndim - where.ndim)
        return namespace(ours, theirs).where(mask, theirs, ours)

    return replace(
        old,
        **{name: chosen(name) for name in PER_SIGNAL if getattr(old, name) is not None},
        history={
            name: np.where(where, lasting(new.history[name], looks), lasting(old.history[name], looks))
            for name in old.history
        },
        **sums,
    )


def _spread(part: Result, rows: np.ndarray, batch: tuple[int, ...]) -> Result:
    """Result of some signals in the shape of their batch; the others hold what the first of them does."""
    places = np.zeros(prod(batch), np.int64)
    places[rows] = np.arange(len(rows))

    def placed(values: Array, axis: int = 0) -> Array:
        xp = namespace(values)
        whole = xp.take(values, to_like(places, values), axis=axis)
        return xp.reshape(whole, (*values.shape[:axis], *batch, *values.shape[axis + 1 :]))

    present = {name: getattr(part, name) for name in PER_SIGNAL if getattr(part, name) is not None}
    history = {name: placed(values, axis=1) for name, values in part.history.items()}
    return replace(part, history=history, **{name: placed(values) for name, values in present.items()})
