"""Picking entries, and multiplying entry by entry."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, as_float, conj, energy, flat, frozen, is_array, namespace, scatter, to, to_numpy
from .base import LinearOperator, as_shape


@dataclass(frozen=True, eq=False, repr=False)
class Sampling(LinearOperator):
    """Pick entries of a signal, times `scale`: (S x)_i = scale * x[indices_i].

    Parameters
    ----------
    in_shape : int or tuple of int
        shape of the signals.
    indices : array of int, or bool mask of shape in_shape
        distinct flat (C-order) indices of the entries to keep; a mask picks its True entries in C order.
    scale : float, default 1
    uniform : bool, default False
        whether the indices were drawn uniformly without replacement: entries held out from a recovery are then like
        those never picked.

    Raises
    ------
    ValueError
        When indices repeat, are out of range or none is given.
    """

    in_shape: tuple[int, ...]
    indices: Array
    scale: float = 1.0
    uniform: bool = False

    def __post_init__(self) -> None:
        shape = as_shape(self.in_shape)
        indices = self.indices if is_array(self.indices) else np.asarray(self.indices)
        host = to_numpy(indices)
        if host.dtype == bool:
            if host.shape != shape:
                raise ValueError(f"a mask of the signal's shape {shape} was expected, got {host.shape}")
            host = np.flatnonzero(host)
            indices = namespace(indices).nonzero(namespace(indices).reshape(indices, (-1,)))[0]
        elif host.size and host.dtype.kind not in "iu":
            raise TypeError(f"indices are integers or a bool mask, got dtype {host.dtype}")
        n = int(np.prod(shape))
        if host.ndim != 1 or host.size == 0 or host.min() < 0 or host.max() >= n or np.unique(host).size < host.size:
            raise ValueError(f"indices must be a non-empty list of distinct integers from 0 to {n - 1}")
        object.__setattr__(self, "in_shape", shape)
        object.__setattr__(self, "indices", frozen(indices))
        object.__setattr__(self, "scale", float(self.scale))

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.indices.shape[0],)

    def _apply(self, x: Array) -> Array:
        picked = namespace(x).take(flat(x, len(self.in_shape)), self.indices, axis=-1)
        return picked if self.scale == 1 else self.scale * picked

    def _adjoint(self, y: Array) -> Array:
        spread = scatter(y if self.scale == 1 else self.scale * y, self.indices, self.size_in)
        return namespace(y).reshape(spread, (*y.shape[:-1], *self.in_shape))

    def norm(self) -> float:
        return abs(self.scale)


def random_rows(shape: int | tuple[int, ...], m: int, rng: Any, *, device: Any = None) -> Sampling:
    """Sample m of the prod(shape) entries of a signal, uniformly without replacement, scaled by sqrt(prod(shape) / m).

    With the scale, E ||S x||^2 = ||x||^2; after an orthonormal transform this is a subsampled DFT, DCT, ...

    Parameters
    ----------
    shape : int or tuple of int
        shape of the signals.
    m : int
        number of entries kept, 1 <= m <= prod(shape).
    rng : int or numpy.random.Generator
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    Raises
    ------
    ValueError
        When m is out of range.

    References
    ----------
    M. Rudelson and R. Vershynin, On sparse reconstruction from Fourier and Gaussian measurements, Communications on
    Pure and Applied Mathematics 61(8), 2008.
    """
    shape = as_shape(shape)
    n = int(np.prod(shape))
    if not isinstance(m, numbers.Integral):
        raise TypeError(f"m is an integer, the number of entries to keep, got {m!r}")
    if not 1 <= m <= n:
        raise ValueError(f"m must be between 1 and the number of entries {n}, got {m}")
    indices = np.sort(np.random.default_rng(rng).permutation(n)[:m])
    return to(Sampling(shape, indices, (n / m) ** 0.5, uniform=True), device)


@dataclass(frozen=True, eq=False, repr=False)
class Diagonal(LinearOperator):
    """Multiply entry by entry with `weights`, an array of the signal's shape: (D x)_i = weights_i x_i.

    Parameters
    ----------
    weights : array
    random : bool, default False
        whether they are independent random signs or phases: a transform of the scrambled signal is then spread evenly.
    """

    weights: Array
    random: bool = False

    def __post_init__(self) -> None:
        weights = as_float(self.weights)
        if weights.ndim == 0 or 0 in weights.shape:
            raise ValueError(f"weights of the signal's shape were expected, at least one, got shape {weights.shape}")
        object.__setattr__(self, "weights", weights)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.weights.shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.weights.shape

    @property
    def unitary(self) -> bool:
        return bool(namespace(self.weights).all(energy(self.weights) == 1))

    def _apply(self, x: Array) -> Array:
        return self.weights * x

    def _adjoint(self, y: Array) -> Array:
        return conj(self.weights) * y

    def norm(self) -> float:
        return float(namespace(self.weights).max(abs(self.weights)))


def random_signs(shape: int | tuple[int, ...], rng: Any, *, dtype: Any = np.float64, device: Any = None) -> Diagonal:
    """Multiply each entry with an independent random sign: scrambles a signal before a structured transform.

    Parameters
    ----------
    shape : int or tuple of int
    rng : int or numpy.random.Generator
    dtype : dtype, float32 or float64
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.
    """
    signs = np.random.default_rng(rng).integers(0, 2, as_shape(shape)) * 2.0 - 1.0
    return to(Diagonal(signs.astype(dtype), random=True), device)
