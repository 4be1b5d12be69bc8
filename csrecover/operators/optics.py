"""Cameras that measure coded sums of light: the single-pixel camera and the snapshot spectral imager."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import Array, as_float, conj, device, energy, is_array, namespace
from .base import LinearOperator, as_shape
from .hadamard import WalshHadamard
from .sampling import Sampling


@dataclass(frozen=True, eq=False, repr=False)
class SinglePixel(LinearOperator):
    """Single-pixel camera with 0/1 Hadamard patterns: (A x)_i = sum_j (1 + H_ij) / 2 x_j.

    H is the Walsh-Hadamard matrix with entries +-1; a mirror array shows its rows one after the other and a single
    detector collects the light. What it reads is y = A x + dark. A is ill-conditioned, so recover with the orthonormal
    +-1 rows instead: `camera.hadamard @ x` equals `camera.correct(camera @ x + dark, dark)`.

    Parameters
    ----------
    in_shape : int or tuple of int
        each axis a power of two.
    indices : array of int
        distinct flat (C-order) indices of the rows of H; the first is 0, all mirrors open, which measures the total.
    order : "sequency" or "natural"
        of the rows of H, as in WalshHadamard.

    Attributes
    ----------
    hadamard : LinearOperator
        Sampling(in_shape, indices) @ WalshHadamard(in_shape, order), of norm 1.

    Raises
    ------
    ValueError
        When the indices do not begin with 0, repeat or are out of range, or an axis is no power of two.

    References
    ----------
    M. F. Duarte, M. A. Davenport, D. Takhar, J. N. Laska, T. Sun, K. F. Kelly and R. G. Baraniuk, Single-pixel imaging
    via compressive sampling, IEEE Signal Processing Magazine 25(2), 2008.
    """

    in_shape: tuple[int, ...]
    indices: Array
    order: str = "sequency"
    hadamard: LinearOperator = field(init=False)

    def __post_init__(self) -> None:
        rows = Sampling(self.in_shape, self.indices)
        if (first := int(rows.indices[0])) != 0:
            raise ValueError(f"indices must begin with 0, the open pattern, which measures the total; got {first}")
        object.__setattr__(self, "in_shape", rows.in_shape)
        object.__setattr__(self, "indices", rows.indices)
        object.__setattr__(self, "hadamard", rows @ WalshHadamard(rows.in_shape, self.order))

    @classmethod
    def random(cls, shape: int | tuple[int, ...], m: int, rng: Any, *, order: str = "sequency") -> SinglePixel:
        """Camera with the open pattern and m - 1 others, drawn uniformly without replacement."""
        shape = as_shape(shape)
        others = np.random.default_rng(rng).permutation(math.prod(shape) - 1) + 1
        return cls(shape, np.concatenate([[0], np.sort(others[: _patterns(m, shape) - 1])]), order)

    @classmethod
    def low_sequency(cls, shape: int | tuple[int, ...], m: int) -> SinglePixel:
        """Camera with the m patterns of fewest sign changes, summed over the axes; among equals in C order."""
        shape = as_shape(shape)
        changes = np.indices(shape).sum(axis=0).reshape(-1)
        return cls(shape, np.argsort(changes, stable=True)[: _patterns(m, shape)])

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.hadamard.out_shape

    def _apply(self, x: Array) -> Array:
        rows = self.hadamard @ x
        return self._half * (rows + rows[..., :1])

    def _adjoint(self, y: Array) -> Array:
        xp = namespace(y)
        first = y[..., :1] + xp.sum(y, axis=-1, keepdims=True)
        return self._half * (self.hadamard.H @ xp.concat([first, y[..., 1:]], axis=-1))

    @property
    def _half(self) -> float:
        """Half the factor between the rows of H and orthonormal ones."""
        return self.size_in**0.5 / 2

    def correct(self, y: Array, dark: Array | float = 0.0) -> Array:
        """Measurements of the orthonormal +-1 Hadamard rows: (2 (y - dark) - total) / sqrt(n), total = (y - dark)_0.

        Parameters
        ----------
        y : array, (*batch, m)
            readings of the detector.
        dark : number or array that broadcasts with y
            its reading without light.

        Returns
        -------
        array of y's shape, equal to `hadamard @ x` for y = A x + dark.

        Raises
        ------
        ValueError
            When y has another number of readings.
        """
        y = as_float(y)
        if y.shape[-1:] != self.out_shape:
            raise ValueError(f"readings of shape (*batch, {self.size_out}) were expected, got {y.shape}")
        light = y - (as_float(dark) if is_array(dark) else float(dark))
        return (2 * light - light[..., :1]) / self.size_in**0.5

    def norm(self) -> float:
        """Exact: A A^H / (n/4) = [2 0; 1 I] [2 0; 1 I]^T, whose largest eigenvalue t has t^2 - (m + 4) t + 4 = 0."""
        b = self.size_out + 4
        return self._half * ((b + math.sqrt(b * b - 16)) / 2) ** 0.5

    def column_norms(self) -> Array:
        xp, like = namespace(self._example), self._example
        times_open = self.H @ xp.ones(self.out_shape, dtype=like.dtype, device=device(like))
        return xp.sqrt(times_open)  # entries are 0 and 1, their own squares


def _patterns(m: int, shape: tuple[int, ...]) -> int:
    """A number of patterns, checked."""
    if not 1 <= m <= math.prod(shape):
        raise ValueError(f"m must be between 1 and the number of patterns {math.prod(shape)}, got {m}")
    return m


@dataclass(frozen=True, eq=False, repr=False)
class CASSI(LinearOperator):
    """Coded-aperture snapshot spectral imager: bands coded by one mask, dispersed by a prism, summed on a detector.

    y[i, j] = sum_l (mask * x[l])[i, j - step l], for spectral cubes x of shape (bands, height, width) and images y of
    shape (height, width + step (bands - 1)).

    Parameters
    ----------
    mask : array, (height, width)
        transmission of the coded aperture.
    bands : int
        number of spectral bands.
    step : int, default 1
        columns by which each band is shifted from the one before.

    Raises
    ------
    ValueError
        When the mask is no image, or bands or step are not positive integers.

    References
    ----------
    A. Wagadarikar, R. John, R. Willett and D. Brady, Single disperser design for coded aperture snapshot spectral
    imaging, Applied Optics 47(10), 2008.
    """

    mask: Array
    bands: int
    step: int = 1

    def __post_init__(self) -> None:
        mask = as_float(self.mask)
        if mask.ndim != 2 or 0 in mask.shape:
            raise ValueError(f"a mask of shape (height, width) was expected, got shape {mask.shape}")
        bands, step = as_shape((self.bands, self.step))
        for name, value in (("mask", mask), ("bands", bands), ("step", step)):
            object.__setattr__(self, name, value)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (self.bands, *self.mask.shape)

    @property
    def out_shape(self) -> tuple[int, ...]:
        height, width = self.mask.shape
        return (height, width + self.step * (self.bands - 1))

    @property
    def _windows(self) -> list[slice]:
        """Columns of the detector that each band falls on."""
        width = self.mask.shape[1]
        return [slice(self.step * band, self.step * band + width) for band in range(self.bands)]

    def _apply(self, x: Array) -> Array:
        coded = self.mask * x
        y = namespace(x).zeros((*x.shape[:-3], *self.out_shape), dtype=coded.dtype, device=device(x))
        for band, window in enumerate(self._windows):
            y[..., window] += coded[..., band, :, :]
        return y

    def _adjoint(self, y: Array) -> Array:
        xp = namespace(y)
        return conj(self.mask) * xp.stack([y[..., window] for window in self._windows], axis=-3)

    def norm(self) -> float:
        """Exact: A A^H is diagonal, with the sums of |mask|^2 that fall on each detector element."""
        squares = energy(self.mask)
        xp = namespace(squares)
        ones = xp.ones(self.in_shape, dtype=squares.dtype, device=device(squares))
        return float(xp.max(CASSI(squares, self.bands, self.step) @ ones)) ** 0.5

    def column_norms(self) -> Array:
        return namespace(self.mask).broadcast_to(abs(self.mask), self.in_shape)
