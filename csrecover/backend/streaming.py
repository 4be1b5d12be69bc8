"""Functions of rows on long NumPy arrays: in one pass over the memory, compiled or a cache-sized chunk at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels import compiled
from .dtypes import real_dtype
from .libraries import Array, library

_LONG = 2**15  # numbers; below, what a call of the compiled code or of NumPy costs counts for more than the memory
_CHUNK = 2**15  # numbers that stay in the second-level cache with what is computed from them


def is_long(x: Array) -> bool:
    """Whether x is a NumPy array that its functions should pass over once."""
    return library(x) == "numpy" and x.size >= _LONG


def by_rows(plain: Callable[[Array, Any], Array], kernel: str, x: Array, t: Any, ndim: int) -> Array:
    """plain(x, t) of shape x, where the last `ndim` axes of x are a row and t is one number a row, or broadcasts so.

    `kernel` names the function of `kernels.shrinkage` that does the same for real rows.
    """
    outer = np.broadcast_shapes(x.shape[: x.ndim - ndim], np.shape(t))
    shape = (*outer, *x.shape[x.ndim - ndim :])
    rows = np.broadcast_to(x, shape).reshape(-1, *x.shape[x.ndim - ndim :])
    if np.ndim(t):
        t = np.broadcast_to(t, outer).reshape(-1)
    out = np.empty(rows.shape, x.dtype)
    module = compiled("shrinkage") if x.dtype.kind == "f" else None
    if module:
        thresholds = np.atleast_1d(np.asarray(t, real_dtype(x)))
        getattr(module, kernel)(np.require(rows, None, ["C", "W"]), np.require(thresholds, None, ["C", "W"]), out)
    else:
        _fill(out, plain, rows, t)
    return out.reshape(shape)


def _fill(out: Array, plain: Callable[[Array, Any], Array], rows: Array, t: Any) -> None:
    """Out = plain(rows, t), a chunk of the rows at a time."""
    step = max(1, _CHUNK * len(rows) // rows.size)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        out[part] = plain(rows[part], t[part] if np.ndim(t) else t)


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
    module.segments(np.require(signals, None, ["C", "W"]), np.require(thresholds, None, ["C", "W"]), labels, out)
    return out.reshape(*batch, x.shape[-1])
