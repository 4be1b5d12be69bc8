"""Spark: how few columns are linearly dependent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..models.base import check_count
from ..operators import as_operator
from .coherence import host_matrix, normalised_columns
from .interval import Interval
from .nullspace import nsp

_DEPENDENT = 1e-7  # sine of the angle to the span of others below which a column counts as in it


def spark(A: Any, *, limit: int = 20_000) -> Interval:
    """Bounds of the least number of linearly dependent columns of A; n + 1 where all are independent.

    Every x with at most k nonzeros is the sparsest signal with its measurements if and only if spark(A) > 2 k.

    A null vector has at least 1 / alpha_1 nonzeros, alpha_1 its largest entry at most for l1 norm one (`nsp`): the
    lower bound "null space". The rank plus one, and the nonzeros of the null vectors that attain alpha_1 (`nsp`), are
    upper bounds. Then all sets of columns of the least size left open are looked through, and so on, as long as
    there are no more than `limit` sets to go on from: "enumeration". All happens on the host, with a dense matrix;
    a column within an angle of 1e-7 of the span of others counts as dependent on them.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    limit : int, at least 0
        sets of columns in all that the enumeration may go on from, each an n x n Gram matrix.

    Returns
    -------
    Interval
        of integers.

    References
    ----------
    D. L. Donoho and M. Elad, Optimally sparse representation in general (nonorthogonal) dictionaries via l1
    minimization, Proc. National Academy of Sciences 100(5), 2003.
    """
    operator, visits = as_operator(A), check_count(limit)
    matrix = host_matrix(operator)
    if not np.linalg.norm(matrix, axis=0).all():
        return Interval(1, 1, "zero column", "zero column")
    columns = normalised_columns(matrix)
    n, rank = columns.shape[1], int(np.linalg.matrix_rank(columns))
    if rank == n:
        return Interval(n + 1, n + 1, "rank", "rank")
    constant = nsp(columns, 1)
    low, how_low = max(2, math.ceil(1 / constant.certified - 1e-6)), "null space"
    high, how_high = rank + 1, "rank"
    nonzeros = int(np.sum(abs(constant.witness) > _DEPENDENT))
    if nonzeros < high and np.linalg.matrix_rank(columns[:, abs(constant.witness).ravel() > _DEPENDENT]) < nonzeros:
        high, how_high = nonzeros, "null vector"
    while low < high:
        visits -= math.comb(n, low - 2)
        if visits < 0:
            break
        if _has_dependent(columns, low):
            high, how_high = low, "enumeration"
        else:
            low, how_low = low + 1, "enumeration"
    return Interval(low, high, how_low, how_high)


def _has_dependent(columns: np.ndarray, size: int) -> bool:
    """Whether some `size` columns are dependent, given that fewer never are and that no column is zero.

    Depth first: columns that come after the chosen ones are kept orthogonal to these. Two of what is left are
    collinear if and only if they are dependent together with the chosen ones.
    """
    if size == 2:
        return _collinear(columns)
    for first in range(columns.shape[1] - size + 1):
        direction = columns[:, first] / np.linalg.norm(columns[:, first])
        rest = columns[:, first + 1 :]
        if _has_dependent(rest - direction[:, None] * (direction.conj() @ rest), size - 1):
            return True
    return False


def _collinear(columns: np.ndarray) -> bool:
    """Whether one of two columns is a multiple of the other, for some pair."""
    units = columns / np.linalg.norm(columns, axis=0)
    gram = abs(units.conj().T @ units)
    rows, others = np.nonzero(np.triu(gram > 1 - 1e-9, 1))
    distances = units[:, others] - units[:, rows] * np.sum(units[:, rows].conj() * units[:, others], axis=0)
    return bool(np.any(np.linalg.norm(distances, axis=0) < _DEPENDENT))
