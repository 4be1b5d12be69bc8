"""Restricted isometry constants of large Gaussian matrices: where theory bounds them."""

from __future__ import annotations

import math

from scipy.optimize import brentq


def gaussian_bounds(m: int, n: int, k: int) -> tuple[float, float]:
    """Asymptotic bounds (L, U) of the restricted isometry constants of order k of an m x n matrix of N(0, 1/m) entries.

    As m, n and k grow in proportion, the probability that all supports S of k columns have the eigenvalues of
    A_S^H A_S in [1 - L, 1 + U] tends to one. This holds for the ensemble in the limit: it certifies nothing of a
    given matrix. The numbers depend on m / n and k / m alone. With H the entropy in nats, delta = m / n and
    rho = k / m, they are 1 - lmin(rho) and the smaller of lmax(rho) and lmax(1), minus one, where::

        H(delta r) + delta / 2 ((1 + r) ln lmax + 1 + r - r ln r - lmax) = 0,                 lmax >= 1 + r
        H(delta r) + delta (H(r) + 1 / 2 ((1 - r) ln lmin + 1 - r + r ln r - lmin)) = 0,      lmin <= 1 - r

    (the bound of lmax may be lowered to that of any larger r; it rises and then falls in r, so the ends are enough).

    Parameters
    ----------
    m, n, k : int, 1 <= k <= m <= n
        or any positive numbers in these proportions.

    Returns
    -------
    L, U : float

    Raises
    ------
    ValueError
        When the sizes are not in this order.

    References
    ----------
    J. D. Blanchard, C. Cartis and J. Tanner, Compressed sensing: how sharp is the restricted isometry property?,
    SIAM Review 53(1), 2011.
    """
    if not 0 < k <= m <= n < math.inf:
        raise ValueError(f"0 < k <= m <= n was expected, got m={m}, n={n}, k={k}")
    delta, rho = m / n, k / m
    return 1 - _smallest(delta, rho), min(_largest(delta, rho), _largest(delta, 1.0)) - 1


def _largest(delta: float, r: float) -> float:
    """The root lmax."""
    constant = 1 + r - r * math.log(r) + 2 * _entropy(delta * r) / delta

    def excess(value: float) -> float:
        return (1 + r) * math.log(value) + constant - value

    high = 2 * (1 + r)
    while excess(high) > 0:
        high *= 2
    return brentq(excess, 1 + r, high, xtol=1e-12)


def _smallest(delta: float, r: float) -> float:
    """The root lmin, by its logarithm: it may be too small for a number."""
    if r == 1:
        return 0.0
    constant = 1 - r + r * math.log(r) + 2 * _entropy(r) + 2 * _entropy(delta * r) / delta
    low = -constant / (1 - r) - 1  # rounding alone may put the root at the end without it
    return math.exp(brentq(lambda log: (1 - r) * log + constant - math.exp(log), low, math.log1p(-r), xtol=1e-12))


def _entropy(p: float) -> float:
    """Entropy of a coin, in nats."""
    return -p * math.log(p) - (1 - p) * math.log1p(-p) if 0 < p < 1 else 0.0
