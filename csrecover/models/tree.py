"""At most k nonzero coefficients that form rooted subtrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..backend import Array, device, namespace, scaled, to_like
from ..structures import Tree
from ..structures.signal import expect
from .base import SupportModel, check_count
from .tree_approximate import head_subtree, tail_subtree
from .tree_count import log_subtrees
from .tree_path import best_subtrees
from .tree_projection import best_subtree
from .tree_supports import subtrees


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
        return self._masks(x, [best_subtree(self.tree.order, weights, k) for weights in self._weights(x)])

    def path(self, x: Array, ks: Sequence[int]) -> Array:
        """Supports of several budgets at once, several times faster than one by one.

        Parameters
        ----------
        x : array, (*batch, *signal)
        ks : sequence of int >= 0

        Returns
        -------
        array of bool, (len(ks), *x.shape): each keeps as much as ``support(x, k)``, and is that wherever it is unique.
        """
        x, counts = self._signals(x), [check_count(k) for k in ks]
        found = [best_subtrees(self.tree.order, weights, counts) for weights in self._weights(x)]
        masks = [self._masks(x, [signal[k] for signal in found]) for k in counts]
        xp = namespace(x)
        return xp.stack(masks) if masks else xp.zeros((0, *x.shape), dtype=xp.bool, device=device(x))

    def tail(self, x: Array, k: int, slack: float = 2.0) -> Array:
        """Mask of a rooted subtree of at most slack k nodes with nearly the least error, without the exact search.

        Its error ||x - x_S||^2 is at most slack / (slack - 1) times that of ``project(x, k)``. It is the larger of the
        two subtrees between which k lies on the convex hull of errors by sizes, or the smaller where that is too large.

        Parameters
        ----------
        x : array, (*batch, *signal)
        k : int >= 0
        slack : float > 1

        References
        ----------
        C. Hegde, P. Indyk and L. Schmidt, Approximation algorithms for model-based compressive sensing,
        IEEE Trans. Information Theory 61(9), 2015: the notion of head and tail approximations.
        """
        x, k, slack = self._signals(x), check_count(k), check_slack(slack)
        return self._masks(x, [tail_subtree(self.tree.order, weights, k, slack) for weights in self._weights(x)])

    def head(self, x: Array, k: int, slack: float = 2.0) -> Array:
        """Mask of a rooted subtree of at most slack k nodes that keeps much of ||x||^2, without the exact search.

        It keeps at least 1 / (1 + 2 k / q) of what ``project(x, k)`` keeps, where q = floor(slack k) - d and d + 1 is
        the number of levels of the tree, or k if that is less; all of it where q < 1. Parameters as in `tail`.
        """
        x, k, slack = self._signals(x), check_count(k), check_slack(slack)
        return self._masks(x, [head_subtree(self.tree.order, weights, k, slack) for weights in self._weights(x)])

    def _weights(self, x: Array) -> np.ndarray:
        """|x|^2 of each signal as a row on the host, to a scale of its own."""
        return scaled(self._magnitudes(x)) ** 2

    def _masks(self, x: Array, masks: list[np.ndarray]) -> Array:
        """The masks of the signals of x, with it."""
        return to_like(np.array(masks, dtype=bool).reshape(x.shape), x)

    def max_nonzeros(self, k: int) -> int:
        return min(k, self.tree.size)

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        return log_subtrees(self.tree.order, min(check_count(k), self.tree.size))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        self._one_shape(shape)
        return subtrees(self.tree.order, min(check_count(k), self.tree.size))


def check_slack(slack: float) -> float:
    """Raise unless it is a number above 1, the share of k by which a mask may be larger."""
    if not slack > 1:
        raise ValueError(f"slack is the number of nodes allowed a node of the budget, above 1, got {slack}")
    return float(slack)
