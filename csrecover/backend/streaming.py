"""Soft thresholding of long NumPy arrays in one pass over the memory: compiled, or a cache-sized chunk at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import compiled
from .dtypes import real_dtype
from .libraries import Array, library

_LONG = 2**13  # numbers; below, what a call of the compiled code or of NumPy costs counts for more than the memory
_CHUNK = 2**16  # numbers that stay in the second-level cache with what is computed from them


def is_long(x: Array) -> bool:
    """Whether x is a NumPy array that its functions should pass over once."""
    return library(x) == "numpy" and x.size >= _LONG


def shrunk_entries(x: Array, t: Any) -> Array:
    """X with the magnitude of each entry shrunk by t, which broadcasts against x, to zero at the least."""
    shape = np.broadcast_shapes(x.shape, np.shape(t))
    x, t = np.broadcast_to(x, shape).reshape(-1), _flat(t, shape, x)
    return _shrunk("entries" if x.dtype.kind == "f" else "", _entries, x, t).reshape(shape)


def shrunk_rows(x: Array, t: Any) -> Array:
    """X with the Euclidean norm of each row, along the last axis, shrunk by t, one number a row or broadcast so."""
    outer, size = np.broadcast_shapes(x.shape[:-1], np.shape(t)), x.shape[-1]
    rows = np.broadcast_to(x, (*outer, size)).reshape(-1, size)
    reals = np.ascontiguousarray(rows).view(real_dtype(x))
    return _shrunk("rows", _rows, reals, _flat(t, outer, x)).view(x.dtype).reshape(*outer, size)


def shrunk_segments(x: Array, t: Any, labels: Array, count: int) -> Array | None:
    """Signals x, (*batch, n), with the norm of the entries of each label shrunk by t; None without compiled code.

    The thresholds t broadcast to (*batch, count).
    """
    module = compiled("shrinkage")
    if module is None:
        return None
    batch = np.broadcast_shapes(x.shape[:-1], np.shape(t)[:-1])
    signals = np.broadcast_to(x, (*batch, x.shape[-1])).reshape(-1, x.shape[-1])
    thresholds = np.broadcast_to(np.asarray(t, real_dtype(x)), (*batch, count)).reshape(-1, count)
    out = np.empty(signals.shape, x.dtype)
    module.segments(_as_compiled(signals), _as_compiled(thresholds), labels, out)
    return out.reshape(*batch, x.shape[-1])


def _flat(t: Any, shape: tuple[int, ...], x: Array) -> Array:
    """Thresholds in the precision of x as one axis: one for all, or one for each place of the shape."""
    t = np.asarray(t, real_dtype(x))
    return np.broadcast_to(t, shape).reshape(-1) if t.ndim else t[None]


def _shrunk(kernel: str, plain: Callable[[Array, Array, Array], None], x: Array, t: Array) -> Array:
    """What the kernel of that name, if there is one, or the plain function writes to its last argument."""
    out, module = np.empty(x.shape, x.dtype), compiled("shrinkage") if kernel else None
    if module:
        getattr(module, kernel)(_as_compiled(x), _as_compiled(t), out)
        return out
    step = max(1, _CHUNK * len(x) // x.size)
    for start in range(0, len(x), step):
        part = slice(start, start + step)
        plain(x[part], t if len(t) == 1 else t[part], out[part])
    return out


def _entries(x: Array, t: Array, out: Array) -> None:
    if x.dtype.kind == "f":
        np.clip(x, -t, t, out=out)
        np.subtract(x, out, out=out)
    else:
        size = np.abs(x)
        np.multiply(x, _factor(size, t), out=out)


def _rows(x: Array, t: Array, out: Array) -> None:
    np.multiply(x, _factor(np.sqrt(np.vecdot(x, x)), t)[:, None], out=out)


def _factor(size: Array, t: Array) -> Array:
    """What shrinks a size by t, zero where the size is."""
    left = np.maximum(size - t, 0)
    return np.divide(left, size, out=left, where=size > 0)


def _as_compiled(x: Array) -> Array:
    """X contiguous and not read-only, which would be another type to compile for."""
    return np.require(x, requirements=["C", "W"])
