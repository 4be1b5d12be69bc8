"""Convex problems restricted to a few groups of coefficients, with the columns of these at hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, cast_like, conj, eps, library, mT, namespace, norm, to_like, to_numpy
from ..kernels import compiled
from ..operators import LinearOperator, Matrix
from ..penalties import L1, GroupL2
from ..structures import Blocks
from .convex import minimise
from .proximal import fista_iterates

_FLOOR = 500  # rounding units of ||y||^2 below which no gap is believed where groups are discarded by it
_WIDE = 256  # coefficients of a group (real ones) up to which the compiled descent takes it
_SWEEPS = 1000  # of the compiled descent in one call
_STEPS = 500  # of FISTA in one call


@dataclass(frozen=True, eq=False)
class Partition:
    """Disjoint groups of the flattened coefficients: group g is order[start[g] : start[g + 1]], on the host."""

    order: np.ndarray
    start: np.ndarray

    @classmethod
    def of(cls, penalty: L1 | GroupL2, n: int) -> Partition:
        """Groups of a penalty on signals of n coefficients."""
        if isinstance(penalty, L1):
            return cls(np.arange(n), np.arange(n + 1))
        labels = to_numpy(penalty.blocks.labels).reshape(-1)
        return cls(np.argsort(labels, kind="stable"), np.append(0, np.cumsum(penalty.blocks.sizes)))

    @property
    def sizes(self) -> np.ndarray:
        return np.diff(self.start)

    def members(self, groups: np.ndarray) -> np.ndarray:
        """Flat indices of the coefficients of some groups, one group after another."""
        sizes = self.sizes[groups]
        before = np.cumsum(sizes) - sizes
        return self.order[np.repeat(self.start[groups] - before, sizes) + np.arange(sizes.sum())]

    def norms(self, x: np.ndarray) -> np.ndarray:
        """Euclidean norm of each group, in double precision."""
        energy = np.square(np.abs(x), dtype=np.float64)
        return np.sqrt(np.add.reduceat(energy[self.order], self.start[:-1]))


@dataclass(frozen=True, eq=False)
class Free:
    """The coefficients without a weight: for any others, the best values of these follow by least squares."""

    indices: np.ndarray
    left: Array
    values: Array
    right: Array

    @classmethod
    def of(cls, A: LinearOperator, indices: np.ndarray, like: Array) -> Free:
        """From the columns with these flat indices, in the library of `like`."""
        xp = namespace(like)
        if not indices.size:
            return cls(indices, like[:0], like[:0], like[:0])
        columns = A.columns(indices)
        left, values, right = xp.linalg.svd(xp.astype(columns, xp.result_type(columns, like)), full_matrices=False)
        least = max(columns.shape) * eps(columns) * float(xp.max(values))
        kept = int(xp.sum(xp.astype(values > least, xp.int64)))
        return cls(indices, left[:, :kept], values[:kept], right[:kept, :])

    def project(self, residual: Array) -> Array:
        """What the free coefficients leave of residuals, (*batch, m)."""
        if not self.indices.size:
            return residual
        return residual - (residual @ conj(self.left)) @ mT(self.left)

    def solve(self, residual: Array) -> Array:
        """Values of the free coefficients for what the others leave."""
        return ((residual @ conj(self.left)) / self.values) @ conj(self.right)


class Columns:
    """Columns of the groups that were asked for so far, as the compiled descent wants them; on the host.

    Real numbers in double precision only: a complex column a is the two real ones of a and i a, a group of s
    coefficients has 2 s.
    """

    def __init__(self, A: LinearOperator, partition: Partition, free: Free, dtype: np.dtype) -> None:
        self.A, self.partition, self.free = A, partition, free
        self.dtype = np.result_type(dtype, np.float64)
        parts = self.dtype.itemsize // 8
        self.sizes = partition.sizes * parts
        self.columns = np.empty((0, A.size_out * parts))
        self.curvature, self.axes = np.empty(0), np.empty((0, int(self.sizes.max())))
        self.first = np.full(len(self.sizes), -1)
        self.used = 0

    def minimise(
        self, groups: np.ndarray, weights: np.ndarray, y: Array, x: np.ndarray, target: float
    ) -> tuple[np.ndarray, Array]:
        """Coefficients of the groups whose duality gap is at most `target`, from x on, and the residual they leave."""
        self._take(groups)
        reals, measured = np.array(x, self.dtype).view(float), np.array(y, self.dtype).view(float)
        floor = _FLOOR * eps(y) * (measured @ measured)
        first, sizes = self.first[groups], self.sizes[groups]
        residual = _kernels().descend(
            self.columns, first, sizes, self.curvature, self.axes, weights, measured, reals, target, floor, _SWEEPS
        )
        return reals.view(self.dtype).astype(x.dtype), residual.view(self.dtype).astype(y.dtype)

    def missing(self, groups: np.ndarray) -> int:
        """Columns of these groups that were not asked for yet."""
        return int(self.partition.sizes[groups[self.first[groups] < 0]].sum())

    def lengths(self, groups: np.ndarray, residual: Array) -> np.ndarray:
        """||A_g^H r|| of some groups."""
        self._take(groups)
        measured = np.array(residual, self.dtype).view(float)
        return _kernels().lengths(self.columns, self.first[groups], self.sizes[groups], measured)

    def _take(self, groups: np.ndarray) -> None:
        """Gather the columns of the groups that are new."""
        groups = groups[self.first[groups] < 0]
        if not groups.size:
            return
        sizes = self.sizes[groups]
        ends = self.used + np.cumsum(sizes)
        self._make_room(int(ends[-1]))
        self._gather(self.partition.members(groups), self.columns[self.used : ends[-1]])
        self.first[groups] = first = ends - sizes
        _kernels().grams(self.columns, first, sizes, self.axes)
        for size in np.unique(sizes).tolist():
            rows = first[sizes == size, None] + np.arange(size)
            values, vectors = np.linalg.eigh(self.axes[rows, :size])
            self.curvature[rows] = np.maximum(values, 0)
            self.axes[rows, :size] = np.swapaxes(vectors, 1, 2)
        self.used = int(ends[-1])

    def _make_room(self, count: int) -> None:
        """Grow the arrays to that many rows at least, to twice as many as before where they grow at all."""
        if count <= len(self.columns):
            return
        room = max(count, 2 * len(self.columns), min(self.sizes.sum(), 2 * self.columns.shape[1]))
        for name in ("columns", "curvature", "axes"):
            array = getattr(self, name)
            wider = np.empty((room, *array.shape[1:]), array.dtype)
            wider[: self.used] = array[: self.used]
            setattr(self, name, wider)

    def _gather(self, indices: np.ndarray, out: np.ndarray) -> None:
        """Columns with these flat indices as real rows."""
        A = self.A
        if isinstance(A, Matrix) and A.matrix.dtype == self.dtype == np.float64 and not self.free.indices.size:
            if A.matrix.flags.c_contiguous:
                _kernels().gather(A.matrix, indices, out)
            else:
                np.take(A.matrix.T, indices, axis=0, out=out, mode="clip")
        else:
            rows = self.free.project(np.ascontiguousarray(A.columns(indices).T, self.dtype))
            both = rows if self.dtype == np.float64 else np.stack([rows, 1j * rows], axis=1)
            out[:] = both.view(float).reshape(out.shape)


class Restriction:
    """The same by FISTA on the restricted operator, in the library of y."""

    def __init__(self, A: LinearOperator, partition: Partition, free: Free) -> None:
        self.A, self.partition, self.free = A, partition, free

    def minimise(
        self, groups: np.ndarray, weights: np.ndarray, y: Array, x: np.ndarray, target: float
    ) -> tuple[np.ndarray, Array]:
        """Coefficients of the groups whose duality gap is at most `target`, from x on, and the residual they leave."""
        xp, indices = namespace(y), self.partition.members(groups)
        columns = mT(self.free.project(mT(self.A.columns(indices))))
        labels = np.repeat(np.arange(len(groups)), self.partition.sizes[groups])
        penalty = GroupL2(Blocks(to_like(labels, y)), cast_like(weights, y))
        tol = target / (0.5 * float(norm(y)) ** 2 or 1.0)
        x0 = xp.astype(to_like(x, y), xp.result_type(columns, y))
        iterates = partial(fista_iterates, extrapolate=False)  # the residual alone is certified afterwards
        options: dict[str, Any] = {"scale": 1.0, "step": None, "callback": None}
        found = minimise(iterates, Matrix(columns), y, penalty, x0=x0, tol=tol, max_iter=_STEPS, **options).x
        return to_numpy(found), y - columns @ found


def restricted(A: LinearOperator, partition: Partition, free: Free, like: Array) -> Columns | Restriction:
    """What minimises restricted problems fastest for arrays like this one."""
    if library(like) == "numpy" and partition.sizes.max() <= _WIDE and _kernels() is not None:
        return Columns(A, partition, free, like.dtype)
    return Restriction(A, partition, free)


def _kernels() -> Any:
    return compiled("descent")
