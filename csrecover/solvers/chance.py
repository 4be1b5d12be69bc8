"""Whether a fit says anything: how likely measurements of no signal at all would be fitted as well."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import eps, is_complex
from ..models import SupportModel
from ..operators import LinearOperator

_LIKELY = 0.01  # a fit that is likelier than this by accident says nothing


def log_chance(A: LinearOperator, y: Any, model: SupportModel, k: Any, relative: Any) -> np.ndarray:
    """Logarithm of a bound on the probability that random measurements are fitted as well.

    For y in a uniformly random direction and a support S with s coefficients, ||y - A x||^2 / ||y||^2 at the least
    squares solution on S has the distribution Beta((m - s) / 2, s / 2), complex numbers counting twice; times the
    number of supports of budget k. Zero where s >= m: then anything is fitted.

    Parameters
    ----------
    A : LinearOperator
    y : array
        the measurements, for their dtype.
    model : SupportModel
        fitted to the signals of A.
    k : int >= 1, or a tuple of budgets
    relative : float or NumPy array
        ||y - A x|| / ||y|| that was reached.
    """
    units, unknowns = A.size_out, min(model.max_nonzeros(k), A.size_in)
    if is_complex(y) or A.complex_output:
        units, unknowns = 2 * units, unknowns if A.real_input else 2 * unknowns
    relative = np.maximum(np.asarray(relative, float), eps(y))
    if unknowns >= units:
        return np.zeros_like(relative)
    a, b = (units - unknowns) / 2, unknowns / 2
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    inside = np.minimum(relative, 1 - 1e-9)
    tail = 2 * a * np.log(inside) - math.log(a) - log_beta  # of the integral, without (1 - t)^(b - 1)
    if b < 1:
        tail = tail - 0.5 * np.log1p(-(inside**2))
    return np.minimum(np.where(relative < 1, tail, 0) + max(0, model.log_count(k, A.in_shape)), 0)


def told_apart(A: LinearOperator, y: Any, model: SupportModel, k: Any, relative: Any) -> np.ndarray:
    """Whether a fit of that relative residual is no accident, as none is where the matrix is not wide."""
    if A.size_out >= A.size_in:
        return np.ones(np.shape(relative), bool)
    return log_chance(A, y, model, k, relative) <= math.log(_LIKELY)
