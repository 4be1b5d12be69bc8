"""Operators beside, below and across each other."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass

import numpy as np

from ..backend import Array, flat, is_complex, namespace
from .algebra import Sum
from .base import LinearOperator
from .elementary import Identity


def _check_parts(operators: tuple[LinearOperator, ...], kind: str) -> tuple[LinearOperator, ...]:
    """A non-empty tuple of operators without batch axes of their own."""
    operators = tuple(operators)
    if not operators or not all(isinstance(part, LinearOperator) for part in operators):
        raise TypeError(f"{kind} takes a non-empty list of operators, got {operators!r}")
    if any(part.batch_shape for part in operators):
        raise ValueError(f"{kind} takes single operators, no stacks of matrices")
    return operators


def _offsets(sizes: list[int]) -> list[tuple[int, int]]:
    """First and last index of consecutive pieces."""
    ends = np.cumsum(sizes).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


class Stacked(LinearOperator, ABC):
    """Operators whose measurements follow each other, flattened."""

    operators: tuple[LinearOperator, ...]

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (sum(part.size_out for part in self.operators),)

    @property
    def real_input(self) -> bool:
        return any(part.real_input for part in self.operators)

    @property
    def real_output(self) -> bool:
        return all(part.real_output for part in self.operators)


@dataclass(frozen=True, eq=False, repr=False)
class VStack(Stacked):
    """Operators on the same signal, their measurements one after the other (flattened): [A; B; ...].

    Parameters
    ----------
    operators : list of LinearOperator of one in_shape
    """

    operators: tuple[LinearOperator, ...]

    def __post_init__(self) -> None:
        operators = _check_parts(self.operators, "VStack")
        if any(part.in_shape != operators[0].in_shape for part in operators):
            raise ValueError(f"VStack takes operators on one signal, got {', '.join(map(str, operators))}")
        object.__setattr__(self, "operators", operators)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.operators[0].in_shape

    def _apply(self, x: Array) -> Array:
        images = [flat(part @ x, len(part.out_shape)) for part in self.operators]
        return namespace(x).concat(images, axis=-1)

    def _adjoint(self, y: Array) -> Array:
        xp, pieces = namespace(y), _offsets([part.size_out for part in self.operators])
        terms = [
            part.H @ xp.reshape(y[..., start:end], (*y.shape[:-1], *part.out_shape))
            for part, (start, end) in zip(self.operators, pieces, strict=True)
        ]
        total = sum(terms[1:], start=terms[0])
        return xp.real(total) if self.real_input and is_complex(total) else total

    @property
    def gram(self) -> LinearOperator:
        return super().gram if self.real_linear else Sum(tuple(part.gram for part in self.operators))


def hstack(operators: list[LinearOperator]) -> LinearOperator:
    """Operators side by side, [A, B, ...]: the sum of their images of consecutive pieces of a (flattened) signal."""
    return VStack(tuple(part.H for part in _check_parts(tuple(operators), "hstack"))).H


@dataclass(frozen=True, eq=False, repr=False)
class BlockDiagonal(Stacked):
    """Operators each on its own piece of a (flattened) signal.

    Parameters
    ----------
    operators : list of LinearOperator
    """

    operators: tuple[LinearOperator, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "operators", _check_parts(self.operators, "BlockDiagonal"))

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (sum(part.size_in for part in self.operators),)

    @property
    def unitary(self) -> bool:
        return all(part.unitary for part in self.operators)

    def _apply(self, x: Array) -> Array:
        return _piecewise(self.operators, x)

    def _adjoint(self, y: Array) -> Array:
        return _piecewise(tuple(part.H for part in self.operators), y)

    @property
    def gram(self) -> LinearOperator:
        return BlockDiagonal(tuple(part.gram for part in self.operators))

    def norm(self) -> float:
        return max(part.norm() for part in self.operators)


def _piecewise(operators: tuple[LinearOperator, ...], x: Array) -> Array:
    """Apply each operator to its piece of the last axis."""
    xp, pieces = namespace(x), _offsets([part.size_in for part in operators])
    images = [
        flat(part @ xp.reshape(x[..., start:end], (*x.shape[:-1], *part.in_shape)), len(part.out_shape))
        for part, (start, end) in zip(operators, pieces, strict=True)
    ]
    return xp.concat(images, axis=-1)


@dataclass(frozen=True, eq=False, repr=False)
class Kronecker(LinearOperator):
    """Separable operator: each factor acts along its own axes of the signal.

    The axes of the signal are those of the factors, one after the other; on flattened signals this is the Kronecker
    product A_1 x A_2 x ... (C order).

    Parameters
    ----------
    operators : list of LinearOperator

    References
    ----------
    M. F. Duarte and R. G. Baraniuk, Kronecker compressive sensing, IEEE Trans. Image Processing 21(2), 2012.
    """

    operators: tuple[LinearOperator, ...]

    def __post_init__(self) -> None:
        operators = _check_parts(self.operators, "Kronecker")
        if any(part.real_linear for part in operators):
            raise ValueError("Kronecker takes operators that are linear over the complex numbers, no real transforms")
        object.__setattr__(self, "operators", operators)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return tuple(size for part in self.operators for size in part.in_shape)

    @property
    def out_shape(self) -> tuple[int, ...]:
        return tuple(size for part in self.operators for size in part.out_shape)

    @property
    def unitary(self) -> bool:
        return all(part.unitary for part in self.operators)

    def _apply(self, x: Array) -> Array:
        return _separably(self.operators, x, len(self.in_shape))

    def _adjoint(self, y: Array) -> Array:
        return _separably(tuple(part.H for part in self.operators), y, len(self.out_shape))

    @property
    def gram(self) -> LinearOperator:
        return Kronecker(tuple(part.gram for part in self.operators))

    def norm(self) -> float:
        return math.prod(part.norm() for part in self.operators)


def _separably(operators: tuple[LinearOperator, ...], x: Array, ndim: int) -> Array:
    """Apply each operator along its axes; these go to the end of the array and the next ones come to the front."""
    xp, batch = namespace(x), x.ndim - ndim
    for part in operators:
        count = len(part.in_shape)
        axes = tuple(range(batch, batch + count))
        rest = tuple(range(batch + count, x.ndim))
        x = part @ xp.permute_dims(x, (*range(batch), *rest, *axes))
    return x


def channels(A: LinearOperator, count: int) -> Kronecker:
    """Measure each of `count` channels by A: signals (count, *A.in_shape) to (count, *A.out_shape).

    Parameters
    ----------
    A : LinearOperator
        linear over the complex numbers, no stack of matrices.
    count : int >= 1
    """
    return Kronecker((Identity((count,)), A))
