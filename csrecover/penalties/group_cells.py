"""Cells of a family of groups: coefficients that lie in the same groups are one cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from ..backend import Array, energy, namespace, segment_sum, to_like, to_numpy
from ..structures import Groups, Tree
from ..structures.cells import alike


@dataclass(frozen=True, eq=False)
class GroupCells:
    """Some groups of a family, and the coefficients that count, in as few cells as possible.

    Parameters
    ----------
    labels : array of int, (n,)
        cell of each coefficient, `count` for those that do not count; it lies where the groups do.
    count : int
    used : (groups,) int
        the groups that hold a cell; those after count these alone.
    cell, group : (memberships,) int
        cells in order, and the groups that they are in, larger ones first.
    """

    labels: Array
    count: int
    used: np.ndarray
    cell: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, groups: Groups, chosen: np.ndarray, free: np.ndarray) -> GroupCells:
        """Cells of the groups chosen, bool (count,), without the coefficients that are free, bool (n,)."""
        indices, n = to_numpy(groups.indices), prod(groups.shape)
        owner = np.repeat(np.arange(groups.count), groups.sizes)
        kept = chosen[owner] & ~free[indices]
        used, owner = np.unique(owner[kept], return_inverse=True)
        indices = indices[kept]
        rank = np.argsort(np.argsort(-np.bincount(owner, minlength=used.size), kind="stable"))
        order = np.lexsort((rank[owner], indices))
        indices, owner = indices[order], owner[order]
        first, labels = alike(indices, owner, n, used.size)
        member = np.zeros(n, bool)
        member[first] = True
        member = np.flatnonzero(member[indices])
        member = member[np.argsort(labels[indices[member]], kind="stable")]
        return cls(to_like(labels, groups.indices), first.size, used, labels[indices[member]], owner[member])

    def sizes(self, x: Array) -> Array:
        """Euclidean norm of each cell: (*batch, n) to (*batch, count)."""
        xp = namespace(x, self.labels)
        return xp.sqrt(segment_sum(energy(x), self.labels, self.count + 1)[..., : self.count])

    def spread(self, values: Array) -> Array:
        """The value of its cell for each coefficient, one where it does not count: (*batch, count) to (*batch, n)."""
        xp = namespace(values, self.labels)
        values = xp.concat([values, xp.ones_like(values[..., :1])], axis=-1)
        return xp.take(values, self.labels, axis=-1)

    @cached_property
    def free(self) -> np.ndarray:
        """Mask of the coefficients that do not count, on the host."""
        return to_numpy(self.labels) == self.count

    @cached_property
    def forest(self) -> tuple[Tree, Array] | None:
        """Where groups are nested or disjoint, the next larger group of each, and the smallest group of each cell."""
        begins = np.diff(self.cell, prepend=-1) > 0
        larger = np.where(begins, -1, np.roll(self.group, 1))
        parents = np.full(self.used.size, -1)
        parents[self.group] = larger
        if (parents[self.group] != larger).any():
            return None
        smallest = self.group[np.append(np.flatnonzero(begins)[1:], begins.size) - 1]
        return Tree(to_like(parents, self.labels)), to_like(smallest, self.labels)
