"""Soft thresholding of long NumPy arrays in one pass over the memory: compiled, or a cache-sized chunk at a time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..kernels import compiled
from .dtypes import real_dtype
from .libraries import Array, library
from .signals import energy
from .systems import in_threads

Shrink = Callable[[Array, Array, Array], None]  # of x by thresholds t, to an array at hand
_LONG = 2**13  # numbers; below, what a call of the compiled code or of NumPy costs counts for more than the memory
_CHUNK = 2**16  # numbers that stay in the second-level cache with what is computed from them
_STRETCH = 2**22  # numbers from which starting a thread, and waiting for it, is little beside what it does


def is_long(x: Array) -> bool:
    """Whether x is a NumPy array that its functions should pass over once."""
    return library(x) == "numpy" and x.size >= _LONG


def shrunk_entries(x: Array, t: Any) -> Array:
    """X with the magnitude of each entry shrunk by t, which broadcasts against x, to zero at the least."""
    shape = np.broadcast_shapes(x.shape, np.shape(t))
    x, t = _broadcast(x, shape).reshape(-1), _flat(t, shape, x)
    return _shrunk("entries" if x.dtype.kind == "f" else "", _entries, x, t).reshape(shape)


def shrunk_rows(x: Array, t: Any) -> Array:
    """X with the Euclidean norm of each row, along the last axis, shrunk by t, one number a row or broadcast so."""
    outer, size = np.broadcast_shapes(x.shape[:-1], np.shape(t)), x.shape[-1]
    rows = _broadcast(x, (*outer, size)).reshape(-1, size)
    reals = np.ascontiguousarray(rows).view(real_dtype(x))
    return _shrunk("rows", _rows, reals, _flat(t, outer, x)).view(x.dtype).reshape(*outer, size)


def shrunk_segments(x: Array, t: Any, labels: Array, starts: Array | None, count: int) -> Array | None:
    """Signals x, (*batch, n), with the norm of the entries of each label shrunk by t; None where nothing is gained.

    The thresholds t broadcast to (*batch, count). Without compiled code the labels have to be in order, and entries
    starts[b], ..., starts[b + 1] - 1 those of label b.
    """
    module = compiled("shrinkage")
    if module is None and starts is None:
        return None
    batch = np.broadcast_shapes(x.shape[:-1], np.shape(t)[:-1])
    signals = _broadcast(x, (*batch, x.shape[-1])).reshape(-1, x.shape[-1])
    thresholds = np.broadcast_to(np.asarray(t, real_dtype(x)), (*batch, count)).reshape(-1, count)
    out = np.empty(signals.shape, x.dtype)
    if module:
        module.segments(as_compiled(signals), as_compiled(thresholds), labels, out)
    else:
        _runs(signals, thresholds, starts, out)
    return out.reshape(*batch, x.shape[-1])


def _broadcast(x: Array, shape: tuple[int, ...]) -> Array:
    """X in that shape; where it has it already not read-only, as what NumPy broadcasts is."""
    return x if x.shape == shape else np.broadcast_to(x, shape)


def _flat(t: Any, shape: tuple[int, ...], x: Array) -> Array:
    """Thresholds in the precision of x as one axis: one for all, or one for each place of the shape."""
    t = np.asarray(t, real_dtype(x))
    return np.broadcast_to(t, shape).reshape(-1) if t.ndim else t[None]


def _shrunk(kernel: str, plain: Shrink, x: Array, t: Array) -> Array:
    """What the kernel of that name, if there is one, or the plain function writes to its last argument."""
    out, module = np.empty(x.shape, x.dtype), compiled("shrinkage") if kernel else None
    if module:
        in_stretches(getattr(module, kernel), as_compiled(x), as_compiled(t), out)
    else:
        _in_chunks(plain, x, t, out)
    return out


def in_stretches(shrink: Shrink, x: Array, t: Array, out: Array) -> None:
    """Call shrink(x, t, out) for stretches of entries or rows, on as many threads as BLAS may use."""
    in_threads(lambda part: shrink(x[part], _part(t, part), out[part]), _slices(x, x.size // _STRETCH))


def _in_chunks(shrink: Shrink, x: Array, t: Array, out: Array) -> None:
    for part in _slices(x, -(-x.size // _CHUNK)):
        shrink(x[part], _part(t, part), out[part])


def _slices(x: Array, count: int) -> list[slice]:
    """The first axis of x in so many slices of about the same length, or one."""
    step = -(-len(x) // max(1, count))
    return [slice(start, start + step) for start in range(0, len(x), step)]


def _part(t: Array, part: slice) -> Array:
    return t if len(t) == 1 else t[part]


def _entries(x: Array, t: Array, out: Array) -> None:
    if x.dtype.kind == "f":
        np.clip(x, -t, t, out=out)
        np.subtract(x, out, out=out)
    else:
        size = np.abs(x)
        np.multiply(x, _factor(size, t), out=out)


def _rows(x: Array, t: Array, out: Array) -> None:
    np.multiply(x, _factor(np.sqrt(np.vecdot(x, x)), t)[:, None], out=out)


def _runs(x: Array, t: Array, starts: Array, out: Array) -> None:
    """Shrink the norm of each run of entries, as many runs at a time as make a chunk with all signals."""
    edges = np.append(starts, x.shape[-1])
    targets = np.arange(0, x.shape[-1], max(1, _CHUNK // len(x)))
    cuts = np.unique(np.append(np.searchsorted(starts, targets), len(starts)))
    for first, last in pairwise(cuts.tolist()):
        part = slice(edges[first], edges[last])
        lengths = np.sqrt(np.add.reduceat(energy(x[:, part]), starts[first:last] - edges[first], axis=-1))
        factors = _factor(lengths, t[:, first:last])
        np.multiply(x[:, part], np.repeat(factors, np.diff(edges[first : last + 1]), axis=-1), out=out[:, part])


def _factor(size: Array, t: Array) -> Array:
    """What shrinks a size by t, zero where the size is."""
    left = np.maximum(size - t, 0)
    return np.divide(left, size, out=left, where=size > 0)


def as_compiled(x: Array) -> Array:
    """X contiguous and not read-only, which would be another type to compile for."""
    return np.require(x, requirements=["C", "W"])
