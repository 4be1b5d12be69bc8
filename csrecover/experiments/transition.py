"""Where convex recovery from Gaussian measurements begins to succeed: statistical dimensions of descent cones."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..analysis.theory.cones import Cone, NormCone, NuclearCone
from ..analysis.theory.transitions import center_and_width
from ..backend import is_array
from ..models.base import check_count
from ..penalties import L1, GroupL2, NonNegativeL1, Norm, Nuclear, Penalty


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


def transition(penalty: Penalty, shape: tuple[int, ...], k: int) -> Transition:
    """Transition of min penalty(x) subject to A x = y, for Gaussian A and any signal of k units, y = A x.

    The descent cone at x has delta = min_tau E dist^2(g, tau times the subdifferential), g standard normal, up to
    2 sqrt(G / k) for k of G units. For `Nuclear` the expectation is that of large matrices, with its first correction.

    Parameters
    ----------
    penalty : L1, NonNegativeL1, GroupL2 with blocks of one size, or Nuclear
        of one positive weight.
    shape : tuple of int
        of one signal.
    k : int >= 1
        nonzero coefficients, nonzero blocks, or the rank.

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
    size, cone = math.prod(shape), _cone(penalty, shape)
    if k == units:
        return Transition(float(size), 0.0, 0.5, size)
    center, width = map(float, center_and_width(cone, size, k / units))
    unknowns = k * (sum(shape) - k) if isinstance(penalty, Nuclear) else k * size // units
    error = center - unknowns + 0.5  # the cone holds a half-space of the unknowns
    if isinstance(penalty, Norm):
        error = min(error, 2 * math.sqrt(units / k))
    return Transition(center, width, error, unknowns)


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


def _cone(penalty: Penalty, shape: tuple[int, ...]) -> Cone:
    if isinstance(penalty, Nuclear):
        return NuclearCone(min(shape) / max(shape))
    if isinstance(penalty, GroupL2):
        return NormCone(int(penalty.blocks.sizes[0]))
    return NormCone(share=0.5 if isinstance(penalty, NonNegativeL1) else 1)
