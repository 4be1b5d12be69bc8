"""Norms of overlapping groups by an interior point method with one unknown a group. On the host."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import LinearOperator, cg

_SHRINK = 100  # factor between two points of the central path
_LAST = {1.0: 1e-27, 0.0: 1e-18}  # parameter of its last point by offset, relative: for points 1e-13, for norms 1e-15
_RIDGE = 1e-12  # relative, for directions that change nothing, as between two equal groups
_ROUNDING = 1e-14
_CERTAIN = 1e-11
_STEPS = 300  # twenty to fifty are needed
_DENSE = 100  # groups up to which a step comes from a Cholesky factor
_INEXACT = 1e-5  # relative residual of a step by conjugate gradients
_PRODUCTS = 3000  # in such a step


class Point(NamedTuple):
    """Scales s_g of the groups, their loads e_g, and the sums offset + S_c of the cells."""

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
      sum_c a_c / S_c, add up to x, and the largest ratio of such a norm to r_g is the least possible.

    All come from 2 r ||v|| = min over s > 0 of ||v||^2 / s + r^2 s. The derivative by s_g is r_g^2 - e_g, so that a
    minimum has e_g <= r_g^2 and s_g (r_g^2 - e_g) = 0.

    Newton's method on s_g (r_g^2 - e_g) = mu follows the central path to mu = 0, where the duality gap is at most
    mu times the number of groups. A step is a relative change d of the scales. To first order s (1 + d) and s / (1 - d)
    are the same; where a scale falls steeply the second keeps it positive and takes it to its place near zero at once.

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
            When rounding leaves a relative duality gap above 1e-11.
        """
        squares, ratio = radii**2, self.power < 0 and not offset
        scales = energies.sum() ** 0.5 / radii
        scales = scales / (scales @ squares) if ratio else scales
        mu = float(scales @ squares) / self.groups
        for _ in range(_STEPS):
            point, pairs, own = self._around(scales, energies, offset)
            held = scales * point.loads
            slope, unit = scales * squares - held, energies.sum() if offset else scales @ squares
            error = max(abs(slope).sum() / unit, (point.loads / squares).max() - 1)
            diagonal, last = np.bincount(self.group, pairs[self._own_pairs], self.groups), mu <= _LAST[offset] * unit
            near = abs(mu - slope) <= (0.01 if last else 0.5) * mu + _ROUNDING * scales * squares
            if near.all():
                if last:
                    break
                mu /= _SHRINK
            own = own + mu + _RIDGE * (own + abs(diagonal))
            step = self._solution(pairs, own, held if ratio else np.zeros_like(held), mu - slope)
            scales = scales * np.where(step > -0.5, 1 + step, 1 / (1 + abs(step)))
        if not error <= _CERTAIN:
            raise FloatingPointError(f"overlapping groups: an error of {error:.1e} is left, are weights too far apart?")
        return point

    def _around(self, scales: np.ndarray, energies: np.ndarray, offset: float) -> tuple[Point, np.ndarray, np.ndarray]:
        """The point, and the second derivatives by relative changes: a number for each pair, and a diagonal.

        Of the logarithm's only the first part: without the product of the derivative with itself.
        """
        powers = scales**self.power
        sums = offset + np.bincount(self.cell, powers[self.group], self.cells)
        left, parts = energies / sums, powers[self.group] / sums[self.cell]
        held = left[self.cell] * parts / (left.sum() if self.power < 0 and not offset else 1.0)
        totals = np.bincount(self.group, held, self.groups)
        first, second = self._pairs
        pairs = 2 * self.power * held[first] * parts[second]
        return Point(scales, totals / scales, sums), pairs, (1 - self.power) * totals

    def _solution(self, pairs: np.ndarray, own: np.ndarray, border: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Solution d of (sum of pairs + diag(own) + border border^T) d = right."""
        size, (places, columns, starts) = self.groups, self._pattern
        values = np.concatenate([pairs, own])
        if size <= _DENSE:
            matrix = np.bincount(places, values, size * size).reshape(size, size) + np.outer(border, border)
            unit = 1 / np.sqrt(np.diagonal(matrix))
            return cho_solve(cho_factor(matrix * unit * unit[:, None]), right * unit) * unit
        matrix = csr_array((np.bincount(places, values, columns.size), columns, starts), shape=(size, size))
        whole = LinearOperator((size, size), lambda d: matrix @ d + border * (border @ d), dtype=np.float64)
        inverse = diags_array(1 / (matrix.diagonal() + border**2))
        return cg(whole, right, rtol=_INEXACT, maxiter=_PRODUCTS, M=inverse)[0]

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """All ordered pairs of memberships of one cell, also with itself."""
        many = np.bincount(self.cell, minlength=self.cells)
        each = many[self.cell]
        first = np.repeat(np.arange(self.cell.size), each)
        start = np.repeat((np.cumsum(many) - many)[self.cell], each)
        return first, start + np.arange(first.size) - np.repeat(np.cumsum(each) - each, each)

    @cached_property
    def _own_pairs(self) -> np.ndarray:
        """Which of the pairs are memberships with themselves."""
        first, second = self._pairs
        return np.flatnonzero(first == second)

    @cached_property
    def _pattern(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Place of each pair and of each diagonal entry in the matrix; of a sparse one columns and starts of rows."""
        size, every = self.groups, np.arange(self.groups)
        rows, columns = (np.append(self.group[members], every) for members in self._pairs)
        places = rows * size + columns
        if size <= _DENSE:
            return places, every, every
        found, places = np.unique(places, return_inverse=True)
        return places, found % size, np.searchsorted(found, np.arange(size + 1) * size)
