"""Fourier measurements at any frequencies: non-Cartesian MRI, radio interferometry, uneven sampling in time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..backend import (
    Array,
    all_finite,
    as_complex,
    as_float,
    cast_like,
    device,
    fftn,
    frozen,
    is_complex,
    namespace,
    nonuniform_fourier,
)
from .algebra import Normal
from .axes import cut, signal_axes
from .base import LinearOperator, as_shape


@dataclass(frozen=True, eq=False, repr=False)
class NUFFT(LinearOperator):
    """Non-uniform Fourier transform: y_j = n^(-1/2) sum_r x_r exp(-i points_j . r), r the indices of x from zero.

    At the points 2 pi k / n it is the orthonormal DFT. Computed by finufft on NumPy and by cufinufft on CuPy, to about
    1e-14 in double and 1e-6 in single precision (relative); by the direct sum, in O(m n) operations, in other
    libraries. With points in single precision it keeps single precision. `gram` takes two transforms of twice the size
    of the signal and none of the points.

    Parameters
    ----------
    in_shape : int or tuple of int
        shape of the signals, one to three axes.
    points : array, (m, number of axes)
        frequencies in radians a sample, of period 2 pi; see `radial_trajectory` and `spiral_trajectory`. Samples of
        weights w are measured by Diagonal(sqrt(w)) @ NUFFT(in_shape, points).

    Raises
    ------
    ValueError
        When the points are not of this shape or not finite.
    TypeError
        When they are complex.
    ImportError
        At the first product, where finufft or cufinufft is missing.

    References
    ----------
    A. H. Barnett, J. F. Magland and L. af Klinteberg, A parallel nonuniform fast Fourier transform library based on
    an "exponential of semicircle" kernel, SIAM J. Scientific Computing 41(5), 2019.
    """

    in_shape: tuple[int, ...]
    points: Array

    def __post_init__(self) -> None:
        shape, points = as_shape(self.in_shape), as_float(self.points)
        if len(shape) > 3:
            raise ValueError(f"NUFFT takes signals of one to three axes, got the shape {shape}")
        if points.ndim != 2 or points.shape[0] == 0 or points.shape[1] != len(shape):
            raise ValueError(
                f"points of shape (m, {len(shape)}) were expected for signals {shape}, got {points.shape}: "
                "one row a measurement, one column an axis"
            )
        if is_complex(points):
            raise TypeError(f"points are real frequencies in radians a sample, got dtype {points.dtype}")
        if not all_finite(points):
            raise ValueError("points must be finite, got NaN or infinity")
        object.__setattr__(self, "in_shape", shape)
        object.__setattr__(self, "points", frozen(points))

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.points.shape[0],)

    @property
    def complex_output(self) -> bool:
        return True

    @cached_property
    def _transform(self) -> Any:
        return nonuniform_fourier(self.points, self.in_shape)

    def _apply(self, x: Array) -> Array:
        return self._transform.forward(_promoted(x, self.points))

    def _adjoint(self, y: Array) -> Array:
        return self._transform.adjoint(_promoted(y, self.points))

    def _columns(self, indices: np.ndarray) -> Array:
        places = np.stack(np.unravel_index(indices, self.in_shape))
        return cast_like(self._waves(places) / self.size_in**0.5, self.points)

    def column_norms(self) -> Array:
        size = (self.size_out / self.size_in) ** 0.5
        return namespace(self.points).full(self.in_shape, size, dtype=self._example.dtype, device=device(self.points))

    @cached_property
    def _estimated_norm(self) -> float:
        return self.gram.norm() ** 0.5

    @property
    def gram(self) -> LinearOperator:
        return NormalNUFFT(self)

    @cached_property
    def _normal_spectrum(self) -> Array:
        """Eigenvalues of the circulant matrix of twice the size in which A^H A, Toeplitz along each axis, is a block.

        Its entries are 1/n sum_j exp(i points_j . l) for the lags -n <= l < n of each axis: the adjoint of the
        transform on the doubled grid gives them at once. The lag -n occurs in no product.
        """
        xp, axes = namespace(self.points), signal_axes(self.in_shape)
        doubled = tuple(2 * size for size in self.in_shape)
        start = self._waves(np.asarray(self.in_shape))
        kernel = xp.roll(nonuniform_fourier(self.points, doubled).adjoint(start), self.in_shape, axis=axes)
        return xp.real(fftn(kernel, axes)) * 2 ** len(doubled)

    def _waves(self, places: np.ndarray) -> Array:
        """exp(-i points_j . r) in double precision, for places r of shape (axes,) or (axes, count)."""
        xp = namespace(self.points)
        points = xp.astype(self.points, xp.float64, copy=False)
        return xp.exp(-1j * as_complex(xp.matmul(points, cast_like(places, points))))


@dataclass(frozen=True, eq=False, repr=False)
class NormalNUFFT(Normal):
    """A^H A of a non-uniform Fourier transform A: pad with zeros to twice the size, filter, crop.

    References
    ----------
    J. A. Fessler, S. Lee, V. T. Olafsson, H. R. Shi and D. C. Noll, Toeplitz-based iterative image reconstruction for
    MRI with correction for magnetic field inhomogeneity, IEEE Trans. Signal Processing 53(9), 2005.
    """

    operator: NUFFT

    def _apply(self, x: Array) -> Array:
        xp, axes = namespace(x), signal_axes(self.in_shape)
        x = _promoted(x, self.operator.points)
        for axis in axes:  # each axis is padded just before its transform: the others are short until then
            x = fftn(xp.concat([x, xp.zeros_like(x)], axis=axis), (axis,))
        x = x * cast_like(self.operator._normal_spectrum, x)
        for axis in reversed(axes):
            x = cut(fftn(x, (axis,), inverse=True), axis, 0, x.shape[axis] // 2)
        return x


def _promoted(x: Array, numbers: Array) -> Array:
    """X in the precision that it has together with an operator's numbers."""
    xp = namespace(x, numbers)
    return xp.astype(x, xp.result_type(x, numbers), copy=False)
