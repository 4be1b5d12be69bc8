"""Descent cones of convex penalties: their statistical dimensions and the spread of their intrinsic volumes.

The statistical dimension of the descent cone at x is min_tau E dist^2(g, tau times the subdifferential), g standard
normal. All numbers here are divided by the number N of coordinates, and belong to signals of which a fraction s of the
units is active: coefficients, blocks or singular values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import elementwise

from ...penalties.chi import chi_excess

_NODES, _WEIGHTS = leggauss(96)
_HARMONICS = np.arange(64)


class Cone(ABC):
    """Statistical dimension, and variance of the intrinsic volumes, for fractions s of active units, 0 <= s <= 1."""

    @abstractmethod
    def dimension(self, s: np.ndarray) -> np.ndarray:
        """Statistical dimension / N as N grows."""

    @abstractmethod
    def variance(self, s: np.ndarray) -> np.ndarray:
        """Variance of the intrinsic volumes / N as N grows."""

    def bias(self, s: np.ndarray) -> np.ndarray:
        """(Statistical dimension - N `dimension`) / sqrt(N)."""
        return np.zeros_like(s)


class UnitCone(Cone):
    """A cone of units of `size` coordinates; the subdifferential lets inactive ones have any norm up to 1.

    With sigma the random norm of g on an inactive unit, E dist^2 = N (full(s) + (s tau^2 + (1 - s) E (sigma - tau)_+^2)
    / size), least where s tau = (1 - s) E (sigma - tau)_+. The intrinsic volumes have the variance
    Var dist^2 - 2 E dist^2.
    """

    size: float

    @abstractmethod
    def full(self, s: np.ndarray) -> np.ndarray:
        """Fraction of the coordinates that count in full."""

    @abstractmethod
    def top(self, s: np.ndarray) -> np.ndarray:
        """An upper bound of tau."""

    @abstractmethod
    def excess(self, s: np.ndarray, tau: np.ndarray, power: int) -> np.ndarray:
        """E (sigma - tau)_+^power of an inactive unit."""

    @abstractmethod
    def excess_variance(self, s: np.ndarray, tau: np.ndarray) -> np.ndarray:
        """Var sum (sigma - tau)_+^2 over the inactive units, divided by N."""

    def tau(self, s: np.ndarray) -> np.ndarray:
        """The minimiser."""
        zero = np.zeros_like(s)
        found = elementwise.find_root(
            lambda tau, s: s * tau - (1 - s) * self.excess(s, tau, 1), (zero, zero + self.top(s)), args=(s,)
        )
        return found.x

    def dimension(self, s: np.ndarray) -> np.ndarray:
        inside, tau = self._inner(s)
        found = self.full(inside) + (inside * tau**2 + (1 - inside) * self.excess(inside, tau, 2)) / self.size
        return np.where(inside == s, found, s)

    def variance(self, s: np.ndarray) -> np.ndarray:
        inside, tau = self._inner(s)
        spread = 2 * self.full(inside) + 4 * inside * tau**2 / self.size + self.excess_variance(inside, tau)
        return np.where(inside == s, np.maximum(spread - 2 * self.dimension(inside), 0), 0)

    def _inner(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions strictly between 0 and 1, in the place of the others 1/2, and their tau."""
        inside = np.where((s > 0) & (s < 1), s, 0.5)
        return inside, self.tau(inside)


@dataclass(frozen=True, eq=False)
class NormCone(UnitCone):
    """L1 norm of the Euclidean norms of blocks of `size` coefficients; `share` of the inactive ones can leave zero."""

    size: float = 1
    share: float = 1

    def full(self, s: np.ndarray) -> np.ndarray:
        return s

    def top(self, s: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return 60 + 10 * np.sqrt(self.size)

    def excess(self, s: np.ndarray, tau: np.ndarray, power: int) -> np.ndarray:  # noqa: ARG002
        return self.share * chi_excess(self.size, tau, power)

    def excess_variance(self, s: np.ndarray, tau: np.ndarray) -> np.ndarray:
        return (1 - s) / self.size * (self.excess(s, tau, 4) - self.excess(s, tau, 2) ** 2)


@dataclass(frozen=True, eq=False)
class EndlessBlocksCone(Cone):
    """The limit of `NormCone` as the size of the blocks grows."""

    def dimension(self, s: np.ndarray) -> np.ndarray:
        return s * (2 - s)

    def variance(self, s: np.ndarray) -> np.ndarray:
        return 2 * s * (1 - s) ** 2


@dataclass(frozen=True, eq=False)
class NuclearCone(UnitCone):
    """Nuclear norm of rows x columns matrices, `nu` = rows / columns <= 1; tau in units of sqrt(columns).

    The inactive units are the singular values of a Gaussian matrix of (1 - s) nu columns rows and (1 - s nu) columns
    columns. Their squares follow the Marchenko-Pastur law, integrated in the angle of x = centre + half cos(angle).
    Sums over them have the variance, and the bias of their mean, of linear statistics of real Wishart matrices (Bai and
    Silverstein, Annals of Probability 32(1A), 2004): with Chebyshev coefficients c_j, sum_j j c_j^2 / 2 and
    (f(low) + f(high) - c_0) / 4.
    """

    nu: float
    size: float = 1

    def full(self, s: np.ndarray) -> np.ndarray:
        return s * (1 + self.nu - s * self.nu)

    def top(self, s: np.ndarray) -> np.ndarray:
        return np.sqrt((1 - s) * self.nu) + np.sqrt(1 - s * self.nu)

    def excess(self, s: np.ndarray, tau: np.ndarray, power: int) -> np.ndarray:
        ratio, centre, half = self._law(s)
        angles, weights, sizes = self._angles(s, tau)
        squares = centre[..., None] + half[..., None] * np.cos(angles)
        density = (half[..., None] * np.sin(angles)) ** 2 / squares / (2 * np.pi * ratio[..., None])
        return np.sum(weights * density * (sizes - tau[..., None]) ** power, axis=-1)

    def excess_variance(self, s: np.ndarray, tau: np.ndarray) -> np.ndarray:
        return np.sum(_HARMONICS * self._chebyshev(s, tau) ** 2, axis=-1) / (2 * self.nu)

    def bias(self, s: np.ndarray) -> np.ndarray:
        inside, tau = self._inner(s)
        rows, columns = np.sqrt((1 - inside) * self.nu), np.sqrt(1 - inside * self.nu)
        ends = [np.maximum(end - tau, 0) ** 2 for end in (columns - rows, columns + rows)]
        shift = (ends[0] + ends[1] - self._chebyshev(inside, tau)[..., 0]) / 4
        return np.where(inside == s, shift / np.sqrt(self.nu), 0)

    def _law(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ratio of the sides of the Gaussian matrix; centre and half of the interval of the squares, over columns."""
        ratio = (1 - s) * self.nu / (1 - s * self.nu)
        return ratio, 1 + ratio, 2 * np.sqrt(ratio)

    def _angles(self, s: np.ndarray, tau: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Angles and weights of a quadrature over the sizes above tau, and these sizes."""
        _, centre, half = self._law(s)
        columns = 1 - s * self.nu
        last = np.arccos(np.clip((tau**2 / columns - centre) / half, -1, 1))[..., None] / 2
        angles = last * (_NODES + 1)
        sizes = np.sqrt(columns[..., None] * (centre[..., None] + half[..., None] * np.cos(angles)))
        return angles, last * _WEIGHTS, sizes

    def _chebyshev(self, s: np.ndarray, tau: np.ndarray) -> np.ndarray:
        """Chebyshev coefficients of (size - tau)_+^2 as a function of the squared size."""
        angles, weights, sizes = self._angles(s, tau)
        values = weights * (sizes - tau[..., None]) ** 2
        return 2 / np.pi * np.sum(values[..., None] * np.cos(angles[..., None] * _HARMONICS), axis=-2)
