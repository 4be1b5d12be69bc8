"""Gaussian blocks of unknown variances: the likelihood of measurements and the posterior, by systems of size m x m."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import log, pi, prod

import numpy as np

from ..backend import Array, cast_like, clip, conj, device, energy, eps, is_complex, mT, namespace, norm, to_like
from ..operators import LinearOperator
from .units import Units

_ENTRIES = 2**25  # of the dense matrix times the signals of a batch: half a gigabyte or two are held
_CLOSEST = 10  # rounding units of the trace of the covariance that the noise variance stays above


@dataclass(frozen=True, eq=False)
class Prior:
    """Independent blocks N(0, variance_i T(r)) with T(r)_jk = r^|j - k|, and white noise.

    Attributes
    ----------
    variances : array, (*batch, count)
    noise : array, (*batch,), variance of a measurement's noise
    correlation : array, (*batch,), the r of all blocks
    """

    variances: Array
    noise: Array
    correlation: Array


@dataclass(frozen=True, eq=False)
class Evidence:
    """What measurements y ~ N(0, S), S = noise I + sum_i variance_i A_i T A_i^H, say of a prior.

    Attributes
    ----------
    prior : Prior, the noise raised to what the precision resolves
    mean : array, (*batch, count, width), posterior mean of each block
    grams : real array, (*batch, count, width, width), real parts of A_i^H S^-1 A_i
    noise_fit, noise_spread : arrays, (*batch,), ||S^-1 y||^2 and tr S^-1
    objective : array, (*batch,), negative logarithm of the density of y, of complex y the circular one
    """

    prior: Prior
    mean: Array
    grams: Array
    noise_fit: Array
    noise_spread: Array
    objective: Array


@dataclass(frozen=True, eq=False)
class Dictionary:
    """The dense matrix by blocks; blocks shorter than the longest are filled up with zero columns.

    Parameters
    ----------
    blocked : array, (m, count * width)
    units : Units
    """

    blocked: Array
    units: Units

    @classmethod
    def of(cls, A: LinearOperator, y: Array, units: Units) -> Dictionary:
        """The matrix of an operator, in the dtype of A @ x.

        Raises
        ------
        ValueError
            When the operator is a stack of matrices or linear over the reals only, or too large to be dense.
        """
        if A.batch_shape:
            raise ValueError(f"{A} is a stack of matrices, each with a covariance of its own: loop over the matrices")
        if A.real_linear:
            raise ValueError(f"{A} is linear over the reals only: a Gaussian signal of it has no single covariance")
        signals = prod(y.shape) // A.size_out
        if signals * A.size_out * max(units.members.size, A.size_out) > _ENTRIES:
            raise ValueError(
                f"{signals} signals with a dense {A.size_out} x {units.members.size} matrix are more than {_ENTRIES}"
                " entries: solve fewer signals at once, or use recover or fista"
            )
        xp, dense = namespace(y), cast_like(A.todense(), y)
        dense = xp.astype(dense, xp.result_type(dense, y), copy=False)
        filled = xp.concat([dense, xp.zeros_like(dense[:, :1])], axis=1)
        return cls(xp.take(filled, to_like(units.members.reshape(-1), y), axis=1), units)

    @cached_property
    def inside(self) -> np.ndarray:
        """Which entries of the filled blocks are coefficients, (count, width), on the host."""
        return self.units.members < prod(self.units.shape)

    @cached_property
    def inner(self) -> np.ndarray:
        """One for each coefficient, less one for the first and one for the last of its block, on the host."""
        inside = self.inside.astype(float)
        ahead = np.pad(inside, ((0, 0), (1, 1)))
        return inside - (inside - ahead[:, :-2]) - (inside - ahead[:, 2:])

    def signal(self, values: Array) -> Array:
        """Values of the filled blocks, (*batch, count, width), as signals."""
        xp, places = namespace(values), np.argsort(self.units.members.reshape(-1), kind="stable")
        batch = values.shape[:-2]
        taken = xp.take(xp.reshape(values, (*batch, -1)), to_like(places[: prod(self.units.shape)], values), axis=-1)
        return xp.reshape(taken, (*batch, *self.units.shape))

    def toeplitz(self, correlation: Array) -> Array:
        """Covariances T(r) of a block of variance one, (*batch, 1, width, width)."""
        xp, width = namespace(correlation), self.units.width
        lags = np.abs(np.subtract.outer(np.arange(width), np.arange(width))).reshape(-1)
        rows = xp.take(powers(correlation, width), to_like(lags, correlation), axis=-1)
        return xp.reshape(rows, (*correlation.shape, 1, width, width))

    def evidence(self, y: Array, prior: Prior) -> Evidence:
        """Posterior and likelihood of measurements of shape (*batch, m)."""
        xp, m, (count, width) = namespace(y), y.shape[-1], self.units.members.shape
        by_block, alike = (m, count, width), xp.astype(self.toeplitz(prior.correlation), y.dtype)
        correlated = xp.reshape(self.blocked, by_block) @ alike
        weighted = xp.reshape(prior.variances[..., None, :, None] * correlated, (*y.shape, count * width))
        covariance = weighted @ conj(mT(self.blocked))
        noise = xp.maximum(prior.noise, _CLOSEST * eps(y) * clip(real(xp.linalg.trace(covariance)), 1))
        identity = xp.eye(m, dtype=y.dtype, device=device(y))
        factor = xp.linalg.cholesky(covariance + noise[..., None, None] * identity)
        inverse = xp.linalg.solve(factor, xp.broadcast_to(identity, factor.shape))  # S^-1 = inverse^H inverse
        white, columns = (inverse @ y[..., None])[..., 0], inverse @ self.blocked
        half = 1 if is_complex(y) else 0.5
        volume = 2 * xp.sum(xp.log(real(xp.linalg.diagonal(factor))), axis=-1) + m * log(pi / half)
        scores = xp.reshape(conj(mT(columns)) @ white[..., None], (*y.shape[:-1], count, width))
        mean = prior.variances[..., None] * (scores[..., None, :] @ alike)[..., 0, :] * cast_like(self.inside, noise)
        return Evidence(
            replace(prior, noise=noise),
            mean,
            self._grams(xp.reshape(columns, (*y.shape[:-1], *by_block))),
            norm((conj(mT(inverse)) @ white[..., None])[..., 0]) ** 2,
            xp.sum(energy(inverse), axis=(-2, -1)),
            half * (volume + norm(white) ** 2),
        )

    def _grams(self, columns: Array) -> Array:
        """Real parts of the inner products inside each block, of columns of shape (*batch, m, count, width)."""
        xp = namespace(columns)
        if self.units.width == 1:
            return xp.sum(energy(columns), axis=-3)[..., None]
        blocks = xp.moveaxis(columns, -3, -2)
        return real(conj(mT(blocks)) @ blocks)

    def deviations(self, seen: Evidence) -> Array:
        """Posterior standard deviation of each entry of the filled blocks, (*batch, count, width)."""
        xp, variances = namespace(seen.mean), seen.prior.variances[..., None]
        alike = self.toeplitz(seen.prior.correlation)
        explained = variances * xp.sum((alike @ seen.grams) * alike, axis=-1)
        return xp.sqrt(variances * clip(1 - explained, 0))


def powers(r: Array, count: int) -> Array:
    """r^0, ..., r^(count - 1) along a new last axis."""
    return r[..., None] ** cast_like(np.arange(count), r)


def real(x: Array) -> Array:
    """Real part; real x itself."""
    return namespace(x).real(x) if is_complex(x) else x
