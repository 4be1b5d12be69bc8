"""Orthonormal Walsh-Hadamard transform as a few small matrix products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.linalg import hadamard

from ..backend import Array, flat, frozen, is_complex, namespace, on_parts, to, where_is
from ..kernels import compiled, fused
from .axes import signal_axes
from .base import Unitary, as_shape

_BITS = 4  # the transform of 2^p entries is a Kronecker product of factors of up to 2^4
_BLOCK = 2**15  # numbers that stay in the cache of a core from one factor to the next
_WIDTH = 2**12  # rows that a longer signal is cut into
_WORTH = 2**13  # numbers from which a compiled transform pays


@dataclass(frozen=True, eq=False, repr=False)
class WalshHadamard(Unitary):
    """Orthonormal Walsh-Hadamard transform over all axes of a signal; entries +-n^(-1/2), symmetric, its own inverse.

    With the `fast` extra, large NumPy signals are transformed by compiled code.

    Parameters
    ----------
    in_shape : int or tuple of int
        each axis a power of two.
    order : "natural" or "sequency"
        of the rows: natural, H_kj = (-1)^(number of ones of k AND j), or by their number of sign changes.

    Raises
    ------
    ValueError
        For an axis that is no power of two, or an unknown order.

    References
    ----------
    N. Ahmed and K. R. Rao, Orthogonal Transforms for Digital Signal Processing, Springer, 1975, chapter 6.
    """

    in_shape: tuple[int, ...]
    order: str = "natural"
    places: tuple[Array, ...] = field(init=False)

    def __post_init__(self) -> None:
        shape = as_shape(self.in_shape)
        if any(size & (size - 1) for size in shape):
            raise ValueError(f"each axis of a Walsh-Hadamard transform is a power of two, got {shape}: pad with zeros")
        if self.order not in ("natural", "sequency"):
            raise ValueError(f'the order is "natural" or "sequency", got {self.order!r}')
        places = tuple(_sequency(size) for size in shape) if self.order == "sequency" else ()
        object.__setattr__(self, "in_shape", shape)
        object.__setattr__(self, "places", places)

    def _apply(self, x: Array) -> Array:
        xp = namespace(x)
        image = xp.reshape(_natural(flat(x, len(self.in_shape))), x.shape)
        for axis, places in zip(signal_axes(self.in_shape), self.places, strict=False):
            image = xp.take(image, places, axis=axis)
        return image

    def _adjoint(self, y: Array) -> Array:
        return self._apply(y)


def _natural(x: Array) -> Array:
    """Natural-order transform along the last axis."""
    if not isinstance(x, np.ndarray):
        return walsh_hadamard(x)
    x, pairs = np.ascontiguousarray(x), x.dtype.kind == "c"
    numbers = x.view(x.real.dtype) if pairs else x
    n = numbers.shape[-1]
    rows = numbers.reshape(-1, n)
    kernel = compiled("hadamard") if rows.size >= _WORTH and n >= 64 else None
    if kernel:
        image = kernel.transform(rows, _factor(_paired if pairs else _natural_order, 8, rows) * (8 / n) ** 0.5)
    else:
        image = _blocked(rows, pairs)
    return image.reshape(numbers.shape).view(x.dtype)


@fused
def walsh_hadamard(x: Array) -> Array:
    """Natural-order transform along the last axis, by matrix products alone."""
    return on_parts(_by_factors, x) if is_complex(x) else _by_factors(x)


def _by_factors(x: Array) -> Array:
    return _kronecker(x, x.shape[-1])


def _blocked(x: Array, pairs: bool) -> Array:
    """Natural-order transform of each row, a cache block at a time; long rows are cut into the rows of a matrix."""
    xp, n = namespace(x), x.shape[1]
    if x.size <= _BLOCK:
        return _kronecker(x, n, pairs=pairs)
    width = n if n <= _BLOCK else _WIDTH
    step = _BLOCK // width
    rows = xp.reshape(x, (-1, width))
    image = xp.empty_like(rows)
    for start in range(0, rows.shape[0], step):
        image[start : start + step, :] = _kronecker(rows[start : start + step, :], width, pairs=pairs)
    if width < n:
        _down_columns(xp.reshape(image, (-1, n // width, width)))
    return xp.reshape(image, x.shape)


def _down_columns(x: Array) -> None:
    """Natural-order transform of each column of each matrix, in place."""
    _, height, width = x.shape
    step = max(16, _BLOCK // height)
    for matrix in x:
        for start in range(0, width, step):
            columns = matrix[:, start : start + step]
            matrix[:, start : start + step] = _kronecker(columns, height, columns.shape[1])


def _kronecker(x: Array, n: int, inner: int = 1, *, pairs: bool = False) -> Array:
    """Natural-order transform of real numbers in the order (*signals, n, inner): a matrix product for each factor of n.

    With `pairs` the numbers are the real and imaginary parts of complex ones, n twice the number of these.
    """
    xp, shape = namespace(x), x.shape
    for size in _sizes(n):
        if inner == 1:
            x = xp.matmul(xp.reshape(x, (-1, size)), _factor(_paired if pairs else _natural_order, size, x))
        else:
            x = xp.matmul(_factor(_natural_order, size, x), xp.reshape(x, (-1, size, inner)))
        inner *= size
    return xp.reshape(x, shape)


def _sizes(n: int) -> list[int]:
    """Factors of n = 2^p, none above 2^4, as equal as they can be, the largest first."""
    bits = n.bit_length() - 1
    count = -(-bits // _BITS)
    return [2 ** ((bits + place) // count) for place in reversed(range(count))]


def _factor(build: Callable[[int], np.ndarray], size: int, like: Array) -> Array:
    """A small matrix where the real array `like` is and in its dtype."""
    return _placed(build, size, like.dtype, where_is(like))


@lru_cache(maxsize=256)
def _placed(build: Callable[[int], np.ndarray], size: int, dtype: Any, place: str) -> Array:
    matrix = to(build(size), place)
    return frozen(namespace(matrix).astype(matrix, dtype))


def _natural_order(size: int) -> np.ndarray:
    return hadamard(size) / size**0.5


def _paired(size: int) -> np.ndarray:
    """Transform of size / 2 pairs of numbers, each of the two on its own."""
    return np.kron(_natural_order(size // 2), np.eye(2))


def _sequency(n: int) -> np.ndarray:
    """Natural index of the row with 0, 1, 2, ... sign changes: the bit-reversed Gray code."""
    gray = np.arange(n) ^ (np.arange(n) >> 1)
    reversed_ = np.zeros_like(gray)
    for bit in range(n.bit_length() - 1):
        reversed_ |= ((gray >> bit) & 1) << (n.bit_length() - 2 - bit)
    return reversed_
