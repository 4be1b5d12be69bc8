"""Properties of the projection onto any cone of signals: those of a model that is not given by supports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ..backend import Array, cast_like, eps, is_complex, namespace, norm, on_host, to_numpy
from .report import draw, holds, same, untouched


class ProjectionProperties:
    """What every model promises, on small random signals."""

    def __init__(self, model, shape, budgets, draw_member, like, draws, rng) -> None:
        self.model, self.shape, self.budgets, self.draw_member = model, shape, budgets, draw_member
        self.like, self.draws, self.rng = like, draws, np.random.default_rng(rng)
        self.tol = 1e3 * eps(cast_like(np.zeros(1), like))

    def properties(self) -> list:
        nearest = [self.nearest] if self.draw_member else []
        once = [self.budget, self.batch, self.dtype, self.pure, self.finite]
        return [*nearest, self.idempotent, self.orthogonal, self.cone, *once]

    def signals(self) -> Iterable[Array]:
        """Random signals, one with ties and zeros, one zero."""
        for _ in range(self.draws):
            yield draw(self.rng, self.shape, self.like)
        yield cast_like(self.rng.integers(-1, 2, self.shape).astype(float), self.like)
        yield cast_like(np.zeros(self.shape), self.like)

    def _size(self, x: Array) -> float:
        return float(norm(x, len(self.shape)))

    def nearest(self) -> None:
        """nearest: no member of the budget is nearer"""
        for x in self.signals():
            for k in self.budgets:
                distance = self._size(x - self.model.project(x, k))
                host = to_numpy(x)
                for index in range(5):
                    member = np.asarray(self.draw_member(k, self.rng), dtype=host.dtype)
                    square = np.vdot(member, member)
                    best = member * (np.vdot(member, host) / square if square else 0)
                    holds(distance <= np.linalg.norm(host - best) + self.tol * self._size(x), f"k={k}: not the nearest")
                    noise = 10.0**-index * draw(self.rng, self.shape, self.like)
                    other = self._size(x - self.model.project(x + noise, k))
                    holds(distance <= other + self.tol * (self._size(x) + self._size(noise)), f"k={k}: not the nearest")

    def idempotent(self) -> None:
        """idempotent: members stay as they are"""
        for x in self.signals():
            for k in self.budgets:
                p = self.model.project(x, k)
                same(self.model.project(p, k), p, f"k={k}: projecting twice")
                if self.draw_member:
                    member = cast_like(self.draw_member(k, self.rng), self.like)
                    same(self.model.project(member, k), member, f"k={k}: projecting a member")

    def orthogonal(self) -> None:
        """orthogonal: ||x||^2 = ||p||^2 + ||x - p||^2"""
        for x in self.signals():
            for k in self.budgets:
                p, square = self.model.project(x, k), self._size(x) ** 2
                parts = self._size(p) ** 2 + self._size(x - p) ** 2
                holds(abs(parts - square) <= self.tol * square, f"k={k}: {parts} where ||x||^2 = {square}")

    def cone(self) -> None:
        """cone: project(c x) = c project(x), for huge and tiny c and for phases"""
        huge = 1e30 if to_numpy(self.like).dtype in (np.float32, np.complex64) else 1e150
        for k in self.budgets:
            x = draw(self.rng, self.shape, self.like)
            p = self.model.project(x, k)
            for c in (-2.0, huge, 1 / huge, *[0.6 - 0.8j] * is_complex(self.like)):
                same(self.model.project(c * x, k) / c, p, f"k={k}, c={c}")

    def budget(self) -> None:
        """budget: k = 0 keeps nothing, a larger budget keeps no less, a negative one is refused"""
        for x in self.signals():
            kept = [self._size(self.model.project(x, k)) for k in self.budgets]
            holds(kept[0] == 0, "the smallest budget keeps something")
            holds(np.diff(kept) >= -self.tol * kept[-1], "a larger budget keeps less")
        try:
            self.model.project(x, -1)
        except (TypeError, ValueError):
            return
        raise AssertionError("a negative budget is accepted")

    def batch(self) -> None:
        """batch: leading axes are signals, none knows of the others"""
        xp, signals = namespace(self.like), [draw(self.rng, self.shape, self.like) for _ in range(6)]
        together = xp.reshape(xp.stack(signals), (2, 3, *self.shape))
        for k in self.budgets:
            alone = xp.reshape(xp.stack([self.model.project(x, k) for x in signals]), together.shape)
            same(self.model.project(together, k), alone, f"k={k}")

    def dtype(self) -> None:
        """dtype: the precision of the signal"""
        for x in self.signals():
            for k in self.budgets:
                p = self.model.project(x, k)
                holds(p.dtype == x.dtype, f"k={k}: {x.dtype} in, {p.dtype} out")

    def pure(self) -> None:
        """pure: the signal does not change"""
        for k in self.budgets:
            untouched(partial(self.model.project, k=k), draw(self.rng, self.shape, self.like))

    def finite(self) -> None:
        """finite: NaN and infinity are refused where looking costs nothing"""
        for wrong in (np.nan, np.inf):
            values = self.rng.standard_normal(self.shape)
            values[(0,) * values.ndim] = wrong
            x = cast_like(values, self.like)
            if not on_host(x):
                return
            try:
                self.model.project(x, self.budgets[-1])
            except ValueError:
                continue
            raise AssertionError(f"{wrong} is accepted")
