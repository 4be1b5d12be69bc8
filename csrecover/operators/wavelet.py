"""Orthonormal periodised wavelet transform, any dimension, in plain array code."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from functools import cache

import numpy as np
import pywt

from ..backend import Array, namespace
from ..structures import Tree
from .axes import cut, signal_axes
from .base import Unitary, as_shape

_ORTHONORMAL = 1e-5  # how far a filter table may be from orthonormal (the longest coiflets are given to 1e-6)


@dataclass(frozen=True, eq=False, repr=False)
class Wavelet(Unitary):
    """Orthonormal periodised wavelet analysis: W @ signal are coefficients, W.H @ coefficients a signal.

    The coefficients have the shape of the signal. Coarsest first: in 1-D [a_L, d_L, ..., d_1], in n-D the nested
    corner layout; both equal ``pywt.coeffs_to_array(pywt.wavedecn(x, name, mode="periodization", level=levels))``.

    Parameters
    ----------
    in_shape : int or tuple of int
        shape of the signals; each axis must be divisible by 2**levels.
    name : str
        an orthogonal wavelet of PyWavelets ('haar', 'db4', 'sym8', 'coif2', ...).
    levels : int, optional
        number of halvings, by default as many as every axis allows (1024: 10; (64, 32): 5).

    Raises
    ------
    ValueError
        For an unknown or non-orthogonal wavelet, or an axis that 2**levels does not divide.

    References
    ----------
    S. Mallat, A Wavelet Tour of Signal Processing, 3rd ed., Academic Press, 2009, section 7.3.
    """

    in_shape: tuple[int, ...]
    name: str
    levels: int = None  # type: ignore[assignment]  # an int from construction on

    def __post_init__(self) -> None:
        shape = as_shape(self.in_shape)
        _filters(self.name)
        deepest = min((size & -size).bit_length() - 1 for size in shape)
        levels = deepest if self.levels is None else self.levels
        if not isinstance(levels, numbers.Integral):
            raise TypeError(f"levels is an integer, the number of halvings, got {levels!r}")
        if not 1 <= levels <= deepest:
            raise ValueError(
                f"{levels} wavelet levels need axes divisible by {2 ** max(levels, 1)}: shape {shape} allows "
                f"{deepest}; lower levels, or pad or crop the signal"
            )
        object.__setattr__(self, "in_shape", shape)
        object.__setattr__(self, "levels", int(levels))

    @property
    def tree(self) -> Tree:
        """Parent of each coefficient, in the layout of the coefficients.

        Every scaling coefficient is a root (it counts in a budget of coefficients); the coarsest details at its place
        are its children (1 in 1-D, 3 in 2-D, 7 in 3-D); a finer detail hangs on the detail of the same orientation
        at half its place (2, 4, 8 children).
        """
        return Tree(_wavelet_parents(self.in_shape, self.levels))

    def _corners(self) -> list[tuple]:
        """Index of the block that each level works on, finest first."""
        return [(..., *(slice(size >> level) for size in self.in_shape)) for level in range(self.levels)]

    def _apply(self, x: Array) -> Array:
        out = namespace(x).asarray(x, copy=True)
        for corner in self._corners():
            block = out[corner]
            for axis in signal_axes(self.in_shape):
                block = _analyse(block, axis, *_filters(self.name))
            out[corner] = block
        return out

    def _adjoint(self, y: Array) -> Array:
        out = namespace(y).asarray(y, copy=True)
        for corner in reversed(self._corners()):
            block = out[corner]
            for axis in signal_axes(self.in_shape):
                block = _synthesise(block, axis, *_filters(self.name))
            out[corner] = block
        return out


@cache
def _filters(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Low-pass and high-pass analysis filter of an orthogonal wavelet."""
    try:
        wavelet = pywt.Wavelet(name)
    except ValueError as error:
        raise ValueError(f"unknown wavelet {name!r}: see pywt.wavelist(kind='discrete')") from error
    low = np.asarray(wavelet.dec_lo)
    taps = len(low)
    shifts = [low[2 * shift :] @ low[: taps - 2 * shift] - (shift == 0) for shift in range(taps // 2)]
    if not wavelet.orthogonal or max(map(abs, shifts)) > _ORTHONORMAL:
        raise ValueError(f"wavelet {name!r} is not orthogonal: use for example 'haar', 'db4', 'sym8' or 'coif2'")
    return tuple(wavelet.dec_lo), tuple(wavelet.dec_hi)


def _wrap(x: Array, axis: int, width: int) -> Array:
    """X extended periodically by `width` entries at both ends of an axis."""
    xp, n = namespace(x), x.shape[axis]
    if width == 0:
        return x
    if width > n:  # filters longer than the signal go round more than once
        places = np.arange(-width, n + width) % n
        return xp.concat([cut(x, axis, int(place), int(place) + 1) for place in places], axis=axis)
    return xp.concat([cut(x, axis, n - width, None), x, cut(x, axis, 0, width)], axis=axis)


def _combine(taps: list[tuple[float, Array]]) -> Array:
    """Sum of tap * array."""
    total = taps[0][0] * taps[0][1]
    for tap, x in taps[1:]:
        total = total + tap * x
    return total


def _analyse(x: Array, axis: int, low: tuple[float, ...], high: tuple[float, ...]) -> Array:
    """One level along one axis: [approximation | detail], c_k = sum_j h_j x_{2k + T/2 - j} for T taps."""
    n, taps = x.shape[axis], len(low)
    wrapped = _wrap(x, axis, taps // 2 - 1)
    shifted = [cut(wrapped, axis, taps - 1 - j, taps - 1 - j + n - 1, 2) for j in range(taps)]
    halves = [_combine(list(zip(filter_, shifted, strict=True))) for filter_ in (low, high)]
    return namespace(x).concat(halves, axis=axis)


def _synthesise(c: Array, axis: int, low: tuple[float, ...], high: tuple[float, ...]) -> Array:
    """Transpose of `_analyse`: even and odd entries from the filter taps of their parity, interleaved."""
    xp, half, reach = namespace(c), c.shape[axis] // 2, len(low) // 2
    parts = [_wrap(cut(c, axis, start, start + half), axis, reach // 2) for start in (0, half)]
    phases = []
    for phase in (0, 1):
        first = (reach + phase) % 2
        offset = (phase - reach + first) // 2 + reach // 2
        phases.append(
            _combine(
                [
                    (filter_[first + 2 * t], cut(part, axis, offset + t, offset + t + half))
                    for filter_, part in zip((low, high), parts, strict=True)
                    for t in range(reach)
                ]
            )
        )
    return xp.reshape(xp.stack(phases, axis=c.ndim + axis + 1), c.shape)


def _wavelet_parents(shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Flat index of the parent of each coefficient, -1 for the scaling coefficients."""
    index = np.indices(shape)
    parent = np.zeros_like(index)
    coarsest = np.array([size >> levels for size in shape]).reshape(-1, *(1,) * len(shape))
    scaling = (index < coarsest).all(axis=0)
    for level in range(levels):
        block = coarsest << level
        here = (index < 2 * block).all(axis=0) & ~(index < block).all(axis=0)
        orientation = index >= block
        place = index - orientation * block
        up = place if level == 0 else place // 2 + orientation * (block // 2)
        parent = np.where(here, up, parent)
    return np.where(scaling, -1, np.ravel_multi_index(tuple(parent), shape))
