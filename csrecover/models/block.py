"""At most k nonzero blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..backend import Array, energy, scaled, top_k_mask
from ..structures import Blocks
from ..structures.signal import expect
from .base import SupportModel, check_count, log_choose


@dataclass(frozen=True, eq=False)
class BlockSparse(SupportModel):
    """Signals with at most k nonzero blocks; the budget counts blocks, whatever their sizes.

    Parameters
    ----------
    blocks : Blocks

    References
    ----------
    Y. C. Eldar and M. Mishali, Robust recovery of signals from a structured union of subspaces,
    IEEE Trans. Information Theory 55(11), 2009.
    """

    blocks: Blocks

    def __post_init__(self) -> None:
        expect(self.blocks, Blocks, "Blocks.uniform(n, size)")

    @property
    def ndim(self) -> int:
        return len(self.blocks.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.blocks.shape

    def support(self, x: Array, k: int) -> Array:
        x = self._signals(x)
        return self.blocks.spread(top_k_mask(self.blocks.sums(energy(scaled(x, self.ndim))), check_count(k)))

    def max_nonzeros(self, k: int) -> int:
        return int(np.sort(self.blocks.sizes)[::-1][:k].sum())

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        return log_choose(self.blocks.count, min(check_count(k), self.blocks.count))

    def units(self, shape: tuple[int, ...]) -> int:  # noqa: ARG002
        return self.blocks.count
