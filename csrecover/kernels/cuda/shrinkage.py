"""Proximal operators of the l1 norm and of the sum of the norms of equal blocks."""

from __future__ import annotations

from typing import Any

import cupy
import numpy as np

from .elementwise import Elementwise

_LONGEST = 32  # numbers in a block that each of its entries adds up by itself, out of the first-level cache

soft_threshold = Elementwise(
    "soft_threshold",
    "T x, R t",
    "T y",
    "y = fabs(x) < t ? T(0) : x - copysign(T(t), x)",
    "R size = abs(x); R left = size < t ? R(0) : size - t; y = size == 0 ? T(0) : x * (left / size)",
)

_SQUARES = """
    const ptrdiff_t start = i - i % size;
    R squares = 0;
    for (int j = 0; j < size; j++) {{ const T v = entries[start + j]; squares += {square}; }}
    const R length = sqrt(squares), left = length < t ? R(0) : length - t;
    y = length == 0 ? T(0) : x * (left / length)"""

_shrink = Elementwise(
    "shrink_blocks",
    "T x, raw T entries, R t, int32 size",
    "T y",
    _SQUARES.format(square="v * v"),
    _SQUARES.format(square="v.real() * v.real() + v.imag() * v.imag()"),
)


def shrink_blocks(x: cupy.ndarray, t: Any, blocks: Any) -> Any:
    """Equal blocks of up to 32 real numbers in one launch."""
    size, batch = blocks.size, x.shape[: x.ndim - len(blocks.shape)]
    if size is None or size * (2 if x.dtype.kind == "c" else 1) > _LONGEST:
        return NotImplemented
    if isinstance(t, cupy.ndarray):
        if np.broadcast_shapes(t.shape, (*batch, blocks.count)) != (*batch, blocks.count):
            return NotImplemented
        t = t[..., None]
    entries = cupy.ascontiguousarray(x).reshape(*batch, blocks.count, size)
    shrunk = _shrink(entries, entries, t, size)
    return shrunk if shrunk is NotImplemented else shrunk.reshape(x.shape)
