"""Checks of penalties, and the properties that norms have besides."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, namespace, real_vdot
from ..penalties import Norm, Penalty
from .penalties import PenaltyProperties
from .report import holds, same, verify


def check_penalty(
    penalty: Penalty, shape: tuple[int, ...], *, like: Array | None = None, draws: int = 20, rng: Any = 0
) -> list[str]:
    """Check that a penalty's proximal operator is optimal, keeps batches and dtypes apart, and vanishes where it says.

    A norm is checked for `check_norm`'s properties as well.

    Parameters
    ----------
    penalty : Penalty
    shape : tuple of int
        shape of one signal.
    like : array, optional
        library, device and precision of the signals, double precision NumPy by default.
    draws : int
    rng : int or numpy.random.Generator

    Raises
    ------
    ConformanceError
        Naming each property that fails.
    """
    like = np.empty(0) if like is None else like
    kind = NormProperties if isinstance(penalty, Norm) else PenaltyProperties
    return verify(penalty, kind(penalty, shape, like, draws, np.random.default_rng(rng)).properties())


def check_norm(
    penalty: Norm, shape: tuple[int, ...], *, like: Array | None = None, draws: int = 20, rng: Any = 0
) -> list[str]:
    """Check that a norm's proximal operator is optimal and its dual norm dual, for real and complex signals.

    Value, proximal operator and dual norm are checked against each other: p = prox(x, t) if and only if
    dual((x - p) / t) <= 1 and Re <x - p, p> = t value(p).

    Parameters
    ----------
    penalty : Norm
        with positive weights.
    shape : tuple of int
        shape of one signal.
    like : array, optional
        library, device and precision of the signals, double precision NumPy by default.
    draws : int
    rng : int or numpy.random.Generator

    Raises
    ------
    ConformanceError
        Naming each property that fails.
    """
    if not isinstance(penalty, Norm):
        raise TypeError(f"{type(penalty).__name__} is no norm: use check_penalty")
    return check_penalty(penalty, shape, like=like, draws=draws, rng=rng)


class NormProperties(PenaltyProperties):
    """What a norm promises besides."""

    def properties(self) -> list:
        return [self.optimal, self.norm, self.dual_inequality, self.zero, self.dual_scales, *super().properties()]

    def optimal(self) -> None:
        """prox: satisfies its optimality condition"""
        for index in range(self.draws):
            x, step = self.x(complex_=index % 2 == 1), float(10 ** self.rng.uniform(-2, 1))
            p = self.penalty.prox(x, step)
            slope = (x - p) / step
            largest = float(self.penalty.dual(slope))
            holds(largest <= 1 + self.tol / step, f"step {step}: dual((x - p) / step) = {largest} > 1")
            left = float(real_vdot(x - p, p, self.ndim))
            right = step * float(self.penalty.value(p))
            size = float(real_vdot(x, x, self.ndim))
            holds(abs(left - right) <= self.tol * size, f"step {step}: <x - p, p> = {left}, step value(p) = {right}")

    def norm(self) -> None:
        """value: a norm (homogeneous, triangle inequality, positive)"""
        for complex_ in (False, True):
            x, z = self.x(complex_=complex_), self.x(complex_=complex_)
            value = self.penalty.value
            same(value(-2.5 * x), 2.5 * value(x), "value(-2.5 x) against 2.5 value(x)")
            holds(value(x + z) <= (value(x) + value(z)) * (1 + self.tol), "triangle inequality")
            holds(value(x) > 0, "value of a signal that is not zero")

    def dual_inequality(self) -> None:
        """dual: Re <u, z> <= dual(u) value(z), with equality for some z"""
        for index in range(self.draws):
            u, z = self.x(complex_=index % 2 == 1), self.x(complex_=index % 2 == 1)
            bound = self.penalty.dual(u)
            holds(real_vdot(u, z, self.ndim) <= bound * self.penalty.value(z) * (1 + self.tol), "Hoelder's inequality")
            # just below the step at which prox(u) vanishes its direction attains the dual norm
            p = self.penalty.prox(u, 0.999 * float(bound))
            ratio = float(real_vdot(u, p, self.ndim)) / max(float(bound * self.penalty.value(p)), 1e-30)
            holds(ratio > 0.99, f"dual(u) is not attained: Re <u, p> / (dual(u) value(p)) = {ratio}")

    def zero(self) -> None:
        """zero: prox(x, step) = 0 exactly from step = dual(x) on; zero signals give zeros without warnings"""
        x = self.x()
        bound = float(self.penalty.dual(x))
        holds(self.penalty.prox(x, bound * (1 + self.tol)) == 0, "prox(x, dual(x)) is not zero")
        holds(namespace(x).any(self.penalty.prox(x, 0.99 * bound) != 0), "prox vanishes below step = dual(x)")
        with np.errstate(all="raise"):
            for complex_ in (False, True):
                nothing = 0 * self.x(complex_=complex_)
                holds(self.penalty.prox(nothing, 1.0) == 0, "prox(0) is not zero")
                holds(self.penalty.value(nothing) == 0, "value(0) is not zero")
                holds(self.penalty.dual(nothing) == 0, "dual(0) is not zero")

    def dual_scales(self) -> None:
        """dual: real, in the precision of the signal, scaled by 1 / t"""
        x, t = self.x(), 3.0
        same((t * self.penalty).dual(x), self.penalty.dual(x) / t, "dual of 3 * penalty")
