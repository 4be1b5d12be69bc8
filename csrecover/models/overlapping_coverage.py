"""Weighted maximum coverage: at most k groups whose union holds most energy. On the host."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from scipy.sparse import csr_array

from ..backend import to_numpy
from ..structures import Groups
from ..structures.cells import alike
from .overlapping_forest import Forest, forest_of
from .overlapping_greedy import covered, greedy, swapped, useful
from .overlapping_intervals import best_intervals, furthest_intervals
from .overlapping_program import best_by_program, relaxed

_PROGRAM = 800  # memberships of cells in groups up to which the integer program is solved
_RELAXED = 20_000  # memberships up to which its linear relaxation is, for a bound
_SURE = 1 - 1e-13  # share of an upper bound that is the best


@dataclass(frozen=True, eq=False)
class Coverage:
    """Groups and the cells that they are made of: coefficients that lie in the same groups make one cell.

    Parameters
    ----------
    cells : (n,) int
        cell of each coefficient, the number of cells where it lies in no group.
    matrix : csr_array, (groups, cells)
        one where the group holds the cell.
    furthest : (cells,) int, optional
        where each group is an interval of cells, the one around each that reaches furthest.
    forest : Forest, optional
        where the intersection graph of the groups has no cycle.
    """

    cells: np.ndarray
    matrix: csr_array
    furthest: np.ndarray | None
    forest: Forest | None

    @classmethod
    def of(cls, groups: Groups) -> Coverage:
        """Merge the coefficients that lie in the same groups, and look at what is left."""
        indices, starts, n = to_numpy(groups.indices), to_numpy(groups.starts), prod(groups.shape)
        owners = csr_array((np.ones(len(indices)), indices, starts), shape=(groups.count, n)).tocsc()
        owners.sort_indices()
        coefficients = np.repeat(np.arange(n), np.diff(owners.indptr))
        first, cells = alike(coefficients, owners.indices.astype(np.int64), n, groups.count)
        matrix = owners[:, first].tocsr()
        matrix.sort_indices()
        furthest = furthest_intervals(matrix)
        forest = forest_of(matrix) if furthest is None else None
        return cls(cells, matrix, furthest, forest)

    @property
    def exact(self) -> bool:
        """Whether a dynamic program finds the best groups."""
        return self.furthest is not None or self.forest is not None

    def energies(self, magnitudes: np.ndarray) -> np.ndarray:
        """Energy of each cell, from the magnitudes of one signal; relative to the largest coefficient in any group."""
        size = self.matrix.shape[1]
        magnitudes = np.where(self.cells < size, magnitudes, 0)
        peak = magnitudes.max()
        return np.bincount(self.cells, (magnitudes / (peak or 1)) ** 2, size + 1)[:size]

    def kept(self, energies: np.ndarray, chosen: list[int]) -> float:
        """Energy of the union of groups."""
        return float(energies[covered(self.matrix, chosen)].sum())

    def best(self, energies: np.ndarray, k: int) -> tuple[list[int], float]:
        """At most k groups, the best where `exact`, and an upper bound of the energy of any k groups."""
        k = min(k, self.matrix.shape[0])
        if self.furthest is not None:
            last = self.matrix.indices[self.matrix.indptr[1:] - 1]
            chosen = best_intervals(self.furthest, last[self.furthest] + 1, energies, k)
            if len(chosen) == k:  # each with energy that no other holds
                return chosen, self.kept(energies, chosen)
        elif self.forest is not None:
            chosen = self.forest.best(energies, self.matrix @ energies, k)
        else:
            return self._searched(energies, k)
        chosen = self._filled(energies, chosen, k)
        return chosen, self.kept(energies, chosen)

    def support(self, energies: np.ndarray, k: int) -> np.ndarray:
        """Mask (n,) of the coefficients of the `best` groups."""
        return np.append(covered(self.matrix, self.best(energies, k)[0]), False)[self.cells]

    def share(self, energies: np.ndarray, k: int) -> float:
        """Share of the energy of the best k groups that those found are certain to hold."""
        chosen, upper = self.best(energies, k)
        kept = self.kept(energies, chosen)
        if kept < upper * _SURE and self.matrix.nnz <= _RELAXED:
            upper = min(upper, relaxed(self.matrix, energies, k))
        return 1.0 if kept >= upper * _SURE else kept / upper

    def _searched(self, energies: np.ndarray, k: int) -> tuple[list[int], float]:
        """Groups by greedy steps and exchanges; where these leave doubt in a small problem, by the integer program."""
        chosen, upper = greedy(self.matrix, energies, k, [])
        if self.kept(energies, chosen) >= upper * _SURE:
            return chosen, upper
        chosen = self._filled(energies, swapped(self.matrix, energies, chosen), k)
        if self.kept(energies, chosen) >= upper * _SURE or self.matrix.nnz > _PROGRAM:
            return chosen, upper
        better, least = best_by_program(self.matrix, energies, k)
        better = self._filled(energies, better, k)
        return max(better, chosen, key=lambda groups: self.kept(energies, groups)), min(upper, least)

    def _filled(self, energies: np.ndarray, chosen: list[int], k: int) -> list[int]:
        """The groups less those that add nothing, and more while these add something."""
        chosen = useful(self.matrix, energies, chosen)
        return chosen if len(chosen) == k else greedy(self.matrix, energies, k, chosen)[0]
