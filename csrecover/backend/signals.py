"""Reductions over one signal: the last `ndim` axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels import fused
from .dtypes import is_complex
from .libraries import Array, device, library, namespace

_SHORT = 2**13  # numbers that are fast to copy, and whose products BLAS adds up on one thread


def flat(x: Array, ndim: int) -> Array:
    """X with the `ndim` axes of one signal made one: shape (*batch, n)."""
    return x if ndim == 1 else namespace(x).reshape(x, (*x.shape[: x.ndim - ndim], math.prod(x.shape[x.ndim - ndim :])))


def mT(x: Array) -> Array:
    """Matrices transposed: the last two axes swapped (the attribute of this name is missing in CuPy before 14)."""
    return x.mT if library(x) == "numpy" else namespace(x).matrix_transpose(x)


def clip(x: Array, low: Any = None, high: Any = None) -> Array:
    """X between two numbers or arrays of its dtype; the standard's own form synchronises on CuPy."""
    xp, name = namespace(x), library(x)
    if name == "numpy" and low is not None and high is not None:
        return np.clip(x, low, high)
    if name not in ("numpy", "cupy"):
        return xp.clip(x, low, high)
    x = x if low is None else xp.maximum(x, low)
    return x if high is None else xp.minimum(x, high)


@fused
def keep(x: Array, support: Array) -> Array:
    """X on the support, zero elsewhere."""
    xp = namespace(x, support)
    return xp.where(support, x, xp.zeros((), dtype=x.dtype, device=device(x)))


def expand(numbers: Array, ndim: int) -> Array:
    """One number a signal, shape (*batch,), made to broadcast against signals of `ndim` axes."""
    return numbers[(..., *(None,) * ndim)]


@fused
def energy(x: Array) -> Array:
    """|x|^2 entry by entry, real."""
    xp = namespace(x)
    return xp.real(x) ** 2 + xp.imag(x) ** 2 if is_complex(x) else x * x


def scaled(x: Array, ndim: int = 1) -> Array:
    """Each signal divided by its largest magnitude, so that its squares neither overflow nor vanish."""
    rows = flat(x, ndim)
    if library(x) == "numpy" and x.size > _SHORT and not is_complex(x):  # magnitudes would be a copy
        peak = np.maximum(rows.max(axis=-1), -rows.min(axis=-1))
    else:
        peak = namespace(x).max(abs(rows), axis=-1)
    return divide(x, expand(peak, ndim))


def norm(x: Array, ndim: int = 1) -> Array:
    """Euclidean norm of each signal, shape (*batch,)."""
    if library(x) == "numpy":  # one pass, and nothing to allocate
        x = flat(x, ndim)
        return np.sqrt(np.vecdot(x.real, x.real) + np.vecdot(x.imag, x.imag) if is_complex(x) else np.vecdot(x, x))
    return namespace(x).linalg.vector_norm(flat(x, ndim), axis=-1)


def all_finite(x: Array) -> bool:
    """Whether every number is finite; of a short NumPy array the sum of the squares mostly tells it faster."""
    if library(x) == "numpy" and x.size <= _SHORT and math.isfinite(np.vdot(x, x).real):
        return True
    xp = namespace(x)
    return bool(xp.all(xp.isfinite(x)))


def real_vdot(x: Array, y: Array, ndim: int = 1) -> Array:
    """Re <x, y> of each signal, shape (*batch,)."""
    xp = namespace(x, y)
    product = xp.vecdot(flat(x, ndim), flat(y, ndim))
    return xp.real(product) if is_complex(product) else product


@fused
def divide(a: Array, b: Array) -> Array:
    """A / b, and zero where b is zero (never a warning)."""
    if isinstance(a, np.number) and isinstance(b, np.number):  # of one signal on the host
        return a / b if b else np.result_type(a, b).type(0)
    xp = namespace(a, b)
    if library(b) == "numpy" and np.all(b):
        return a / b
    zero = b == 0
    return xp.where(zero, xp.zeros_like(a), a) / xp.where(zero, xp.ones_like(b), b)
