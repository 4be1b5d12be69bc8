"""Coherence of the columns of an operator: cheap numbers that certify recovery of very sparse signals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import to_numpy
from ..models.base import check_count
from ..operators import as_operator
from ..structures import Blocks
from ..structures.signal import expect

_ENTRIES = 2**22  # of the Gram matrix at a time


def host_matrix(A: Any) -> np.ndarray:
    """The (m, n) matrix of A on the host, in double precision.

    An operator that takes real signals only, to complex measurements, has the 2 m real rows of both parts.

    Raises
    ------
    TypeError
        When A is no operator, or linear over the reals without taking real signals.
    ValueError
        When A is a stack of matrices, or has an entry that is not finite.
    """
    A = as_operator(A)
    if A.real_linear and not A.real_input:
        raise TypeError(f"{A} is linear over the reals only and has no matrix: take its adjoint, or its complex form")
    matrix = to_numpy(A.todense())
    if not np.isfinite(matrix).all():
        raise ValueError(f"{A} has entries that are NaN or infinite: remove the columns or rows that hold them")
    if A.real_input and np.iscomplexobj(matrix):
        matrix = np.concatenate([matrix.real, matrix.imag])
    return matrix.astype(np.complex128 if np.iscomplexobj(matrix) else np.float64, copy=False)


def coherence(A: Any) -> float:
    """Largest |<a_i, a_j>| / (||a_i|| ||a_j||) over pairs of columns of A; zero where there is one column.

    It is the restricted isometry constant of order 2 of the normalised columns. The matrix is formed on the host.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator

    Returns
    -------
    float, from 0 to 1

    Raises
    ------
    ValueError
        When a column is zero.

    References
    ----------
    D. L. Donoho and X. Huo, Uncertainty principles and ideal atomic decomposition, IEEE Trans. Information Theory
    47(7), 2001.
    """
    return min(max(float(rows.max()) for rows in _correlations(_normalised(A))), 1.0)


def babel(A: Any, k: int) -> float:
    """Babel function: largest sum of |<a_i, a_j>| over k columns i with another column j, of the normalised columns.

    At most k times the coherence, which is its value at k = 1. Each k normalised columns have eigenvalues of
    their Gram matrix in 1 -+ babel(A, k - 1). The matrix is formed on the host.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    k : int, from 0 to n - 1

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When a column is zero, or k is out of range.

    References
    ----------
    J. A. Tropp, Greed is good: algorithmic results for sparse approximation, IEEE Trans. Information Theory 50(10),
    2004.
    """
    A = as_operator(A)
    if check_count(k) >= A.size_in:
        raise ValueError(f"k={k} columns beside another one were asked for, but there are {A.size_in}: lower k")
    largest = (np.partition(rows, -k, axis=1)[:, -k:] if k else rows[:, :0] for rows in _correlations(_normalised(A)))
    return max(float(rows.sum(axis=1).max()) for rows in largest)


def block_coherence(A: Any, blocks: Blocks) -> float:
    """Largest spectral norm of D_b^H D_c over pairs of blocks of d normalised columns, divided by d.

    Blocks of one coefficient give the coherence. The matrix is formed on the host.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    blocks : Blocks
        of one size, of shape A.in_shape.

    Returns
    -------
    float, from 0 to 1

    Raises
    ------
    TypeError, ValueError
        When blocks are no Blocks, of several sizes or of another shape, or a column is zero.

    References
    ----------
    Y. C. Eldar, P. Kuppinger and H. Boelcskei, Block-sparse signals: uncertainty relations and efficient recovery,
    IEEE Trans. Signal Processing 58(6), 2010.
    """
    columns, size = _by_block(A, blocks)
    count, largest = columns.shape[1] // size, 0.0
    for block in range(1, count):
        products = columns[:, block * size : (block + 1) * size].conj().T @ columns[:, : block * size]
        pairs = products.reshape(size, block, size).swapaxes(0, 1)
        largest = max(largest, float(np.linalg.norm(pairs, 2, axis=(1, 2)).max()))
    return min(largest / size, 1.0)


def sub_coherence(A: Any, blocks: Blocks) -> float:
    """Largest |<a_i, a_j>| over pairs of normalised columns of one block; zero for blocks of one coefficient.

    Takes, raises and cites what `block_coherence` does.
    """
    columns, size = _by_block(A, blocks)
    within = columns.reshape(len(columns), -1, size).transpose(1, 2, 0)
    gram = abs(within.conj() @ within.swapaxes(1, 2))
    return min(float(np.max(gram * (1 - np.eye(size)))), 1.0)


def welch_bound(m: int, n: int) -> float:
    """Least coherence that n columns of m entries can have, or a lower bound of it: sqrt((n - m) / (m (n - 1))).

    Zero for n <= m. It is attained by equiangular tight frames alone.

    Parameters
    ----------
    m, n : int, at least 1

    References
    ----------
    L. R. Welch, Lower bounds on the maximum cross correlation of signals, IEEE Trans. Information Theory 20(3), 1974.
    """
    m, n = check_count(m, 1), check_count(n, 1)
    return ((n - m) / (m * (n - 1))) ** 0.5 if n > m else 0.0


def erc(A: Any, support: Any) -> float:
    """Exact recovery coefficient of a support S: 1 - max over columns j off S of ||A_S^+ a_j||_1.

    Where it is positive, orthogonal matching pursuit and l1 minimisation recover every signal on S from A x. One for
    a support that leaves no column out. The columns are taken as they are, on the host.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    support : mask of A.in_shape, or distinct flat indices, at least one

    Returns
    -------
    float, at most 1

    Raises
    ------
    ValueError
        When the support is empty, holds an index twice or out of range, or its columns are linearly dependent.

    References
    ----------
    J. A. Tropp, Greed is good: algorithmic results for sparse approximation, IEEE Trans. Information Theory 50(10),
    2004.
    """
    A = as_operator(A)
    places = A._column_indices(support)
    if not 0 < len(places) == len(np.unique(places)):
        raise ValueError(f"a support of at least one column, each once, was expected, got {places}")
    matrix = host_matrix(A)
    inverse, rank = np.linalg.pinv(matrix[:, places]), np.linalg.matrix_rank(matrix[:, places])
    if rank < len(places):
        raise ValueError(f"the {len(places)} columns of the support have rank {rank}: no method can tell them apart")
    others = np.delete(matrix, places, axis=1)
    return 1.0 - float(abs(inverse @ others).sum(axis=0).max(initial=0.0))


def normalised_columns(matrix: np.ndarray) -> np.ndarray:
    """The matrix with columns of norm one.

    Raises
    ------
    ValueError
        When a column is zero.
    """
    norms = np.linalg.norm(matrix, axis=0)
    if not norms.all():
        raise ValueError(f"column {int(np.argmin(norms))} of the operator is zero: leave it out")
    return matrix / norms


def _normalised(A: Any) -> np.ndarray:
    """Columns of norm one, on the host."""
    return normalised_columns(host_matrix(A))


def _correlations(columns: np.ndarray) -> Iterator[np.ndarray]:
    """Blocks of rows of |columns^H columns|, with zeros on the diagonal."""
    n = columns.shape[1]
    step = max(1, _ENTRIES // n)
    for start in range(0, n, step):
        rows = abs(columns[:, start : start + step].conj().T @ columns)
        np.fill_diagonal(rows[:, start:], 0.0)
        yield rows


def _by_block(A: Any, blocks: Blocks) -> tuple[np.ndarray, int]:
    """Normalised columns, block by block, and the size of a block."""
    expect(blocks, Blocks, "Blocks.uniform(n, size)")
    A = as_operator(A)
    if blocks.shape != A.in_shape:
        raise ValueError(f"{blocks} is for signals of shape {blocks.shape}, the operator's have {A.in_shape}")
    if blocks.sizes.min() < blocks.sizes.max():
        raise ValueError(f"blocks of one size were expected, got {blocks}: take the coherence of the columns")
    order = np.argsort(to_numpy(blocks.labels).reshape(-1), kind="stable")
    return _normalised(A)[:, order], int(blocks.sizes[0])
