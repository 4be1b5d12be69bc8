"""Groups of coefficients that may overlap."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, csr_adjoint, csr_matrix, csr_times, device, flat, frozen, namespace, real_dtype, to_numpy


@dataclass(frozen=True, eq=False, repr=False)
class Groups:
    """Sets of coefficients of a signal; a coefficient may lie in several of them, or in none.

    Parameters
    ----------
    members : sequence of arrays of int
        the coefficients of each group by their flat C-order indices.
    shape : int or tuple of int
        shape of one signal.

    Attributes
    ----------
    indices : array of int
        the coefficients of one group after the other, in increasing order in each.
    starts : array of int, (count + 1,)
        where in `indices` each group starts, and where the last one ends.

    Raises
    ------
    TypeError
        When indices or the shape are no integers.
    ValueError
        When there is no group, or a group is empty, names a coefficient twice or one that does not exist.
    """

    members: InitVar[Iterable[Any]]
    shape: tuple[int, ...]
    indices: Array = field(init=False)
    starts: Array = field(init=False)

    def __post_init__(self, members: Iterable[Any]) -> None:
        shape = checked_shape(self.shape)
        groups = [checked_group(group, number, shape) for number, group in enumerate(members)]
        if not groups:
            raise ValueError("there must be at least one group, got none: give a sequence of arrays of indices")
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "indices", frozen(np.concatenate(groups)))
        object.__setattr__(self, "starts", frozen(np.cumsum([0, *map(len, groups)])))

    @classmethod
    def windows(cls, n: int, size: int, step: int = 1) -> Groups:
        """Windows of `size` consecutive coefficients of a signal of length n, at 0, step, 2 step, ... while they fit.

        Raises
        ------
        TypeError, ValueError
            When a number is no integer, size is not between 1 and n, or step is less than 1.
        """
        if not all(isinstance(number, numbers.Integral) for number in (n, size, step)):
            raise TypeError(f"n, size and step are integers, got n={n!r}, size={size!r}, step={step!r}")
        if not 1 <= size <= n:
            raise ValueError(f"size must be between 1 and n={n}, got {size}")
        if step < 1:
            raise ValueError(f"step must be at least 1, got {step}")
        return cls(np.arange(0, n - size + 1, step)[:, None] + np.arange(size), (n,))

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.starts.shape[0] - 1

    @cached_property
    def sizes(self) -> np.ndarray:
        """Number of coefficients in each group, on the host."""
        return np.diff(to_numpy(self.starts))

    def sums(self, values: Array) -> Array:
        """Sum of values over each group: (*batch, *shape) to (*batch, count)."""
        return csr_times(self._membership(values), flat(values, len(self.shape)))

    def cover(self, chosen: Array) -> Array:
        """Mask of the union of the chosen groups: bool (*batch, count) to bool (*batch, *shape)."""
        xp = namespace(chosen)
        counts = xp.astype(chosen, xp.float32)
        counts = csr_times(csr_adjoint(self._membership(counts)), counts)
        return xp.reshape(counts > 0, (*chosen.shape[:-1], *self.shape))

    def _membership(self, like: Array) -> Any:
        """Sparse matrix (count, n) in the precision of `like`: one where the group of the row holds the coefficient."""
        xp = namespace(like, self.indices)
        ones = xp.ones(self.indices.shape, dtype=real_dtype(like), device=device(like))
        return csr_matrix(ones, self.indices, self.starts, (self.count, prod(self.shape)))

    def __repr__(self) -> str:
        return f"Groups({self.count} of {self.sizes.min()} to {self.sizes.max()}, shape {self.shape})"


def checked_shape(shape: Any) -> tuple[int, ...]:
    """Shape of one signal as a tuple of positive integers."""
    sides = (shape,) if isinstance(shape, numbers.Integral) else shape
    if not isinstance(sides, tuple | list) or not all(isinstance(side, numbers.Integral) for side in sides):
        raise TypeError(f"shape is an integer or a tuple of integers, got {shape!r}")
    if not sides or min(sides) < 1:
        raise ValueError(f"shape must have at least one side, each at least 1, got {shape}")
    return tuple(int(side) for side in sides)


def checked_group(group: Any, number: int, shape: tuple[int, ...]) -> np.ndarray:
    """Indices of one group in increasing order, on the host."""
    indices, n = np.sort(to_numpy(group), axis=None), prod(shape)
    if indices.size == 0:
        raise ValueError(f"group {number} is empty: give each group at least one coefficient")
    if indices.dtype.kind not in "iu":
        raise TypeError(f"groups are arrays of flat indices, group {number} has dtype {indices.dtype}")
    if indices[0] < 0 or indices[-1] >= n:
        wrong = indices[0] if indices[0] < 0 else indices[-1]
        raise ValueError(f"group {number} holds index {wrong}, but signals of shape {shape} have 0 .. {n - 1}")
    if (twice := indices[1:] == indices[:-1]).any():
        raise ValueError(f"group {number} holds index {indices[:-1][twice][0]} twice: name each coefficient once")
    return indices.astype(np.intp, copy=False)
