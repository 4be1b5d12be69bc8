"""Functions in which CuPy differs from NumPy and SciPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import scipy.fft
import scipy.special

from .counters import record
from .devices import RUNTIME, Device, MemoryPool, Stream
from .jitter import jitter, unordered
from .kernels import ElementwiseKernel, RawKernel, ReductionKernel
from .ndarray import IMPLICIT, NUMBERS, call, ndarray, poisoned, unsupported, unwrap, wrap
from .sparse import csc_matrix, csr_matrix

_calls = count()

# where the functions of a module that need no other rule are computed
LIBRARIES = {
    "cupy": np,
    "cupy.linalg": np.linalg,
    "cupy.fft": np.fft,
    "cupyx.scipy.fft": scipy.fft,
    "cupyx.scipy.special": scipy.special,
}


class ufunc:  # noqa: N801 - the name that CuPy gives it
    """Function entry by entry."""

    def __init__(self, name: str, host: Callable[..., Any]) -> None:
        self.name, self._host = name, host

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        wrong = {key: value for key, value in kwargs.items() if key not in ("out", "dtype", "casting")}
        if wrong:
            raise TypeError(f"Wrong arguments {wrong}")
        for arg in args:
            if not isinstance(arg, (ndarray, *NUMBERS)):
                raise unsupported(arg)
        return call(self.name, self._host, args, kwargs)

    def reduceat(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(f"{self.name}.reduceat is taken from running sums, which cancel: use add.at")

    def at(self, a: ndarray, slices: Any, value: Any) -> None:
        """Add by atomics: unordered, two calls differ in rounding where more than two numbers meet."""
        if self.name != "add":
            raise NotImplementedError(f"{self.name}.at is not modelled by the double")
        if a.dtype.char not in "ilqILQefd":
            raise TypeError("only int32, int64, float16, float32, float64, uint32, uint64 are supported as data type")
        call("add.at", np.add.at, (a, slices, value))
        if unordered():
            met = np.zeros(a.shape, np.int64)
            np.add.at(met, unwrap(slices, []), 1)
            a._host[...] = np.where(met > 2, jitter("add.at", a._host, next(_calls)), a._host)


def asarray(a: Any, dtype: Any = None, order: Any = None, *, copy: bool | None = None, blocking: bool = False) -> Any:
    """Device array of anything; from the host it is a transfer."""
    if isinstance(a, ndarray):
        here = a.device == Device() and not copy and (dtype is None or a.dtype == dtype)
        return a if here else wrap("copy", np.array(a._host, dtype=dtype), [])
    if isinstance(a, (list, tuple)) and a and all(isinstance(item, ndarray) for item in a):
        return call("stack", lambda parts: np.array(parts, dtype=dtype), (list(a),))
    if isinstance(a, (list, tuple)) and any(isinstance(item, ndarray) for item in a):
        raise TypeError(IMPLICIT)
    host = np.array(a, dtype=dtype)
    record("transfer", "asarray(host)")
    return ndarray._of(host.astype(host.dtype.newbyteorder("=")))


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """As `asarray`, in the order of C; an array of another device stays there."""
    out = a if isinstance(a, ndarray) and dtype in (None, a.dtype) else asarray(a, dtype)
    return out if out.flags.c_contiguous else out.copy()


def array(
    a: Any, dtype: Any = None, copy: bool = True, order: Any = "K", subok: bool = False, ndmin: int = 0, **_: Any
):
    """As `asarray`, copied by default."""
    out = asarray(a, dtype, copy=copy)
    return out.reshape((1,) * (ndmin - out.ndim) + out.shape) if out.ndim < ndmin else out


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> np.ndarray:
    """NumPy array of anything."""
    return a.get(order=order, out=out) if isinstance(a, ndarray) else np.asarray(a, order=order)


def empty_pinned(shape: Any, dtype: Any = float, order: str = "C") -> np.ndarray:
    """Host array that holds no numbers yet."""
    return np.ndarray(shape, dtype, order=order, buffer=b"\xff" * (math.prod(shape) * np.dtype(dtype).itemsize)).copy()


def _nan_where_it_fails(host: Callable[..., Any]) -> Callable[..., Any]:
    """CuPy does not look at what its solvers report: no exception, but numbers that are none."""

    def function(a: np.ndarray, *args: Any, **kwargs: Any) -> Any:
        try:
            return host(a, *args, **kwargs)
        except np.linalg.LinAlgError:
            good = np.broadcast_to(np.eye(*a.shape[-2:], dtype=a.dtype), a.shape)
            out = host(good, *args, **kwargs)
            return tuple(x * np.nan for x in out) if isinstance(out, tuple) else out * np.nan

    return function


def _types_2_and_3(host: Callable[..., Any]) -> Callable[..., Any]:
    def function(x: np.ndarray, type: int = 2, *args: Any, **kwargs: Any) -> Any:
        if type not in (2, 3):
            kind = host.__name__.lstrip("i")[:3].upper()
            raise NotImplementedError(f"Only {kind}-II and {kind}-III have been implemented.")
        return host(x, type, *args, **kwargs)

    return function


# computed on the memory of the arrays
HOSTS: dict[str, Callable[..., Any]] = {
    "cupy.empty": lambda *args, **kwargs: poisoned(np.empty(*args, **kwargs)),
    "cupy.empty_like": lambda *args, **kwargs: poisoned(np.empty_like(*args, **kwargs)),
    **{f"cupy.{f.__name__}": lambda *a, f=f, **k: np.asarray(f(*a, **k)) for f in (np.allclose, np.array_equal)},
    **{
        f"cupy.linalg.{name}": _nan_where_it_fails(getattr(np.linalg, name))
        for name in ("cholesky", "eigh", "inv", "solve", "svd")
    },
    **{
        f"cupyx.scipy.fft.{name}": _types_2_and_3(getattr(scipy.fft, name))
        for name in ("dct", "dctn", "idct", "idctn", "dst", "dstn", "idst", "idstn")
    },
}

# computed on the arrays themselves
MEMBERS: dict[str, Any] = {
    "cupy.ElementwiseKernel": ElementwiseKernel,
    "cupy.RawKernel": RawKernel,
    "cupy.ReductionKernel": ReductionKernel,
    "cupy.array": array,
    "cupy.asanyarray": asarray,
    "cupy.asarray": asarray,
    "cupy.ascontiguousarray": ascontiguousarray,
    "cupy.asnumpy": asnumpy,
    "cupy.cuda.Device": Device,
    "cupy.cuda.Stream": Stream,
    "cupy.cuda.get_current_stream": Stream,
    "cupy.cuda.is_available": lambda: True,
    "cupy.get_default_memory_pool": MemoryPool,
    "cupy.is_available": lambda: True,
    "cupy.ndarray": ndarray,
    "cupy.ufunc": ufunc,
    "cupyx.empty_pinned": empty_pinned,
    "cupyx.scipy.sparse.csc_matrix": csc_matrix,
    "cupyx.scipy.sparse.csr_matrix": csr_matrix,
    # modules beyond the snapshot
    "cupy.cuda.device": {"Device": Device},
    "cupy.cuda.runtime": RUNTIME,
}
