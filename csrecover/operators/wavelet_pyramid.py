"""All levels of a periodised wavelet transform: filter banks while the signal is long, then one small matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, lru_cache
from types import ModuleType

import numpy as np
import pywt

from ..backend import Array, blas_threads, is_complex, namespace, on_parts, real_dtype_name, to, where_is
from ..kernels import compiled
from .filter_bank import Stage, analysis, synthesis

_COARSE = 128  # coefficients from which on the levels that are left are one matrix
_FEW = 2**12  # numbers whose products stay on one thread by themselves
_CACHE = 2**16  # numbers of one group of signals
_WORTH = 2**10  # numbers from which a compiled transform pays

Step = tuple[tuple[int, ...], tuple[Stage, ...]]  # shape of a corner, and a stage for each axis or one for all


def analyse(x: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    """Coefficients of signals, coarsest first (in n dimensions nested corners)."""
    return _in_groups(lambda group: _analyse(group, name, shape, levels), x, shape)


def synthesise(c: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    """Transpose of `analyse`."""
    return _in_groups(lambda group: _synthesise(group, name, shape, levels), c, shape)


def _in_groups(transform: Callable[[Array], Array], x: Array, shape: tuple[int, ...]) -> Array:
    """Real transform of a batch of signals, for NumPy as many at a time as stay in the cache of a core."""
    at_once = max(1, _CACHE // math.prod(shape))
    if is_complex(x):
        real, transform = transform, lambda group: on_parts(real, group)
    if not isinstance(x, np.ndarray) or x.size <= at_once * math.prod(shape):
        return transform(x)
    signals, out = x.reshape(-1, *shape), np.empty(x.shape, x.dtype)
    images = out.reshape(-1, *shape)
    for start in range(0, len(signals), at_once):
        images[start : start + at_once] = transform(signals[start : start + at_once])
    return out


def _analyse(x: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    kernel = _kernel(x, shape)
    if kernel:
        return kernel.analyse(x.reshape(-1, *shape), filters(name), levels).reshape(x.shape)
    with _products(x):
        for step in _steps(name, shape, levels, False, where_is(x), real_dtype_name(x)):
            x = _within(x, *step)
    return x


def _synthesise(c: Array, name: str, shape: tuple[int, ...], levels: int) -> Array:
    kernel = _kernel(c, shape)
    if kernel:
        return kernel.synthesise(c.reshape(-1, *shape), filters(name), levels).reshape(c.shape)
    steps = _steps(name, shape, levels, True, where_is(c), real_dtype_name(c))
    c = namespace(c).asarray(c, copy=True) if len(steps) > 1 else c
    with _products(c):
        for step in reversed(steps):
            c = _within(c, *step)
    return c


@cache
def filters(name: str) -> tuple[tuple[float, ...], ...]:
    """Low-pass and high-pass analysis filter."""
    wavelet = pywt.Wavelet(name)
    return tuple(wavelet.dec_lo), tuple(wavelet.dec_hi)


def _kernel(x: Array, shape: tuple[int, ...]) -> ModuleType | None:
    """Compiled form for NumPy signals of one dimension; small ones are not worth the import."""
    worthwhile = isinstance(x, np.ndarray) and len(shape) == 1 and x.size >= _WORTH
    return compiled("wavelet") if worthwhile else None


def _products(x: Array) -> AbstractContextManager:
    """Context in which the many products with one small matrix run on one thread: more cost more than they save."""
    return blas_threads(1) if isinstance(x, np.ndarray) and x.size >= _FEW else nullcontext()


def _within(x: Array, corner: tuple[int, ...], stages: tuple[Stage, ...]) -> Array:
    """X with its corner transformed, in place unless that is all of x; a single stage takes it as one long vector."""
    xp, batch = namespace(x), x.shape[: x.ndim - len(corner)]
    where = (..., *map(slice, corner))
    whole = x.shape[len(batch) :] == corner
    block = x if whole else x[where]
    if len(stages) < len(corner):
        block = xp.reshape(stages[0].along(xp.reshape(block, (*batch, math.prod(corner))), -1), block.shape)
    else:
        for axis, stage in enumerate(stages, -len(stages)):
            block = stage.along(block, axis)
    if whole:
        return block
    x[where] = block
    return x


@lru_cache(maxsize=32)
def _steps(
    name: str, shape: tuple[int, ...], levels: int, transposed: bool, place: str, precision: str
) -> tuple[Step, ...]:
    """What is done to each corner, finest first, where the signals are and in their precision."""
    bank = np.array(filters(name))
    steps: list[Step] = []
    for level in range(levels):
        corner = tuple(size >> level for size in shape)
        if math.prod(corner) <= _COARSE:
            matrix = _coarse_matrix(bank, corner, levels - level)
            steps.append((corner, (Stage((matrix.T if transposed else matrix)[None]),)))
            break
        steps.append((corner, tuple((synthesis if transposed else analysis)(bank, size) for size in corner)))
    return to(tuple((corner, tuple(stage.astype(precision) for stage in stages)) for corner, stages in steps), place)


def _coarse_matrix(bank: np.ndarray, shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Matrix of all levels on small signals: flattened signal @ matrix are the coefficients."""
    size = math.prod(shape)
    images = np.eye(size).reshape(size, *shape)
    for level in range(levels):
        corner = tuple(side >> level for side in shape)
        images = _within(images, corner, tuple(analysis(bank, side) for side in corner))
    return images.reshape(size, size)
