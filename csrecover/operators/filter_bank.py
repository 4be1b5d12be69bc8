"""One level of a periodised two-channel filter bank along one axis: overlapping windows times one small matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..backend import Array, mT, namespace

_BLOCK = 16  # outputs of each filter that one window gives
_ROW = 4  # neighbours that are gathered together, at most


@dataclass(frozen=True)
class Stage:
    """Linear map along one axis: every window of the signal times one matrix.

    Parameters
    ----------
    matrix : array, (F, W, B)
        maps a window of W samples to B outputs of each of F channels.
    places : array of int, or None
        rows of `row` samples that the windows consist of, one window after the other; None where the one window is
        the signal itself.
    row : int
    """

    matrix: Array
    places: Array | None = None
    row: int = 1

    def astype(self, precision: str) -> Stage:
        """The stage with a contiguous matrix of a NumPy dtype."""
        return replace(self, matrix=np.ascontiguousarray(self.matrix, precision))

    def along(self, x: Array, axis: int) -> Array:
        """Apply to x along an axis counted from the end; the channels follow each other on that axis."""
        xp, shape = namespace(x), x.shape
        n, batch, after = shape[axis], math.prod(shape[:axis]), math.prod(shape[x.ndim + axis + 1 :])
        channels, width, outputs = self.matrix.shape
        if self.places is not None:
            x = xp.take(xp.reshape(x, (batch, n // self.row, self.row * after)), self.places, axis=1)
        windows = 1 if self.places is None else self.places.shape[0] * self.row // width
        if after == 1:
            signals, rows = (batch, windows) if channels > 1 else (1, batch * windows)
            x = xp.matmul(xp.reshape(x, (signals, 1, rows, width)), self.matrix)
        else:
            x = xp.reshape(x, (batch, 1, windows, width, after))
            x = xp.matmul(mT(self.matrix)[:, None, :, :], x)
        if channels * windows * outputs > n:
            x = xp.reshape(x, (batch, channels, windows * outputs, after))[:, :, : n // channels, :]
        return xp.reshape(x, shape)


def analysis(filters: np.ndarray, n: int) -> Stage:
    """One level on n samples: [approximation | detail], c_k = sum_j h_j x_{2k + T/2 - j} for filters (2, T)."""
    taps = filters.shape[1]
    reach = _even(taps // 2 - 1)
    row = math.gcd(n, reach, _ROW)
    width = 2 * _BLOCK + 2 * reach
    if n <= width:
        return Stage(_whole(filters, n)[None])
    matrix = np.zeros((2, width, _BLOCK))
    first = reach - (taps // 2 - 1)
    for k in range(_BLOCK):
        matrix[:, first + 2 * k : first + 2 * k + taps, k] = filters[:, ::-1]
    return Stage(matrix, _windows(n, 2 * _BLOCK, reach, row).reshape(-1), row)


def synthesis(filters: np.ndarray, n: int) -> Stage:
    """Transpose of `analysis`: x_i = sum_k h_{2k + T/2 - i} c_k, summed over both channels."""
    half, taps = n // 2, filters.shape[1]
    reach = _even(taps // 4)
    row = math.gcd(half, reach, _ROW)
    width = _BLOCK + 2 * reach
    if half <= width:
        return Stage(_whole(filters, n).T[None])
    k, i = np.arange(-reach, _BLOCK + reach)[:, None], np.arange(2 * _BLOCK)
    tap = 2 * k + taps // 2 - i
    matrix = np.where((tap >= 0) & (tap < taps), filters[:, tap.clip(0, taps - 1)], 0).reshape(1, 2 * width, -1)
    one = _windows(half, _BLOCK, reach, row)
    return Stage(matrix, np.stack([one, one + half // row], axis=1).reshape(-1), row)


def _even(reach: int) -> int:
    """The reach rounded up: an even one is a whole number of rows."""
    return reach + reach % 2


def _whole(filters: np.ndarray, n: int) -> np.ndarray:
    """Matrix (n, n) of one level, taps that go round the signal several times summed: x @ matrix is the analysis."""
    taps, half = filters.shape[1], n // 2
    matrix = np.zeros((n, 2, half))
    k = np.arange(half)
    for j in range(taps):
        matrix[(2 * k + taps // 2 - j) % n, :, k] += filters[:, j]
    return matrix.reshape(n, n)


def _windows(n: int, step: int, reach: int, row: int) -> np.ndarray:
    """Rows of the periodic signal in each window: `step` samples and `reach` more on both sides."""
    first = np.arange(-(-n // step)) * step // row
    return (first[:, None] + np.arange(-reach // row, (step + reach) // row)) % (n // row)
