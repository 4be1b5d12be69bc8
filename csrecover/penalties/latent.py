"""Latent group norm: the least sum of Euclidean norms of parts that lie in one group each."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from ..backend import Array, cast_like, clip, divide, expand, flat, namespace, scaled, to_numpy
from .base import largest_ratio
from .overlap import OverlapNorm


@dataclass(frozen=True, eq=False)
class LatentGroupL2(OverlapNorm):
    """Latent group norm: the least sum_g w_g ||v_g||_2 of parts v_g that add up to x and are zero outside of g.

    The support of a proximal point is a union of groups, which may overlap. (For zeros that are a union of groups see
    `OverlappingGroupL2`.) Its dual norm is max_g ||u_g|| / w_g, and what the proximal operator takes away is the
    projection onto a ball of it. Every coefficient must be in a group.

    For disjoint groups both value and proximal operator are closed forms, where x is. Otherwise they come from an
    interior point method with one unknown a group, on the host, signal by signal: twenty to fifty steps, each a linear
    system whose matrix has an entry for each pair of groups that overlap. The value is that of parts at hand: never
    below the exact one but for rounding, and certified to be above it by at most 1e-11 relative. A proximal point
    differs from the exact one by about 1e-13 ||x||, has a duality gap certified to be at most 1e-11 ||x||^2, and is
    zero, exactly, where no group around a coefficient has a part.

    Parameters
    ----------
    groups : Groups
        for example ``Groups.windows(n, size, step)``.
    weight : float, array of one weight a group, or "sqrt" for the square roots of their sizes; default 1

    Raises
    ------
    TypeError
        When the groups are no Groups, or the weight no real number.
    ValueError
        When a coefficient is in no group, a weight is negative, not finite or another word, or there is not one for
        each group.

    References
    ----------
    L. Jacob, G. Obozinski and J.-P. Vert, Group lasso with overlap and graph lasso, ICML 2009.
    """

    power = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        member = np.bincount(to_numpy(self.groups.indices), minlength=prod(self.groups.shape))
        if not member.all():
            raise ValueError(
                f"each coefficient must be in a group, got none for that with flat index {member.argmin()}:"
                " add a group, or use OverlappingGroupL2, where such coefficients are free"
            )

    def value(self, x: Array) -> Array:
        x, cells = flat(self._signals(x), self.ndim), self._cells
        xp, peak = namespace(x), namespace(x).max(abs(x), axis=-1)
        if not cells.count:
            return xp.zeros_like(peak)
        sizes = cells.sizes(scaled(x))
        if not self._disjoint:
            return peak * self._by_signal(sizes, self._least_sum, xp.ones_like(peak))
        return peak * xp.sum(sizes * cast_like(self._cell_weights, sizes), axis=-1)

    def dual(self, u: Array) -> Array:
        return largest_ratio(self._norms(self._signals(u)), self.weight)

    def _least_sum(self, energies: np.ndarray, _: float) -> float:
        point = self._barrier.minimise(energies, self._weights, 0.0)
        return float((self._weights * point.scales) @ point.loads**0.5)

    def _kept(self, sizes: Array, steps: Array) -> Array:
        if not self._disjoint:
            return self._iterated(sizes, steps)
        return divide(clip(sizes - expand(steps, 1) * cast_like(self._cell_weights, sizes), 0), sizes)

    def _shares(self, scales: np.ndarray, gone: np.ndarray) -> np.ndarray:
        cells = self._cells
        sums = np.bincount(cells.cell, np.where(gone, 0, scales)[cells.group], cells.count)
        return sums / (1 + sums)

    @property
    def _disjoint(self) -> bool:
        """Whether each cell is in one group alone."""
        return self._cells.cell.size == self._cells.count

    @property
    def _cell_weights(self) -> np.ndarray:
        """Weight of the group of each cell, of disjoint groups."""
        return self._weights[self._cells.group]

    def _unbounded(self) -> np.ndarray:
        """Coefficients that are in a group without weight: it takes them whole."""
        out = super()._unbounded()
        out[to_numpy(self.groups.indices)[np.repeat(self._all_weights == 0, self.groups.sizes)]] = True
        return out
