"""Parallel MRI: several coils see one image, each with its own sensitivity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, as_float, conj, energy, namespace, to_like
from .base import LinearOperator, as_shape
from .elementary import Identity
from .fourier import DFT
from .sampling import Diagonal, Sampling
from .stacking import Kronecker


@dataclass(frozen=True, eq=False, repr=False)
class CoilMaps(LinearOperator):
    """The image that each coil sees: (C x)_c = maps_c * x, shape to (coils, *shape).

    Parameters
    ----------
    maps : array, (coils, *shape)
        sensitivities, real or complex; kept as they are, never copied.

    Raises
    ------
    ValueError
        When there is no coil or no image axis.
    """

    maps: Array

    def __post_init__(self) -> None:
        maps = as_float(self.maps)
        if maps.ndim < 2 or 0 in maps.shape:
            raise ValueError(f"maps of shape (coils, *image shape) were expected, got {maps.shape}")
        object.__setattr__(self, "maps", maps)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.maps.shape[1:]

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.maps.shape

    def _apply(self, x: Array) -> Array:
        return self.maps * namespace(x).expand_dims(x, axis=-self.maps.ndim)

    def _adjoint(self, y: Array) -> Array:
        xp = namespace(y)
        return xp.sum(conj(self.maps) * y, axis=-self.maps.ndim)

    @property
    def gram(self) -> LinearOperator:
        return Diagonal(namespace(self.maps).sum(energy(self.maps), axis=0))

    def norm(self) -> float:
        return float(namespace(self.maps).max(self.column_norms()))

    def column_norms(self) -> Array:
        return namespace(self.maps).linalg.vector_norm(self.maps, axis=0)


def sense(maps: Any, mask: Any) -> LinearOperator:
    """Measurements of Cartesian parallel MRI: the sampled Fourier transform of the image that each coil sees.

    y_c = S F (maps_c * x), of shape (coils, m). With another encoding A of an image, such as an NUFFT, the product is
    Kronecker([Identity(coils), A]) @ CoilMaps(maps).

    Parameters
    ----------
    maps : array, (coils, *shape)
    mask : array of bool, shape `shape`
        samples of k-space in the order of `DFT`, the zero frequency at index 0; or their flat indices.

    References
    ----------
    K. P. Pruessmann, M. Weiger, M. B. Scheidegger and P. Boesiger, SENSE: sensitivity encoding for fast MRI, Magnetic
    Resonance in Medicine 42, 1999.
    """
    coils = CoilMaps(maps)
    fourier = Sampling(coils.in_shape, to_like(mask, coils.maps)) @ DFT(coils.in_shape)
    return Kronecker((Identity(coils.out_shape[:1]), fourier)) @ coils


def birdcage_maps(shape: tuple[int, int], coils: int) -> np.ndarray:
    """Smooth synthetic sensitivities of coils on a circle around an image, sum_c |maps_c|^2 = 1 at each pixel.

    Coil c stands at the angle 2 pi c / coils on a circle of twice the half width of the image. Its sensitivity before
    normalisation is z_c / (z_c - z) at the pixel z = row + i column of the square |row|, |column| <= 1: the magnitude
    falls as one over the distance, the phase is the direction in which the coil is seen.

    Parameters
    ----------
    shape : tuple of two int
    coils : int
        at least 1.

    Returns
    -------
    array of complex128, shape (coils, *shape)

    Raises
    ------
    ValueError
        When the shape has not two axes, or there is no coil.
    """
    sizes = as_shape(shape)
    if len(sizes) != 2 or coils < 1:
        raise ValueError(f"an image shape of two axes and at least one coil were expected, got {sizes} and {coils}")
    rows, columns = (np.linspace(-1, 1, size) for size in sizes)
    place = 2 * np.exp(2j * math.pi * np.arange(coils) / coils)[:, None, None]
    maps = place / (place - (rows[:, None] + 1j * columns))
    return maps / np.linalg.norm(maps, axis=0)
