"""Attained restricted isometry constants: the worst supports of a model that a search finds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from ...backend import Array, cast_like, expand, fetched, flat, namespace, norm, to_like, to_numpy
from ...models import SupportModel
from ...operators import LinearOperator
from .eigenvectors import GramSpectra, ProductSpectra, spectra_of, threads_for

_ITERATIONS = 50  # of a climb
_CLOSE = 1e-10  # relative; improvements below it are rounding
_FLOOR = 1e-9  # of the largest score: so that no support is smaller than it may be
_COLUMNS = 2**25  # entries of the columns of a witness above which its Rayleigh quotient has to do


@dataclass(frozen=True)
class Effort:
    """How long a search goes on.

    Attributes
    ----------
    work : int
        entries of the arrays of supports that are looked at together, which settles how many there are.
    starts : int
        at most so many random supports, and so many columns, to begin with.
    shifts : tuple of float
        weights of the old support against the new one.
    kept : int
        supports that are kept from round to round.
    rounds, patience : int
        rounds of restarts at most, and without improvement.
    steps : int
        of the eigensolver for operators that are known by products.
    """

    work: int
    starts: int
    shifts: tuple[float, ...]
    kept: int
    rounds: int
    patience: int
    steps: int

    def rows(self, n: int, size: int) -> int:
        """How many supports of so many of n coefficients are looked at together."""
        return int(np.clip(self.work // max(n, size**2), 4, 2 * self.starts))


EFFORTS = {
    "quick": Effort(2**17, 48, (1.0,), 4, 2, 1, 8),
    "thorough": Effort(2**19, 64, (0.5, 1.0, 2.0), 8, 8, 3, 12),
}


@dataclass(frozen=True, eq=False)
class Witness:
    """A support with an extreme eigenvalue of A_S^H A_S.

    Attributes
    ----------
    value : float
        a Rayleigh quotient ||A x||^2 / ||x||^2 of an x on the support.
    mask : array of bool, (n,)
    method : str
    visited : int
        supports looked at so far.
    """

    value: float
    mask: Array
    method: str
    visited: int


@dataclass(frozen=True, eq=False)
class Points:
    """Supports under consideration: masks and unit vectors (rows, n), their Rayleigh quotients (rows,) on the host."""

    values: np.ndarray
    masks: Array
    x: Array

    def take(self, rows: np.ndarray) -> Points:
        """Some of them."""
        xp, where = namespace(self.x), to_like(rows, self.x)
        return Points(self.values[rows], xp.take(self.masks, where, axis=0), xp.take(self.x, where, axis=0))

    def joined(self, other: Points) -> Points:
        """These and others."""
        xp = namespace(self.x)
        masks, x = xp.concat([self.masks, other.masks]), xp.concat([self.x, other.x])
        return Points(np.concatenate([self.values, other.values]), masks, x)


@dataclass(frozen=True, eq=False)
class Search:
    """Search for supports of a model with an extreme eigenvalue of A_S^H A_S, by shifted truncated power iteration.

    With x the extreme unit eigenvector on a support S, lambda its eigenvalue, G = A^H A and d the mean of its
    diagonal, the next support is the model's best for

        z_i = w |lambda - d| x_i for i in S,   z_j = +- (G x)_j for the others

    (the sign is that of the side), which is the power iteration of G - theta I with the shift theta = lambda -+
    w |lambda - d|. For w = 1 it exchanges coefficients greedily: to first order, |z_i|^2 is proportional to what
    lambda loses without the coefficient i, |z_j|^2 to what it gains by j. The best of the supports for several w is
    taken if it is better. Rounds of restarts follow, from the z of the best supports times random factors. Of the model
    nothing is asked but its `support`.

    Attributes
    ----------
    spectra : GramSpectra or ProductSpectra
    model : SupportModel
    k : budget
    shape : tuple of int
        of one signal.
    side : 1 or -1
        for the largest or the smallest eigenvalue.
    effort : Effort
    rng : numpy.random.Generator

    References
    ----------
    X.-T. Yuan and T. Zhang, Truncated power method for sparse eigenvalue problems, J. Machine Learning Research 14,
    2013.
    """

    spectra: GramSpectra | ProductSpectra
    model: SupportModel
    k: Any
    shape: tuple[int, ...]
    side: int
    effort: Effort
    rng: np.random.Generator

    def witnesses(self) -> Iterator[Witness]:
        """The best support so far, after each step of the search."""
        n = math.prod(self.shape)
        rows = self.effort.rows(n, self.model.max_nonzeros(self.k))
        points = self._looked_at(self.spectra.signals(self.rng.standard_normal((rows // 2, n))))
        visited, stale = rows // 2, 0
        if not np.isfinite(points.values).all():
            raise ValueError(f"the budget k={self.k} of {self.model} allows no coefficient: raise it")
        yield self._best(points, "random supports", visited)
        fresh = self._looked_at(self._columns(rows // 2))
        for _ in range(self.effort.rounds + 1):
            before, points, visited = self._best_value(points), points.joined(fresh), visited + len(fresh.values)
            for improved, looked in self._climb(points):
                points, visited = improved, visited + looked
                yield self._best(points, "truncated power", visited)
            stale = 0 if self._gain(self._best_value(points), before) > 0 else stale + 1
            if stale > self.effort.patience:
                return
            points = self._distinct(points)
            fresh = self._looked_at(self._disturbed(points, rows))

    def _gain(self, values: Any, others: Any) -> Any:
        """By how much values are better than others, zero where that may be rounding."""
        gain = self.side * (values - others)
        return gain * (gain > self.spectra.level * max(_CLOSE, 10 * self.spectra.eps))

    def _best_value(self, points: Points) -> float:
        return float(self.side * np.max(self.side * points.values))

    def _best(self, points: Points, method: str, visited: int) -> Witness:
        row = int(np.argmax(self.side * points.values))
        return Witness(float(points.values[row]), points.masks[row, :], method, visited)

    def _columns(self, most: int) -> Array:
        """A^H a_j of some columns, with more at j than the rest together."""
        n = math.prod(self.shape)
        chosen = self.rng.permutation(n)[:most]
        unit = self.spectra.signals((chosen[:, None] == np.arange(n)).astype(float))
        z = self.spectra.product(unit)
        return z + n * unit * namespace(z).max(abs(z), axis=-1, keepdims=True)

    def _looked_at(self, z: Array) -> Points:
        """The model's supports for signals z (rows, n), which also are where eigenvectors are sought from."""
        xp, scores = namespace(z), abs(z)
        peak = xp.max(scores, axis=-1, keepdims=True)
        scores = scores + xp.where(peak > 0, _FLOOR * peak, xp.ones_like(peak))
        masks = flat(self.model.support(xp.reshape(scores, (-1, *self.shape)), self.k), len(self.shape))
        x = self.spectra.extremes(masks, z, self.side)
        values, sizes = (each.astype(float) for each in fetched([self.spectra.quotients(x), norm(x)]))
        return Points(np.where(sizes > 0, values, -self.side * np.inf), masks, x)

    def _next(self, points: Points, weight: float) -> Array:
        """The z of the class's docstring."""
        xp = namespace(points.x)
        distance = weight * abs(points.values - self.spectra.level)
        own = expand(cast_like(distance, points.x), 1) * points.x
        return xp.where(points.masks, own, self.side * self.spectra.product(points.x))

    def _climb(self, points: Points) -> Iterator[tuple[Points, int]]:
        """Points that improve until none does, with the number of supports that were looked at for each step."""
        active = np.arange(len(points.values))
        for _ in range(_ITERATIONS):
            here, xp = points.take(active), namespace(points.x)
            found = self._looked_at(xp.concat([self._next(here, weight) for weight in self.effort.shifts]))
            values = self.side * found.values.reshape(-1, len(active))
            best = np.argmax(values, axis=0)
            ahead = self._gain(self.side * np.max(values, axis=0), here.values) > 0
            source = np.arange(len(points.values))
            source[active[ahead]] = len(source) + (best * len(active) + np.arange(len(active)))[ahead]
            points, active = points.joined(found).take(source), active[ahead]
            yield points, len(found.values)
            if not len(active):
                return

    def _distinct(self, points: Points) -> Points:
        """The best points, one of each value."""
        order = np.argsort(-self.side * points.values, kind="stable")
        values = points.values[order]
        fresh = np.append(True, self._gain(values[:-1], values[1:]) > 0)
        return points.take(order[fresh][: self.effort.kept])

    def _disturbed(self, points: Points, rows: int) -> Array:
        """The z of the points times random factors, small for some copies and large for others."""
        z, xp = self._next(points, 1.0), namespace(points.x)
        copies = max(1, rows // len(points.values))
        levels = np.linspace(0.25, 2.0, copies)[:, None, None]
        factors = np.exp(levels * self.rng.standard_normal((copies, *z.shape)))
        return xp.reshape(self.spectra.signals(factors) * z, (-1, z.shape[-1]))


def search(A: LinearOperator, model: SupportModel, k: Any, rng: Any, effort: str) -> Iterator[tuple[Witness, Witness]]:
    """The best supports so far for the lower and for the upper constant, after each step of the search for both.

    Parameters as in `attained`.
    """
    settings = EFFORTS[effort]
    spectra = spectra_of(A, max(1, model.max_nonzeros(k)), settings.steps)
    if not math.isfinite(spectra.level):
        raise ValueError(f"{A} has entries that are NaN, infinite or too large to square: remove or scale them")
    sides = zip((-1, 1), np.random.default_rng(rng).spawn(2), strict=True)
    searches = [Search(spectra, model, k, A.in_shape, side, settings, own).witnesses() for side, own in sides]
    latest: tuple[Any, ...] = (None, None)
    for found in zip_longest(*searches):
        latest = tuple(new or old for new, old in zip(found, latest, strict=True))
        yield latest  # type: ignore[misc]


def attained(
    A: LinearOperator, model: SupportModel, k: Any, rng: Any = 0, effort: str = "quick"
) -> tuple[float, float, np.ndarray, np.ndarray, int, dict[str, str]]:
    """Lower bounds of the restricted isometry constants of a model, with the supports that attain them.

    Parameters
    ----------
    A : LinearOperator
    model : SupportModel
        for signals of A.in_shape.
    k : budget of the model
    rng : int or numpy.random.Generator
    effort : "quick" or "thorough"

    Returns
    -------
    L, U, support_L, support_U, visited, methods
        as in `RIPEstimate`.
    """
    with threads_for(A):
        *_, last = search(A, model, k, rng, effort)
    return settled(A, *last)


def settled(
    A: LinearOperator, low: Witness, high: Witness
) -> tuple[float, float, np.ndarray, np.ndarray, int, dict[str, str]]:
    """What `attained` returns, from the witnesses: their eigenvalues once more, in double precision."""
    supports = [np.flatnonzero(to_numpy(witness.mask)) for witness in (low, high)]
    least, most = low.value, high.value
    if max(map(len, supports)) * A.size_out <= _COLUMNS:
        least, most = eigenvalues_on(A, supports[0])[0], eigenvalues_on(A, supports[1])[1]
    methods = {"attained_L": low.method, "attained_U": high.method}
    return 1 - least, most - 1, supports[0], supports[1], low.visited + high.visited, methods


def eigenvalues_on(A: LinearOperator, support: np.ndarray) -> tuple[float, float]:
    """Smallest and largest eigenvalue of A_S^H A_S, on the host in double precision."""
    columns = to_numpy(A.columns(support))
    if A.real_input and np.iscomplexobj(columns):
        columns = np.concatenate([columns.real, columns.imag])
    columns = columns.astype(np.result_type(columns, np.float64), copy=False)
    values = np.linalg.eigvalsh(columns.conj().T @ columns)
    return float(max(values[0], 0.0)), float(max(values[-1], 0.0))
