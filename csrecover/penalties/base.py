"""Soft structure: a penalty is its value and its proximal operator; a norm adds its dual norm."""

from __future__ import annotations

import dataclasses
import math
import numbers
from abc import ABC, abstractmethod
from typing import Any, TypeVar, final

import numpy as np

from ..backend import Array, as_float, expand, is_array, namespace, real_dtype, to_numpy
from ..structures.signal import Structured

P = TypeVar("P", bound="Penalty")


class Penalty(Structured, ABC):
    """A function of signals that solvers can minimise next to a least-squares term."""

    @abstractmethod
    def value(self, x: Array) -> Array:
        """Penalty of each signal: (*batch, *signal) to (*batch,)."""

    @abstractmethod
    def prox(self, x: Array, step: Any) -> Array:
        """Proximal point argmin_z value(z) + ||z - x||^2 / (2 step); step is a number or one a signal, (*batch,)."""

    @abstractmethod
    def zero_weight(self, u: Array) -> Array:
        """Smallest t >= 0 for which z = 0 minimises t value(z) - Re <u, z>: (*batch, *signal) to (*batch,).

        Infinity where there is none. A solver's answer is zero from this multiple of the penalty on, with u = A^H y.
        """

    @property
    def convex(self) -> bool:
        """Whether the penalty is convex; of one that is not, `zero_weight` speaks of signals near zero."""
        return True

    __array_ufunc__ = None  # NumPy leaves t * penalty to us

    def __rmul__(self: P, factor: Any) -> P:
        """T * penalty, for a number t >= 0."""
        if is_array(factor) and factor.ndim == 0:
            factor = float(factor)
        if not isinstance(factor, numbers.Real):
            raise TypeError(f"a penalty is scaled by a number, got {type(factor).__name__}: give it an array as weight")
        return self._times(float(factor))

    def _times(self: P, factor: float) -> P:
        """The penalty with `factor` times the values; overridden where its weight alone does not scale it."""
        return dataclasses.replace(self, weight=factor * self.weight)  # type: ignore[type-var, attr-defined]


class Norm(Penalty):
    """A penalty that is a (weighted) norm, or a seminorm where some weights are zero."""

    @property
    def definite(self) -> bool:
        """Whether every weight is positive; a free coefficient makes the dual norm infinite, so that no gap closes."""
        weight = to_numpy(getattr(self, "weight", 1.0))
        return bool((weight > 0).all())

    @abstractmethod
    def dual(self, u: Array) -> Array:
        """Dual norm sup { Re <u, z> : value(z) <= 1 } of each signal: (*batch, *signal) to (*batch,)."""

    @final
    def zero_weight(self, u: Array) -> Array:
        """Smallest t >= 0 for which z = 0 minimises t value(z) - Re <u, z>: the dual norm of u."""
        return self.dual(u)


def check_weight(weight: Any) -> Any:
    """A weight as a float or a floating array, none negative.

    Raises
    ------
    TypeError
        When it is no real number.
    ValueError
        When a weight is negative or not finite.
    """
    if is_array(weight) and weight.ndim == 0:
        weight = to_numpy(weight).item()
    if is_array(weight) or isinstance(weight, (list, tuple)):
        weight = as_float(weight)
    elif isinstance(weight, numbers.Real):
        weight = float(weight)
    else:
        raise TypeError(f"a weight is a real number or an array of them, got {weight!r}: is it complex?")
    host = to_numpy(weight)
    if host.dtype.kind == "c":
        raise TypeError("a weight is a real number or an array of them, got complex ones")
    if host.size == 0:
        raise ValueError(f"one weight at least was expected, got an array of shape {host.shape}")
    if not (np.isfinite(host).all() and (host >= 0).all()):
        raise ValueError(f"weights must be finite and not negative, got {host.min()} .. {host.max()}")
    return weight


def positive_number(number: Any, name: str) -> float:
    """A positive finite number as a float.

    Raises
    ------
    TypeError
        When it is no real number.
    ValueError
        When it is not positive or not finite.
    """
    if not isinstance(number, numbers.Real):
        raise TypeError(f"{name} is a real number, got {number!r}")
    if not 0 < float(number) < math.inf:
        raise ValueError(f"{name} must be positive and finite, got {number}")
    return float(number)


def one_weight(weight: Any, name: str) -> float:
    """A weight that is one number, not negative.

    Raises
    ------
    TypeError
        When it is no real number.
    ValueError
        When it is negative or not finite.
    """
    weight = check_weight(weight)
    if is_array(weight):
        raise TypeError(f"{name} is one number, got an array of shape {weight.shape}")
    return weight


def weights_for(x: Array, weight: Any) -> Any:
    """The weights in the real dtype of x; a number stays a number."""
    return namespace(x, weight).astype(weight, real_dtype(x), copy=False) if is_array(weight) else weight


def check_step(step: Any) -> None:
    """Refuse a number that is no step; an array is taken as it is.

    Raises
    ------
    ValueError
        When it is negative or NaN.
    """
    if not is_array(step) and not step >= 0:
        raise ValueError(f"a step is a number >= 0, or an array with one a signal, got {step!r}")


def threshold(x: Array, step: Any, weight: Any, ndim: int) -> Any:
    """Step * weight, ready to meet the last `ndim` axes; step is a number or one a signal."""
    check_step(step)
    if not is_array(step):
        return float(step) * weights_for(x, weight)
    return expand(namespace(x, step).astype(step, real_dtype(x)), ndim) * weights_for(x, weight)


def largest_ratio(magnitudes: Array, weight: Any) -> Array:
    """Largest magnitude / weight over the last axis; zero weights give infinity unless the magnitude is zero too."""
    xp = namespace(magnitudes)
    weights = weights_for(magnitudes, weight)
    if not is_array(weights):
        top = xp.max(magnitudes, axis=-1)
        return top / weights if weights > 0 else xp.where(top > 0, xp.full_like(top, float("inf")), xp.zeros_like(top))
    free = weights == 0
    ratios = magnitudes / xp.where(free, xp.ones_like(weights), weights)
    unbounded = xp.where(magnitudes > 0, xp.full_like(ratios, float("inf")), xp.zeros_like(ratios))
    return xp.max(xp.where(free, unbounded, ratios), axis=-1)
