"""The best union of k intervals of a line of cells, by dynamic programming."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

_TIE = 1e-13  # of the energy kept: totals this close are equal


def furthest_intervals(matrix: csr_array) -> np.ndarray | None:
    """For each cell (column) the group (row) around it that reaches furthest; None where a group is no interval.

    The cells are numbered along the line, and each lies in a group.
    """
    first, last = matrix.indices[matrix.indptr[:-1]], matrix.indices[matrix.indptr[1:] - 1]
    if (last - first + 1 != np.diff(matrix.indptr)).any():
        return None
    by_reach = np.lexsort((-np.arange(len(last)), last))  # of equal reach the first group comes last
    latest = np.full(matrix.shape[1], -1)
    np.maximum.at(latest, first, np.argsort(by_reach))
    return by_reach[np.maximum.accumulate(latest)]


def best_intervals(furthest: np.ndarray, ends: np.ndarray, energies: np.ndarray, k: int) -> list[int]:
    """At most k intervals whose union holds most energy.

    The best value f_j(t) of j intervals on the cells from t on is that of the first cell t' >= t that is covered, by
    the interval around it that reaches furthest: f_j(t) = max over t' >= t of sum(energies[t':end]) + f_{j-1}(end).
    Among equal unions that of the first cells is taken.

    Parameters
    ----------
    furthest : (cells,) int
        the interval around each cell that reaches furthest.
    ends : (cells,) int
        one past its last cell.
    energies : (cells,) float
    k : int
    """
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    gains = np.where(energies > 0, sums[ends] - sums[:-1], -np.inf)
    values = np.zeros((k + 1, len(sums)))
    for fewer, more in pairwise(values):
        taken = gains + fewer[ends]
        np.maximum(np.maximum.accumulate(taken[::-1])[::-1], 0, out=more[:-1])
    slack, chosen, cell = _TIE * values[-1, 0] / max(k, 1), [], 0
    for more, fewer in pairwise(values[::-1]):
        if more[cell] == 0:
            break
        cell += int(np.argmax(gains[cell:] + fewer[ends[cell:]] >= more[cell] - slack))
        chosen.append(int(furthest[cell]))
        cell = int(ends[cell])
    return chosen
