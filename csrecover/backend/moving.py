"""Between libraries, devices and the host."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Sequence
from typing import Any

import array_api_compat as compat
import numpy as np

from .cuda_errors import device_number, explained
from .dtypes import as_complex, is_complex, real_dtype
from .libraries import Array, device, is_array, library, namespace


def to_numpy(x: Array) -> np.ndarray:
    """Copy of x (or x itself where it is one already) as a NumPy array on the host."""
    if isinstance(x, np.ndarray) or not is_array(x):
        return np.asarray(x)
    if library(x) == "array_api_strict":
        return np.asarray(x.to_device(compat.array_namespace(x).Device("CPU_DEVICE")))
    return np.asarray(compat.to_device(x, "cpu"))


def fetched(numbers: Sequence[Array]) -> Sequence[np.ndarray]:
    """Real or boolean arrays of one shape on the host, by one transfer; NumPy's as they are, others in one dtype."""
    if all(isinstance(x, np.ndarray | np.generic) for x in numbers):
        return numbers
    xp, dtype = namespace(numbers[0]), numbers[0].dtype
    return list(to_numpy(xp.stack([xp.astype(x, dtype, copy=False) for x in numbers])))


def staged(x: Array) -> np.ndarray:
    """Copy of x on the host for a step there that drops it soon.

    From CuPy it goes to page-locked memory, which the device fills about twice as fast and of which the library keeps
    a pool; whatever lives longer should not hold such memory: `to_numpy`.
    """
    if library(x) != "cupy":
        return to_numpy(x)
    return x.get(out=importlib.import_module("cupyx").empty_pinned(x.shape, dtype=x.dtype))


def to(obj: Any, target: Any) -> Any:
    """Move an array, or every array field of a frozen dataclass (operator, model, penalty), to a library and device.

    Parameters
    ----------
    obj : array, frozen dataclass, or tuple of these
    target : str or device
        'numpy', 'cupy', 'torch', optionally with a device ('cupy:1', 'torch:cuda:0'), or a CuPy or torch device; None
        leaves everything where it is. CuPy computes on its current device: on any but the first work inside
        ``with cupy.cuda.Device(1):``.

    Returns
    -------
    An array on the target, or a new object of the same class; the original does not change.

    Raises
    ------
    ImportError
        When the library is not installed or does not load; the message says what to install.
    RuntimeError
        When there is no GPU or its driver is too old for CuPy.
    MemoryError
        When the device is full.
    ValueError
        When there is no such library or device.
    """
    if target is None:
        return obj
    if is_array(obj):
        return _move(obj, target)
    if isinstance(obj, tuple):
        return tuple(to(item, target) for item in obj)
    if not dataclasses.is_dataclass(obj) or isinstance(obj, type):
        return obj
    moved = object.__new__(type(obj))  # fields only: what a class caches is computed again where it now lives
    for field in dataclasses.fields(obj):
        object.__setattr__(moved, field.name, to(getattr(obj, field.name), target))
    return moved


def _move(x: Array, target: Any) -> Array:
    name, _, place = target.partition(":") if isinstance(target, str) else (_library_of_device(target), "", target)
    if name == "numpy":
        return to_numpy(x)
    xp = _import(name)
    if name == "cupy":
        place = xp.cuda.Device(device_number(place)) if isinstance(place, str) else place
        with explained(target, x), place:
            return xp.asarray(x if library(x) == "cupy" else to_numpy(x))
    if name == "array_api_strict":
        return xp.asarray(to_numpy(x), device=xp.Device(place or "CPU_DEVICE"))
    if library(x) == name:
        return compat.to_device(x, place) if place else x
    return xp.asarray(_writable(to_numpy(x)), device=place or None)


def _writable(x: np.ndarray) -> np.ndarray:
    """The array, or a copy where it is read-only: torch wants none of those."""
    return x if x.flags.writeable else x.copy()


def _library_of_device(target: Any) -> str:
    name = type(target).__module__.partition(".")[0]
    if name not in ("cupy", "torch"):
        raise TypeError(f"target must be a library name such as 'numpy' or 'cupy:0', or a device; got {target!r}")
    return name


def _import(name: str) -> Any:
    known = {"cupy": "csrecover[gpu]", "torch": "torch", "array_api_strict": "array-api-strict"}
    if name not in known:
        raise ValueError(f"unknown array library {name!r}: expected one of numpy, {', '.join(known)}")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(f"{name} cannot be imported ({error}); install it with: pip install {known[name]}") from error
    except Exception as error:  # whatever a broken installation raises
        reason = str(error).strip("= \n").rpartition("\n")[2].strip() or type(error).__name__  # CuPy writes a page
        raise ImportError(
            f"{name} is installed but does not load ({reason}): a library or the driver is missing or of another "
            f"version; install it again with: pip install --force-reinstall {known[name]}"
        ) from error


def to_like(x: Any, like: Array) -> Array:
    """Numbers of the host (a list, a range, a NumPy array) in the library and on the device of `like`."""
    if library(like) == "numpy":
        return np.asarray(x)
    xp = namespace(like)
    if is_array(x) and library(x) == library(like):
        return xp.asarray(x, device=device(like))
    return xp.asarray(_writable(np.asarray(x)), device=device(like))


def cast_like(x: Any, like: Array) -> Array:
    """Numbers of the host in the library, on the device and in the precision of `like`; complex stays complex."""
    moved = to_like(x, like)
    dtype = as_complex(like).dtype if is_complex(moved) else real_dtype(like)
    return namespace(like).astype(moved, dtype, copy=False)
