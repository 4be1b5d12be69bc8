"""Circular convolution, and the structured matrices that are made of it."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..backend import Array, as_float, conj, device, energy, fftn, irfftn, is_complex, namespace, norm, rfftn, to
from .algebra import Normal
from .axes import signal_axes
from .base import LinearOperator, as_shape
from .sampling import Sampling

_UNIT = 1e-10  # spectra this close to unit modulus make a unitary convolution


@dataclass(frozen=True, eq=False, repr=False)
class Convolution(LinearOperator):
    """Circular convolution with a kernel: (A x)_i = sum_j kernel_j x_{i - j}, indices modulo the shape.

    Parameters
    ----------
    kernel : array of the signal's shape, real or complex
        entry 0 is the centre; its transform is taken at the first product.
    """

    kernel: Array

    def __post_init__(self) -> None:
        kernel = as_float(self.kernel)
        if kernel.ndim == 0 or 0 in kernel.shape:
            raise ValueError(f"a kernel of the signal's shape was expected, got shape {kernel.shape}")
        object.__setattr__(self, "kernel", kernel)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.kernel.shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.kernel.shape

    @cached_property
    def _spectrum(self) -> Array:
        """Eigenvalues: the transform of the kernel, not normalised."""
        return fftn(self.kernel, signal_axes(self.in_shape)) * self.size_in**0.5

    @property
    def unitary(self) -> bool:
        xp = namespace(self.kernel)
        return bool(xp.all(abs(energy(self._spectrum) - 1) < _UNIT))

    def _apply(self, x: Array) -> Array:
        return self._filter(x, lambda spectrum: spectrum)

    def _adjoint(self, y: Array) -> Array:
        return self._filter(y, conj)

    def _filter(self, x: Array, response: Callable[[Array], Array]) -> Array:
        """Multiply the transform of x with a function of the eigenvalues; real signals need half of them."""
        xp, axes = namespace(x), signal_axes(self.in_shape)
        x = xp.astype(x, xp.result_type(x, self.kernel), copy=False)
        if is_complex(x):
            return fftn(fftn(x, axes) * response(self._spectrum), axes, inverse=True)
        half = self._spectrum[..., : self.in_shape[-1] // 2 + 1]
        return irfftn(rfftn(x, axes) * response(half), self.in_shape, axes)

    @property
    def gram(self) -> LinearOperator:
        return Autocorrelation(self)

    def norm(self) -> float:
        return float(namespace(self.kernel).max(abs(self._spectrum)))

    def column_norms(self) -> Array:
        xp = namespace(self.kernel)
        return xp.broadcast_to(norm(self.kernel, len(self.in_shape)), self.in_shape)


@dataclass(frozen=True, eq=False, repr=False)
class Autocorrelation(Normal):
    """A^H A of a convolution A: one transform there and one back."""

    operator: Convolution

    def _apply(self, x: Array) -> Array:
        return self.operator._filter(x, energy)

    def norm(self) -> float:
        return self.operator.norm() ** 2


def random_convolution(shape: int | tuple[int, ...], rng: Any, *, device: Any = None) -> Convolution:
    """Unitary convolution with a random real kernel: its spectrum has unit modulus and random phases.

    Followed by `random_rows` it measures signals that are sparse in any basis.

    Parameters
    ----------
    shape : int or tuple of int
    rng : int or numpy.random.Generator
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    References
    ----------
    J. Romberg, Compressive sensing by random convolution, SIAM J. Imaging Sciences 2(4), 2009.
    """
    noise = np.fft.fftn(np.random.default_rng(rng).standard_normal(as_shape(shape)))
    return to(Convolution(np.fft.ifftn(noise / np.abs(noise)).real), device)


def blur(shape: int | tuple[int, ...], kernel: Any) -> Convolution:
    """Circular convolution with a small point-spread function, its centre in the middle (size // 2) of each axis.

    Parameters
    ----------
    shape : int or tuple of int
    kernel : array, or a number
        the point-spread function, as many axes as the signal and none longer; or the standard deviation in samples of
        a Gaussian, sampled, made periodic and scaled to sum 1.

    Raises
    ------
    ValueError
        When the kernel is larger than the signal or of other dimension, or the standard deviation is not positive.
    """
    shape = as_shape(shape)
    if isinstance(kernel, numbers.Real):
        return Convolution(math.prod(np.ix_(*(_periodic_gaussian(n, float(kernel)) for n in shape))))
    kernel = as_float(kernel)
    if kernel.ndim != len(shape) or any(not 1 <= size <= n for size, n in zip(kernel.shape, shape, strict=False)):
        raise ValueError(f"a kernel no larger than the signal's shape {shape} was expected, got shape {kernel.shape}")
    xp, centre = namespace(kernel), [-(size // 2) for size in kernel.shape]
    for axis, n in enumerate(shape):
        rest = (*kernel.shape[:axis], n - kernel.shape[axis], *kernel.shape[axis + 1 :])
        kernel = xp.concat([kernel, xp.zeros(rest, dtype=kernel.dtype, device=device(kernel))], axis=axis)
    return Convolution(xp.roll(kernel, tuple(centre), axis=tuple(range(len(shape)))))


def _periodic_gaussian(n: int, deviation: float) -> np.ndarray:
    """Sum over all integers p of exp(-(j + p n)^2 / (2 deviation^2)), j = 0 .. n - 1, scaled to sum 1."""
    if not deviation > 0:
        raise ValueError(f"the standard deviation of a blur must be positive, got {deviation}")
    deviation = min(deviation, 2.0 * n)  # wider ones are constant to rounding
    reach = math.ceil(9 * deviation / n) + 1  # what lies beyond nine deviations is below rounding
    places = np.arange(n) + n * np.arange(-reach, reach + 1)[:, None]
    samples = np.exp(-0.5 * (places / deviation) ** 2).sum(axis=0)
    return samples / samples.sum()


def toeplitz(column: Any, row: Any) -> LinearOperator:
    """Toeplitz matrix with the given first column (m entries) and first row (n entries; its first one is not used).

    T_ij = column_{i - j} for i >= j, else row_{j - i}: a section of a circular convolution of length m + n - 1.

    References
    ----------
    H. Rauhut, J. Romberg and J. A. Tropp, Restricted isometries for partial random circulant matrices, Applied and
    Computational Harmonic Analysis 32(2), 2012.
    """
    column, row = as_float(column), as_float(row)
    xp = namespace(column, row)
    m, n = column.shape[0], row.shape[0]
    circle = Convolution(xp.concat([column, xp.flip(row[1:])]))
    if m + n == 2:
        return circle
    return Sampling(m + n - 1, range(m)) @ circle @ Sampling(m + n - 1, range(n)).H
