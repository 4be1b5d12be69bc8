"""The best union of k groups whose intersection graph is a forest, by dynamic programming."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components


@dataclass(frozen=True, eq=False)
class Forest:
    """Groups, each with the one that it hangs on; host data.

    Parameters
    ----------
    order : list of int
        the groups, each after its parent.
    parents : list of int
        `count`, the number of groups, for a root.
    shared : (count,) int
        cell that a group shares with its parent; the number of cells, which is none, for a root.
    """

    order: list[int]
    parents: list[int]
    shared: np.ndarray

    def best(self, energies: np.ndarray, totals: np.ndarray, k: int) -> list[int]:
        """At most k groups whose union holds most energy.

        A table has one row for a group that is not taken and one for a group that is, and in column j the best energy
        of at most j groups among the group and those of its children that have been added; what a taken group shares
        with its taken parent is counted in the parent.

        Parameters
        ----------
        energies : (cells,) float
        totals : (count,) float
            energy of each group.
        k : int
        """
        count = len(totals)
        shared = np.append(energies, 0.0)[self.shared]
        tables = [*np.array([[[0.0, 0.0], [-np.inf, total]] for total in totals]), np.zeros((2, 1))]
        before = [np.empty(0)] * count
        for group in reversed(self.order):
            parent = self.parents[group]
            before[group] = tables[parent]
            tables[parent] = combined(tables[parent], offered(tables[group], shared[group]), k)
        budget, taken = [0] * count + [tables[count].shape[1] - 1], [False] * (count + 1)
        for group in self.order:
            parent = self.parents[group]
            row, both = int(taken[parent]), offered(tables[group], shared[group])
            budget[parent], budget[group] = split(before[group][row], both[row], budget[parent])
            alone, added = tables[group][:, budget[group]]
            taken[group] = bool(added - row * shared[group] > alone)
        return np.flatnonzero(taken[:count]).tolist()


def forest_of(matrix: csr_array) -> Forest | None:
    """The intersection graph of the groups (rows), no two columns being equal; None where it has a cycle."""
    (count, size), columns = matrix.shape, matrix.tocsc()
    owners = np.diff(columns.indptr)
    if owners.max() > 2:
        return None
    cells, pairs = np.flatnonzero(owners == 2), columns.indices[np.repeat(owners == 2, owners)].reshape(-1, 2)
    trees, tree = connected_components(edges(pairs, count), directed=False)
    if len(pairs) != count - trees:
        return None
    roots = np.unique(tree, return_index=True)[1]
    trunk = np.stack([roots, np.full(trees, count)], axis=1)
    order, parents = breadth_first_order(edges(np.concatenate([pairs, trunk]), count + 1), count, directed=False)
    first, second = pairs.T
    shared = np.full(count, size)
    shared[np.where(parents[first] == second, first, second)] = cells
    return Forest(order[1:].tolist(), parents[:count].tolist(), shared)


def edges(pairs: np.ndarray, count: int) -> csr_array:
    """Graph of `count` nodes with an edge between the two of each pair."""
    ends = pairs.astype(np.int32)  # as the graph algorithms of SciPy 1.15 want them
    return csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))


def offered(table: np.ndarray, shared: float) -> np.ndarray:
    """What a group and all below it add to its parent, a row for each state of the parent."""
    alone, added = table
    return np.stack([np.maximum(alone, added), np.maximum(alone, added - shared)])


def combined(a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """Row by row the best of a[i] + b[j - i] over i, for j = 0 .. k at most."""
    if a.shape[1] > b.shape[1]:
        a, b = b, a
    width = min(a.shape[1] + b.shape[1] - 1, k + 1)
    out = np.full((2, width), -np.inf)
    for i in range(min(a.shape[1], width)):
        part = out[:, i : i + b.shape[1]]
        np.maximum(part, a[:, i, None] + b[:, : part.shape[1]], out=part)
    return out


def split(a: np.ndarray, b: np.ndarray, budget: int) -> tuple[int, int]:
    """The budget in two parts i + j, so that a[i] + b[j] is largest."""
    least, most = max(0, budget - len(b) + 1), min(budget, len(a) - 1)
    i = np.arange(least, most + 1)
    best = least + int(np.argmax(a[i] + b[budget - i]))
    return best, budget - best
