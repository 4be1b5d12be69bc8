"""Properties of every sparsity model given by supports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..backend import Array, cast_like, is_complex, namespace, to_numpy
from ..models import SupportModel
from .report import draw, holds, same, untouched, verify


def check_model(
    model: SupportModel,
    shape: tuple[int, ...],
    members: Callable[[int], Iterable[np.ndarray]] | None = None,
    *,
    like: Array | None = None,
    draws: int = 20,
    rng: Any = 0,
) -> list[str]:
    """Check that a model's supports are feasible and the best, for ties, zeros, batches and every budget.

    Parameters
    ----------
    model : SupportModel
    shape : tuple of int
        shape of one small signal.
    members : callable, optional
        enumerates, from the model's definition, the masks of budget k (all the maximal ones); without it optimality
        and feasibility are not checked.
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
    checks = _ModelProperties(model, shape, members, like, draws, np.random.default_rng(rng))
    return verify(model, checks.properties())


class _ModelProperties:
    def __init__(self, model, shape, members, like, draws, rng) -> None:
        if draws < 6:
            raise ValueError(f"draws is the number of random signals, at least 6, got {draws}")
        self.model, self.shape, self.like, self.draws, self.rng = model, shape, like, draws, rng
        self.n = int(np.prod(shape))
        self.budgets = range(self.n + 2)
        self.members = {k: [np.asarray(s) for s in members(k)] for k in self.budgets} if members else {}

    def properties(self) -> list:
        checks = [self.projection, self.budget, self.batch, self.pure, self.phase, self.single]
        return [self.best, self.feasible, *checks] if self.members else checks

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

    def _energies(self, k: int, x: Array) -> tuple[float, float]:
        """Energy kept by the model, and by the best member."""
        gains = np.abs(to_numpy(x).astype(np.result_type(to_numpy(x), np.float64))) ** 2
        best = max((gains[member].sum() for member in self.members[k]), default=0.0)
        return float(gains[to_numpy(self.model.support(x, k))].sum()), float(best)

    def best(self) -> None:
        """best: no member of the budget keeps more energy"""
        tolerance = 1e-12 if to_numpy(self.like).dtype in (np.float64, np.complex128) else 1e-6
        for x in self.signals():
            for k in self.budgets:
                kept, best = self._energies(k, x)
                holds(kept >= best * (1 - tolerance), f"k={k}: kept {kept}, a member keeps {best}, x={to_numpy(x)}")

    def feasible(self) -> None:
        """feasible: the support lies in a member of the budget"""
        for x in self.signals():
            for k in self.budgets:
                mask = to_numpy(self.model.support(x, k))
                inside = any((mask <= member).all() for member in self.members[k])
                holds(inside or not mask.any(), f"k={k}: {mask.astype(int)} lies in no member of the budget")

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
            masks = [to_numpy(self.model.support(x, k)) for k in self.budgets]
            energies = [float((np.abs(to_numpy(x)[mask]) ** 2).sum()) for mask in masks]
            holds(not masks[0].any(), "k = 0 keeps something")
            holds(np.diff(energies) >= -1e-6 * energies[-1], "a larger budget keeps less")
            for k, mask in enumerate(masks):
                holds(mask.sum() <= self.model.max_nonzeros(k), f"k={k}: {mask.sum()} nonzeros")
        try:
            self.model.project(x, -1)
        except ValueError:
            return
        raise AssertionError("a negative budget is accepted")

    def batch(self) -> None:
        """batch: leading axes are signals, none knows of the others"""
        xp, signals = namespace(self.like), list(self.signals())[:6]
        together = xp.reshape(xp.stack(signals), (2, 3, *self.shape))
        for k in (1, 2, self.n):
            masks = to_numpy(self.model.support(together, k)).reshape(6, *self.shape)
            alone = [to_numpy(self.model.support(x, k)) for x in signals]
            holds(masks == np.stack(alone), f"k={k}: a batch gives other supports than its signals one by one")

    def pure(self) -> None:
        """pure: the signal does not change"""
        untouched(lambda x: self.model.project(x, 2), draw(self.rng, self.shape, self.like))

    def phase(self) -> None:
        """phase: signs and phases do not change the support"""
        x = draw(self.rng, self.shape, self.like, complex_=False)
        turned = x * cast_like(np.exp(1j * self.rng.uniform(0, 6, self.shape)), self.like)
        for k in (1, 2, 3):
            mask = to_numpy(self.model.support(x, k))
            for other in (-x, turned):
                holds(to_numpy(self.model.support(other, k)) == mask, f"k={k}: the support depends on the phase")
        holds(is_complex(self.model.project(turned, 2)), "a complex signal loses its phase")

    def single(self) -> None:
        """precision: single precision gives the support of double precision"""
        xp = namespace(self.like)
        x = xp.astype(draw(self.rng, self.shape, self.like, complex_=False), xp.float32)
        for k in self.budgets:
            double = self.model.support(xp.astype(x, xp.float64), k)
            holds(to_numpy(self.model.support(x, k)) == to_numpy(double), f"k={k}")
