"""Orthogonal matching pursuit by the Gram matrix of the columns, on the host with compiled code."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, eps, in_threads, library
from ..kernels import compiled
from ..operators import LinearOperator
from .least_squares import Dense
from .orthogonal import LEAST
from .units import Units

_MEMORY = 2**30  # bytes that rows of the Gram matrix may take
_AHEAD = 8, 32  # rows that are computed together where one is missing: of a small matrix, and of others
_SMALL = 2**20  # entries of a matrix that is read fast enough
_CANCELLED = 1e4  # rounding units of ||y||^2 below which ||y||^2 - ||Q^H y||^2 says nothing


class GramPursuit:
    """The same as `OrthogonalPursuit`, with the correlations A^H y - A^H A x from rows of the Gram matrix A^H A.

    Rows are computed when they are wanted, with those of the next largest correlations, which mostly are wanted soon:
    so a single signal takes few products with many columns in place of a product with A^H an iteration. A batch that
    will want most of them starts with all of them.

    References
    ----------
    R. Rubinstein, M. Zibulevsky and M. Elad, Efficient implementation of the K-SVD algorithm using batch orthogonal
    matching pursuit, Technion CS-2008-08, 2008.
    """

    def __init__(
        self, A: Dense, y: Array, units: Units, steps: int, at_once: int, first: Array | None, enough: Array
    ) -> None:
        correlations, members = A.H @ y, units.members
        self.columns, self.matrix, self.units, self.steps, self.at_once = A.gathered, A.matrix, units, steps, at_once
        self.batch, self.y, self.enough = enough.shape, y.reshape(-1, A.size_out), enough.reshape(-1)
        self.c0 = correlations.reshape(-1, A.size_in)
        self.c, signals, size = self.c0.copy(), len(self.y), steps * at_once * units.width
        self.first = np.zeros((signals, units.count), enough.dtype) if first is None else first.reshape(signals, -1)
        self.order = members[members < A.size_in]
        self.start = np.append(0, np.cumsum((members < A.size_in).sum(axis=1)))
        self.taken, self.picks = np.zeros((signals, units.count), bool), np.zeros((signals, at_once), np.int64)
        self.chosen = np.zeros((signals, size + 1), np.int64)
        self.factor = np.zeros((signals, (size + 1) * (size + 2) // 2), self.c.dtype)
        self.z, self.x = np.zeros((2, signals, size + 1), self.c.dtype)
        self.counts = np.tile([0, 0, -1], (signals, 1))
        self.left = np.square(np.linalg.norm(self.y, axis=-1, keepdims=True), dtype=np.float64)
        self.floor = np.maximum(np.square(self.enough, dtype=np.float64), _CANCELLED * eps(y) * self.left[:, 0])
        self.running = np.ones(signals, bool)
        if 2 * signals * size >= A.size_in and _bytes(A, A.size_in) <= _MEMORY:
            gram = A.grams(1, size)[0]
            gram.add(np.arange(A.size_in))
            self.place, self.rows = gram.order.place, gram.products
        else:
            self.place, self.rows = np.full(A.size_in, -1), np.empty((0, A.size_in), A.matrix.dtype)

    @property
    def iterations(self) -> np.ndarray:
        """Iterations of each signal, (*batch,)."""
        return self.counts[:, 1].reshape(self.batch)

    def advance(self, goal: int) -> None:
        """Take units until so many iterations are done."""
        running, advance = np.flatnonzero(self.running).tolist(), partial(self._advance, goal=goal)
        if (self.place >= 0).all():
            in_threads(advance, running)
        else:  # rows that one signal fetches serve the next
            for i in running:
                advance(i)

    def signal(self) -> Array:
        """Coefficients of the signals, flattened behind their batch."""
        out = np.zeros_like(self.c)
        for x, values, chosen, counts in zip(out, self.x, self.chosen, self.counts, strict=True):
            x[chosen[: counts[0]]] = values[: counts[0]]
        return out

    def _advance(self, i: int, goal: int) -> None:
        kernel: Any = compiled("pursuit")
        fixed = (self.order, self.start, self.c0[i], self.first[i], self.floor[i], LEAST * eps(self.c), goal)
        states = (self.c, self.taken, self.picks, self.chosen, self.factor, self.z, self.x, self.counts, self.left)
        state = [each[i] for each in states]
        while (why := kernel.advance(self.rows, self.place, *fixed, *state)) != kernel.DONE:
            if why == kernel.MISSING:
                self._fetch(i)
                continue
            count = self.counts[i, 0]
            rest = self.y[i] - (self.columns.combined(self.chosen[i, :count], self.x[i, :count]) if count else 0)
            if np.linalg.norm(rest) <= self.enough[i]:
                self.running[i] = False
                return

    def _fetch(self, i: int) -> None:
        """Rows of the units that are wanted now, and of those of the next largest gains."""
        known = self.place[np.minimum(self.units.members[:, 0], self.place.size - 1)] >= 0
        gains = self.units.gains(self.c[i], ()) + self.first[i]
        gains[known | self.taken[i]] = -1
        gains[self.picks[i]] = np.inf
        count = min(max(self.picks.shape[1], _AHEAD[self.matrix.size > _SMALL] // self.units.width), gains.size)
        units = np.argpartition(-gains, count - 1)[:count]
        members = self.units.members[units[gains[units] >= 0]]
        wanted = members[members < self.place.size]
        wanted = wanted[self.place[wanted] < 0]
        used = int((self.place >= 0).sum())
        end = used + len(wanted)
        if end > len(self.rows):
            wider = np.empty((max(end, min(2 * end, self.place.size)), self.place.size), self.rows.dtype)
            wider[:used] = self.rows[:used]
            self.rows = wider
        self.rows[used:end] = self.matrix[:, wanted].conj().T @ self.matrix
        self.place[wanted] = np.arange(used, end)


def serves(A: LinearOperator, y: Array, units: Units, size: int) -> bool:
    """Whether `GramPursuit` can take supports of up to so many columns: on the host, with not too many rows."""
    if not (isinstance(A, Dense) and library(y) == "numpy" and units.channels is None and not A.real_input):
        return False
    rows = min(A.size_in, 2 * size * prod(y.shape) // A.size_out)
    return compiled("pursuit") is not None and _bytes(A, rows) <= _MEMORY


def _bytes(A: Dense, rows: int) -> int:
    return rows * A.size_in * A.matrix.dtype.itemsize
