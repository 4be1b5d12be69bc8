"""Properties of every penalty."""

from __future__ import annotations

import numpy as np

from ..backend import Array, cast_like, eps, namespace, real_vdot, to_numpy
from .report import draw, holds, same, untouched


class PenaltyProperties:
    """What every penalty promises, on small random signals."""

    def __init__(self, penalty, shape, like, draws, rng) -> None:
        self.penalty, self.shape, self.like, self.draws, self.rng = penalty, shape, like, draws, rng
        self.ndim = len(shape)
        self.tol = 1e4 * eps(cast_like(np.zeros(1), like))

    def properties(self) -> list:
        convex = [self.nonexpansive] if self.penalty.convex else []
        return [self.minimises, *convex, self.vanishes, self.batch, self.dtypes, self.scales, self.pure]

    def x(self, *batch: int, complex_: bool = False) -> Array:
        return draw(self.rng, (*batch, *self.shape), self.like, complex_=complex_)

    def step(self) -> float:
        return float(10 ** self.rng.uniform(-2, 1))

    def _energy(self, x: Array) -> float:
        return float(real_vdot(x, x, self.ndim))

    def _rivals(self, x: Array, p: Array) -> list[Array]:
        """Signals that a wrong proximal point would lose against: near it, and between it, zero and the signal."""
        near = [p + float(10.0**-power) * self.penalty.prox(self.x(), 0.1) for power in range(8)]
        inside = [p + t * (self.penalty.prox(x + 0.3 * self.x(), 0.2) - p) for t in (1e-3, 0.03, 1.0)]
        return [
            0 * x,
            x,
            *[(1 + t) * p for t in (-0.1, -1e-3, 1e-3, 0.1)],
            *[p + t * (x - p) for t in (1e-3, 0.1)],
            *near,
            *inside,
        ]

    def minimises(self) -> None:
        """minimises: no signal has a lower value(z) + ||z - x||^2 / (2 step) than prox(x, step)"""
        for index in range(self.draws):
            x, step = 2 * self.x(complex_=index % 2 == 1), self.step()
            p = self.penalty.prox(x, step)
            reached = float(self.penalty.value(p)) + self._energy(p - x) / (2 * step)
            holds(np.isfinite(reached), f"step {step}: value(prox(x)) = {float(self.penalty.value(p))}")
            slack = self.tol * (reached + self._energy(x) / (2 * step))
            for z in self._rivals(x, p):
                other = float(self.penalty.value(z)) + self._energy(z - x) / (2 * step)
                holds(reached <= other + slack, f"step {step}: {reached} at prox(x), {other} at another signal")

    def nonexpansive(self) -> None:
        """nonexpansive: ||p - q||^2 <= Re <p - q, x - z> for p = prox(x), q = prox(z)"""
        for index in range(self.draws):
            x, z, step = self.x(complex_=index % 2 == 1), self.x(complex_=index % 2 == 1), self.step()
            d = self.penalty.prox(x, step) - self.penalty.prox(z, step)
            along = float(real_vdot(d, x - z, self.ndim))
            holds(self._energy(d) <= along + self.tol * self._energy(x - z), f"step {step}: not firmly nonexpansive")

    def vanishes(self) -> None:
        """zero: prox(step u, step) of t * penalty is 0 from t = zero_weight(u) on; zero signals give no warnings"""
        for _ in range(3):
            u, step = self.x(), self.step() if self.penalty.convex else 0.01
            least = float(self.penalty.zero_weight(u))
            if 0 < least < np.inf:
                above, below = ((t * least * self.penalty).prox(step * u, step) for t in (1 + self.tol, 0.999))
                holds(above == 0, f"not zero at zero_weight(u) = {least}")
                holds(namespace(u).any(below != 0), f"zero already below zero_weight(u) = {least}")
            else:
                p = (1e3 * self.penalty).prox(step * u, step)
                holds(
                    bool(namespace(u).all(p == 0)) == (least == 0), f"zero_weight(u) = {least}, prox at t = 1000: {p}"
                )
        with np.errstate(all="raise"):
            for complex_ in (False, True):
                nothing = 0 * self.x(complex_=complex_)
                holds(namespace(nothing).isfinite(self.penalty.prox(nothing, 1.0)), "prox(0) is not finite")
                self.penalty.value(nothing)

    def batch(self) -> None:
        """batch: leading axes are signals; the step may be one a signal"""
        xp, signals = namespace(self.like), self.x(2, 3)
        steps = cast_like(self.rng.uniform(0.1, 1, (2, 3)), self.like)
        together = self.penalty.prox(signals, steps)
        for i in range(2):
            for j in range(3):
                alone = signals[i, j, ...]
                same(together[i, j, ...], self.penalty.prox(alone, float(steps[i, j])), "prox")
                for name in ("value", "zero_weight"):
                    function = getattr(self.penalty, name)
                    together_, alone_ = function(together)[i, j], xp.asarray(function(together[i, j, ...]))
                    if bool(xp.isfinite(alone_)):
                        same(together_, alone_, name)
                    else:
                        holds(together_ == alone_, name)

    def dtypes(self) -> None:
        """dtype: kept by prox; value and zero_weight are real in the same precision"""
        xp = namespace(self.like)
        for name, real in (("float32", "float32"), ("complex64", "float32"), ("complex128", "float64")):
            x = xp.astype(self.x(complex_="complex" in name), getattr(xp, name))
            p = self.penalty.prox(x, 0.5)
            holds(p.dtype == getattr(xp, name), f"prox of {name}: {p.dtype}")
            for function in (self.penalty.value, self.penalty.zero_weight):
                holds(function(x).dtype == getattr(xp, real), f"{function.__name__} of {name}: {function(x).dtype}")

    def scales(self) -> None:
        """scaling: t * penalty scales the value by t and its prox by the step"""
        x, t = self.x(), 3.0
        p = self.penalty.prox(x, 0.1)
        same((t * self.penalty).value(p), t * self.penalty.value(p), "value")
        same((t * self.penalty).prox(x, 0.1), self.penalty.prox(x, t * 0.1), "prox")

    def pure(self) -> None:
        """pure: the signal does not change"""
        untouched(lambda x: self.penalty.prox(x, 0.3), self.x())
        holds(to_numpy(self.penalty.value(self.x())).shape == (), "value of one signal is one number")
