"""Operators from and to other packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from ..backend import Array, is_array, namespace
from .base import LinearOperator
from .dense import Matrix


def as_operator(A: Any) -> LinearOperator:
    """A as a LinearOperator: itself, a Matrix for an array, a wrapper for SciPy sparse matrices and operators.

    Raises
    ------
    TypeError
        When A is none of these.
    """
    if isinstance(A, LinearOperator):
        return A
    if isinstance(A, np.ndarray):
        A = np.asarray(A)  # numpy.matrix is an array here
    if is_array(A) or isinstance(A, (list, tuple)):
        return Matrix(A)
    if scipy.sparse.issparse(A) or hasattr(A, "matvec"):
        return from_scipy(A)
    raise TypeError(f"expected an operator, an array or a SciPy operator, got {type(A).__name__}")


def to_scipy(operator: LinearOperator) -> scipy.sparse.linalg.LinearOperator:
    """SciPy operator on flattened NumPy vectors."""
    return scipy.sparse.linalg.LinearOperator(
        operator.shape,
        matvec=lambda x: (operator @ x.reshape(operator.in_shape)).reshape(-1),
        rmatvec=lambda y: (operator.H @ y.reshape(operator.out_shape)).reshape(-1),
        dtype=operator.dtype,
    )


@dataclass(frozen=True, eq=False, repr=False)
class FromScipy(LinearOperator):
    """A SciPy sparse matrix or LinearOperator (or any object with shape, matvec and rmatvec) on the host."""

    source: Any

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (self.source.shape[1],)

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.source.shape[0],)

    @property
    def complex_output(self) -> bool:
        return np.dtype(self.source.dtype).kind == "c"

    @property
    def precision(self) -> str:
        return np.result_type(self.source.dtype, np.float32).type(0).real.dtype.name

    def _apply(self, x: Array) -> Array:
        return _columnwise(self._operator.matmat, x)

    def _adjoint(self, y: Array) -> Array:
        return _columnwise(self._operator.rmatmat, y)

    @property
    def _operator(self) -> scipy.sparse.linalg.LinearOperator:
        return scipy.sparse.linalg.aslinearoperator(self.source)


def _columnwise(product: Any, x: Array) -> Array:
    """Apply a SciPy product on columns to the signals of a batch."""
    namespace(np.empty(0), x)  # refuses arrays that are not on the host
    out = product(x.reshape(-1, x.shape[-1]).T).T
    return np.ascontiguousarray(out.reshape(*x.shape[:-1], -1))


def from_scipy(source: Any) -> LinearOperator:
    """Operator on the host from a SciPy sparse matrix, a SciPy LinearOperator or an object with matvec and rmatvec.

    Parameters
    ----------
    source : sparse matrix or array, LinearOperator
        shape (m, n).
    """
    if not scipy.sparse.issparse(source) and not hasattr(source, "matvec"):
        raise TypeError(f"expected a SciPy sparse matrix or operator (matvec, rmatvec), got {type(source).__name__}")
    return FromScipy(source)
