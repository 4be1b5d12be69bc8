"""Sparse matrices, given or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse

from ..backend import (
    Array,
    as_float,
    conj,
    csr_adjoint,
    csr_matrix,
    csr_rows,
    csr_times,
    device,
    energy,
    is_array,
    mT,
    namespace,
    to,
    to_like,
    to_numpy,
)
from .base import LinearOperator, as_shape
from .dense import as_dtype, check_variance


@dataclass(frozen=True, eq=False, repr=False)
class SparseMatrix(LinearOperator):
    """A sparse (m, n) matrix in compressed rows; `sparse_matrix` makes one from any SciPy sparse matrix.

    Row i has the entries data[indptr_i : indptr_{i+1}] in the columns indices[indptr_i : indptr_{i+1}].

    Parameters
    ----------
    data : array, (nnz,)
        real or complex entries; none of the three arrays is copied.
    indices : array of int, (nnz,)
        column of each entry, increasing within each row.
    indptr : array of int, (m + 1,)
        where each row begins, and nnz.
    n : int
        number of columns.
    variance : float, optional
        E |a_ij|^2 of entries, zeros included, that were drawn independently with mean zero, as in `Matrix`.

    Raises
    ------
    ValueError
        When the arrays do not describe a matrix, columns repeat or decrease within a row, or the variance is not
        positive.
    """

    data: Array
    indices: Array
    indptr: Array
    n: int
    variance: float | None = None

    def __post_init__(self) -> None:
        data = as_float(self.data)
        indices, indptr = (x if is_array(x) else np.asarray(x) for x in (self.indices, self.indptr))
        (n,) = as_shape(self.n)
        check_variance(self.variance)
        _check_rows(data.shape, to_numpy(indices), to_numpy(indptr), n)
        for name, value in (("data", data), ("indices", indices), ("indptr", indptr), ("n", n)):
            object.__setattr__(self, name, value)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (self.n,)

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.indptr.shape[0] - 1,)

    @cached_property
    def _matrix(self) -> Any:
        return csr_matrix(self.data, self.indices, self.indptr, self.shape)

    @cached_property
    def _adjoint_matrix(self) -> Any:
        return csr_adjoint(self._matrix)

    def _apply(self, x: Array) -> Array:
        return csr_times(self._matrix, x)

    def _adjoint(self, y: Array) -> Array:
        return csr_times(self._adjoint_matrix, y)

    def _columns(self, indices: np.ndarray) -> Array:
        rows = csr_rows(self._adjoint_matrix, to_like(indices, self.data))
        return mT(conj(rows))

    def column_norms(self) -> Array:
        xp, squares = namespace(self.data), energy(self.data)
        transpose = csr_adjoint(csr_matrix(squares, self.indices, self.indptr, self.shape))
        return xp.sqrt(csr_times(transpose, xp.ones(self.out_shape, dtype=squares.dtype, device=device(squares))))


def _check_rows(entries: tuple[int, ...], indices: np.ndarray, indptr: np.ndarray, n: int) -> None:
    """Refuse arrays that are not compressed rows of distinct, increasing columns."""
    if indices.dtype.kind not in "iu" or indptr.dtype.kind not in "iu":
        raise TypeError(f"indices and indptr are arrays of integers, got dtypes {indices.dtype} and {indptr.dtype}")
    if indices.ndim != 1 or indices.shape != entries:
        raise ValueError(f"data and indices are two arrays of one length, got shapes {entries} and {indices.shape}")
    lengths = np.diff(indptr) if indptr.ndim == 1 else np.empty(0)
    if lengths.size == 0 or indptr[0] != 0 or indptr[-1] != indices.size or lengths.min() < 0:
        raise ValueError(
            f"indptr, one for each row and one more, must rise from 0 to the number of entries {indices.size}"
        )
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ValueError(f"indices are columns 0 .. {n - 1}, got {indices.min()} .. {indices.max()}")
    falls = np.flatnonzero(np.diff(indices) <= 0) + 1
    if not np.isin(falls, indptr).all():
        raise ValueError("columns must increase within each row: sparse_matrix sorts them and sums duplicates")


def sparse_matrix(source: Any, *, variance: float | None = None) -> SparseMatrix:
    """Operator from a SciPy sparse matrix or array of any format; duplicate entries are summed.

    Parameters
    ----------
    source : SciPy sparse matrix or array, shape (m, n)
        real or complex, integers become float64; compressed rows in canonical form are kept as they are, never copied.
    variance : float, optional
        E |a_ij|^2 of entries, zeros included, that were drawn independently with mean zero.

    Raises
    ------
    TypeError
        For anything else, or numbers that csrecover does not compute in.
    ValueError
        When it has not two axes, or an axis of length zero.
    """
    if not scipy.sparse.issparse(source):
        raise TypeError(f"expected a SciPy sparse matrix or array, got {type(source).__name__}; see Matrix")
    if source.ndim != 2 or 0 in source.shape:
        raise ValueError(f"a matrix with rows and columns was expected, got shape {source.shape}")
    if source.dtype.kind in "biu":
        source = source.astype(np.float64)
    rows = scipy.sparse.csr_array(source)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return SparseMatrix(rows.data, rows.indices, rows.indptr, rows.shape[1], variance)


def sparse_binary(m: int, n: int, d: int, rng: Any, *, dtype: Any = np.float64, device: Any = None) -> SparseMatrix:
    """Random (m, n) matrix with d equal entries 1/sqrt(d) in distinct, uniformly drawn rows of each column.

    sqrt(d) A is the 0/1 adjacency matrix of a random bipartite graph of left degree d, with high probability an
    expander: such a matrix has the restricted isometry property in the l1 norm. Columns have unit norm.

    Parameters
    ----------
    m, n : int
        measurements and unknowns.
    d : int
        nonzeros of each column, 1 <= d <= m.
    rng : int or numpy.random.Generator
    dtype : dtype
        float32, float64, complex64 or complex128.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    Raises
    ------
    ValueError
        When d is out of range.

    References
    ----------
    R. Berinde, A. C. Gilbert, P. Indyk, H. Karloff and M. J. Strauss, Combining geometry and combinatorics: a unified
    approach to sparse signal recovery, Allerton Conference, 2008.
    """
    m, n, d = as_shape((m, n, d))
    if d > m:
        raise ValueError(f"d must be between 1 and the number of rows m={m}, got {d}")
    entries = np.full(n * d, d**-0.5, dtype=as_dtype(dtype))
    integer = scipy.sparse.get_index_dtype(maxval=max(m, n * d))
    rows = _distinct(m, n, d, np.random.default_rng(rng), integer).reshape(-1)
    starts = np.arange(0, n * d + 1, d, dtype=integer)
    return to(sparse_matrix(scipy.sparse.csc_array((entries, rows, starts), shape=(m, n))), device)


def _distinct(m: int, n: int, d: int, rng: np.random.Generator, integer: Any) -> np.ndarray:
    """For each of n columns d distinct numbers below m, uniform over all sets: R. W. Floyd's algorithm, all at once."""
    chosen = np.empty((d, n), dtype=integer)
    for count, top in enumerate(range(m - d, m)):
        drawn = rng.integers(0, top, n, dtype=chosen.dtype, endpoint=True)
        repeated = (chosen[:count] == drawn).any(axis=0)
        chosen[count] = np.where(repeated, top, drawn)
    return chosen.T
