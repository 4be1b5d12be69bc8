"""The regularisation parameter as a multiple of the penalty, or as a fraction of the one that makes zero optimal."""

from __future__ import annotations

import math
import numbers
from typing import Any

from ..backend import Array, all_finite, eps, namespace
from ..penalties import Penalty
from ..penalties.multiple import multiple


def fraction_of(scale: Any) -> tuple[float, bool]:
    """A number and whether it is in units of lambda_max: 0.5 or "0.1 lmax".

    Raises
    ------
    TypeError
        When the scale is neither a number nor a text.
    ValueError
        When it is another text, or not positive and finite.
    """
    relative = isinstance(scale, str)
    if relative:
        words = scale.split()
        try:
            scale = float(words[0]) if words[1:] == ["lmax"] else math.nan
        except ValueError:
            scale = math.nan
    elif not isinstance(scale, numbers.Real):
        raise TypeError(f'a scale is a number or a text such as "0.1 lmax", got {scale!r}')
    if not 0 < scale < math.inf:
        raise ValueError('a scale is a positive number, or one in units of lambda_max such as "0.1 lmax"')
    return float(scale), relative


def scaled_penalty(penalty: Penalty, scale: Any, correlation: Array) -> Penalty:
    """The penalty times the scale; "0.1 lmax" is a tenth of `lambda_max`, for each signal its own.

    From "1 lmax" on the solution is zero, rounding included. Where every multiple makes zero optimal it is left as it
    is.

    Parameters
    ----------
    penalty : Penalty
    scale : float or str
    correlation : array, (*batch, *in_shape)
        A^H y.

    Raises
    ------
    ValueError
        When no multiple of the penalty makes zero optimal, so that there is no lambda_max.
    """
    fraction, relative = fraction_of(scale)
    if not relative:
        return penalty if fraction == 1 else fraction * penalty
    largest = penalty.zero_weight(correlation)
    xp = namespace(largest)
    if not all_finite(largest):
        raise ValueError(
            f"no multiple of {type(penalty).__name__} makes zero optimal, so lambda_max is infinite: give the scale as"
            " a number"
        )
    factor = fraction * (1 + 8 * eps(largest)) * largest
    return multiple(penalty, xp.where(largest > 0, factor, xp.ones_like(factor)))
