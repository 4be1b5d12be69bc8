"""Batches of which some signals have ended: the iterates go on with the others alone."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..backend import Array, namespace, to_like
from .selections import signals_at

if TYPE_CHECKING:
    from .base import Iterate

Steps = Generator["Iterate", "np.ndarray | None", None]  # of a solver that goes on with the signals that it is sent
_SHARE = 0.75  # of the signals that are computed, up to which those that still run go on alone


class Narrowing:
    """The iterates of a generator that is told which signals to go on with once a quarter of its own have ended.

    It is sent None, or ascending flat positions in the batch of its last iterate; from then on that is a batch of one
    axis. The numbers of the iterates that come out here are those of the whole batch, the last ones where a signal has
    ended; x and support are those of the signals at `rows`.
    """

    def __init__(self, generator: Steps, count: int) -> None:
        self.generator, self.count, self.rows = generator, count, np.arange(count)
        self.kept: np.ndarray | None = None
        self.last: Iterate | None = None

    def __iter__(self) -> Narrowing:
        return self

    def __next__(self) -> Iterate:
        kept, self.kept = self.kept, None
        state = self.generator.send(kept)
        if self.last is not None and self.rows.size < self.count:
            places = np.arange(self.count) + self.rows.size
            places[self.rows] = np.arange(self.rows.size)
            places = to_like(places, state.x)
            named = state.numbers()
            numbers = {name: _placed(named[name], getattr(self.last, name), places) for name in named}
            state = replace(state, rows=self.rows, **numbers)
        self.last = state
        return state

    def drop(self, running: np.ndarray) -> None:
        """Go on with the signals that still run, by their mask of the shape of the whole batch."""
        kept = np.flatnonzero(running.reshape(-1)[self.rows])
        if kept.size <= _SHARE * self.rows.size:
            self.kept, self.rows = kept, self.rows[kept]


def split(state: Iterate, rows: np.ndarray, batch: tuple[int, ...]) -> tuple[Iterate, Iterate]:
    """The iterate at the signals of these flat positions in the whole batch, and at its others."""
    have, shape = (np.arange(np.prod(batch)), batch) if state.rows is None else (state.rows, state.rows.shape)
    chosen = np.isin(have, rows)
    at, others = (_at(state, np.flatnonzero(mask), have[mask], shape) for mask in (chosen, ~chosen))
    return at, others


def joined(parts: list[Iterate], batch: tuple[int, ...]) -> Iterate:
    """The iterate of the whole batch whose signals are those of the parts, each at its rows."""
    first, xp = parts[0], namespace(parts[0].x)
    order = to_like(np.argsort(np.concatenate([part.rows for part in parts])), first.x)

    def together(arrays: list[Array]) -> Array:
        return xp.reshape(xp.take(xp.concat(arrays), order, axis=0), (*batch, *arrays[0].shape[1:]))

    support = None if first.support is None else together([part.support for part in parts])
    return replace(first, x=together([part.x for part in parts]), support=support, rows=None)


def _at(state: Iterate, among: np.ndarray, rows: np.ndarray, shape: tuple[int, ...]) -> Iterate:
    support = None if state.support is None else signals_at(state.support, among, shape)
    return replace(state, x=signals_at(state.x, among, shape), support=support, rows=rows)


def _placed(part: Array, whole: Array, places: Array) -> Array:
    """Numbers of a batch, some of them new: entry i is that at places[i] of the new ones and, behind these, the old."""
    xp = namespace(part)
    return xp.reshape(xp.take(xp.concat([part, xp.reshape(whole, (-1,))]), places), whole.shape)
