"""Properties of every sparsity model given by supports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from ..backend import Array, cast_like, is_complex, namespace, on_host, to_numpy
from ..models import Model, SupportModel
from ..models.base import multiple
from .projections import ProjectionProperties
from .report import draw, holds, same, untouched, verify


def check_model(
    model: Model,
    shape: tuple[int, ...],
    members: Callable[[Any], Iterable[np.ndarray]] | None = None,
    *,
    budgets: Iterable[Any] | None = None,
    sums: Callable[[Any, int], Iterable[np.ndarray]] | None = None,
    lowest_first: bool = True,
    draw_member: Callable[[Any, np.random.Generator], np.ndarray] | None = None,
    like: Array | None = None,
    draws: int = 20,
    rng: Any = 0,
) -> list[str]:
    """Check that a model's supports are feasible and the best, for ties, zeros, batches and every budget.

    Of a model that is not given by supports, check its projection.

    Parameters
    ----------
    model : Model
    shape : tuple of int
        shape of one small signal.
    members : callable, optional
        enumerates, from the model's definition, the masks of budget k (all the maximal ones); without it optimality
        and feasibility are not checked.
    budgets : iterable, optional
        budgets in increasing order, the first keeps nothing, the last everything; by default 0, 1, ..., n + 1.
    sums : callable, optional
        enumerates the family that ``support_of_sum(x, k, copies)`` chooses from, where that is another than the unions
        of `copies` masks of budget k.
    lowest_first : bool
        whether among equal supports the one of the lowest indices must be taken.
    draw_member : callable, optional
        random signal of budget k, ``draw_member(k, rng)``, for models that are not given by supports; without it
        members are not compared with the projection.
    like : array, optional
        library, device and precision of the signals, double precision NumPy by default.
    draws : int
        random signals a property.
    rng : int or numpy.random.Generator

    Raises
    ------
    ConformanceError
        Naming each property that fails.
    """
    like = np.empty(0) if like is None else like
    budgets = list(range(int(np.prod(shape)) + 2) if budgets is None else budgets)
    if not isinstance(model, SupportModel):
        return verify(model, ProjectionProperties(model, shape, budgets, draw_member, like, draws, rng).properties())
    family = _Family(shape, members, sums, budgets) if members else None
    return verify(model, _Checks(model, shape, budgets, family, lowest_first, like, draws, rng).properties())


class _Family:
    """The masks of a model by its definition, one row a mask."""

    def __init__(self, shape, members, sums, budgets) -> None:
        self.shape, self.unions, self.given_sums = shape, cache(self._unions), sums
        self.of = {k: self._rows(members(k)) for k in budgets}

    def _rows(self, masks) -> np.ndarray:
        rows = [np.asarray(mask).reshape(-1) for mask in masks]
        return np.array(rows, dtype=bool).reshape(len(rows), int(np.prod(self.shape)))

    def _unions(self, k) -> np.ndarray:
        rows = self.of[k]
        return np.unique((rows[:, None] | rows[None]).reshape(-1, rows.shape[1]), axis=0)

    def sums(self, k) -> np.ndarray:
        """The family that the best support of a sum of two members is chosen from."""
        return self._rows(self.given_sums(k, 2)) if self.given_sums else self.unions(k)


class _Checks:
    def __init__(self, model, shape, budgets, family, lowest_first, like, draws, rng) -> None:
        if draws < 6:
            raise ValueError(f"draws is the number of random signals, at least 6, got {draws}")
        self.model, self.shape, self.budgets, self.family = model, shape, budgets, family
        self.lowest_first, self.like, self.draws = lowest_first, like, draws
        self.rng = np.random.default_rng(rng)
        self.few = budgets[1:4]
        self.slack = 1e-12 if to_numpy(like).dtype in (np.float64, np.complex128) else 1e-6

    def properties(self) -> list:
        checks = [self.projection, self.budget, self.batch, self.pure, self.phase, self.single, self.finite]
        if self.family is None:
            return checks
        ties = [self.ties] if self.lowest_first else []
        return [self.best, self.feasible, *ties, self.sums, self.count, self.supports, *checks]

    def signals(self) -> Iterable[Array]:
        """Random signals; some with ties, some with zeros, one zero."""
        for index in range(self.draws):
            values = self.rng.standard_normal(self.shape)
            if index % 4 == 1:
                values = self.rng.integers(-2, 3, self.shape).astype(float)
            elif index % 4 == 2:
                values = np.sign(values)
            elif index % 4 == 3:
                values = values * (self.rng.random(self.shape) < 0.5)
            yield cast_like(values, self.like)
        yield cast_like(np.zeros(self.shape), self.like)

    def _support(self, x: Array, k: Any) -> np.ndarray:
        return to_numpy(self.model.support(x, k)).reshape(-1)

    def best(self) -> None:
        """best: no member of the budget keeps more energy, or the bound says how much more"""
        for x in self.signals():
            for k in self.budgets:
                energies = _energies(x)
                kept, most = energies[self._support(x, k)].sum(), (self.family.of[k] @ energies).max(initial=0.0)
                share = float(to_numpy(self.model.bound(x, k)))
                holds(0 < share <= 1, f"k={k}: a bound of {share}, outside (0, 1]")
                if most > 0:
                    found = f"k={k}: kept {kept}, a member keeps {most}, x={to_numpy(x)}"
                    holds(kept >= share * most * (1 - self.slack), f"{found}, less than the bound {share}")

    def feasible(self) -> None:
        """feasible: the support lies in a member of the budget"""
        for x in self.signals():
            for k in self.budgets:
                mask = self._support(x, k)
                inside = (mask <= self.family.of[k]).all(axis=-1).any()
                holds(inside or not mask.any(), f"k={k}: {mask.astype(int)} lies in no member of the budget")

    def ties(self) -> None:
        """ties: of equal supports the one with the lowest indices"""
        for x in self.signals():
            for k in self.budgets[1:]:
                energies, rows = _energies(x), self.family.of[k]
                kept = rows @ energies
                equal = rows[kept >= kept.max(initial=0.0) * (1 - self.slack)] & (energies > 0)
                mask = self._support(x, k) & (energies > 0)
                lowest = max(equal.tolist())
                holds(mask.tolist() == lowest, f"k={k}: {mask.astype(int)}, {np.array(lowest, int)} is as good")

    def sums(self) -> None:
        """sums: support_of_sum is the best support of a sum of two members"""
        for x in self.signals():
            for k in self.few:
                energies, family = _energies(x), self.family.sums(k)
                mask = to_numpy(self.model.support_of_sum(x, k, 2)).reshape(-1)
                kept, most = energies[mask].sum(), (family @ energies).max(initial=0.0)
                share = float(to_numpy(self.model.bound(x, multiple(k, 2))))
                holds(kept >= share * most * (1 - self.slack), f"k={k}: kept {kept}, a sum keeps {most}")
                inside = (mask <= family).all(axis=-1).any()
                holds(inside or not mask.any(), f"k={k}: {mask.astype(int)} lies in no sum of two members")
                holds(mask.sum() <= self.model.max_nonzeros_of_sum(k, 2), f"k={k}: {mask.sum()} nonzeros")

    def count(self) -> None:
        """count: log_count is no less than the number of supports"""
        for k in self.few:
            number = len(np.unique(self.family.of[k], axis=0))
            log_count = self.model.log_count(k, self.shape)
            holds(log_count >= np.log(number) - 1e-9, f"k={k}: {number} supports, but log_count {log_count}")

    def supports(self) -> None:
        """supports: all the maximal members, each once, if the model enumerates its supports"""
        for k in self.budgets:
            try:
                found = [tuple(np.asarray(support).tolist()) for support in self.model.supports(k, self.shape)]
            except NotImplementedError:
                return
            members = {frozenset(np.flatnonzero(row).tolist()) for row in self.family.of[k]}
            most = max(map(len, members))
            maximal = {own for own in members if len(own) == most or not any(own < other for other in members)}
            sets = set(map(frozenset, found))
            holds(all(sorted(set(support)) == list(support) for support in found), f"k={k}: unsorted indices")
            holds(len(sets) == len(found), f"k={k}: a support is given twice")
            holds(sets <= members, f"k={k}: {set(map(tuple, sets - members))} are not in the family")
            holds(maximal <= sets, f"k={k}: {set(map(tuple, maximal - sets))} are left out")

    def projection(self) -> None:
        """projection: x on the support, zero elsewhere; idempotent"""
        for x in self.signals():
            for k in self.budgets:
                mask, p = to_numpy(self.model.support(x, k)), self.model.project(x, k)
                holds(to_numpy(p) == np.where(mask, to_numpy(x), 0), f"k={k}: project and support disagree")
                holds(p.dtype == x.dtype, f"{x.dtype} in, {p.dtype} out")
                same(self.model.project(p, k), p, f"k={k}: projecting twice")

    def budget(self) -> None:
        """budget: k = 0 keeps nothing, energy grows with k, max_nonzeros holds, a negative k is refused"""
        for x in self.signals():
            masks = [self._support(x, k) for k in self.budgets]
            kept = [_energies(x)[mask].sum() for mask in masks]
            holds(not masks[0].any(), "the smallest budget keeps something")
            holds(np.diff(kept) >= -1e-6 * kept[-1], "a larger budget keeps less")
            for k, mask in zip(self.budgets, masks, strict=True):
                holds(mask.sum() <= self.model.max_nonzeros(k), f"k={k}: {mask.sum()} nonzeros")
        try:
            self.model.project(x, -1)
        except (TypeError, ValueError):
            return
        raise AssertionError("a negative budget is accepted")

    def batch(self) -> None:
        """batch: leading axes are signals, none knows of the others"""
        xp, signals = namespace(self.like), list(self.signals())[:6]
        together = xp.reshape(xp.stack(signals), (2, 3, *self.shape))
        for k in (*self.few, self.budgets[-1]):
            masks = to_numpy(self.model.support(together, k)).reshape(6, *self.shape)
            alone = [to_numpy(self.model.support(x, k)) for x in signals]
            holds(masks == np.stack(alone), f"k={k}: a batch gives other supports than its signals one by one")

    def pure(self) -> None:
        """pure: the signal does not change"""
        untouched(lambda x: self.model.project(x, self.few[-1]), draw(self.rng, self.shape, self.like))

    def phase(self) -> None:
        """phase: signs and phases do not change the support"""
        x = draw(self.rng, self.shape, self.like, complex_=False)
        turned = x * cast_like(np.exp(1j * self.rng.uniform(0, 6, self.shape)), self.like)
        for k in self.few:
            mask = to_numpy(self.model.support(x, k))
            for other in (-x, turned):
                holds(to_numpy(self.model.support(other, k)) == mask, f"k={k}: the support depends on the phase")
        holds(is_complex(self.model.project(turned, self.few[-1])), "a complex signal loses its phase")

    def single(self) -> None:
        """precision: single precision gives the support of double precision"""
        xp = namespace(self.like)
        x = xp.astype(draw(self.rng, self.shape, self.like, complex_=False), xp.float32)
        for k in self.budgets:
            double = self.model.support(xp.astype(x, xp.float64), k)
            holds(to_numpy(self.model.support(x, k)) == to_numpy(double), f"k={k}")

    def finite(self) -> None:
        """finite: NaN and infinity are refused where looking costs nothing"""
        for wrong in (np.nan, np.inf):
            values = self.rng.standard_normal(self.shape)
            values[(0,) * values.ndim] = wrong
            x = cast_like(values, self.like)
            try:
                with np.errstate(all="ignore"):
                    self.model.project(x, self.few[-1])
            except ValueError:
                continue
            holds(not on_host(x), f"{wrong} is accepted")


def _energies(x: Array) -> np.ndarray:
    """Energy of each coefficient in double precision, flat."""
    values = to_numpy(x).reshape(-1)
    return np.abs(values.astype(np.result_type(values, np.float64))) ** 2
