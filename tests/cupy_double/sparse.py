"""Compressed sparse matrices, as far as csrecover uses them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

from .counters import record
from .ndarray import call, ndarray, unsupported


class _Compressed:
    """A matrix of SciPy on the device."""

    _host: Any

    def __init__(self, arrays: Any, shape: Any = None) -> None:
        if not (isinstance(arrays, tuple) and all(isinstance(x, ndarray) and x.ndim == 1 for x in arrays)):
            raise ValueError("data, indices, and indptr must be 1-D cupy arrays")
        data, indices, indptr = (x._host for x in arrays)
        if data.dtype.char not in "?fdFD":
            raise ValueError("Only bool, float32, float64, complex64 and complex128 are supported")
        kind = {csr_matrix: scipy.sparse.csr_matrix, csc_matrix: scipy.sparse.csc_matrix}[type(self)]
        self._host = kind((data, indices.astype(np.int32), indptr.astype(np.int32)), shape=shape)
        self._device = arrays[0]._device

    @staticmethod
    def _of(host: Any) -> Any:
        matrix = object.__new__({"csr": csr_matrix, "csc": csc_matrix}[host.format])
        matrix._host, matrix._device = host, 0
        return matrix

    @property
    def shape(self) -> tuple[int, int]:
        return self._host.shape

    @property
    def dtype(self) -> np.dtype:
        return self._host.dtype

    @property
    def T(self) -> Any:
        return self._of(self._host.T)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotImplementedError(f"{type(self).__name__}.{name} is not modelled by the double")

    def conj(self, copy: bool = True) -> Any:
        return self._of(self._host.conj(copy=copy))

    def tocsr(self) -> Any:
        record("launch", "tocsr")
        return self._of(self._host.tocsr())

    def toarray(self) -> ndarray:
        return call("toarray", self._host.toarray, ())

    def __matmul__(self, other: Any) -> ndarray:
        if not isinstance(other, ndarray):
            raise unsupported(other)
        if other.ndim not in (1, 2):
            raise ValueError("could not interpret dimensions")
        return call("matmul", lambda x: self._host @ x, (other,))

    def __getitem__(self, rows: Any) -> Any:
        if not isinstance(rows, ndarray):
            raise NotImplementedError("only arrays of rows are modelled by the double")
        record("launch", "rows of a sparse matrix")
        return self._of(self._host[rows._host])


class csr_matrix(_Compressed):  # noqa: N801 - the name that CuPy gives it
    """Compressed rows."""


class csc_matrix(_Compressed):  # noqa: N801 - the name that CuPy gives it
    """Compressed columns."""
