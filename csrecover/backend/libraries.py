"""Which library an array belongs to, and where it lies."""

from __future__ import annotations

import dataclasses
from typing import Any

import array_api_compat as compat
import numpy as np

Array = Any  # an array of any library that follows the array API standard


_NUMPY = compat.array_namespace(np.empty(0))
_HOST = frozenset({np.ndarray, np.float64, np.float32, np.complex128, np.complex64, np.bool_, int, float, type(None)})


def is_array(x: object) -> bool:
    """Whether x is an array of a library that csrecover can compute with (NumPy's scalars are numbers)."""
    if type(x) in _HOST:
        return type(x) is np.ndarray
    return not isinstance(x, np.generic) and compat.is_array_api_obj(x)


def namespace(*arrays: Array) -> Any:
    """Array namespace shared by the arrays (Python and NumPy numbers and None are passed over).

    Raises
    ------
    TypeError
        When the arrays belong to two libraries or lie on two devices.
    """
    if _HOST.issuperset(map(type, arrays)):
        return _NUMPY
    found = [x for x in arrays if is_array(x)]
    if not found:
        return _NUMPY
    first = found[0]
    for other in found[1:]:
        if where_is(other) != where_is(first):
            raise TypeError(
                f"arrays of two libraries or devices meet: {where_is(first)} and {where_is(other)}; "
                f"move one, for example with cs.to(operator_or_array, {where_is(first)!r})"
            )
    return compat.array_namespace(first)


def library(x: Array) -> str:
    """Name of the library of an array: 'numpy', 'cupy', 'torch', 'array_api_strict', ..."""
    if isinstance(x, (np.ndarray, np.generic)):
        return "numpy"
    return compat.array_namespace(x).__name__.removeprefix("array_api_compat.").partition(".")[0]


def device(x: Array) -> Any:
    """Device of an array, in its library's own terms."""
    return "cpu" if isinstance(x, (np.ndarray, np.generic)) else compat.device(x)


def where_is(x: Array) -> str:
    """Library and device of an array as `to` understands it: 'numpy', 'cupy:0', 'torch:cpu', ..."""
    name = library(x)
    if name == "numpy":
        return name
    place = device(x)
    return f"{name}:{place.id}" if name == "cupy" else f"{name}:{_strict_name(place) or place}"


def on_host(x: Array) -> bool:
    """Whether an array lies in the memory of the host, where looking at its numbers costs nothing."""
    name = library(x)
    if name == "array_api_strict":
        return _strict_name(device(x)) == "CPU_DEVICE"
    return name == "numpy" or str(device(x)) == "cpu"


def _strict_name(place: Any) -> str | None:
    """Name of an array-api-strict device, None for the devices of other libraries."""
    return getattr(place, "_device", None)


def arrays_in(obj: Any) -> list[Array]:
    """Arrays held by a frozen dataclass, nested dataclasses and tuples included."""
    if is_array(obj):
        return [obj]
    if isinstance(obj, tuple):
        return [x for item in obj for x in arrays_in(item)]
    if dataclasses.is_dataclass(obj):
        return [x for field in dataclasses.fields(obj) for x in arrays_in(getattr(obj, field.name))]
    return []


def frozen(x: Array) -> Array:
    """Copy of an array that was checked, so that it stays as it was; read-only where the library knows that."""
    copy = namespace(x).asarray(x, copy=True)
    if isinstance(copy, np.ndarray):
        copy.flags.writeable = False
    return copy
