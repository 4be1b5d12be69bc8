"""Few nonzero blocks with few nonzero coefficients in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from ..backend import Array, energy, keep, namespace, scaled, top_k_mask
from ..structures import Blocks
from ..structures.signal import expect
from .base import check_count, joined, log_choose
from .block import BlockModel
from .knapsack import log_sums


@dataclass(frozen=True, eq=False)
class Hierarchical(BlockModel):
    """Signals with at most k nonzero blocks and at most `within` nonzero coefficients in each.

    The projection, the largest coefficients of each block and then the best blocks, is exact. Among equal blocks the
    lowest labels come first.

    Parameters
    ----------
    blocks : Blocks
    within : int >= 1

    References
    ----------
    I. Roth, M. Kliesch, A. Flinth, G. Wunder and J. Eisert, Reliable recovery of hierarchically sparse signals for
    Gaussian and Kronecker product measurements, IEEE Trans. Signal Processing 68, 2020.
    """

    blocks: Blocks
    within: int

    def __post_init__(self) -> None:
        expect(self.blocks, Blocks, "Blocks.uniform(n, size)")
        object.__setattr__(self, "within", check_count(self.within, least=1))

    def support(self, x: Array, k: int) -> Array:
        return self.support_of_sum(x, k, 1)

    def max_nonzeros(self, k: int) -> int:
        return self.max_nonzeros_of_sum(k, 1)

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        """Exact: an elementary symmetric polynomial of the numbers of choices within the blocks."""
        self._one_shape(shape)
        k = min(check_count(k), self.blocks.count)
        choices = [log_choose(size, min(size, self.within)) for size in self.blocks.sizes.tolist()]
        return float(log_sums(np.ones(self.blocks.count, int), np.array(choices), k)[k])

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        self._one_shape(shape)
        k, count = check_count(k), self.blocks.count
        chosen = combinations(range(count), min(k, count))
        return (joined(parts) for blocks in chosen for parts in product(*map(self._choices, blocks)))

    def _choices(self, block: int) -> Iterator[np.ndarray]:
        """The largest sets of coefficients that a block may have."""
        members = self._members[block]
        return map(np.array, combinations(members, min(self.within, len(members))))

    def support_of_sum(self, x: Array, k: int, copies: int) -> Array:
        """Mask of the best support of a sum of `copies` members of budget k.

        It has up to `copies` chunks of `within` coefficients in each block, `copies` k chunks in all. The chunks of a
        block, largest coefficients first, have falling energies, so the best of all chunks make the best support.
        """
        x, k = self._signals(x), check_count(k)
        xp, relative = namespace(x), scaled(x, self.ndim)
        heads = [self.blocks.top(abs(relative), self.within * chunks) for chunks in range(1, copies + 1)]
        totals = xp.stack([self.blocks.sums(keep(energy(relative), head)) for head in heads], axis=-1)
        chunks = xp.concat([totals[..., :1], totals[..., 1:] - totals[..., :-1]], axis=-1)
        chosen = top_k_mask(xp.reshape(chunks, (*chunks.shape[:-2], -1)), copies * k)
        counts = xp.sum(xp.astype(xp.reshape(chosen, chunks.shape), xp.int64), axis=-1)
        mask = xp.zeros_like(heads[0])
        for chunk, head in enumerate(heads):
            mask = mask | (head & self.blocks.spread(counts > chunk))
        return mask

    def max_nonzeros_of_sum(self, k: int, copies: int) -> int:
        before = self.within * np.arange(copies)
        chunks = np.clip(self.blocks.sizes[:, None] - before, 0, self.within)
        return int(np.sort(chunks.reshape(-1))[::-1][: copies * check_count(k)].sum())
