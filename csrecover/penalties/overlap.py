"""What norms of overlapping groups have in common: fields, the proximal operator by cells, the way to the host."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar

import numpy as np

from ..backend import Array, cast_like, divide, energy, flat, namespace, scaled, to_like, to_numpy
from ..structures import Groups
from ..structures.signal import expect
from .base import Norm, check_step, threshold
from .group import check_unit_weight
from .group_barrier import Barrier
from .group_cells import GroupCells

_SMALL, _LARGE = 1e-60, 2.0  # radii relative to the signal, beyond which its proximal point is as at them


@dataclass(frozen=True, eq=False)
class OverlapNorm(Norm):
    """A norm of groups that may overlap, each with a weight.

    All coefficients of a cell are scaled alike by the proximal operator, so that it is a problem for the norms of the
    cells, and real.
    """

    groups: Groups
    weight: Any = 1.0
    power: ClassVar[int]

    def __post_init__(self) -> None:
        expect(self.groups, Groups, "Groups.windows(n, size, step)")

        def roots() -> Array:
            return to_like(np.sqrt(self.groups.sizes), self.groups.indices)

        object.__setattr__(self, "weight", check_unit_weight(self.weight, self.groups.count, roots, "group"))

    @property
    def ndim(self) -> int:
        return len(self.groups.shape)

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return self.groups.shape

    @property
    def definite(self) -> bool:
        """Whether a weight bounds every coefficient."""
        return not self._cells.free.any()

    def prox(self, x: Array, step: Any) -> Array:
        x, cells = self._signals(x), self._cells
        check_step(step)
        if not cells.count:
            return 1 * x
        signals = flat(x, self.ndim)
        xp, peak = namespace(x, cells.labels), namespace(x).max(abs(signals), axis=-1, keepdims=True)
        steps = divide(threshold(signals, step, 1.0, 1) + xp.zeros_like(peak), peak)[..., 0]
        kept = self._kept(cells.sizes(scaled(signals)), steps)
        return x * xp.reshape(cells.spread(kept), x.shape)

    @abstractmethod
    def _kept(self, sizes: Array, steps: Array) -> Array:
        """Share of each cell that the proximal operator keeps: norms (*batch, cells) and steps (*batch,)."""

    @abstractmethod
    def _shares(self, scales: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """Share of each cell from the scales of the groups and a mask of those whose part is zero."""

    def _iterated(self, sizes: Array, steps: Array) -> Array:
        """Shares of the cells, (*batch, cells), by the interior point method."""
        weights, barrier = self._weights, self._barrier

        def shares(energies: np.ndarray, step: float) -> np.ndarray:
            if step == 0:
                return np.ones_like(energies)
            length = energies.sum() ** 0.5
            radii = np.clip(step * weights, _SMALL * length, _LARGE * length)
            scales, loads, _ = barrier.minimise(energies, radii, 1.0)
            return self._shares(scales, scales * radii < abs(radii - loads**0.5))

        return self._by_signal(sizes, shares, steps, self._cells.count)

    def _by_signal(self, sizes: Array, function: Callable, steps: Array, *shape: int) -> Array:
        """A function of the energies of the cells and the step of each signal on the host, back in an array like sizes.

        It is zero for signals of zeros and NaN where there is one that is not finite.
        """
        energies = to_numpy(sizes).astype(np.float64).reshape(-1, self._cells.count) ** 2
        out = np.zeros((len(energies), *shape))
        for i, (own, step) in enumerate(zip(energies, to_numpy(steps).reshape(-1), strict=True)):
            out[i] = function(own, step) if own.any() and np.isfinite(own).all() else own.sum()
        return cast_like(out.reshape((*sizes.shape[:-1], *shape)), sizes)

    def _norms(self, x: Array) -> Array:
        """Euclidean norm of each group: (*batch, *signal) to (*batch, groups)."""
        xp, peak = namespace(x), namespace(x).max(abs(flat(x, self.ndim)), axis=-1, keepdims=True)
        return peak * xp.sqrt(self.groups.sums(energy(scaled(x, self.ndim))))

    @cached_property
    def _weights(self) -> np.ndarray:
        """Weights of the groups that the cells are made of, on the host."""
        return self._all_weights[self._cells.used]

    @property
    def _all_weights(self) -> np.ndarray:
        return np.broadcast_to(to_numpy(self.weight).astype(np.float64), (self.groups.count,))

    @cached_property
    def _cells(self) -> GroupCells:
        return GroupCells.of(self.groups, self._all_weights > 0, self._unbounded())

    def _unbounded(self) -> np.ndarray:
        """Mask of the coefficients that are free though they are in a group of positive weight, (n,)."""
        return np.zeros(prod(self.groups.shape), bool)

    @cached_property
    def _barrier(self) -> Barrier:
        cells = self._cells
        return Barrier(cells.cell, cells.group, cells.count, cells.used.size, self.power)
