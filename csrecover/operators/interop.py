"""Operators from and to other packages."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from ..backend import Array, is_array, namespace
from .base import LinearOperator
from .dense import Matrix
from .sparse import sparse_matrix


def as_operator(A: Any) -> LinearOperator:
    """A as a LinearOperator: itself, a Matrix for an array, `from_scipy` for SciPy sparse matrices and operators.

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
    """SciPy operator on flattened vectors; several vectors at once are one batch."""
    if operator.batch_shape:
        raise ValueError(f"{operator} is a stack of matrices: convert each of them alone")
    forward, adjoint = _on_columns(operator), _on_columns(operator.H)
    return scipy.sparse.linalg.LinearOperator(
        operator.shape, matvec=forward, rmatvec=adjoint, matmat=forward, rmatmat=adjoint, dtype=operator.dtype
    )


def _on_columns(operator: LinearOperator) -> Callable[[Array], Array]:
    """The operator on a flattened vector (n,), a column (n, 1) or several columns (n, count)."""

    def product(x: Array) -> Array:
        images = operator @ x.T.reshape(*x.shape[1:], *operator.in_shape)
        return images.reshape(*x.shape[1:], operator.size_out).T

    return product


def to_pylops(operator: LinearOperator) -> Any:
    """PyLops operator of the same shapes, for the solvers of PyLops and PyProximal.

    Raises
    ------
    ImportError
        When PyLops is not installed; the message says what to install.
    """
    try:
        import pylops
    except ImportError as error:
        raise ImportError(
            f"PyLops cannot be imported ({error}); install it with: pip install csrecover[interop]"
        ) from error
    linear = not (operator.real_input or operator.real_output)
    return pylops.LinearOperator(
        Op=to_scipy(operator), dims=operator.in_shape, dimsd=operator.out_shape, clinear=linear
    )


@dataclass(frozen=True, eq=False, repr=False)
class External(LinearOperator):
    """An operator of another package on the host: any object with shape, dtype, matvec and rmatvec.

    Parameters
    ----------
    source : object
        its `dims` and `dimsd`, where it has them (PyLops), are the shapes of signals and measurements; one that says
        `clinear=False` is linear over the reals only and takes real signals.
    """

    source: Any

    @property
    def in_shape(self) -> tuple[int, ...]:
        return tuple(int(size) for size in getattr(self.source, "dims", self.source.shape[1:]))

    @property
    def out_shape(self) -> tuple[int, ...]:
        return tuple(int(size) for size in getattr(self.source, "dimsd", self.source.shape[:1]))

    @property
    def real_input(self) -> bool:
        return not getattr(self.source, "clinear", True)

    @property
    def complex_output(self) -> bool:
        return np.dtype(self.source.dtype).kind == "c"

    @property
    def precision(self) -> str:
        return np.result_type(self.source.dtype, np.float32).type(0).real.dtype.name

    def _apply(self, x: Array) -> Array:
        return self._by_columns(self._operator.matmat, x, self.in_shape, self.out_shape)

    def _adjoint(self, y: Array) -> Array:
        return self._by_columns(self._operator.rmatmat, y, self.out_shape, self.in_shape)

    @property
    def _operator(self) -> scipy.sparse.linalg.LinearOperator:
        return scipy.sparse.linalg.aslinearoperator(self.source)

    def _by_columns(self, product: Any, x: Array, before: tuple[int, ...], after: tuple[int, ...]) -> Array:
        """Apply a product on columns to the signals of a batch."""
        namespace(np.empty(0), x)  # refuses arrays that are not on the host
        batch = x.shape[: x.ndim - len(before)]
        columns = np.asarray(product(x.reshape(-1, math.prod(before)).T))
        images = np.ascontiguousarray(columns.T.reshape(*batch, *after))
        return images.astype(np.result_type(images, np.dtype(self.precision)), copy=False)


def from_scipy(source: Any) -> LinearOperator:
    """Operator from a SciPy sparse matrix (see `sparse_matrix`), or on the host from an object with matvec and rmatvec.

    Parameters
    ----------
    source : sparse matrix or array, LinearOperator
        shape (m, n).
    """
    if scipy.sparse.issparse(source):
        return sparse_matrix(source)
    if not hasattr(source, "matvec"):
        raise TypeError(f"expected a SciPy sparse matrix or operator (matvec, rmatvec), got {type(source).__name__}")
    return External(source)


def from_pylops(source: Any) -> LinearOperator:
    """Operator on the host from a PyLops operator, with its n-dimensional shapes `dims` and `dimsd`.

    Parameters
    ----------
    source : pylops.LinearOperator
    """
    if not all(hasattr(source, name) for name in ("matvec", "rmatvec", "dims", "dimsd")):
        raise TypeError(f"expected a PyLops operator (matvec, rmatvec, dims, dimsd), got {type(source).__name__}")
    return External(source)
