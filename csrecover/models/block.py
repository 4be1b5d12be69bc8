"""Few nonzero blocks: so many, or as many as a budget pays for."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from ..backend import (
    Array,
    cast_like,
    energy,
    flat,
    frozen,
    is_array,
    keep,
    namespace,
    scaled,
    to,
    to_like,
    to_numpy,
    top_k_mask,
)
from ..structures import Blocks
from ..structures.signal import expect
from .base import SupportModel, check_count, joined, log_choose
from .knapsack import Items, best_choice, log_sums, maximal_choices


class BlockModel(SupportModel, ABC):
    """A model of signals whose coefficients are cut into blocks."""

    blocks: Blocks

    @property
    def ndim(self) -> int:
        return len(self.blocks.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.blocks.shape

    def units(self, shape: tuple[int, ...]) -> Any:  # noqa: ARG002
        return self.blocks.count

    @cached_property
    def _members(self) -> list[np.ndarray]:
        """Flat indices of the coefficients of each block, on the host."""
        order = np.argsort(to_numpy(self.blocks.labels).reshape(-1), kind="stable")
        return np.split(order, np.cumsum(self.blocks.sizes)[:-1])


@dataclass(frozen=True, eq=False)
class BlockSparse(BlockModel):
    """Signals with few nonzero blocks: at most k, whatever their sizes, or blocks that cost at most k together.

    With costs the projection is a 0/1 knapsack, solved exactly to 1e-12 of ||x||^2. It runs on the host: the magnitudes
    of x go there, the mask comes back. Among equal blocks the lowest labels come first, but for costs, where equal
    supports are taken in no particular order.

    Parameters
    ----------
    blocks : Blocks
    costs : "size" or array of int, (count,), optional
        cost of each block, at least 1; "size": its number of coefficients. By default every block costs 1.

    Raises
    ------
    TypeError
        When blocks are no Blocks or the costs no integers.
    ValueError
        When there is not one cost a block, or a cost is less than 1.

    References
    ----------
    Y. C. Eldar and M. Mishali, Robust recovery of signals from a structured union of subspaces,
    IEEE Trans. Information Theory 55(11), 2009.
    """

    blocks: Blocks
    costs: Any = None

    def __post_init__(self) -> None:
        expect(self.blocks, Blocks, "Blocks.uniform(n, size)")
        if self.costs is not None and not (isinstance(self.costs, str) and self.costs == "size"):
            object.__setattr__(self, "costs", _checked_costs(self.costs, self.blocks.count))

    def support(self, x: Array, k: int) -> Array:
        x, k = self._signals(x), check_count(k)
        if self.costs is None:
            return self.blocks.spread(top_k_mask(self.blocks.sums(energy(scaled(x, self.ndim))), k))
        chosen = [best_choice(values, self._costs, k) for values in self._energies(x)[0]]
        mask = self._host.spread(np.array(chosen, bool).reshape(-1, self.blocks.count))
        return to_like(mask.reshape(x.shape), x)

    def lagrangian_bound(self, x: Array, k: int) -> Array:
        """Upper bound of the energy ||x_S||^2 that any support S of budget k keeps: (*batch, *signal) to (*batch,).

        The Lagrangian dual of the knapsack, that is its linear relaxation; for blocks of cost 1 the kept energy itself.
        """
        x, k = self._signals(x), check_count(k)
        if self.costs is None:
            return namespace(x).sum(energy(flat(keep(x, self.support(x, k)), self.ndim)), axis=-1)
        energies, peaks = self._energies(x)
        bounds = np.array([Items.of(values, self._costs, k).bound for values in energies])
        return cast_like((bounds * peaks**2).reshape(x.shape[: x.ndim - self.ndim]), x)

    def max_nonzeros(self, k: int) -> int:
        """Largest number of coefficients in a support; for costs "size" min(k, n), an upper bound."""
        k, sizes = check_count(k), self.blocks.sizes
        if self.costs is None:
            return int(np.sort(sizes)[::-1][:k].sum())
        if isinstance(self.costs, str):
            return min(k, int(sizes.sum()))
        return int(sizes[best_choice(sizes.astype(float), self._costs, k)].sum())

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        """Exact for blocks of cost 1; with costs an upper bound.

        It counts the choices that leave less of k than the dearest block costs; every choice to which no block can be
        added is one of these, or has all blocks.
        """
        self._one_shape(shape)
        k = check_count(k)
        if self.costs is None:
            return log_choose(self.blocks.count, min(k, self.blocks.count))
        costs = self._costs[self._costs <= k]
        if costs.sum() <= k:
            return 0.0
        counts = log_sums(costs, np.zeros(len(costs)), k)
        return float(np.logaddexp.reduce(counts[max(0, k - int(costs.max()) + 1) :]))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        self._one_shape(shape)
        k, count = check_count(k), self.blocks.count
        chosen = combinations(range(count), min(k, count)) if self.costs is None else maximal_choices(self._costs, k)
        return (joined(self._members[block] for block in blocks) for blocks in chosen)

    def units(self, shape: tuple[int, ...]) -> int:
        return super().units(shape) if self.costs is None else int(self._costs.sum())

    def support_of_sum(self, x: Array, k: int, copies: int) -> Array:
        """Mask of the best support of a sum; with costs the best blocks for `copies` k, a larger family."""
        return super().support_of_sum(x, k, copies)

    @cached_property
    def _host(self) -> Blocks:
        """The blocks on the host."""
        return to(self.blocks, "numpy")

    @cached_property
    def _costs(self) -> np.ndarray:
        """Cost of each block, on the host."""
        return self.blocks.sizes if isinstance(self.costs, str) else to_numpy(self.costs)

    def _energies(self, x: Array) -> tuple[np.ndarray, np.ndarray]:
        """Energies (signals, count) of the blocks of each signal, divided by its peak, and the peaks, on the host."""
        magnitudes = self._magnitudes(x)
        relative = scaled(magnitudes).reshape(-1, *self.blocks.shape)
        return self._host.sums(relative**2), magnitudes.max(axis=-1)


def _checked_costs(costs: Any, count: int) -> Array:
    """Costs of the blocks as an int64 array where they live."""
    costs = costs if is_array(costs) else np.asarray(costs)
    host = to_numpy(costs)
    if host.dtype.kind not in "iu":
        raise TypeError(f'costs are "size" or integers, one for each block, got {costs!r}')
    if host.shape != (count,) or host.min() < 1 or host.astype(float).sum() >= 2**53:
        raise ValueError(f"costs are {count} integers >= 1, one for each block, of moderate size; got {host}")
    return frozen(namespace(costs).astype(costs, namespace(costs).int64))
