"""Restricted eigenvalue: the least gain of an operator on signals that are nearly sparse."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..models.base import check_count
from ..operators import as_operator
from .coherence import host_matrix
from .interval import Interval
from .nullspace import nsp

_LEVELS = 24  # thresholds tried in the lower bound
_SHIFT = 1e-3  # of the Gram matrix before it is inverted, relative to its mean eigenvalue
_STEPS = 300  # of the projected gradient


def restricted_eigenvalue(A: Any, k: int, *, c0: float = 3.0) -> Interval:
    """Bounds of the restricted eigenvalue min ||A d|| / ||d_S||_2 over |S| <= k and ||d_off S||_1 <= c0 ||d_S||_1.

    It bounds the error of the Lasso and of the Dantzig selector from k-sparse signals; c0 = 3 and 1 are the cones of
    their errors. The literature divides by sqrt(m) as it scales the columns to norm sqrt(m): here they have about
    norm one, and A is taken as it is.

    The upper bound is attained by a d: the null vector of `nsp` where it lies in the cone, "null space"; else the
    best of accelerated "projected gradient" steps from n signals on k coefficients. The lower bound is the best of
    "clip", with C the off-diagonal part of A^H A clipped to magnitudes of at most t, ||A d||^2 >=
    lambda_min(A^H A - C) ||d||^2 - t ||d||_1^2 and ||d||_1 <= (1 + c0) sqrt(k) ||d_S||; of "null space", with x =
    (I - Y A) x + Y A x, Y the multipliers of `nsp`; and of zero, "trivial". All is done on the host with a dense
    matrix, and takes what `nsp` takes.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    k : int, from 1 to n
    c0 : float, at least 0

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        When k or c0 is out of range.

    References
    ----------
    P. J. Bickel, Y. Ritov and A. B. Tsybakov, Simultaneous analysis of Lasso and Dantzig selector, Annals of
    Statistics 37(4), 2009.
    """
    operator = as_operator(A)
    if check_count(k, 1) > operator.size_in:
        raise ValueError(f"k={k} is more than the {operator.size_in} unknowns: lower k")
    if not c0 >= 0:
        raise ValueError(f"c0, the opening of the cone, is at least 0, got {c0}")
    matrix = host_matrix(operator)
    null = nsp(matrix, k)
    share = null.attained
    if share > 0 and share * (1 + c0) >= 1:
        return Interval(0.0, 0.0, "trivial", "null space")
    gram = matrix.conj().T @ matrix
    high = _descend(gram, _starts(gram, k), c0)
    spread = np.sort(np.linalg.norm(null.multipliers, axis=1))[-k:].sum()
    lower = {"trivial": 0.0, "clip": _clip(gram, k * (1 + c0) ** 2)}
    lower["null space"] = (1 - (1 + c0) * null.certified) / spread if spread > 0 else 0.0
    how = max(lower, key=lambda name: lower[name])
    return Interval(min(lower[how], high), high, how, "projected gradient")


def _clip(gram: np.ndarray, share: float) -> float:
    """Root of the largest lambda_min(G - C_t) - share t over thresholds t where lambda_min(G - C_t) >= 0."""
    sizes = abs(gram) * (1 - np.eye(len(gram)))
    best = 0.0
    for threshold in np.linspace(0, sizes.max(), _LEVELS):
        scale = np.maximum(1 - threshold / np.where(sizes > 0, sizes, np.inf), 0) if threshold else np.ones_like(sizes)
        left = np.where(np.eye(len(gram), dtype=bool), gram, gram * scale)
        values = np.linalg.eigvalsh(left)
        best = max(best, float(values[0] - len(gram) * np.finfo(float).eps * values[-1]) - share * threshold)
    return best**0.5


def _starts(gram: np.ndarray, k: int) -> np.ndarray:
    """Signals (n, n) on k coefficients each: one from each column, with those that cancel most of it.

    The unit eigenvectors of the least eigenvalue on the largest entries of columns of the (shifted) inverse.
    """
    n, signals = len(gram), np.zeros_like(gram)
    inverse = abs(np.linalg.inv(gram + _SHIFT * np.trace(gram).real / n * np.eye(n)))
    np.fill_diagonal(inverse, np.inf)
    for signal, column in zip(signals, inverse.T, strict=True):
        support = np.argsort(-column, kind="stable")[:k]
        signal[support] = np.linalg.eigh(gram[np.ix_(support, support)])[1][:, 0]
    return signals


def _descend(gram: np.ndarray, heads: np.ndarray, c0: float) -> float:
    """Least ||A d|| / ||d_S|| found for d = head + tail, the heads unit signals on S and the tails free in the cone."""
    on, radius = heads != 0, c0 * np.sum(abs(heads), axis=1)
    step, best = 1 / np.linalg.eigvalsh(gram)[-1], np.inf
    d, slope = (z, slope_z) = heads, heads @ gram.T
    for i in range(_STEPS):
        d_prev, slope_prev = d, slope
        d = np.where(on, heads, _onto_ball(np.where(on, 0, z - step * slope_z), radius))
        slope = d @ gram.T
        best = min(best, float(np.min(np.sum(d.conj() * slope, axis=1).real)))
        z, slope_z = d + i / (i + 3) * (d - d_prev), slope + i / (i + 3) * (slope - slope_prev)
    return max(best, 0.0) ** 0.5


def _onto_ball(x: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Nearest point to each row in an l1 ball of its own."""
    sizes = abs(x)
    falling = -np.sort(-sizes, axis=1)
    levels = (np.cumsum(falling, axis=1) - radius[:, None]) / np.arange(1, x.shape[1] + 1)
    level = np.maximum(np.max(levels, axis=1, keepdims=True), 0)
    return x * np.maximum(1 - level / np.where(sizes > 0, sizes, np.inf), 0)
