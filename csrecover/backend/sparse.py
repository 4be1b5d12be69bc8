"""Sparse matrices: the library's own compressed rows, or sums over segments where it has none."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import scipy.sparse

from .dtypes import is_complex
from .libraries import Array, device, library, namespace
from .parts import on_parts
from .segments import segment_sum
from .signals import keep

_LONG = 2**15  # signals this long are multiplied one by one on the host: a batch of them does not fit in the cache


@dataclass(frozen=True)
class _Triplets:
    """A sparse matrix of a library that has none: each entry with its row and column."""

    data: Array
    rows: Array
    columns: Array
    shape: tuple[int, int]

    @property
    def dtype(self) -> Any:
        return self.data.dtype


def csr_matrix(data: Array, indices: Array, indptr: Array, shape: tuple[int, int]) -> Any:
    """Sparse matrix of compressed rows on the arrays given, which are not copied."""
    if library(data) == "numpy":
        return scipy.sparse.csr_array((data, indices, indptr), shape=shape)
    if library(data) == "cupy":
        return importlib.import_module("cupyx.scipy.sparse").csr_matrix((data, indices, indptr), shape=shape)
    xp = namespace(data)
    entries = xp.arange(data.shape[0], dtype=indptr.dtype, device=device(data))
    return _Triplets(data, xp.searchsorted(indptr, entries, side="right") - 1, indices, shape)


def csr_adjoint(matrix: Any) -> Any:
    """Conjugate transpose, in compressed rows of its own: as fast as the matrix itself."""
    if isinstance(matrix, _Triplets):
        data = namespace(matrix.data).conj(matrix.data)
        return _Triplets(data, matrix.columns, matrix.rows, matrix.shape[::-1])
    return matrix.conj(copy=False).T.tocsr()


def csr_times(matrix: Any, x: Array) -> Array:
    """Matrix times each signal: shape (*batch, n) to (*batch, m); complex x meets a real matrix as two real signals."""
    xp = namespace(x)
    if is_complex(x) and not is_complex(matrix):
        return on_parts(lambda part: csr_times(matrix, part), x)
    if isinstance(matrix, _Triplets):
        return _row_sums(matrix.data * xp.take(x, matrix.columns, axis=-1), matrix.rows, matrix.shape[0])
    if x.ndim == 1:
        return matrix @ x
    signals = xp.reshape(x, (-1, matrix.shape[1]))
    if library(x) == "numpy" and matrix.shape[1] >= _LONG:
        images = xp.asarray([matrix @ signal for signal in signals], dtype=xp.result_type(matrix.dtype, x))
    else:
        images = (matrix @ signals.T).T
    return xp.reshape(images, (*x.shape[:-1], matrix.shape[0]))


def csr_rows(matrix: Any, picks: Array) -> Array:
    """Dense array of the rows with the given indices."""
    if isinstance(matrix, _Triplets):
        return _row_sums(keep(matrix.data, picks[:, None] == matrix.rows), matrix.columns, matrix.shape[1])
    return matrix[picks].toarray()


def _row_sums(values: Array, labels: Array, count: int) -> Array:
    """Sum of the values with each label, complex ones in their two parts."""
    if is_complex(values):
        return on_parts(lambda part: segment_sum(part, labels, count), values)
    return segment_sum(values, labels, count)
