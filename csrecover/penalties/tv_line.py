"""Total variation denoising of real one-dimensional signals, exactly, on the host."""

from __future__ import annotations

import numpy as np

from ..kernels import compiled

_WORTH = 2**8  # numbers from which on the compiled twin is faster


def denoised_lines(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Minimiser of 0.5 ||p - x||^2 + t sum_i |p_{i+1} - p_i| of each row.

    The signs s_i of its jumps say it all: between two jumps p is constant, and its sum is that of x plus
    t (s_right - s_left), with s = 0 at both ends of the signal.

    Parameters
    ----------
    x : array of float64, (signals, n)
    t : array of float64, (signals,)

    Returns
    -------
    array of float64, (signals, n)
    """
    centre = x.mean(axis=-1, keepdims=True)
    x = x - centre
    kernel = compiled("tv") if x.size >= _WORTH else None
    signs = np.pad((kernel.jumps if kernel else jumps)(x, t), ((0, 0), (1, 1)))
    begins = signs[:, :-1] != 0
    begins[:, 0] = True
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=x.size)
    left = t[:, None] * signs[:, :-1]
    right = t[:, None] * signs[:, 1:]
    sums = np.add.reduceat(x.reshape(-1), starts) + right.reshape(-1)[starts + lengths - 1] - left.reshape(-1)[starts]
    return np.repeat(sums / lengths, lengths).reshape(x.shape) + centre


def jumps(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Signs of the jumps of the minimiser, for rows of zero mean: int8, (signals, n - 1).

    The running sums of p are a taut string in the tube of radius t around those of x, fixed at both ends; p jumps up
    where the string touches the upper wall and down at the lower one. Where the chord between two fixed points of the
    string leaves the tube, the string touches the wall at the points that are farthest outside: there the chord is
    split, until every chord stays inside.
    """
    signals, n = x.shape
    walls = np.zeros((signals, n + 1))
    np.cumsum(x, axis=-1, out=walls[:, 1:])
    walls[:, -1] = 0
    fixed = np.zeros((signals, n + 1), dtype=bool)
    fixed[:, [0, -1]] = True
    centre, fixed, radius = walls.reshape(-1), fixed.reshape(-1), np.repeat(t, n + 1)
    signs = np.zeros(centre.size, dtype=np.int8)
    while True:
        knots = np.flatnonzero(fixed)
        chord = np.interp(np.arange(centre.size), knots, centre[knots] + radius[knots] * signs[knots])
        outside = chord - centre
        over = np.where(fixed, 0, np.abs(outside) - radius)
        split = _farthest(over, outside > 0, knots) | _farthest(over, outside < 0, knots)
        if not split.any():
            return signs.reshape(signals, n + 1)[:, 1:-1]
        signs[split] = np.sign(outside[split])
        fixed |= split


def _farthest(over: np.ndarray, side: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Mask of the points on one side that are farthest outside of the tube between their two knots, and are outside."""
    over = np.where(side, over, 0)
    most = np.repeat(np.maximum.reduceat(over, knots), np.diff(knots, append=over.size))
    return (over == most) & (over > 0)
