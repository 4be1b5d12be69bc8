"""What a matching pursuit takes at a time: a coefficient, a block, or one of these in all channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, energy, namespace, to, to_numpy, where_is
from ..models import BlockSparse, JointSparse, Sparse
from ..operators import Identity, Kronecker, LinearOperator
from ..structures import Blocks


@dataclass(frozen=True, eq=False)
class Units:
    """Units of the signals of an operator, which measures each of some channels alike.

    Attributes
    ----------
    shape : of one signal of one channel
    blocks : Blocks or None
        the units; None: each coefficient is one.
    channels : number of channels that share the units, None for signals without an axis of channels
    """

    shape: tuple[int, ...]
    blocks: Blocks | None
    channels: int | None = None

    @classmethod
    def of(cls, A: LinearOperator, model: Any, y: Array) -> tuple[LinearOperator, Units]:
        """The operator on one channel, and the units of the model.

        Raises
        ------
        TypeError
            For a model that has none.
        ValueError
            For an operator on complex signals that is linear over the reals only.
        """
        if A.real_linear and not A.real_input:
            raise ValueError(f"{A} is linear over the reals only: a complex unknown has no single column; use cosamp")
        inner = model.model if isinstance(model, JointSparse) else model
        if not (isinstance(inner, Sparse) or (isinstance(inner, BlockSparse) and inner.costs is None)):
            raise TypeError(
                f"matching pursuit takes units that any k of make a support: Sparse(), BlockSparse(blocks) without"
                f" costs or JointSparse() of these, got {model}; see subspace_pursuit for any model"
            )
        blocks = None if isinstance(inner, Sparse) else inner.blocks
        if not isinstance(model, JointSparse):
            return A, cls(A.in_shape, blocks)
        count, *shape = A.in_shape
        if isinstance(A, Kronecker) and len(A.operators) == 2 and _copies(A.operators[0], count):
            return A.operators[1], cls(tuple(shape), blocks, count)
        labels = np.arange(prod(shape)).reshape(shape) if blocks is None else to_numpy(blocks.labels)
        return A, cls(A.in_shape, to(Blocks(np.broadcast_to(labels, A.in_shape)), where_is(y)))

    @property
    def count(self) -> int:
        return len(self.members)

    @property
    def width(self) -> int:
        """Coefficients of the largest unit, in one channel."""
        return self.members.shape[1]

    @cached_property
    def members(self) -> np.ndarray:
        """Flat indices of the coefficients of each unit, (count, width), on the host; the size of a signal fills up."""
        n = prod(self.shape)
        if self.blocks is None:
            return np.arange(n)[:, None]
        labels, sizes = to_numpy(self.blocks.labels).reshape(-1), self.blocks.sizes
        order = np.argsort(labels, kind="stable")
        out = np.full((sizes.size, sizes.max()), n)
        out[np.arange(sizes.max()) < sizes[:, None]] = order
        return out

    def gains(self, c: Array, batch: tuple[int, ...]) -> Array:
        """Energy of correlations in each unit, over all channels, (*batch, count)."""
        xp = namespace(c)
        gains = xp.sum(xp.reshape(energy(c), (*batch, self.channels or 1, -1)), axis=-2)
        return gains if self.blocks is None else self.blocks.sums(xp.reshape(gains, (*batch, *self.shape)))


def _copies(A: LinearOperator, count: int) -> bool:
    """Whether it is the identity on so many channels."""
    return isinstance(A, Identity) and A.in_shape == (count,)
