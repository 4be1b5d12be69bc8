"""Where convex recovery from Gaussian measurements begins to succeed: statistical dimensions of descent cones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import comb, gammaincc, gammaln

from ..backend import is_array
from ..models.base import check_count
from ..penalties import L1, GroupL2, NonNegativeL1, Norm, Nuclear, Penalty

_MATRICES = 100  # random matrices that stand for the expectation over singular values


@dataclass(frozen=True)
class Transition:
    """Where exact recovery turns from failure to success, in measurements.

    Attributes
    ----------
    center : float
        the statistical dimension delta of the descent cone, up to `error`.
    width : float
        standard deviation sigma of the intrinsic volumes: the success probability is near Phi((m - center) / width).
    error : float
        the statistical dimension is between center - error and center.
    unknowns : int
        degrees of freedom of a signal whose support or rank is known.
    """

    center: float
    width: float
    error: float
    unknowns: int


def transition(penalty: Penalty, shape: tuple[int, ...], k: int, rng: Any = 0) -> Transition:
    """Transition of min penalty(x) subject to A x = y, for Gaussian A and any signal of k units, y = A x.

    The descent cone at x has delta = min_tau E dist^2(g, tau times the subdifferential), g standard normal; for k of
    G units it is k d + k tau^2 + E sum over the G - k others of (size - tau)_+^2 at the minimum, up to
    2 sqrt(G / k). Its intrinsic volumes have the variance Var dist^2 - 2 delta.

    Parameters
    ----------
    penalty : L1, NonNegativeL1, GroupL2 with blocks of one size, or Nuclear
        of one positive weight.
    shape : tuple of int
        of one signal.
    k : int >= 1
        nonzero coefficients, nonzero blocks, or the rank.
    rng : int or numpy.random.Generator
        draws the matrices whose singular values stand for their expectation, for `Nuclear`.

    Raises
    ------
    TypeError
        When there is no formula for the penalty, or k is no integer.
    ValueError
        When the weights or the blocks differ, or k is out of range.

    References
    ----------
    D. Amelunxen, M. Lotz, M. B. McCoy and J. A. Tropp, Living on the edge: phase transitions in convex programs with
    random data, Information and Inference 3(3), 2014 (statistical dimensions); L. Goldstein, I. Nourdin and
    G. Peccati, Gaussian phase transitions and conic intrinsic volumes: Steining the Steiner formula, Annals of Applied
    Probability 27(1), 2017 (the normal law).
    """
    k, units = check_count(k, least=1), _units(penalty, shape)
    if k > units:
        raise ValueError(f"k={k} is more than the {units} units of {type(penalty).__name__} for shape {shape}: lower k")
    if k == units:
        return Transition(float(math.prod(shape)), 0.0, 0.5, math.prod(shape))
    unknowns, excess = _parts(penalty, shape, k, units, np.random.default_rng(rng))
    top = 60 + 10 * math.sqrt(max(shape) + unknowns / k)
    tau = brentq(lambda t: k * t - excess(t)[0], 0, top)
    _, square, variance = excess(tau)
    center = unknowns + k * tau**2 + square
    spread = 2 * unknowns + 4 * k * tau**2 + variance - 2 * center
    error = center - unknowns + 0.5  # the cone holds a half-space of the unknowns
    if isinstance(penalty, Norm):
        error = min(error, 2 * math.sqrt(units / k))
    return Transition(center, math.sqrt(max(spread, 0.0)), error, unknowns)


def _units(penalty: Penalty, shape: tuple[int, ...]) -> int:
    """Number of units of a penalty that there is a formula for: coefficients, blocks or singular values."""
    if not isinstance(penalty, L1 | NonNegativeL1 | GroupL2 | Nuclear):
        raise TypeError(
            "there are formulas for L1, NonNegativeL1, GroupL2 and Nuclear, got "
            f"{type(penalty).__name__}: give the model that its signals belong to, and a solver that minimises it"
        )
    if is_array(penalty.weight) or not penalty.weight > 0:
        raise ValueError(f"the formula for {type(penalty).__name__} is for one positive weight, got {penalty.weight}")
    if isinstance(penalty, GroupL2):
        sizes = penalty.blocks.sizes
        if sizes.min() < sizes.max():
            raise ValueError(f"the formula for GroupL2 is for blocks of one size, got {penalty.blocks}")
        return penalty.blocks.count
    if isinstance(penalty, Nuclear):
        if len(shape) != 2:
            raise ValueError(f"the formula for Nuclear is for one matrix, got signals of shape {shape}")
        return min(shape)
    return math.prod(shape)


def _parts(
    penalty: Penalty, shape: tuple[int, ...], k: int, units: int, rng: np.random.Generator
) -> tuple[int, Callable[[float], tuple[float, float, float]]]:
    """Coordinates that count in full, and what the other units add at a given tau.

    That is E sum (size - tau)_+, E s and Var s, where s = sum (size - tau)_+^2.
    """
    if isinstance(penalty, Nuclear):
        rows, columns = shape
        values = np.linalg.svd(rng.standard_normal((_MATRICES, rows - k, columns - k)), compute_uv=False)

        def of_matrices(tau: float) -> tuple[float, float, float]:
            over = np.maximum(values - tau, 0)
            squares = np.sum(over**2, axis=1)
            return float(np.sum(over, axis=1).mean()), float(squares.mean()), float(squares.var(ddof=1))

        return k * (rows + columns - k), of_matrices
    size, others = math.prod(shape) // units, units - k
    share = 0.5 if isinstance(penalty, NonNegativeL1) else 1.0

    def of_norms(tau: float) -> tuple[float, float, float]:
        first, second, fourth = (share * chi_excess(size, tau, power) for power in (1, 2, 4))
        return others * first, others * second, others * (fourth - second**2)

    return k * size, of_norms


def chi_excess(size: int, tau: float, power: int) -> float:
    """E (chi - tau)_+^power, where chi is the norm of `size` independent standard normal numbers."""
    orders = np.arange(power + 1)
    logs = orders / 2 * math.log(2) + gammaln((size + orders) / 2) - gammaln(size / 2)
    tails = np.exp(logs) * gammaincc((size + orders) / 2, tau**2 / 2)
    return float(np.sum(comb(power, orders) * (-tau) ** (power - orders) * tails))
