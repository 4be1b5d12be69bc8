"""Images that are made up, for tomography and MRI."""

from __future__ import annotations

import numpy as np

from ..operators.base import as_shape

_FINE = 4  # points of a pixel along each axis
_ELLIPSES = (  # gray level, half axes, centre (to the right, upwards), degrees against the clock
    (1.0, 0.69, 0.92, 0.0, 0.0, 0),
    (-0.8, 0.6624, 0.874, 0.0, -0.0184, 0),
    (-0.2, 0.11, 0.31, 0.22, 0.0, -18),
    (-0.2, 0.16, 0.41, -0.22, 0.0, 18),
    (0.1, 0.21, 0.25, 0.0, 0.35, 0),
    (0.1, 0.046, 0.046, 0.0, 0.1, 0),
    (0.1, 0.046, 0.046, 0.0, -0.1, 0),
    (0.1, 0.046, 0.023, -0.08, -0.605, 0),
    (0.1, 0.023, 0.023, 0.0, -0.606, 0),
    (0.1, 0.023, 0.046, 0.06, -0.605, 0),
)


def shepp_logan(shape: int | tuple[int, int]) -> np.ndarray:
    """Shepp and Logan's head phantom: the sum of ten ellipses of constant gray level, from 0 to 1.

    The image is the square -1 <= x, y <= 1, y upwards; a pixel is the mean of 4 x 4 points. The gray levels are those
    of Toft, which can be told apart by eye.

    Parameters
    ----------
    shape : int or tuple of two int
        height and width; one number for a square.

    Returns
    -------
    array of float64, shape `shape`

    Raises
    ------
    ValueError
        When the shape has not two axes.

    References
    ----------
    L. A. Shepp and B. F. Logan, The Fourier reconstruction of a head section, IEEE Trans. Nuclear Science 21(3), 1974;
    P. Toft, The Radon transform: theory and implementation, PhD thesis, Technical University of Denmark, 1996.
    """
    sizes = as_shape(shape)
    sizes = sizes * 2 if np.ndim(shape) == 0 else sizes
    if len(sizes) != 2:
        raise ValueError(f"an image shape of two axes was expected, got {sizes}")
    points = [(2 * np.arange(_FINE * size) + 1) / (_FINE * size) - 1 for size in sizes]
    y, x = -points[0][:, None], points[1]
    image = np.zeros(tuple(_FINE * size for size in sizes))
    for level, a, b, x0, y0, degrees in _ELLIPSES:
        cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        along, across = (x - x0) * cos + (y - y0) * sin, (y - y0) * cos - (x - x0) * sin
        image += level * ((along / a) ** 2 + (across / b) ** 2 <= 1)
    return image.reshape(sizes[0], _FINE, sizes[1], _FINE).mean(axis=(1, 3))
