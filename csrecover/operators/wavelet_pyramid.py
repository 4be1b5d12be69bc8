"""All levels of a periodised wavelet transform: filter banks while the signal is long, then one small matrix."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np
import pywt

from ..backend import Array, blas_threads, device, is_complex, namespace, on_parts
from .filter_bank import Stage, analysis, synthesis

_FEW = 2**12
_COARSE = 128  # coefficients below which the levels that are left are one matrix

Step = tuple[tuple[int, ...], tuple[Stage, ...]]  # shape of a corner, and a stage for each axis or one for all


def analyse(x: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    """Coefficients of signals, coarsest first (in n dimensions nested corners)."""
    if is_complex(x):
        return on_parts(lambda part: analyse(part, name, shape, levels), x)
    with _products(x):
        for step in _steps(name, shape, levels, False, namespace(x), device(x), x.dtype):
            x = _within(x, *step)
    return x


def synthesise(c: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    """Transpose of `analyse`."""
    if is_complex(c):
        return on_parts(lambda part: synthesise(part, name, shape, levels), c)
    xp = namespace(c)
    steps = _steps(name, shape, levels, True, xp, device(c), c.dtype)
    c = xp.asarray(c, copy=True) if len(steps) > 1 else c
    with _products(c):
        for step in reversed(steps):
            c = _within(c, *step)
    return c


def _products(x: Array) -> AbstractContextManager:
    """Context of products with small matrices; those with few signals stay on one thread by themselves."""
    return nullcontext() if math.prod(x.shape) < _FEW else blas_threads(1)


def _within(x: Array, corner: tuple[int, ...], stages: tuple[Stage, ...]) -> Array:
    """X with its corner transformed, in place unless that is all of x; a single stage takes it as one long vector."""
    xp, batch = namespace(x), x.shape[: x.ndim - len(corner)]
    where = (..., *map(slice, corner))
    whole = x.shape[len(batch) :] == corner
    block = x if whole else x[where]
    if len(stages) < len(corner):
        block = xp.reshape(stages[0].along(xp.reshape(block, (*batch, -1)), -1), block.shape)
    else:
        for axis, stage in enumerate(stages, -len(stages)):
            block = stage.along(block, axis)
    if whole:
        return block
    x[where] = block
    return x


@lru_cache(maxsize=32)
def _steps(
    name: str, shape: tuple[int, ...], levels: int, transposed: bool, xp: Any, place: Any, dtype: Any
) -> tuple[Step, ...]:
    """What each step does, where the signals are and in their dtype."""
    like = xp.empty(0, dtype=dtype, device=place)
    return tuple(
        (corner, tuple(stage.like(like) for stage in stages))
        for corner, stages in _host_steps(name, shape, levels, transposed)
    )


def _host_steps(name: str, shape: tuple[int, ...], levels: int, transposed: bool) -> list[Step]:
    wavelet = pywt.Wavelet(name)
    filters = np.array([wavelet.dec_lo, wavelet.dec_hi])
    steps: list[Step] = []
    for level in range(levels):
        corner = tuple(size >> level for size in shape)
        if math.prod(corner) <= _COARSE:
            matrix = _coarse_matrix(filters, corner, levels - level)
            steps.append((corner, (Stage((matrix.T if transposed else matrix)[None]),)))
            break
        steps.append((corner, tuple((synthesis if transposed else analysis)(filters, size) for size in corner)))
    return steps


def _coarse_matrix(filters: np.ndarray, shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Matrix of all levels on small signals: flattened signal @ matrix are the coefficients."""
    size = math.prod(shape)
    images = np.eye(size).reshape(size, *shape)
    for level in range(levels):
        corner = tuple(side >> level for side in shape)
        images = _within(images, corner, tuple(analysis(filters, side) for side in corner))
    return images.reshape(size, size)
