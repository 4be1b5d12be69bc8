"""The supports of a model as certificates see them: sums over the heaviest, and the cells that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from ...backend import to, to_numpy
from ...models import BlockSparse, Hierarchical, JointSparse, Sparse, SupportModel
from ...structures import Blocks

_ROWS, _SLOW_ROWS = 512, 64  # that a model projects, and one whose projections may be approximate
_TIES = 1e-11  # relative; supports of a model are best but for rounding, which is far less than this


@dataclass(frozen=True, eq=False)
class Cells:
    """Disjoint cells of the indices of a matrix, and the blocks into which they cut it.

    Parameters
    ----------
    labels : array of int, (n,)
        0 .. count-1, the cell of each index.
    """

    labels: np.ndarray

    @cached_property
    def size(self) -> int:
        """Number of indices in the largest cell."""
        return int(np.bincount(self.labels).max())

    @cached_property
    def places(self) -> np.ndarray:
        """Indices in each cell, (count, size), filled up with n."""
        n, counts = len(self.labels), np.bincount(self.labels)
        places = np.full((len(counts), self.size), n)
        places[np.arange(self.size) < counts[:, None]] = np.argsort(self.labels, kind="stable")
        return places

    def blocks(self, H: np.ndarray) -> np.ndarray:
        """Blocks H_bc of a matrix, filled up with zeros: (n, n) to (count, count, size, size)."""
        filled = np.pad(H, (0, 1))
        return filled[self.places[:, None, :, None], self.places[None, :, None, :]]

    def matrix(self, blocks: np.ndarray) -> np.ndarray:
        """The matrix of these blocks."""
        n = len(self.labels)
        filled = np.zeros((n + 1, n + 1), blocks.dtype)
        filled[self.places[:, None, :, None], self.places[None, :, None, :]] = blocks
        return filled[:n, :n]

    def norms(self, H: np.ndarray) -> np.ndarray:
        """Spectral norms of the blocks of a Hermitian matrix, largest eigenvalues of those on the diagonal.

        The form x^H H x is at most that of the norms in the ||x_b||, so the largest eigenvalue of H on a union of
        cells is at most that of the norms on these cells.
        """
        if self.size == 1:
            return np.where(np.eye(len(H), dtype=bool), H.real, abs(H))
        norms = np.linalg.norm(self.blocks(H), 2, axis=(2, 3))
        for cell, indices in enumerate(self.places):
            own = indices[indices < len(H)]
            norms[cell, cell] = np.linalg.eigvalsh(H[np.ix_(own, own)])[-1]
        return norms


@dataclass(frozen=True, eq=False)
class Family:
    """The supports of budget k of a model on the host, for signals of a shape."""

    model: SupportModel
    k: Any
    shape: tuple[int, ...]

    @classmethod
    def on_host(cls, model: SupportModel, k: Any, shape: tuple[int, ...]) -> Family:
        """The supports of a model that may live elsewhere."""
        return cls(to(model, "numpy"), k, shape)

    @property
    def most(self) -> int:
        """Largest number of coefficients in a support."""
        return min(self.model.max_nonzeros(self.k), prod(self.shape))

    def heaviest(self, weights: np.ndarray) -> np.ndarray:
        """Upper bound of the sum of weights >= 0 over any support, of each row: (rows, n) to (rows,)."""
        x = np.sqrt(weights).reshape(-1, *self.shape)
        kept = np.sum(weights * self.model.support(x, self.k).reshape(weights.shape), axis=1)
        return kept / self.model.bound(x, self.k) * (1 + _TIES)

    @cached_property
    def cells(self) -> tuple[Cells, Family] | None:
        """Cells of which each support holds a few, and the family of these few: blocks, or places of several channels.

        None where they would be the coefficients.
        """
        model = self.model
        if isinstance(model, JointSparse):
            family = Family(model.model, self.k, self.shape[1:])
            labels = np.arange(prod(family.shape))
            if family.cells is not None:
                labels, family = family.cells[0].labels, family.cells[1]
            labels = np.tile(labels, self.shape[0])
        elif isinstance(model, BlockSparse | Hierarchical):
            labels = to_numpy(model.blocks.labels).reshape(-1)
            family = Family(_choice_of_blocks(model), self.k, (model.blocks.count,))
        else:
            return None
        cells = Cells(labels)
        return (cells, family) if cells.size > 1 else None


def _choice_of_blocks(model: BlockSparse | Hierarchical) -> SupportModel:
    """The model of which blocks are chosen."""
    costs = model.costs if isinstance(model, BlockSparse) else None
    if costs is None:
        return Sparse()
    prices = model.blocks.sizes if isinstance(costs, str) else costs
    return BlockSparse(Blocks(np.arange(model.blocks.count)), prices)


def row_sums(values: np.ndarray, supports: Family) -> np.ndarray:
    """Largest sum of values_ij over the other members j of a support that holds i, or more: (n, n) to (n,).

    The values are not negative, and zero on the diagonal. The model tells the support, by a weight at i that none of
    its supports can do without; -inf where none holds i. Where so many projections take long, it is the sum of the
    largest values.
    """
    n, others = len(values), supports.most - 1
    sums = np.partition(values, n - others - 1, axis=1)[:, n - others :].sum(axis=1) * (1 + _TIES)
    exact = type(supports.model).bound is SupportModel.bound
    if isinstance(supports.model, Sparse) or n > (_ROWS if exact else _SLOW_ROWS):
        return sums
    force = 2 * values.sum(axis=1)
    within = supports.heaviest(values + np.diag(force)) - force
    return np.where(within >= 0, np.minimum(sums, within), -np.inf)
