"""Identity, permutations and finite differences."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, device, flat, namespace, to
from .axes import cut, signal_axes
from .base import LinearOperator, Unitary, as_shape
from .sampling import Sampling


@dataclass(frozen=True, eq=False, repr=False)
class Identity(Unitary):
    """The signal itself.

    Parameters
    ----------
    in_shape : int or tuple of int
    """

    in_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", as_shape(self.in_shape))

    def _apply(self, x: Array) -> Array:
        return x

    def _adjoint(self, y: Array) -> Array:
        return y


@dataclass(frozen=True, eq=False, repr=False)
class Permutation(Unitary):
    """Entries in another order: (P x)_i = x[indices_i], flat indices in C order.

    Parameters
    ----------
    in_shape : int or tuple of int
    indices : array of int
        each of 0 .. prod(in_shape) - 1 once.

    Raises
    ------
    ValueError
        When an index is missing or repeats.
    """

    in_shape: tuple[int, ...]
    indices: Array

    def __post_init__(self) -> None:
        picked = Sampling(self.in_shape, self.indices)
        if picked.size_out != picked.size_in:
            raise ValueError(f"a permutation of {picked.size_in} entries was expected, got {picked.size_out} indices")
        object.__setattr__(self, "in_shape", picked.in_shape)
        object.__setattr__(self, "indices", picked.indices)

    def _apply(self, x: Array) -> Array:
        return self._reorder(x, self.indices)

    def _adjoint(self, y: Array) -> Array:
        return self._reorder(y, namespace(y).argsort(self.indices))

    def _reorder(self, x: Array, places: Array) -> Array:
        xp = namespace(x)
        return xp.reshape(xp.take(flat(x, len(self.in_shape)), places, axis=-1), x.shape)


def random_permutation(shape: int | tuple[int, ...], rng: Any, *, device: Any = None) -> Permutation:
    """Random order of the entries, uniform over all orders.

    Parameters
    ----------
    shape : int or tuple of int
    rng : int or numpy.random.Generator
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.
    """
    shape = as_shape(shape)
    return to(Permutation(shape, np.random.default_rng(rng).permutation(math.prod(shape))), device)


@dataclass(frozen=True, eq=False, repr=False)
class Gradient(LinearOperator):
    """Forward differences along each axis: shape to (number of axes, *shape), zero at the far border.

    Parameters
    ----------
    in_shape : int or tuple of int

    References
    ----------
    A. Chambolle, An algorithm for total variation minimization and applications,
    J. Mathematical Imaging and Vision 20, 2004, section 3.
    """

    in_shape: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", as_shape(self.in_shape))

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (len(self.in_shape), *self.in_shape)

    def _apply(self, x: Array) -> Array:
        xp, axes = namespace(x), signal_axes(self.in_shape)
        steps = [_pad(cut(x, axis, 1, None) - cut(x, axis, 0, -1), axis, 0, 1) for axis in axes]
        return xp.stack(steps, axis=-len(self.in_shape) - 1)

    def _adjoint(self, y: Array) -> Array:
        axes = signal_axes(self.in_shape)
        total = None
        for index, axis in enumerate(axes):
            part = cut(y[(..., index, *(slice(None),) * len(axes))], axis, 0, -1)
            term = _pad(part, axis, 1, 0) - _pad(part, axis, 0, 1)
            total = term if total is None else total + term
        return total

    def norm(self) -> float:
        """Exact: the cosine transform diagonalises A^H A, with eigenvalues sum_i 4 sin^2(pi k_i / (2 n_i))."""
        return 2 * math.sqrt(sum(math.sin(math.pi * (size - 1) / (2 * size)) ** 2 for size in self.in_shape))


def _pad(x: Array, axis: int, before: int, after: int) -> Array:
    """X with zeros before and after, along an axis counted from the end."""
    xp, shape = namespace(x), list(x.shape)
    shape[axis] = 1
    zero = xp.zeros(tuple(shape), dtype=x.dtype, device=device(x))
    return xp.concat([zero] * before + [x] + [zero] * after, axis=axis)
