"""Sparsity in levels: a budget for each level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from ..backend import Array
from ..structures import Blocks, Tree
from .base import check_counts, log_choose
from .block import BlockModel


@dataclass(frozen=True, eq=False)
class Levels(BlockModel):
    """Signals with at most k_l nonzero coefficients in level l; the budget is the tuple (k_0, k_1, ...).

    Parameters
    ----------
    blocks : Blocks, or array of int of the signal's shape
        the levels, or the label 0, 1, ... of the level of each coefficient.

    References
    ----------
    B. Adcock, A. C. Hansen, C. Poon and B. Roman, Breaking the coherence barrier: a new theory for compressed sensing,
    Forum of Mathematics, Sigma 5, 2017.
    """

    blocks: Blocks

    def __post_init__(self) -> None:
        if not isinstance(self.blocks, Blocks):
            object.__setattr__(self, "blocks", Blocks(self.blocks))

    @classmethod
    def by_depth(cls, tree: Tree) -> Levels:
        """A level for each depth of a tree: the scales of a wavelet transform from coarse to fine."""
        labels = np.empty(tree.size, int)
        for depth, places in enumerate(tree.order.levels):
            labels[tree.order.nodes[places]] = depth
        return cls(Blocks(labels.reshape(tree.shape)))

    def support(self, x: Array, k: Any) -> Array:
        x, k = self._signals(x), self.check_budget(k)
        return self.blocks.top(abs(x), np.array(k))

    def max_nonzeros(self, k: Any) -> int:
        return int(np.minimum(self.check_budget(k), self.blocks.sizes).sum())

    def log_count(self, k: Any, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        pairs = zip(self.blocks.sizes.tolist(), self.check_budget(k), strict=True)
        return sum(log_choose(size, min(each, size)) for size, each in pairs)

    def supports(self, k: Any, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        self._one_shape(shape)
        pairs = zip(self._members, self.check_budget(k), strict=True)
        levels = [combinations(members, min(each, len(members))) for members, each in pairs]
        return (np.sort(np.concatenate(parts)).astype(np.intp) for parts in product(*levels))

    def units(self, shape: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002
        return tuple(self.blocks.sizes.tolist())

    def check_budget(self, k: Any, least: int = 0) -> tuple[int, ...]:
        return check_counts(k, self.blocks.count, "level", least)
