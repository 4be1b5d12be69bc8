"""Orthonormal Walsh-Hadamard transform as a few small matrix products."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..backend import Array, device, namespace, real_dtype
from .axes import signal_axes
from .base import Unitary, as_shape

_RADIX = 32  # the transform of 2^p entries is a Kronecker product of factors up to this size


@dataclass(frozen=True, eq=False, repr=False)
class WalshHadamard(Unitary):
    """Orthonormal Walsh-Hadamard transform over all axes of a signal; entries +-n^(-1/2), its own inverse.

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
        for axis in signal_axes(self.in_shape):
            x = _transform(x, axis)
        for axis, places in zip(signal_axes(self.in_shape), self.places, strict=False):
            x = namespace(x).take(x, places, axis=axis)
        return x

    def _adjoint(self, y: Array) -> Array:
        xp = namespace(y)
        for axis, places in zip(signal_axes(self.in_shape), self.places, strict=False):
            y = xp.take(y, xp.argsort(places), axis=axis)
        for axis in signal_axes(self.in_shape):
            y = _transform(y, axis)
        return y


def _sequency(n: int) -> np.ndarray:
    """Natural index of the row with 0, 1, 2, ... sign changes: the bit-reversed Gray code."""
    gray = np.arange(n) ^ (np.arange(n) >> 1)
    reversed_ = np.zeros_like(gray)
    for bit in range(n.bit_length() - 1):
        reversed_ |= ((gray >> bit) & 1) << (n.bit_length() - 2 - bit)
    return reversed_


def _transform(x: Array, axis: int) -> Array:
    """Natural-order transform along one axis: one matrix product for each factor of at most 32."""
    xp, shape = namespace(x), x.shape
    n, after = shape[axis], int(np.prod(shape[x.ndim + axis + 1 :]))
    done = 1
    while done < n:
        size = min(_RADIX, n // done)
        factor = _matrix(size, x)
        inner = done * after
        x = xp.reshape(x, (-1, size, inner))
        x = xp.matmul(factor, x) if inner > 1 else xp.matmul(x[..., 0], factor)
        done *= size
    return xp.reshape(x, shape)


def _matrix(size: int, like: Array) -> Array:
    """Orthonormal Hadamard matrix of a power of two, where `like` is and in its dtype."""
    xp = namespace(like)
    matrix = xp.full((1, 1), size**-0.5, dtype=real_dtype(like), device=device(like))
    while matrix.shape[0] < size:
        top = xp.concat([matrix, matrix], axis=1)
        matrix = xp.concat([top, xp.concat([matrix, -matrix], axis=1)], axis=0)
    return xp.astype(matrix, like.dtype)
