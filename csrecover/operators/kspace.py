"""Where k-space is sampled: masks on the grid of the DFT, and trajectories off it for the NUFFT.

A mask is a NumPy array of bool in the order of `DFT`, the zero frequency at index 0: ``Sampling(shape, mask) @
DFT(shape)`` measures it, ``np.fft.fftshift(mask)`` shows it. A whole line for each sample of one axis (the phase
encodes of an image) is a mask of that axis, broadcast over the readout::

    lines = variable_density_mask(256, 64, rng=0, center=16)
    mask = np.broadcast_to(lines[:, None], (256, 256))
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from .base import as_shape


def variable_density_mask(
    shape: int | tuple[int, ...], m: int, rng: Any, *, decay: float = 4.0, center: int | tuple[int, ...] = 1
) -> np.ndarray:
    """Random mask of m samples whose density falls with the distance r from the zero frequency as (1 - r)^decay.

    The centre is sampled entirely; the other samples are drawn one after the other without replacement, each with
    probability proportional to its weight among those left. The distance is relative: each axis is measured in units
    of its size, and r = 1 at the farthest frequency, which is drawn last of all.

    Parameters
    ----------
    shape : int or tuple of int
    m : int
        number of samples, the centre included, from its size to prod(shape).
    rng : int or numpy.random.Generator
    decay : float, default 4
        power of the decay, not negative; 0 is uniform.
    center : int or tuple of int, default 1
        size of the fully sampled block around the zero frequency (the calibration region), one for all axes or one an
        axis; 1 is the zero frequency alone, 0 nothing.

    Returns
    -------
    array of bool, shape `shape`, the zero frequency at index 0

    Raises
    ------
    ValueError
        When m, decay or center is out of range.

    References
    ----------
    M. Lustig, D. Donoho and J. M. Pauly, Sparse MRI: the application of compressed sensing for rapid MR imaging,
    Magnetic Resonance in Medicine 58, 2007; P. S. Efraimidis and P. G. Spirakis, Weighted random sampling with a
    reservoir, Information Processing Letters 97, 2006.
    """
    shape = as_shape(shape)
    inner = _center(shape, center)
    _check_count(m, inner)
    if not decay >= 0:
        raise ValueError(f"decay must not be negative, got {decay}")
    weights = (1 - _distance(shape)) ** decay
    waits = np.random.default_rng(rng).standard_exponential(shape)  # the first to ring, of clocks of rate `weights`
    times = np.divide(waits, weights, out=np.full(shape, np.inf), where=weights > 0)
    times[inner] = -1
    mask = np.zeros(shape, dtype=bool)
    mask.reshape(-1)[np.argsort(times, axis=None, kind="stable")[:m]] = True
    return mask


def poisson_disc_mask(
    shape: int | tuple[int, ...], m: int, rng: Any, *, slope: float = 2.0, center: int | tuple[int, ...] = 1
) -> np.ndarray:
    """Random mask of m samples that keep their distance: no two are close, and the density falls from the centre.

    Samples p and q, but for two of the centre, are at least s max(R(p), R(q)) apart (in samples), where
    R = 1 + slope r grows with the relative distance r from the zero frequency, 1 at the farthest. Darts are thrown in
    random order and s is lowered by 5 per cent whenever none fits any more, until there are m samples.

    Parameters
    ----------
    shape : int or tuple of int
    m : int
        number of samples, the centre included, from its size to prod(shape).
    rng : int or numpy.random.Generator
    slope : float, default 2
        growth of the distance, not negative; the density is about proportional to R^-axes, uniform for 0.
    center : int or tuple of int, default 1
        size of the fully sampled block around the zero frequency, as in `variable_density_mask`.

    Returns
    -------
    array of bool, shape `shape`, the zero frequency at index 0

    Raises
    ------
    ValueError
        When m, slope or center is out of range.

    References
    ----------
    M. McCool and E. Fiume, Hierarchical Poisson disk sampling distributions, Graphics Interface, 1992.
    """
    shape = as_shape(shape)
    inner = _center(shape, center)
    _check_count(m, inner)
    if not slope >= 0:
        raise ValueError(f"slope must not be negative, got {slope}")
    radii = np.fft.fftshift(1 + slope * _distance(shape))
    mask = _throw_darts(radii, m, np.random.default_rng(rng), np.fft.fftshift(inner))
    return np.fft.ifftshift(mask)


def _throw_darts(radii: np.ndarray, m: int, rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """The mask and random points at distances of at least s max(radii), the scale s lowered until there are m."""
    mask, left = mask.copy(), m - int(mask.sum())
    scale = 1.1 * (np.sum(radii ** -float(radii.ndim)) / m) ** (1 / radii.ndim)  # about the densest packing
    room = np.full(radii.shape, np.inf)  # the largest scale at which a point keeps its distance from the mask
    distance = _distances_around(radii, scale)
    for place in zip(*np.nonzero(mask), strict=True):
        _claim(room, radii, place, distance)
    while left > 0:
        darts = rng.permutation(np.flatnonzero((room >= scale) & ~mask))
        for place in zip(*np.unravel_index(darts, radii.shape), strict=True):
            if room[place] >= scale and left > 0:
                mask[place] = True
                left -= 1
                _claim(room, radii, place, distance)
        scale *= 0.95
        distance = _distances_around(radii, scale)
    return mask


def _distances_around(radii: np.ndarray, scale: float) -> np.ndarray:
    """Distances from the middle of a window that holds all the points that a sample may be too close to."""
    reach = min(math.ceil(scale * radii.max()), max(radii.shape))
    return np.sqrt(sum(offset**2 for offset in np.ogrid[(slice(-reach, reach + 1),) * radii.ndim]))


def _claim(room: np.ndarray, radii: np.ndarray, place: tuple[int, ...], distance: np.ndarray) -> None:
    """Lower the room of the points around a new sample."""
    reach = distance.shape[0] // 2
    bounds = [(max(0, p - reach), min(size, p + reach + 1)) for p, size in zip(place, room.shape, strict=True)]
    window = tuple(slice(low, high) for low, high in bounds)
    inside = tuple(slice(low - p + reach, high - p + reach) for (low, high), p in zip(bounds, place, strict=True))
    np.minimum(room[window], distance[inside] / np.maximum(radii[window], radii[place]), out=room[window])


def radial_mask(shape: tuple[int, ...], spokes: int, *, golden: bool = False) -> np.ndarray:
    """Mask of straight lines through the zero frequency, rounded to the grid.

    Line i has the angle pi i / spokes, or pi i times the golden ratio (sqrt(5) - 1) / 2 = 111.25 degrees i, where any
    number of successive lines covers all directions about evenly. As far as the grid goes it has one sample for each
    index of the axis that it is closer to.

    Parameters
    ----------
    shape : tuple of two int
    spokes : int
        number of lines, at least 1.
    golden : bool, default False

    Returns
    -------
    array of bool, shape `shape`, the zero frequency at index 0

    Raises
    ------
    ValueError
        When the shape has not two axes, or there is no line.

    References
    ----------
    S. Winkelmann, T. Schaeffter, T. Koehler, H. Eggers and O. Doessel, An optimal radial profile order based on the
    golden ratio for time-resolved MRI, IEEE Trans. Medical Imaging 26(1), 2007.
    """
    shape = as_shape(shape)
    if len(shape) != 2:
        raise ValueError(f"a radial mask has two axes, got the shape {shape}")
    mask = np.zeros(shape, dtype=bool)
    steps = np.arange(-(max(shape) // 2), max(shape) // 2 + 1)
    for direction in _directions(spokes, golden):
        line = np.rint(np.outer(steps, direction / np.abs(direction).max())).astype(int)
        low, high = -(np.array(shape) // 2), (np.array(shape) + 1) // 2
        inside = ((line >= low) & (line < high)).all(axis=1)
        mask[tuple(line[inside].T)] = True  # negative frequencies count from the end
    return mask


def radial_trajectory(spokes: int, samples: int, *, golden: bool = False) -> np.ndarray:
    """Points of straight lines through the zero frequency, for NUFFT of images: shape (spokes * samples, 2).

    Each line has the radii 2 pi k / samples, -samples / 2 <= k < samples / 2; the angles are those of `radial_mask`.

    Raises
    ------
    ValueError
        When a number is below 1.
    """
    directions, count = _directions(spokes, golden), _positive(samples, "samples")
    radii = 2 * math.pi * (np.arange(count) - count // 2) / count
    return (directions[:, None, :] * radii[:, None]).reshape(-1, 2)


def spiral_trajectory(interleaves: int, samples: int, *, turns: float) -> np.ndarray:
    """Points of Archimedean spirals from the zero frequency outwards: shape (interleaves * samples, 2).

    Sample j of spiral i has the radius pi t and the angle 2 pi (turns t + i / interleaves), t = j / samples.
    Neighbouring turns are pi / (turns interleaves) apart: turns = n / (2 interleaves) makes this 2 pi / n, enough for
    an image of n by n.

    Raises
    ------
    ValueError
        When a number is below 1, or the number of turns is not positive.
    """
    count, total = _positive(samples, "samples"), _positive(interleaves, "interleaves")
    if not turns > 0:
        raise ValueError(f"the number of turns must be positive, got {turns}")
    t = np.arange(count) / count
    angles = 2 * math.pi * (turns * t + np.arange(total)[:, None] / total)
    return (math.pi * t[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)).reshape(-1, 2)


def _directions(spokes: int, golden: bool) -> np.ndarray:
    """Unit vectors of the lines, shape (spokes, 2)."""
    count = _positive(spokes, "spokes")
    angles = math.pi * np.arange(count) * ((math.sqrt(5) - 1) / 2 if golden else 1 / count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def _distance(shape: tuple[int, ...]) -> np.ndarray:
    """Distance of each frequency from zero in units of the size of each axis, 1 at the farthest."""
    squares = np.zeros(shape)
    for axis in np.ix_(*(np.fft.fftfreq(size) ** 2 for size in shape)):
        squares = squares + axis
    return np.sqrt(squares / (squares.max() or 1.0))


def _center(shape: tuple[int, ...], center: int | tuple[int, ...]) -> np.ndarray:
    """Mask of the frequencies -size // 2 .. (size - 1) // 2 of each axis."""
    sizes = tuple(center) if isinstance(center, Iterable) else (center,) * len(shape)
    if len(sizes) != len(shape) or not all(size in range(full + 1) for size, full in zip(sizes, shape, strict=True)):
        raise ValueError(
            f"center is a number of samples up to the shape {shape}, one for all axes or one an axis, got {center}"
        )
    inner = np.ones(shape, dtype=bool)
    for axis, size in zip(np.ix_(*(np.fft.fftfreq(full, 1 / full) for full in shape)), sizes, strict=True):
        inner &= (axis >= -(size // 2)) & (axis < (size + 1) // 2)
    return inner


def _check_count(m: int, inner: np.ndarray) -> None:
    if not isinstance(m, numbers.Integral):
        raise TypeError(f"m is an integer, the number of samples, got {m!r}")
    if not max(1, inner.sum()) <= m <= inner.size:
        raise ValueError(
            f"m must be between {max(1, inner.sum())}, the samples of the centre, and {inner.size}, all; got {m}"
        )


def _positive(number: int, name: str) -> int:
    if not isinstance(number, numbers.Integral) or number < 1:
        raise ValueError(f"{name} must be a positive integer, got {number!r}")
    return int(number)
