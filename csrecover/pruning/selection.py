"""Which units to keep where each has a value and a cost, and a budget is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, as_float, cast_like, keep, namespace, to, to_numpy, where_is
from ..models import BlockSparse
from ..structures import Blocks


@dataclass(frozen=True, eq=False)
class Selection:
    """Units that were chosen, and how much a better choice could gain.

    Attributes
    ----------
    chosen : bool array, (*batch, count)
    value : array, (*batch,)
        total value of the chosen units.
    cost : array of int, (*batch,)
        their total cost, never above the budget.
    bound : array, (*batch,)
        Lagrangian dual of the selection: no choice within the budget has a larger value.
    """

    chosen: Array
    value: Array
    cost: Array
    bound: Array

    @property
    def gap(self) -> Array:
        """Duality gap, bound - value >= 0; it need not vanish at the best choice, as units cannot be divided."""
        return self.bound - self.value


def select(values: Array, costs: Any, budget: int) -> Selection:
    """Units of the largest total value whose costs do not exceed the budget together.

    The Lagrangian dual ``min_t t budget + sum_i max(v_i - t c_i, 0)`` is solved, where t is the price of a unit of
    cost; what it leaves of the budget is filled, and the few units that it does not decide are searched: the choice is
    the best one to 1e-12 of its value. This runs on the host (see `BlockSparse`); the choice comes back to the values.

    Parameters
    ----------
    values : array, (*batch, count)
        value of each unit, not negative; a unit of value zero is never chosen.
    costs : array of int, (count,)
        cost of each unit, at least 1: parameters, multiplications, ...
    budget : int >= 0

    Returns
    -------
    Selection

    Raises
    ------
    TypeError
        When the costs or the budget are no integers.
    ValueError
        When a value is negative or not finite, there is not one cost a unit, or a cost or the budget is too small.
    """
    values = as_float(values)
    host = to_numpy(values)
    if values.ndim == 0 or not bool((host >= 0).all()):
        raise ValueError("values are numbers >= 0, one for each unit along the last axis: clip or shift them")
    model = BlockSparse(Blocks.uniform(values.shape[-1], 1), to_numpy(costs))
    roots = np.sqrt(host)  # the model keeps the largest energy
    xp, chosen = namespace(values), to(model.support(roots, budget), where_is(values))
    value = xp.sum(keep(values, chosen), axis=-1)
    return Selection(
        chosen,
        value,
        cost=xp.sum(keep(to(model.costs, where_is(values)), chosen), axis=-1),
        bound=xp.maximum(cast_like(model.lagrangian_bound(roots, budget), values), value),  # but for rounding
    )
