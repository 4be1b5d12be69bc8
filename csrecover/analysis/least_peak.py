"""Is the smallest peak of an affine family below or above one? An interior point method with bounds from both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs

_STEPS = 60
_START = 1.02  # first level, relative to the first peak
_SHRINK = 0.1  # of the weight of the barrier, after a step that was not cut much
_SHARE = 0.95  # of the way to the boundary
_CLOSE = 100.0  # units of rounding between level and peak, relatively, at which numbers run out: a tie
_RIDGE = 32.0  # units of rounding, relative to the mean curvature
_NULL = 0.75  # power of the unit of rounding up to which B^T x is zero, relative to ||B||_F ||x||


@dataclass(frozen=True)
class Bracket:
    """Bounds on the smallest peak, and the Newton steps that they took."""

    low: float
    high: float
    steps: int


def least_peak(c: np.ndarray, B: np.ndarray, *, one_sided: bool, margin: float) -> Bracket:
    """Bound t* = min_w max_b g(c_b + B_b w) until it is told from one; g is the norm, or the number itself.

    Newton steps on t / mu - sum_b log(t^2 - ||u_b||^2), or - sum_b log(t - u_b), u = c + B w, over (w, t), with a mu
    that falls. The peak of any w is an upper bound. The derivatives of the barrier at the point that a step aims at
    are some x with B^T x = 0, and by duality any such x gives t* >= <c, x> / sum_b ||x_b||; where g is the number
    itself x must not be negative.

    Parameters
    ----------
    c : array, (units, size)
    B : array, (units, size, rank), rank >= 1
    one_sided : bool
        whether g is the number itself, of units of size 1.
    margin : float
        how far from one a bound has to be.
    """
    units, size, rank = B.shape
    rows, u, low = B.reshape(units * size, rank), c, -np.inf
    syrk, (potrf, potrs) = get_blas_funcs("syrk", dtype=B.dtype), get_lapack_funcs(("potrf", "potrs"), dtype=B.dtype)
    eps = float(np.finfo(B.dtype).eps)
    high, rounding = peak(u, one_sided), eps**_NULL * float(np.linalg.norm(rows))
    t, mu = _START * high, 0.0
    for step in range(_STEPS):
        if high < 1 - margin or low > 1 + margin or 1 - margin < low <= high < 1 + margin:
            return Bracket(low, high, step)
        if not t - high > _CLOSE * eps * t:
            break
        x, slope, plain, radial, mixed, curvature = _barrier(u, t, one_sided)
        mu = mu or -1 / slope
        weighted = _square_root(B, u, plain, radial).reshape(units * size, rank)
        hessian = syrk(1.0, weighted.T, lower=True)
        hessian.ravel(order="K")[:: rank + 1] += _RIDGE * eps * np.vdot(weighted, weighted) / rank
        factor, failed = potrf(hessian, lower=True, clean=False, overwrite_a=True)
        if failed:
            break
        sides = np.stack([x.ravel() @ rows, mixed.ravel() @ rows], axis=1)
        solved, _ = potrs(factor, sides, lower=True)
        dt = -(1 / mu + slope - sides[:, 1] @ solved[:, 0]) / (curvature - sides[:, 1] @ solved[:, 1])
        du = (rows @ (-solved[:, 0] - solved[:, 1] * dt)).reshape(units, size)
        aimed = x + plain * du + radial * _inner(u, du)[:, None] * u + mixed * dt
        if np.linalg.norm(aimed.ravel() @ rows) <= rounding * np.linalg.norm(aimed):
            low = max(low, _dual(aimed, c, one_sided))
        length = min(1.0, _SHARE * _to_boundary(u, t, du, dt, one_sided))
        u, t = u + length * du, t + length * dt
        high = min(high, peak(u, one_sided))
        if length > 0.5:
            mu *= _SHRINK
    return Bracket(low, high, step)


def peak(u: np.ndarray, one_sided: bool) -> float:
    """Largest norm of a unit, or the largest number."""
    return float(np.max(u)) if one_sided else float(np.max(_inner(u, u))) ** 0.5


def _inner(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Inner product of each unit."""
    return np.einsum("ij,ij->i", u, v)


def _barrier(u: np.ndarray, t: float, one_sided: bool) -> tuple:
    """First and second derivatives of the barrier.

    In u: x, and the matrices plain I + radial u u^T; in t: two sums; mixed.
    """
    if one_sided:
        x = 1 / (t - u)
        return x, -np.sum(x), x**2, np.zeros_like(x), -(x**2), np.sum(x**2)
    inverse = 1 / (t**2 - _inner(u, u)[:, None])
    plain, radial = 2 * inverse, 4 * inverse**2
    return plain * u, -t * np.sum(plain), plain, radial, -t * radial * u, np.sum(t**2 * radial - plain)


def _square_root(B: np.ndarray, u: np.ndarray, plain: np.ndarray, radial: np.ndarray) -> np.ndarray:
    """Some R B with R^T R = plain I + radial u u^T, unit by unit."""
    if u.shape[1] == 1:
        return B * np.sqrt(plain + radial * u * u)[..., None]
    root, square = np.sqrt(plain), _inner(u, u)[:, None]
    stretch = radial / (root * (1 + np.sqrt(1 + radial * square / plain)))
    along = np.einsum("ij,ijk->ik", u, B)
    return root[..., None] * B + (stretch * u)[..., None] * along[:, None, :]


def _dual(x: np.ndarray, c: np.ndarray, one_sided: bool) -> float:
    """The lower bound that x gives, B^T x = 0."""
    if one_sided:
        return float(np.vdot(c, x) / np.sum(x)) if np.min(x) >= 0 else -np.inf
    return float(np.vdot(c, x) / np.sum(np.sqrt(_inner(x, x))))


def _to_boundary(u: np.ndarray, t: float, du: np.ndarray, dt: float, one_sided: bool) -> float:
    """Smallest a > 0 for which a unit of u + a du reaches the level t + a dt."""
    if one_sided:
        left, speed = t - u, du - dt
    else:
        left = t**2 - _inner(u, u)
        half, square = _inner(u, du) - t * dt, _inner(du, du) - dt**2
        speed = half + np.sqrt(np.maximum(half**2 + square * left, 0))
        speed[half**2 + square * left < 0] = 0
    ahead = speed > 0
    return float(np.min(left[ahead] / speed[ahead], initial=np.inf))
