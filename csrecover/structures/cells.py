"""Cells of a family of groups: coefficients that lie in the same groups are one cell."""

from __future__ import annotations

import numpy as np


def alike(indices: np.ndarray, owner: np.ndarray, n: int, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """First coefficient of each cell, in increasing order, and the cell of each coefficient.

    Coefficients in no group get the number of cells.

    Parameters
    ----------
    indices, owner : (memberships,) int
        coefficients in increasing order, and the groups that they are in, those of each in one order.
    n : int
        number of coefficients.
    groups : int
        number of groups.
    """
    many = np.bincount(indices, minlength=n)
    starts, names = np.cumsum(many) - many, np.zeros(n, np.int64)
    for turn in range(many.max(initial=0)):
        more = np.flatnonzero(many > turn)
        _, names[more] = np.unique(names[more] * groups + owner[starts[more] + turn], return_inverse=True)
        names[more] += (turn + 1) * n  # no name of those that have no more groups
    inside = np.flatnonzero(many)
    _, first, own = np.unique(names[inside], return_index=True, return_inverse=True)
    labels = np.full(n, first.size)
    labels[inside] = np.argsort(np.argsort(first))[own]
    return inside[np.sort(first)], labels
