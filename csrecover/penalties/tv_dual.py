"""Total variation denoising along any number of axes, by accelerated projected gradients on its dual problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np

from ..backend import Array, cast_like, dctn, divide, energy, eps, expand, flat, namespace, norm, real_vdot
from ..operators import Gradient

_LOOK = 10  # iterations between two looks at the duality gap
_PATIENCE = 20  # looks that the gap may always take to halve


@dataclass(frozen=True, eq=False)
class Variation:
    """Total variation sum_i |(D x)_i| of signals of one shape, D the gradient, and the dual fields q with |q_i| <= t.

    Parameters
    ----------
    shape : tuple of int
        shape of one signal.
    isotropic : bool
        whether |.| is the Euclidean norm over the axes, or each axis counts for itself.
    """

    shape: tuple[int, ...]
    isotropic: bool

    @property
    def differences(self) -> Gradient:
        """The operator D."""
        return Gradient(self.shape)

    def value(self, x: Array) -> Array:
        """Total variation of each signal."""
        return self._total(self._magnitudes(self.differences @ x))

    def bound(self, q: Array) -> Array:
        """Largest |q_i| of each field."""
        return namespace(q).max(flat(self._magnitudes(q), len(self.shape) + 1), axis=-1)

    def project(self, q: Array, t: Array) -> Array:
        """The nearest field with |q_i| <= t."""
        return q * divide(t, namespace(q).maximum(self._magnitudes(q), t))

    def gap(self, q: Array, p: Array, t: Array) -> Array:
        """Duality gap sum_i t |(D p)_i| - Re <q_i, (D p)_i> between p = x - D^H q and the feasible field q."""
        d = self.differences @ p
        return self._total(t * self._magnitudes(d)) - real_vdot(q, d, len(self.shape) + 1)

    def least_field(self, x: Array) -> Array:
        """The field of least energy with D^H q = x, q = D (D^H D)^+ x, for x of zero mean; by cosine transforms."""
        axes = tuple(range(-len(self.shape), 0))
        waves = [4 * np.sin(np.pi * np.arange(size) / (2 * size)) ** 2 for size in self.shape]
        spectrum = np.sum(np.meshgrid(*waves, indexing="ij"), axis=0)
        spectrum[(0,) * len(axes)] = 1  # the mean is zero
        return self.differences @ dctn(dctn(x, axes, 2) / cast_like(spectrum, x), axes, 2, inverse=True)

    def _magnitudes(self, q: Array) -> Array:
        xp = namespace(q)
        return xp.sqrt(xp.sum(energy(q), axis=-len(self.shape) - 1, keepdims=True)) if self.isotropic else abs(q)

    def _total(self, magnitudes: Array) -> Array:
        return namespace(magnitudes).sum(flat(magnitudes, len(self.shape) + 1), axis=-1)


def denoised(x: Array, t: Array, variation: Variation, tol: float) -> Array:
    """The p that minimises 0.5 ||p - x||^2 + t TV(p), up to ||p - p*||^2 <= tol ||x - mean||^2.

    p = x - D^H q for a feasible field q, and the bound is twice the duality gap. A signal also ends where its gap has
    not halved while its iterations grew fourfold: then only rounding is left.

    Parameters
    ----------
    x : array, (*batch, *signal)
    t : array, (*batch,)
    variation : Variation
    tol : float
        taken as ten rounding units at the least.
    """
    xp, ndim = namespace(x), len(variation.shape)
    peak = xp.max(abs(flat(x, ndim)), axis=-1)
    x, t = divide(x, expand(peak, ndim)), expand(divide(t, peak), ndim + 1)
    mean = expand(xp.sum(flat(x, ndim), axis=-1) / flat(x, ndim).shape[-1], ndim)
    x = x - mean
    goal = max(tol, 10 * eps(x)) * norm(x, ndim) ** 2 / 2
    best, gap, since = x, xp.full_like(goal, inf), xp.zeros_like(goal)
    running = goal > 0
    for look, q in enumerate(_fields(x, t, variation)):
        p = x - variation.differences.H @ q
        reached = variation.gap(q, p, t)
        better = running & ((reached <= gap / 2) | (reached <= goal))
        best = xp.where(expand(better, ndim), p, best)
        gap, since = xp.where(better, reached, gap), xp.where(better, xp.full_like(since, look), since)
        running = running & (gap > goal) & (look < 4 * since + _PATIENCE)
        if not bool(xp.any(running)):
            break
    return (best + mean) * expand(peak, ndim)


def _fields(x: Array, t: Array, variation: Variation) -> Iterator[Array]:
    """Dual fields whose x - D^H q tends to the denoised x: the field of least energy, then every tenth iterate."""
    A, ndim = variation.differences, len(variation.shape) + 1
    adjoint = A.H
    step = 1 / (4 * len(variation.shape))  # ||D||^2 is less than 4 for each axis
    q = z = variation.project(variation.least_field(x), t)
    xp = namespace(x)
    age = xp.zeros_like(t)
    while True:
        yield q
        for _ in range(_LOOK):
            q_prev, q = q, variation.project(z + step * (A @ (x - adjoint @ z)), t)
            uphill = real_vdot(z - q, q - q_prev, ndim) > 0
            age = xp.where(expand(uphill, ndim), xp.zeros_like(age), age + 1)
            z = q + age / (age + 3) * (q - q_prev)


def dual_norm(u: Array, variation: Variation, tol: float = 1e-6) -> Array:
    """Upper bound on the least t for which zero minimises 0.5 ||p - u||^2 + t TV(p), for u of zero mean.

    This dual of the variation is at least Re <u, p> / TV(p) for every p. At p = denoised(u, t) that is more than t,
    unless p = 0 (Dinkelbach's iteration). At ||p|| <= sqrt(tol) ||u||, as accurate as p is, it ends: the field of p,
    bounded by t, and the least field of the rest p together have the divergence u.
    """
    xp, ndim = namespace(u), len(variation.shape)
    least = max(tol, 10 * eps(u)) ** 0.5 * norm(u, ndim)
    p, t = u, xp.zeros_like(least)
    while True:
        bound = divide(real_vdot(u, p, ndim), variation.value(p))
        rising = (norm(p, ndim) > least) & (bound > t * (1 + 10 * eps(u)))
        if not bool(xp.any(rising)):
            return t + variation.bound(variation.least_field(p))
        t = xp.where(rising, bound, t)
        p = denoised(u, t, variation, tol)
