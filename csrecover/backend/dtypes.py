"""The four dtypes that csrecover computes in."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .libraries import Array, is_array, namespace

_FLOATS = {"float32": "float32", "float64": "float64", "complex64": "float32", "complex128": "float64"}
_EPS = {name: float(np.finfo(name).eps) for name in ("float32", "float64")}


def dtype_name(x: Array) -> str:
    """'float32', 'complex128', ... of an array of any library."""
    return _name(type(x).__name__, x.dtype)


@cache
def _name(_: str, dtype: Any) -> str:  # dtypes of two libraries do not like to be compared
    return str(dtype).rpartition(".")[2]


def as_float(x: Any) -> Array:
    """X as a float32, float64, complex64 or complex128 array; lists, integers and booleans become float64.

    Raises
    ------
    TypeError
        For any other dtype (objects, strings, half precision).
    """
    if not is_array(x):
        x = np.asarray(x)
    if isinstance(x, np.ndarray) and not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    if dtype_name(x) in _FLOATS:
        return x
    xp = namespace(x)
    if x.dtype == xp.bool or xp.isdtype(x.dtype, "integral"):
        return xp.astype(x, xp.float64)
    raise TypeError(
        f"expected float32, float64, complex64 or complex128 numbers, got dtype {x.dtype}: convert with astype"
    )


def is_float(x: Array) -> bool:
    """Whether the numbers of x are of one of the four dtypes that csrecover computes in."""
    return dtype_name(x) in _FLOATS


def is_complex(x: Array) -> bool:
    """Whether the dtype of x is complex."""
    return dtype_name(x).startswith("complex")


def real_dtype_name(x: Array) -> str:
    """'float32' or 'float64', the precision of x."""
    return _FLOATS[dtype_name(x)]


def real_dtype(x: Array) -> Any:
    """Real dtype of the same precision as x."""
    return getattr(namespace(x), real_dtype_name(x))


def itemsize(x: Array) -> int:
    """Bytes of a number of x."""
    return np.dtype(dtype_name(x)).itemsize


def eps(x: Array) -> float:
    """Rounding unit of x's precision."""
    return _EPS[_FLOATS[dtype_name(x)]]


def conj(x: Array) -> Array:
    """Complex conjugate; real x itself."""
    return namespace(x).conj(x) if is_complex(x) else x


def as_complex(x: Array) -> Array:
    """X in the complex dtype of its precision."""
    xp = namespace(x)
    return x if is_complex(x) else xp.astype(x, xp.complex64 if dtype_name(x) == "float32" else xp.complex128)
