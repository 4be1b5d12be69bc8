"""Branch and bound for the units (coefficients or blocks) on which a Hermitian matrix has its largest eigenvalue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .submatrices import extremes

_EPS = float(np.finfo(np.float64).eps)
_NODE = 16  # supports whose eigenvalues take the time of one node of the search


class SearchTooLongError(ValueError):
    """The search has reached its limit."""


def largest_on_units(
    H: np.ndarray, units: Sequence[np.ndarray], k: int, start: Sequence[int], limit: float = math.inf
) -> tuple[float, np.ndarray, int]:
    """Largest eigenvalue of H[S, S] over all unions S of k units, where it is, and the number of nodes of the search.

    No S has an eigenvalue above t if t I - H is positive definite on each. The search decides this by elimination:
    after the units chosen so far, what is left to show is positive definiteness of the Schur complement on the
    further ones. Where an S is found on which it fails, t is raised to its eigenvalue, and to what exchanges of
    single units make of it. The result is exact up to rounding, some 8 to 64 eps trace(H) where that is positive.

    Parameters
    ----------
    H : array, (n, n)
        Hermitian, NumPy, in double precision.
    units : sequence of arrays of int
        disjoint sets of indices.
    k : int
        1 <= k <= len(units).
    start : sequence of int
        k units to begin with; the better their eigenvalue the shorter the search.
    limit : float
        of the work, in supports whose eigenvalues take as long.

    Raises
    ------
    SearchTooLongError
        When the limit is reached.
    """
    value, chosen = _exchanged(H, units, start)
    slack = 8 * _EPS * max(float(np.abs(np.diag(H)).sum()), float(np.linalg.norm(H)))
    ends, search = np.linalg.eigvalsh(H)[[0, -1]], _Search(limit)
    blocks = _side_by_side(H, units, float(ends[0]))
    while value < ends[1] - slack:
        shifted = (value + slack) * np.eye(len(blocks)) - blocks
        found = search.failing(Remainder(shifted, np.arange(len(units))), k)
        if found is None:
            break
        others = [unit for unit in range(len(units)) if unit not in found]
        better, units_found = _exchanged(H, units, [*found, *others][:k])
        if better <= value + slack:
            slack *= 2
        if better > value:
            value, chosen = better, units_found
    return value, np.sort(np.concatenate([units[unit] for unit in chosen])), search.nodes


def _side_by_side(H: np.ndarray, units: Sequence[np.ndarray], least: float) -> np.ndarray:
    """H on the units one after the other, all made as large as the largest by rows that are zero but for `least`."""
    size = max(map(len, units))
    rows = np.concatenate([np.append(unit, np.full(size - len(unit), len(H), np.intp)) for unit in units])
    blocks = np.pad(H, (0, 1))[np.ix_(rows, rows)]
    np.fill_diagonal(blocks, np.append(H.diagonal(), least)[rows])
    return blocks


def _exchanged(H: np.ndarray, units: Sequence[np.ndarray], chosen: Sequence[int]) -> tuple[float, list[int]]:
    """Largest eigenvalue, and the units, after the best exchanges of one unit for another as long as that helps."""
    chosen, value = list(chosen), -math.inf
    candidates = [chosen]
    while True:
        values = extremes(H, [np.concatenate([units[unit] for unit in each]) for each in candidates])[:, 1]
        best = int(values.argmax())
        if not values[best] > value:
            return value, chosen
        value, chosen = float(values[best]), candidates[best]
        others = [unit for unit in range(len(units)) if unit not in chosen]
        candidates = [[*chosen[:i], unit, *chosen[i + 1 :]] for i in range(len(chosen)) for unit in others]
        if not candidates:
            return value, chosen


@dataclass(frozen=True, eq=False)
class Remainder:
    """A Hermitian matrix on units of one size, side by side: what elimination of other units leaves.

    Parameters
    ----------
    matrix : array, (count * size, count * size)
    labels : array of int, (count,)
        which units they are.
    """

    matrix: np.ndarray
    labels: np.ndarray

    @property
    def count(self) -> int:
        """Number of units."""
        return len(self.labels)

    @property
    def size(self) -> int:
        """Number of rows of each."""
        return len(self.matrix) // self.count

    def diagonals(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues and eigenvectors of the matrix on each unit, the least first: (count, size) and one axis more."""
        if self.size == 1:
            values = self.matrix.diagonal().real[:, None]
            return values, np.ones_like(values)[..., None]
        places = np.arange(self.count)
        blocks = self.matrix.reshape(self.count, self.size, self.count, self.size)[places, :, places]
        values, vectors = np.linalg.eigh(blocks)
        return values, vectors

    def couplings(self, values: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Squares of the norms ||D_b^(-1/2) M_bc D_c^(-1/2)|| of each pair of units, zero on the diagonal.

        D is the diagonal, by its eigenvalues. The norm is the spectral one, or for blocks the Schatten 8-norm, which is
        not below and has only products to compute.
        """
        count, size = self.count, self.size
        if size == 1:
            couplings = np.abs(self.matrix) ** 2 / (values * values.T)
        else:
            roots = np.conj(np.swapaxes(vectors, 1, 2)) / np.sqrt(values)[..., None]
            half = (roots @ self.matrix.reshape(count, size, -1)).reshape(count * size, -1)
            whitened = (roots @ half.conj().T.reshape(count, size, -1)).reshape(count, size, count, size)
            blocks = np.moveaxis(whitened, 2, 1)
            squares = blocks @ np.conj(np.swapaxes(blocks, 2, 3))
            couplings = np.sqrt(np.linalg.norm(squares @ squares, axis=(2, 3)))
        np.fill_diagonal(couplings, 0)
        return couplings

    def take(self, places: np.ndarray) -> Remainder:
        """The matrix on some of the units, in that order."""
        rows = (self.size * places[:, None] + np.arange(self.size)).reshape(-1)
        return Remainder(self.matrix[np.ix_(rows, rows)], self.labels[places])

    def after(self, place: int) -> Remainder:
        """Schur complement of a unit on those after it."""
        begin, end = self.size * place, self.size * (place + 1)
        side = self.matrix[begin:end, end:]
        if self.size == 1:
            taken = np.multiply.outer(side[0].conj() / self.matrix[begin, begin].real, side[0])
        else:
            taken = side.conj().T @ np.linalg.solve(self.matrix[begin:end, begin:end], side)
        return Remainder(self.matrix[end:, end:] - taken, self.labels[place + 1 :])


class _Search:
    """Depth-first search, with its number of nodes."""

    def __init__(self, limit: float) -> None:
        self.nodes, self.limit = 0, limit

    def failing(self, remainder: Remainder, k: int) -> tuple[int, ...] | None:
        """Units, at most k, on which a matrix is not positive definite; None if it is so on all k of them.

        With D the blocks on single units, it is so on k units if the matrix of the norms
        K_bc = ||D_b^(-1/2) M_bc D_c^(-1/2)|| off, and 0 on the diagonal, has no eigenvalue from 1 on. That is so if

        - no row has a sum of 1 among k units (Gershgorin), or
        - the sum of K_bc^2 over pairs of the units is below k / (2 (k - 1)): the eigenvalues sum to zero, and with one
          of them 1 the squares of the others sum to 1 / (k - 1) at least (Wolkowicz and Styan).

        The second also tells of single units that they belong to no such k. The others are eliminated one by one, the
        one with the largest couplings first.
        """
        self.nodes += 1
        if self.nodes * _NODE > self.limit:
            raise SearchTooLongError(
                f"gave up after {self.nodes} nodes: raise the limit, lower k, or take bounds instead"
            )
        values, vectors = remainder.diagonals()
        if values.min() <= 0:
            return (int(remainder.labels[values[:, 0].argmin()]),)
        if k == 1:
            return None
        found = _hopeful(remainder, remainder.couplings(values, vectors), k)
        if found is None:
            return None
        remainder, places = found
        for place in places:
            rest = self.failing(remainder.after(place), k - 1)
            if rest is not None:
                return (int(remainder.labels[place]), *rest)
        return None


def _hopeful(remainder: Remainder, couplings: np.ndarray, k: int) -> tuple[Remainder, np.ndarray] | None:
    """The units that may be among k failing ones, and the places of those that may be the first one of such k."""
    needed = (1 - 1e-9) * k / (2 * (k - 1))
    while True:
        own = top_sums(couplings, k - 1)
        if len(own) < k or top_sums(own, k) < 2 * needed or top_sums(np.sqrt(couplings), k - 1).max() < 1 - 1e-9:
            return None
        among_others = top_sums(top_sums(couplings, k - 2), k - 1) / 2
        kept = np.flatnonzero(own + among_others >= needed)
        if len(kept) == len(own):
            break
        remainder, couplings = remainder.take(kept), couplings[np.ix_(kept, kept)]
    order = np.argsort(-own)
    remainder, couplings = remainder.take(order), couplings[np.ix_(order, order)]
    places = np.flatnonzero(top_sums(np.triu(couplings), k - 1) + among_others >= needed)
    return remainder, places[places <= len(order) - k]


def top_sums(values: np.ndarray, count: int) -> np.ndarray:
    """Sum of the `count` largest numbers >= 0 of each row."""
    n = values.shape[-1]
    if count < n:
        values = np.partition(values, n - count - 1, axis=-1)[..., n - count :] if count else values[..., :0]
    return values.sum(axis=-1)
