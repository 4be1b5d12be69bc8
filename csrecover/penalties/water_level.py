"""The level above which given amounts lie: what projections onto the simplex and onto l1 balls come down to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import Array, divide, namespace


def water_level(values: Array, total: Any, sums: Callable[[Array], Array], spread: Callable[[Array], Array]) -> Array:
    """Level tau of each block at which sum_i (values_i - tau)_+ = total, for totals >= 0.

    From the level below all values, the values at or below the level leave and the level of the others is the next.
    It rises in each step and ends when none leaves, with the exact set of values above it: after as many steps as the
    largest block has entries at the most, about ten in practice. On a device each step waits for it.

    Parameters
    ----------
    values : array, real
    total : float or array that meets the sums
    sums, spread : functions
        sum over each block, and the number of its block for each entry.

    References
    ----------
    C. Michelot, A finite algorithm for finding the projection of a point onto the canonical simplex of R^n,
    J. Optimization Theory and Applications 50(1), 1986.
    """
    xp = namespace(values)
    above, count = xp.ones_like(values), sums(xp.ones_like(values))
    level = (sums(values) - total) / count
    while True:
        above = above * xp.astype(values > spread(level), values.dtype)
        left = sums(above)
        if bool(xp.all(left == count)):
            return level
        level = xp.where(left > 0, divide(sums(above * values) - total, left), level)
        count = left
