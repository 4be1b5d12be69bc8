"""Windows of consecutive coefficients, anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..backend import Array
from .base import check_count, log_choose
from .line import LineModel, check_size
from .spaced import best_spaced


@dataclass(frozen=True, eq=False)
class Windows(LineModel):
    """Signals on a line whose support lies in at most k windows of `size` consecutive indices; these may overlap.

    Other than blocks, windows begin anywhere. The projection is exact: a dynamic program on the host, O(n k) a signal.

    Parameters
    ----------
    size : int >= 1
        of a window, at most the length of the signals.
    """

    size: int

    def __post_init__(self) -> None:
        check_size(self.size, "size")

    def _length(self, shape: tuple[int, ...] | None) -> int:
        n = super()._length(shape)
        if self.size > n:
            raise ValueError(f"windows of size {self.size} do not fit in signals of length {n}: take smaller ones")
        return n

    def support(self, x: Array, k: int) -> Array:
        k = check_count(k)
        return self._mask_on_host(x, lambda energies: best_windows(energies, self.size, k))

    def max_nonzeros(self, k: int) -> int:
        return k * self.size

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        """Natural logarithm of the number of maximal supports of budget k, exact.

        As long as there is room a maximal support is k windows side by side or apart: of the k windows and the
        n - k size other places k are windows.
        """
        k, n = check_count(k, 1), self._length(shape)
        return log_choose(n - k * (self.size - 1), k) if k * self.size < n else 0.0

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        k, n = check_count(k), self._length(shape)
        if k * self.size >= n:
            return iter([np.arange(n)])
        offsets = (self.size - 1) * np.arange(k)[:, None] + np.arange(self.size)
        places = combinations(range(n - k * (self.size - 1)), k)
        return ((np.array(starts, np.intp)[:, None] + offsets).reshape(-1) for starts in places)

    def units(self, shape: tuple[int, ...]) -> int:
        return -(-self._length(shape) // self.size)


def best_windows(energies: np.ndarray, size: int, k: int) -> np.ndarray:
    """Mask of the union of at most k windows that holds most energy.

    There is a best one of windows that do not overlap, each beginning at a coefficient that is not zero, if windows may
    reach beyond the end; those that do are moved back.
    """
    n = energies.shape[1]
    starts = best_spaced(np.where(energies > 0, window_sums(energies, size), -np.inf), size, k)
    last = n - size
    starts[:, last] = starts[:, last:].any(axis=-1)
    starts[:, last + 1 :] = False
    begun = np.cumsum(starts, axis=-1)
    begun[:, size:] -= begun[:, :-size].copy()
    return begun > 0


def window_sums(values: np.ndarray, size: int) -> np.ndarray:
    """Sum of the `size` values from each place on, zeros after the end.

    A window is the end of a block of `size` places and the beginning of the next, so that nothing is subtracted.
    """
    signals, n = values.shape
    count = -(-n // size) + 1
    blocks = np.zeros((signals, count, size))
    blocks.reshape(signals, -1)[:, :n] = values
    ends = np.cumsum(blocks[:, :, ::-1], axis=-1)[:, :, ::-1]
    beginnings = np.zeros_like(blocks)
    np.cumsum(blocks[:, :, :-1], axis=-1, out=beginnings[:, :, 1:])
    return (ends[:, :-1] + beginnings[:, 1:]).reshape(signals, -1)[:, :n]
