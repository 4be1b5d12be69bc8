"""Phase transitions of recovery from Gaussian measurements without noise: their place and their width."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import elementwise
from scipy.special import ndtr

from .cones import Cone, EndlessBlocksCone, NormCone, NuclearCone

_KINDS = "l1", "nonnegative", "block", "nuclear", "amp", "block_amp"


def statistical_dimension(kind: str, s: Any, *, size: float | None = None, nu: float | None = None) -> Any:
    """Statistical dimension of the descent cone / number n of coordinates, for large n, at signals of s n unknowns.

    From about n times that many Gaussian measurements on, minimising the penalty recovers the signal.

    Parameters
    ----------
    kind : str
        "l1"; "nonnegative", the l1 norm of nonnegative signals; "block", the sum of the Euclidean norms of blocks of
        `size` coefficients; "nuclear", for rows x columns matrices with rows / columns = `nu`; "amp" and "block_amp",
        approximate message passing with minimax soft thresholds, whose state evolution has the same transition as
        "l1" and "block".
    s : float or array, from 0 to 1
        fraction of the coefficients, blocks or singular values that are not zero.
    size : int or math.inf
        of the blocks, for "block" and "block_amp".
    nu : float, 0 < nu <= 1
        for "nuclear".

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        When the kind is none of these, a number is out of range, or `size` or `nu` is missing or means nothing.

    References
    ----------
    D. Amelunxen, M. Lotz, M. B. McCoy and J. A. Tropp, Living on the edge: phase transitions in convex programs with
    random data, Information and Inference 3(3), 2014 (Propositions 4.5 and 4.7 for l1 and nuclear norms);
    D. L. Donoho, A. Maleki and A. Montanari, Message-passing algorithms for compressed sensing, PNAS 106(45), 2009.
    """
    return _cone(kind, size, nu).dimension(_fractions(s, "s"))[()]


def transition_rho(kind: str, delta: Any, *, size: float | None = None, nu: float | None = None) -> Any:
    """Largest rho = s / delta at which s n unknowns are recovered from delta n Gaussian measurements, n large.

    Parameters
    ----------
    kind : str
        as for `statistical_dimension`, or "tst": two-stage thresholding (subspace pursuit) as tuned by Maleki and
        Donoho, for which there is no theory: the parabola that they fitted to experiments with +-1 signals, the
        hardest ones, n = 800. Other signals are recovered at larger rho.
    delta : float or array, 0 < delta <= 1
        measurements / coordinates.
    size, nu
        as for `statistical_dimension`.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        When the kind is none of these, a number is out of range, or `size` or `nu` is missing or means nothing.

    References
    ----------
    A. Maleki and D. L. Donoho, Optimally tuned iterative reconstruction algorithms for compressed sensing, IEEE J.
    Selected Topics in Signal Processing 4(2), 2010 ("tst").
    """
    delta = _fractions(delta, "delta")
    if not np.all(delta > 0):
        raise ValueError(f"delta, measurements over coordinates, is positive, got {delta}")
    if kind == "tst":
        _cone("l1", size, nu)
        return (0.044417 * delta**2 + 0.34142 * delta + 0.14844)[()]
    cone, zero = _cone(kind, size, nu), np.zeros_like(delta)
    found = elementwise.find_root(lambda s, delta: cone.dimension(s) - delta, (zero, zero + 1), args=(delta,))
    return (found.x / delta)[()]


def transition_width(kind: str, n: Any, s: Any, *, size: float | None = None, nu: float | None = None) -> Any:
    """Standard deviation sigma, in measurements, of the number from which recovery succeeds.

    The success probability is near Phi((m - center) / sigma), so it rises from 10 to 90 % within 2.56 sigma. sigma^2
    is the variance of the intrinsic volumes of the descent cone, and grows as n.

    Parameters
    ----------
    kind, s, size, nu
        as for `statistical_dimension`.
    n : int or array
        coordinates; rows times columns for "nuclear".

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        As `statistical_dimension` does, or when n is less than 1.

    References
    ----------
    M. B. McCoy and J. A. Tropp, From Steiner formulas for cones to concentration of intrinsic volumes, Discrete &
    Computational Geometry 51(4), 2014; L. Goldstein, I. Nourdin and G. Peccati, Gaussian phase transitions and conic
    intrinsic volumes: Steining the Steiner formula, Annals of Applied Probability 27(1), 2017.
    """
    return np.sqrt(_lengths(n) * _cone(kind, size, nu).variance(_fractions(s, "s")))[()]


def success_probability(
    kind: str, n: Any, k: Any, m: Any, *, size: float | None = None, nu: float | None = None
) -> Any:
    """Probability of recovery from m Gaussian measurements, near Phi((m - center) / sigma).

    The center is the statistical dimension; that of large matrices with its first correction, for "nuclear".

    Parameters
    ----------
    kind, size, nu
        as for `statistical_dimension`; a finite size.
    n : int or array
        coordinates; rows times columns for "nuclear".
    k : int or array
        nonzero coefficients, nonzero blocks, or the rank.
    m : int or array
        measurements.

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        As `statistical_dimension` does, or when k is negative or more than the units of which n coordinates consist.

    References
    ----------
    As for `transition_width`.
    """
    cone, n, k = _cone(kind, size, nu), _lengths(n), np.asarray(k, float)
    if size is not None and not (math.isfinite(size) and np.all(n % size == 0)):
        raise ValueError(f"n={n} coordinates are no whole number of blocks of size={size}")
    units = np.sqrt(n * nu) if nu is not None else n / (size or 1)
    if not (np.all(k >= 0) and np.all(k <= units)):
        raise ValueError(f"k is a number of units, from 0 to {units}, got {k}")
    n, s, m = np.broadcast_arrays(n, k / units, np.asarray(m, float))
    center, width = center_and_width(cone, n, s)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(width > 0, ndtr((m - center) / width), m >= center)[()]


def center_and_width(cone: Cone, n: Any, s: Any) -> tuple[np.ndarray, np.ndarray]:
    """Statistical dimension, and standard deviation of the intrinsic volumes, of a cone among n coordinates."""
    n, s = np.asarray(n, float), np.asarray(s, float)
    return n * cone.dimension(s) + np.sqrt(n) * cone.bias(s), np.sqrt(n * cone.variance(s))


def _cone(kind: str, size: float | None, nu: float | None) -> Cone:
    """The cone of a kind; whether it has the parameters that it wants, and no other."""
    if kind not in _KINDS:
        raise ValueError(f"kind is one of {', '.join(_KINDS)} (and tst for transition_rho), got {kind!r}")
    blocks = kind in ("block", "block_amp")
    if blocks != (size is not None) or (kind == "nuclear") != (nu is not None):
        raise ValueError(
            f"give size for blocks, nu for nuclear and neither for others: kind {kind!r} came with size={size}, nu={nu}"
        )
    if nu is not None:
        if not 0 < nu <= 1:
            raise ValueError(f"nu, the shorter over the longer side of the matrices, is in (0, 1], got {nu}")
        return NuclearCone(float(nu))
    if size is None:
        return NormCone(share=0.5 if kind == "nonnegative" else 1)
    if size == math.inf:
        return EndlessBlocksCone()
    if not (size >= 1 and size == int(size)):
        raise ValueError(f"size, of the blocks, is an integer >= 1 or math.inf, got {size}")
    return NormCone(size)


def _fractions(given: Any, name: str) -> np.ndarray:
    given = np.asarray(given, float)
    if not (np.all(given >= 0) and np.all(given <= 1)):
        raise ValueError(f"{name} is a fraction, from 0 to 1, got {given}")
    return given


def _lengths(n: Any) -> np.ndarray:
    n = np.asarray(n, float)
    if not np.all(n >= 1):
        raise ValueError(f"n, the number of coordinates, is at least 1, got {n}")
    return n
