"""Periodised wavelet transforms, orthonormal and biorthogonal, any dimension."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache

import numpy as np
import pywt

from ..backend import Array
from ..structures import Tree
from .base import LinearOperator, Unitary, as_shape
from .wavelet_pyramid import analyse, synthesise
from .wavelet_tree import wavelet_parents

_ORTHONORMAL = 1e-5  # how far a filter table may be from orthonormal (the longest coiflets are given to 1e-6)


@dataclass(frozen=True, eq=False, repr=False)
class PeriodicWavelet(LinearOperator, ABC):
    """Periodised wavelet analysis of signals: what orthonormal and biorthogonal wavelets share."""

    in_shape: tuple[int, ...]
    name: str
    levels: int = None  # type: ignore[assignment]  # an int from construction on

    def __post_init__(self) -> None:
        shape = as_shape(self.in_shape)
        self._check_name()
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

    @abstractmethod
    def _check_name(self) -> None:
        """Refuse wavelets of another kind."""

    @property
    @abstractmethod
    def inverse(self) -> LinearOperator:
        """The synthesis: W.inverse @ W = W @ W.inverse = I."""

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.in_shape

    @property
    def tree(self) -> Tree:
        """Parent of each coefficient, in the layout of the coefficients.

        Every scaling coefficient is a root (it counts in a budget of coefficients); the coarsest details at its place
        are its children (1 in 1-D, 3 in 2-D, 7 in 3-D); a finer detail hangs on the detail of the same orientation
        at half its place (2, 4, 8 children).
        """
        return Tree(wavelet_parents(self.in_shape, self.levels))

    def _apply(self, x: Array) -> Array:
        return analyse(x, self.name, self.in_shape, self.levels)

    def _adjoint(self, y: Array) -> Array:
        return synthesise(y, self.name, self.in_shape, self.levels)


@dataclass(frozen=True, eq=False, repr=False)
class Wavelet(PeriodicWavelet, Unitary):
    """Orthonormal periodised wavelet analysis: W @ signal are coefficients, W.H @ coefficients a signal.

    The coefficients have the shape of the signal. Coarsest first: in 1-D [a_L, d_L, ..., d_1], in n-D the nested
    corner layout; both equal ``pywt.coeffs_to_array(pywt.wavedecn(x, name, mode="periodization", level=levels))``.
    With the `fast` extra one-dimensional NumPy signals are transformed by compiled code.

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

    def _check_name(self) -> None:
        if not _is_orthonormal(self.name):
            other = "; it is one for BiorthogonalWavelet" if _dual(self.name) else ""
            raise ValueError(
                f"wavelet {self.name!r} is not orthogonal: use for example 'haar', 'db4', 'sym8' or 'coif2'{other}"
            )

    @property
    def inverse(self) -> LinearOperator:
        return self.H


@dataclass(frozen=True, eq=False, repr=False)
class BiorthogonalWavelet(PeriodicWavelet):
    """Biorthogonal periodised wavelet analysis: symmetric filters, two Riesz bases dual to each other.

    W @ signal are the coefficients in the layout of `Wavelet`. The adjoint W.H is not the synthesis: that is
    ``W.inverse``, the adjoint of the analysis with the dual wavelet; W.inverse @ W = I.

    Parameters
    ----------
    in_shape : int or tuple of int
        shape of the signals; each axis must be divisible by 2**levels.
    name : str
        a biorthogonal spline wavelet of PyWavelets: 'bior2.2' (CDF 5/3), 'bior4.4' (CDF 9/7), ..., 'rbio4.4', ...
    levels : int, optional
        number of halvings, by default as many as every axis allows.

    Raises
    ------
    ValueError
        For a wavelet that is unknown or not biorthogonal, or an axis that 2**levels does not divide.

    References
    ----------
    A. Cohen, I. Daubechies and J.-C. Feauveau, Biorthogonal bases of compactly supported wavelets, Communications on
    Pure and Applied Mathematics 45(5), 1992.
    """

    def _check_name(self) -> None:
        other = ", or Wavelet for this one" if _is_orthonormal(self.name) else ""
        if not _dual(self.name):
            raise ValueError(
                f"wavelet {self.name!r} is not biorthogonal: use for example 'bior2.2' or 'bior4.4'{other}"
            )

    @property
    def inverse(self) -> LinearOperator:
        return BiorthogonalWavelet(self.in_shape, _dual(self.name), self.levels).H


def _dual(name: str) -> str:
    """Wavelet whose analysis filters are the synthesis filters of this one, reversed; '' where there is none."""
    family, order = name[:4], name[4:]
    return {"bior": "rbio" + order, "rbio": "bior" + order}.get(family, "")


@cache
def _is_orthonormal(name: str) -> bool:
    """Whether the even translates of the low-pass filter are orthonormal.

    Raises
    ------
    ValueError
        When PyWavelets does not know a discrete wavelet of this name.
    """
    try:
        wavelet = pywt.Wavelet(name)
    except ValueError as error:
        raise ValueError(f"unknown wavelet {name!r}: see pywt.wavelist(kind='discrete')") from error
    low = np.asarray(wavelet.dec_lo)
    taps = len(low)
    shifts = [low[2 * shift :] @ low[: taps - 2 * shift] - (shift == 0) for shift in range(taps // 2)]
    return wavelet.orthogonal and max(map(abs, shifts)) <= _ORTHONORMAL
