"""Norms of overlapping groups by an interior point method with one unknown a group. On the host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csc_array
from scipy.sparse.linalg import LinearOperator, cg

_DENSE = 300  # groups up to which the matrices are dense
_SHRINK = 100  # factor between two points of the central path
_END = 1e-27  # parameter of its last point, relative: an error of 1e-13 even where a group is about to change sides
_RIDGE = 1e-12  # relative; for directions that change nothing, as between two equal groups
_ROUNDING = 1e-14
_CERTAIN = 1e-11
_INEXACT = 1e-5
_CG = 300
_STEPS = 200  # about twenty are needed


class Point(NamedTuple):
    """Scales of the groups, the derivatives e_g, and the numbers offset + S_c of the cells."""

    scales: np.ndarray
    loads: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True, eq=False)
class Barrier:
    """Four convex problems in scales s_g >= 0 of groups of cells that have energies a_c.

    Let S_c be the sum of s_g^power over the groups of cell c. Then minimise

    - sum_c a_c / (offset + S_c) + sum_g r_g^2 s_g (power 1). The signal u_c = x_c / (offset + S_c) has the squared norm
      e_g in group g. Offset 1: u is the projection of x onto { u : ||u_g|| <= r_g for all g }. Offset 0: u attains
      sup { Re <u, x> : ||u_g|| <= r_g for all g }.
    - -sum_c a_c / (1 + S_c) + sum_g r_g^2 s_g (power -1, offset 1). The parts x_c / (s_g (1 + S_c)) of the groups, of
      squared norms e_g, leave x_c / (1 + S_c): the proximal point of sum_g r_g ||x_g||.
    - -log sum_c a_c / S_c + sum_g r_g^2 s_g (power -1, offset 0). The parts x_c / (s_g S_c), of squared norms e_g times
      sum_c a_c / S_c, add up to x, and the largest ratio of a norm to r_g is the least possible.

    All come from 2 r ||v|| = min over s > 0 of ||v||^2 / s + r^2 s. The derivative by s_g is r_g^2 - e_g, so a minimum
    has e_g <= r_g^2 and s_g (r_g^2 - e_g) = 0.

    Newton's method on s_g (r_g^2 - e_g) = mu follows the central path to mu = 0, where the duality gap is at most
    mu times the number of groups. A step is a relative change d of the scales. To first order s (1 + d) and s / (1 - d)
    are the same; the second form, where a scale falls steeply, keeps it positive and takes it to its place near zero
    at once.

    Parameters
    ----------
    cell, group : (memberships,) int
        cells in order, and the groups that they are in.
    cells, groups : int
        how many there are.
    power : int, 1 or -1
    """

    cell: np.ndarray
    group: np.ndarray
    cells: int
    groups: int
    power: int

    def minimise(self, energies: np.ndarray, radii: np.ndarray, offset: float) -> Point:
        """The minimum for energies of which one is positive and positive radii r_g.

        Raises
        ------
        FloatingPointError
            When rounding stops the method at a relative duality gap above 1e-11.
        """
        squares, ratio = radii**2, self.power < 0 and not offset
        scales = energies.sum() ** 0.5 / radii
        scales = scales / (scales @ squares) if ratio else scales
        mu = float((scales * squares).mean())
        for _ in range(_STEPS):
            point, pairs, own = self._around(scales, energies, offset)
            unit = energies.sum() if offset else scales @ squares
            border = scales * point.loads
            slope = scales * squares - border
            error = max(abs(slope).sum() / unit, (point.loads / squares).max() - 1)
            diagonal = mu + own + np.bincount(self._diagonal, pairs, self.groups + 1)[:-1].clip(0)
            last = mu <= _END * unit
            if error <= _ROUNDING or (abs(mu - slope) <= (0.01 if last else 0.5) * diagonal).all():
                if last:
                    break
                mu /= _SHRINK
            step = self._solved(pairs, own + mu + _RIDGE * diagonal, border if ratio else None, mu - slope)
            scales = scales * np.where(step > -0.5, 1 + step, 1 / (1 + abs(step)))
        if error > _CERTAIN:
            raise FloatingPointError(f"a norm of overlapping groups: error {error:.1e} left, are weights too far apart?")
        return point

    def _around(self, scales: np.ndarray, energies: np.ndarray, offset: float):
        powers = scales**self.power
        sums = offset + np.bincount(self.cell, powers[self.group], self.cells)
        left, parts = energies / sums, powers[self.group] / sums[self.cell]
        whole = 1.0 if offset or self.power > 0 else left.sum()
        held = left[self.cell] * parts / whole
        totals = np.bincount(self.group, held, self.groups)
        first, second = self._pairs
        pairs = 2 * self.power * held[first] * parts[second]
        own = 2 * totals if self.power < 0 else np.zeros(self.groups)
        return Point(scales, totals / scales, sums), pairs, own

    def _solved(self, pairs: np.ndarray, own: np.ndarray, border, right: np.ndarray) -> np.ndarray:
        """Solution d of (sum of pairs + diag(own) + border border^T) d = right; from both sides scaled to a unit diagonal."""
        size, (places, indices, starts) = self.groups, self._pattern
        extra = 0 if border is None else border**2
        unit = 1 / np.sqrt(own + extra + np.bincount(self._diagonal, pairs, size + 1)[:-1].clip(0))
        first, second = self._pairs
        values = np.concatenate([pairs * unit[self.group[first]] * unit[self.group[second]], own * unit**2])
        edge = np.zeros(size) if border is None else border * unit
        if starts is None:
            matrix = np.bincount(places, values, size * size).reshape(size, size)
            return cho_solve(cho_factor(matrix + np.outer(edge, edge)), right * unit) * unit
        matrix = csc_array((np.bincount(places, values, indices.size), indices, starts), shape=(size, size))
        whole = LinearOperator((size, size), lambda d: matrix @ d + edge * (edge @ d), dtype=np.float64)
        x, un = cg(whole, right * unit, rtol=_INEXACT, maxiter=_CG)
        COUNT.append(un)
        return x * unit

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """All ordered pairs of memberships of one cell, also with itself."""
        many = np.bincount(self.cell, minlength=self.cells)
        each = many[self.cell]
        first = np.repeat(np.arange(self.cell.size), each)
        start = np.repeat((np.cumsum(many) - many)[self.cell], each)
        return first, start + np.arange(first.size) - np.repeat(np.cumsum(each) - each, each)

    @cached_property
    def _diagonal(self) -> np.ndarray:
        """Group of each pair of a group with itself, the number of groups for other pairs."""
        rows, columns = (self.group[members] for members in self._pairs)
        return np.where(rows == columns, rows, self.groups)

    @cached_property
    def _pattern(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Place of each number of the matrix; of a sparse one the rows of the places and where columns start."""
        size, every = self.groups, np.arange(self.groups)
        rows, columns = (np.append(self.group[members], every) for members in self._pairs)
        places = columns * size + rows
        if size <= _DENSE:
            return places, places, None
        found, places = np.unique(places, return_inverse=True)
        return places, found % size, np.searchsorted(found, np.arange(size + 1) * size)

COUNT=[]
