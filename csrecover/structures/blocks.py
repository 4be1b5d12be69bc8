"""Disjoint blocks of coefficients."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..backend import (
    Array,
    flat,
    frozen,
    is_array,
    namespace,
    repeated,
    row_sums,
    segment_sum,
    to_like,
    to_numpy,
    top_k_mask,
)


@dataclass(frozen=True, eq=False)
class Blocks:
    """A partition of the coefficients of a signal into disjoint blocks.

    Parameters
    ----------
    labels : array of int, of the signal's shape
        label of the block of each coefficient; the labels are 0 .. count-1, each present.

    Attributes
    ----------
    count : int
        number of blocks.
    size : int or None
        common size of consecutive equal blocks (which need no index arrays), None for any other partition.

    Raises
    ------
    TypeError
        When the labels are no integers.
    ValueError
        When a label is missing or negative, or no label is given.
    """

    labels: Array
    count: int = field(init=False)
    size: int | None = field(init=False)

    def __post_init__(self) -> None:
        labels = self.labels if is_array(self.labels) else np.asarray(self.labels)
        host = to_numpy(labels)
        if host.size and host.dtype.kind not in "iu":
            raise TypeError(f"labels are integers, got dtype {host.dtype}")
        if host.size == 0 or host.ndim == 0 or host.min() < 0:
            raise ValueError("labels must be 0 .. count-1, one for each coefficient; got none or a negative one")
        count = int(host.max()) + 1
        missing = np.flatnonzero(np.bincount(host.reshape(-1), minlength=count) == 0)
        if missing.size:
            raise ValueError(f"labels must be 0 .. {count - 1}, each present: {missing[0]} is missing")
        size = host.size // count
        uniform = size * count == host.size and bool((host.reshape(count, size) == np.arange(count)[:, None]).all())
        object.__setattr__(self, "labels", frozen(labels))
        object.__setattr__(self, "count", count)
        object.__setattr__(self, "size", size if uniform else None)

    @classmethod
    def uniform(cls, n: int, size: int) -> Blocks:
        """Consecutive blocks of `size` coefficients of a signal of length n.

        Raises
        ------
        ValueError
            When size does not divide n.
        """
        if not isinstance(size, numbers.Integral) or not isinstance(n, numbers.Integral):
            raise TypeError(f"n and size are integers, got n={n!r}, size={size!r}")
        if not 1 <= size <= n:
            raise ValueError(f"size must be between 1 and n={n}, got {size}")
        if n % size:
            raise ValueError(f"size={size} does not divide n={n}: use Blocks(labels)")
        return cls(np.arange(n) // size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one signal."""
        return self.labels.shape

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of coefficients in each block, on the host."""
        return np.bincount(to_numpy(self.labels).reshape(-1))

    @cached_property
    def starts(self) -> np.ndarray | None:
        """First coefficient of each block, on the host; None where the blocks do not follow each other in order."""
        steps = np.diff(to_numpy(self.labels).reshape(-1), prepend=-1)
        return np.flatnonzero(steps) if (steps >= 0).all() else None

    def sums(self, values: Array) -> Array:
        """Sum of real values over each block: (*batch, *shape) to (*batch, count)."""
        xp, values = namespace(values), flat(values, len(self.shape))
        if self.size is not None:
            return row_sums(xp.reshape(values, (*values.shape[:-1], self.count, self.size)))
        xp = namespace(values, self.labels)
        return segment_sum(values, xp.reshape(self.labels, (-1,)), self.count)

    def spread(self, values: Array) -> Array:
        """Give each coefficient the number of its block: (*batch, count) to (*batch, *shape)."""
        xp, batch = namespace(values), values.shape[:-1]
        if self.size is not None:
            values = repeated(values, self.size)
        else:
            values = namespace(values, self.labels).take(values, xp.reshape(self.labels, (-1,)), axis=-1)
        return xp.reshape(values, (*batch, *self.shape))

    def top(self, gains: Array, k: int | np.ndarray) -> Array:
        """Mask of the k largest gains (>= 0) in each block, never a zero gain: (*batch, *shape) to the same shape.

        Parameters
        ----------
        gains : array, (*batch, *shape)
        k : int or array of int, (count,)
            one number for all blocks, or one for each.
        """
        xp, shape, gains = namespace(gains), gains.shape, flat(gains, len(self.shape))
        if self.size is None:
            order, places = self._by_size
            gains = xp.take(gains, order, axis=-1)
        pieces, start = [], 0
        for count, size, kept in _runs(np.stack(np.broadcast_arrays(self.sizes, k))[:, self._smallest_first]):
            piece = xp.reshape(gains[..., start : start + count * size], (*gains.shape[:-1], count, size))
            pieces.append(xp.reshape(top_k_mask(piece, kept), (*gains.shape[:-1], count * size)))
            start += count * size
        mask = xp.concat(pieces, axis=-1)
        return xp.reshape(mask if self.size is not None else xp.take(mask, places, axis=-1), shape)

    @cached_property
    def _smallest_first(self) -> np.ndarray:
        """Labels of the blocks by size, on the host."""
        return np.argsort(self.sizes, kind="stable")

    @cached_property
    def _by_size(self) -> tuple[Array, Array]:
        """Coefficients in the order of their blocks, smallest first, and the place of each in this order."""
        labels = to_numpy(self.labels).reshape(-1)
        order = np.lexsort((labels, self.sizes[labels]))
        return to_like(order, self.labels), to_like(np.argsort(order), self.labels)

    def __repr__(self) -> str:
        return f"Blocks({self.count} of {self.size or f'{self.sizes.min()} to {self.sizes.max()}'}, shape {self.shape})"


def _runs(columns: np.ndarray) -> list[tuple[int, ...]]:
    """Runs of equal columns: the length of each, followed by its column."""
    starts = np.flatnonzero(np.append(True, np.any(columns[:, 1:] != columns[:, :-1], axis=0)))
    lengths = np.diff(starts, append=columns.shape[1])
    return [(length, *column) for length, column in zip(lengths.tolist(), columns[:, starts].T.tolist(), strict=True)]
