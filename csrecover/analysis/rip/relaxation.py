"""Certificates by splitting a matrix: the clip bound, and the semidefinite relaxation that it is a first guess of.

A unit vector x on K cells (coefficients, or blocks of them) has sum over b != c of ||x_b|| ||x_c|| <= K - 1. So for
each Hermitian C whose blocks have spectral norm at most rho, those on the diagonal zero,

    x^H H x = x^H (H - C) x + x^H C x <= lambda_max(H - C) + (K - 1) rho.

The least of these bounds over C is the value of the semidefinite program

    max tr(H X),    X >= 0,    tr X = 1,    sum over b != c of ||X_bc||_* <= K - 1,

for coefficients the relaxation of sparse principal components by d'Aspremont, El Ghaoui, Jordan and Lanckriet. Any C
is a proof, however it was found. The budget of the functions is K - 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .eigenvalues import largest_eigenvalue
from .family import Cells

_GRID = 24  # levels rho at which the clip bound is tried at most
_ROUNDS, _LEAST = 300, 25  # of the relaxation, at most and at least
_WORK = 6e8  # cubes of n that either may cost otherwise
_LOOK = 5  # rounds between two looks at the bound
_GAIN = 1e-4  # least gain of ten looks that is worth going on, in the order of the eigenvalues off the diagonal


def clip_bound(H: np.ndarray, cells: Cells, budget: int) -> float:
    """The least bound by matrices C that clip the singular values of each block of H off the diagonal at rho."""
    values, assembled = _off_diagonal(H, cells)
    count = max(4, min(_GRID, int(_WORK / len(H) ** 3)))

    def bound(level: float) -> float:
        return _highest(H - assembled(np.minimum(values, level))) + budget * level

    level = min(np.linspace(0.0, float(values.max()), count).tolist(), key=bound)
    return _proven(H, assembled(np.minimum(values, level)), level, budget)


def relaxed_bound(H: np.ndarray, cells: Cells, budget: int, never: np.ndarray | None = None) -> float:
    """The best bound that a method of multipliers meets on its way to the semidefinite relaxation.

    In turn it takes the nearest matrix of trace one, and the nearest of small sum off the diagonal. The multiplier of
    their equality is the difference of blocks before and after their singular values are shrunk, which clips them: a
    C as it stands, so every round gives a proof.

    Parameters
    ----------
    H : array, (n, n)
    cells : Cells
    budget : int
    never : bool array, (n, n), optional
        where two indices are in no support together: the relaxation has zeros there, and C any entries.

    References
    ----------
    A. d'Aspremont, L. El Ghaoui, M. I. Jordan and G. R. G. Lanckriet, A direct formulation for sparse PCA using
    semidefinite programming, SIAM Review 49(3), 2007;
    S. Boyd, N. Parikh, E. Chu, B. Peleato and J. Eckstein, Distributed optimization and statistical learning via the
    alternating direction method of multipliers, Foundations and Trends in Machine Learning 3(1), 2011.
    """
    n = len(H)
    weight = 0.5 * float(np.linalg.norm(_off_diagonal(H, cells)[0]))
    if weight == 0 or budget == 0:
        return clip_bound(H, cells, budget)
    shrunk, clipped = np.eye(n) / n, np.zeros_like(H)
    best, bounds = (np.inf, clipped, 0.0), []
    for turn in range(1, 1 + max(_LEAST, min(_ROUNDS, int(_WORK / n**3)))):
        moved = _density(shrunk - clipped + H / weight) + clipped
        free = np.zeros_like(moved) if never is None else np.where(never, moved, 0)
        values, assembled = _off_diagonal(moved - free, cells)
        level = max(0.0, _threshold(values.reshape(-1), budget))
        clipped = free + assembled(np.minimum(values, level))
        shrunk = moved - clipped
        if turn % _LOOK == 0:
            bounds.append(_highest(H - weight * clipped) + budget * weight * level)
            if bounds[-1] < best[0]:
                best = bounds[-1], weight * clipped, weight * level
            if len(bounds) > 10 and best[0] > min(bounds[:-10]) - _GAIN * weight / n**0.5:
                break
    return _proven(H, best[1], best[2], budget)


def _proven(H: np.ndarray, part: np.ndarray, level: float, budget: int) -> float:
    """The bound by a C, whose blocks have spectral norm at most `level` but for rounding."""
    return largest_eigenvalue(H - (part + part.conj().T) / 2) + budget * level * (1 + 1e-12)


def _off_diagonal(H: np.ndarray, cells: Cells) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Singular values of the blocks of H off the diagonal, and the function that assembles a matrix of others."""
    blocks = cells.blocks(H)
    each = np.arange(len(blocks))
    blocks[each, each] = 0.0
    if cells.size == 1:
        values = abs(blocks)
        phases = blocks / np.where(values > 0, values, 1.0)
        return values, lambda new: cells.matrix(phases * new)
    left, values, right = np.linalg.svd(blocks)
    return values, lambda new: cells.matrix((left * new[..., None, :]) @ right)


def _density(H: np.ndarray) -> np.ndarray:
    """Nearest positive semidefinite matrix of trace one."""
    values, vectors = np.linalg.eigh((H + H.conj().T) / 2)
    kept = np.maximum(values - _threshold(values, 1.0), 0.0)
    return (vectors * kept) @ vectors.conj().T


def _threshold(values: np.ndarray, total: float) -> float:
    """The t for which what the values have above t sums to `total` > 0."""
    falling = np.sort(values)[::-1]
    levels = (np.cumsum(falling) - total) / np.arange(1, len(falling) + 1)
    return float(levels[np.flatnonzero(falling > levels)[-1]])


def _highest(H: np.ndarray) -> float:
    """Largest eigenvalue of the Hermitian part, as far as the eigensolver can be trusted."""
    return float(np.linalg.eigvalsh((H + H.conj().T) / 2)[-1])
