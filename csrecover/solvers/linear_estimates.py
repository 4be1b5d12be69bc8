"""Linear least squares for the error of a signal, given how large it is: one half of vector message passing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ..backend import Array, cast_like, conj, divide, energy, eps, expand, flat, mT, namespace, norm, to_numpy
from ..operators import LinearOperator
from .ensemble import check_rotated, row_gain
from .hard import noise_level

_LARGEST = 2**25  # entries of a matrix that is decomposed
_FIRST = 0.5  # share of the noise in the measurements, where it is not known
_STEPS = 10  # of the likelihood
_HALVINGS = 40  # of an interval of logarithms


class LinearEstimate(ABC):
    """The move that reduces the error e of a signal s most, scaled so that what is left is uncorrelated with e.

    The variance of e follows from that of the noise, as residual = A e + noise.

    Attributes
    ----------
    noise : array, (*batch,)
        variance of the noise of a measurement.
    learnt : bool
        whether it is only the last guess.
    """

    noise: Array
    learnt: bool

    @abstractmethod
    def __call__(self, A: LinearOperator, residual: Array) -> tuple[Array, Array, Array, Array]:
        """From y - A s: the move, its image, the share that is seen of e, and the root-mean-square error of s + move.

        The share, trace A^H (A A^H + rho)^-1 A / n with rho the variance of the noise over that of e, is what the move
        has been divided by: (*batch,), as the error.
        """

    @abstractmethod
    def corrected(self, residual: Array, ratio: Callable[[], Array]) -> LinearEstimate:
        """The estimate with a better guess of the noise.

        The ratio is that of the variance seen in the error of s + move to the one that was given.
        """


@dataclass(frozen=True, eq=False)
class OrthogonalRows(LinearEstimate):
    """The estimate where A A^H = c I: n / (m c) A^H (y - A s).

    Attributes
    ----------
    gain : float, c
    noise, learnt
        as of every estimate.
    """

    gain: float
    noise: Array
    learnt: bool = False

    def __call__(self, A: LinearOperator, residual: Array) -> tuple[Array, Array, Array, Array]:
        (m, n), xp = A.shape, namespace(residual)
        power = norm(residual, len(A.out_shape)) ** 2 / m
        error = xp.maximum(power - self.noise, (2 / m) ** 0.5 * power) / self.gain
        share = m / n * self.gain * divide(error, self.gain * error + self.noise)
        tau = xp.sqrt(n / (m * self.gain) * power - error)
        return n / (m * self.gain) * (A.H @ residual), n / m * residual, share, tau

    def corrected(self, residual: Array, ratio: Callable[[], Array]) -> LinearEstimate:
        ndim = residual.ndim - self.noise.ndim
        power = norm(residual, ndim) ** 2 / prod(residual.shape[self.noise.ndim :])
        return replace(self, noise=namespace(power).minimum(self.noise * ratio(), power))


@dataclass(frozen=True, eq=False)
class SingularValues(LinearEstimate):
    """The estimate from the left singular vectors U and the singular values d of A.

    A^H U (d^2 + rho)^-1 U^H (y - A s) with rho the variance of the noise over that of the error, divided by the mean of
    d^2 / (d^2 + rho) over the n directions.

    Attributes
    ----------
    left : array, (m, rank)
    squares : array, (rank,)
        d^2.
    noise, learnt
        as of every estimate.
    """

    left: Array
    squares: Array
    noise: Array
    learnt: bool = False

    def __call__(self, A: LinearOperator, residual: Array) -> tuple[Array, Array, Array, Array]:
        xp = namespace(residual)
        seen = xp.matmul(flat(residual, len(A.out_shape)), conj(self.left))
        energies = energy(seen)
        error = self._error(energies)
        inverses = 1 / (self.squares + expand(divide(self.noise, error), 1))
        share = xp.sum(inverses * self.squares, axis=-1) / A.size_in
        weights = inverses * seen / expand(share, 1)
        tau = xp.sqrt(error * xp.maximum(1 / share - 1, xp.zeros_like(share)))
        return A.H @ self._spanned(A, weights), self._spanned(A, self.squares * weights), share, tau

    def corrected(self, residual: Array, ratio: Callable[[], Array]) -> LinearEstimate:  # noqa: ARG002
        """By the likelihood of the residual, whose variances are d_i^2 error + noise; each step raises it."""
        xp, noise = namespace(residual), self.noise
        energies = energy(xp.matmul(flat(residual, residual.ndim - noise.ndim), conj(self.left)))
        error = self._error(energies)
        for _ in range(_STEPS):
            inverses = divide(xp.ones_like(energies), self.squares * expand(error, 1) + expand(noise, 1))
            fits = energies * inverses**2
            noise = noise * divide(xp.sum(fits, axis=-1), xp.sum(inverses, axis=-1)) ** 0.5
            explained = xp.sum(self.squares * inverses, axis=-1)
            error = error * divide(xp.sum(self.squares * fits, axis=-1), explained) ** 0.5
        return replace(self, noise=noise)

    def _error(self, energies: Array) -> Array:
        """Variance of the error, (*batch,): the mean of |u_i|^2 / (d_i^2 error + noise) is one; by bisection."""
        xp, count = namespace(energies), energies.shape[-1]
        high = xp.mean(energies / self.squares, axis=-1)
        low = (2 / count) ** 0.5 * xp.mean(energies, axis=-1) / xp.max(self.squares)
        for _ in range(_HALVINGS):
            middle = xp.sqrt(low) * xp.sqrt(high)
            model = self.squares * expand(middle, 1) + expand(self.noise, 1)
            above = xp.mean(divide(energies, model), axis=-1) > 1
            low, high = xp.where(above, middle, low), xp.where(above, high, middle)
        return xp.where(self.noise > 0, high, xp.mean(energies / self.squares, axis=-1))

    def _spanned(self, A: LinearOperator, weights: Array) -> Array:
        """U times weights, in the shape of measurements."""
        xp = namespace(weights)
        return xp.reshape(xp.matmul(weights, mT(self.left)), (*weights.shape[:-1], *A.out_shape))


def linear_estimate(A: LinearOperator, y: Array, noise: Any) -> LinearEstimate:
    """The estimate that an operator affords.

    Raises
    ------
    ValueError
        When its right singular vectors are not like random ones, or it is too large to be decomposed; for a noise that
        is another text; as `noise_level`.
    TypeError
        As `noise_level`.
    """
    check_rotated(A)
    m, xp = A.size_out, namespace(y)
    size, learnt = norm(y, len(A.out_shape)), isinstance(noise, str)
    if learnt and noise != "learn":
        raise ValueError(f'noise is its norm, for each signal or for all, or "learn", got {noise!r}')
    variance = _FIRST * size**2 / m if learnt else noise_level(0.0 if noise is None else noise, size) ** 2 / m
    gain = row_gain(A, y)
    if gain is not None:
        return OrthogonalRows(gain, variance, learnt)
    if A.size_out * A.size_in > _LARGEST:
        raise ValueError(
            f"{A}: A A^H is no multiple of the identity and the matrix is too large for its singular values: use fista"
        )
    dense = A.todense()
    left, values, _ = xp.linalg.svd(dense, full_matrices=False)
    host = to_numpy(values).astype(float)
    squares = host[host > max(A.shape) * eps(values) * host[0]] ** 2
    left = xp.astype(left[:, : squares.size], xp.result_type(left, y), copy=False)
    return SingularValues(left, cast_like(squares, y), variance, learnt)
