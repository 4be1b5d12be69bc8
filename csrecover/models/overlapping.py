"""At most k groups that may overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np

from ..backend import Array, namespace, real_dtype, to_like, to_numpy
from ..structures import Groups
from ..structures.signal import expect
from .base import SupportModel, check_count, distinct, log_choose
from .overlapping_coverage import Coverage


@dataclass(frozen=True, eq=False)
class OverlappingGroups(SupportModel):
    """Signals whose support is a union of at most k groups, which may overlap; the budget counts groups.

    The best union is a weighted maximum coverage, which is NP-hard in general. The projection is exact

    - where each group is an interval: consecutive coefficients, or consecutive once coefficients that lie in the same
      groups are merged (so for disjoint groups too); by dynamic programming, O(n k), among equal unions the first;
    - where the intersection graph of the groups has no cycle, by dynamic programming, O(count k);
    - in small problems, of up to 800 memberships of (merged) coefficients in groups, by integer programming (HiGHS):
      a second or two a signal, unless the search is ended by its limit of nodes;

    and else greedy, with exchanges: it keeps at least 1 - (1 - 1/k)^k > 1 - 1/e of the best energy, most often nearly
    all; `bound` tells how much in each case. Groups that add no energy are not taken. It runs on the host, signal by
    signal: the magnitudes of x go there, the mask comes back.

    Parameters
    ----------
    groups : Groups

    References
    ----------
    L. Baldassarre, N. Bhan, V. Cevher, A. Kyrillidis and S. Satpathi, Group-sparse model selection: hardness and
    relaxations, IEEE Trans. Information Theory 62(11), 2016;
    G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, An analysis of approximations for maximizing submodular set
    functions I, Mathematical Programming 14, 1978.
    """

    groups: Groups

    def __post_init__(self) -> None:
        expect(self.groups, Groups, "Groups.windows(n, size)")

    @property
    def ndim(self) -> int:
        return len(self.groups.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.groups.shape

    @cached_property
    def _coverage(self) -> Coverage:
        """The groups as a problem of coverage, on the host; computed once."""
        return Coverage.of(self.groups)

    def support(self, x: Array, k: int) -> Array:
        x, k = self._signals(x), check_count(k)
        masks = [self._coverage.support(signal, k) for signal in self._energies(x)]
        return to_like(np.array(masks, bool).reshape(x.shape), x)

    def bound(self, x: Array, k: int) -> Array:
        """Share of the best possible energy that `support` is certain to keep, in (0, 1]: a (*batch,) array.

        One where the groups are certain to be the best. Else from the least of the upper bounds of the best: the energy
        of each of the greedy unions with the k largest gains beyond it, and the value of the linear relaxation in
        problems of up to 20,000 memberships.
        """
        x, k = self._signals(x), check_count(k)
        if self._coverage.exact:
            return super().bound(x, k)
        shares = np.array([self._coverage.share(signal, k) for signal in self._energies(x)])
        shares = to_like(shares.reshape(x.shape[: x.ndim - self.ndim]), x)
        return namespace(x).astype(shares, real_dtype(x))

    def max_nonzeros(self, k: int) -> int:
        """Number of coefficients in the k largest groups as if they were disjoint: no support has more."""
        return min(int(np.sort(self.groups.sizes)[::-1][:k].sum()), prod(self.groups.shape))

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        return log_choose(self.groups.count, min(check_count(k), self.groups.count))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        """Unions of k groups one by one, each once, as in `SupportModel`; some may lie in another.

        Groups that lie in another are left out. Those unions that were given before are remembered.
        """
        self._one_shape(shape)
        groups = _outermost(np.split(to_numpy(self.groups.indices), to_numpy(self.groups.starts)[1:-1]))
        chosen = combinations(groups, min(check_count(k), len(groups)))
        return distinct(np.unique(np.concatenate([np.empty(0, np.intp), *parts])) for parts in chosen)

    def units(self, shape: tuple[int, ...]) -> int:  # noqa: ARG002
        return self.groups.count

    def _energies(self, x: Array) -> list[np.ndarray]:
        """Energies of the cells of each signal, on the host."""
        return [self._coverage.energies(signal) for signal in self._magnitudes(x)]


def _outermost(groups: list[np.ndarray]) -> list[np.ndarray]:
    """The groups that lie in no other, each once."""
    kept: list[frozenset[int]] = []
    for group in sorted(map(frozenset, groups), key=len, reverse=True):
        if not any(group <= other for other in kept):
            kept.append(group)
    return [np.array(sorted(group), np.intp) for group in kept]
