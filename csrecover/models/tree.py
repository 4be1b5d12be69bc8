"""At most k nonzero coefficients that form rooted subtrees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..backend import Array, flat, scaled, staged, to_like
from ..structures import Tree
from ..structures.signal import expect
from .base import SupportModel, check_count
from .tree_count import log_subtrees
from .tree_projection import best_subtree


@dataclass(frozen=True, eq=False)
class TreeSparse(SupportModel):
    """Signals with at most k nonzero coefficients whose support holds the parent of each of its nodes.

    The projection is exact for every k, ties included, to 1e-12 of ||x||^2. It runs on the host: the magnitudes of x
    go there, the mask comes back.

    Parameters
    ----------
    tree : Tree
        for example ``Wavelet(shape, name).tree``.

    References
    ----------
    R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde, Model-based compressive sensing,
    IEEE Trans. Information Theory 56(4), 2010.
    """

    tree: Tree

    def __post_init__(self) -> None:
        expect(self.tree, Tree, "Wavelet(shape, name).tree")

    @property
    def ndim(self) -> int:
        return len(self.tree.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.tree.shape

    def support(self, x: Array, k: int) -> Array:
        x, k = self._signals(x), check_count(k)
        magnitudes = staged(abs(flat(x, self.ndim))).astype(np.float64).reshape(-1, self.tree.size)
        if not np.isfinite(magnitudes).all():  # those of a device too, now that they are here
            raise ValueError(f"{self} projects finite signals, got NaN or infinity")
        masks = [best_subtree(self.tree.order, signal, k) for signal in scaled(magnitudes) ** 2]
        return to_like(np.array(masks, dtype=bool).reshape(x.shape), x)

    def max_nonzeros(self, k: int) -> int:
        return min(k, self.tree.size)

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        return log_subtrees(self.tree.order, min(check_count(k, 1), self.tree.size))
