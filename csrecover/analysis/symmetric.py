"""Symmetric restricted isometry constant of the best scaling, for sums of members of a model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..models import SupportModel
from ..operators import LinearOperator
from .interval import Interval
from .rip import rip
from .rip.attained import eigenvalues_on
from .sums import sum_family, union_of_members

_FILL = 1e-3  # gain of the coefficients that a sum is filled up with


def symmetric_constant(
    A: LinearOperator, model: SupportModel, k: Any, copies: int, rng: Any, effort: str
) -> tuple[Interval, float | None]:
    """Bounds of (lmax - lmin) / (lmax + lmin), the extreme eigenvalues of A_S^H A_S over supports of sums of members.

    The upper bound is certified for a family that holds all sums of `copies` members of budget k. The lower one is
    attained: by sums that cover what the search in this family found, filled up to their full size.

    Returns
    -------
    Interval
        of one, where a sum has more coefficients than there are measurements.
    float or None
        the c for which the upper bound is the constant of c A^H A; None where it is one.
    """
    family, budget = sum_family(model, k, copies, A.in_shape)
    if family.max_nonzeros(budget) > A.size_out:
        union = union_of_members(model, np.ones(A.in_shape), k, copies)
        return Interval(_spread(*_extremes(A, union)), 1.0, "a support", "trivial"), None
    estimate = rip(A, family, budget, rng=rng, effort=effort)
    near = (np.isin(np.arange(A.size_in), S).reshape(A.in_shape) for S in (estimate.support_L, estimate.support_U))
    ends = np.array([_extremes(A, union_of_members(model, gains + _FILL, k, copies)) for gains in near])
    low = _spread(ends[:, 0].min(), ends[:, 1].max())
    attained, certified = (
        "/".join(dict.fromkeys(estimate.methods[f"{kind}_{end}"] for end in "LU")) for kind in ("attained", "certified")
    )
    least, largest = 1 - estimate.certified_L, 1 + estimate.certified_U
    if least <= 0 or math.isinf(largest):
        return Interval(low, 1.0, attained, certified), None
    high = _spread(least, largest)
    return Interval(min(low, high), high, attained, certified), 2 / (least + largest)


def _extremes(A: LinearOperator, support: np.ndarray) -> tuple[float, float]:
    """Smallest and largest eigenvalue of A_S^H A_S; of more columns than A has real rows they are not computed."""
    return (0.0, 1.0) if support.size > 2 * A.size_out else eigenvalues_on(A, support)


def _spread(least: float, largest: float) -> float:
    """The constant for extreme eigenvalues >= 0; one where all are zero."""
    return float((largest - least) / (largest + least)) if largest > 0 else 1.0
