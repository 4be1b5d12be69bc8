"""Exact restricted isometry constants: every support of a model, or proof that the rest is no worse."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ...backend import to_numpy
from ...models import BlockSparse, JointSparse, Sparse, SupportModel
from .branching import SearchTooLongError, largest_on_units
from .submatrices import extremes

_PART = 2**21  # entries of the matrices of a stack
_PRUNED = 100  # supports of a branch and bound for each one that it looks at, cautiously


def exact_constants(
    gram: np.ndarray,
    model: SupportModel,
    k: Any,
    shape: tuple[int, ...],
    *,
    limit: float = 1e6,
    start: Sequence[np.ndarray | None] = (),
) -> tuple[float, float, np.ndarray, np.ndarray, int]:
    """Exact restricted isometry constants: 1 - L <= eigenvalues of A_S^H A_S <= 1 + U for all supports S of a model.

    The supports are enumerated, their eigenvalues computed in stacks. Where they are all choices of k coefficients or
    of k blocks (`Sparse`, `BlockSparse` without costs, `JointSparse` of these) a branch and bound takes the place of
    it, unless that is the faster. Both are exact up to rounding, some 64 eps trace(A^H A), and run on the host.

    Parameters
    ----------
    gram : array, (n, n)
        A^H A, NumPy, in double precision.
    model : SupportModel
        for signals of the shape.
    k : int >= 1, or a tuple of budgets
    shape : tuple of int
        of one signal.
    limit : float
        largest number of supports that may be enumerated; a branch and bound may have a hundred times as many, but
        is given up when it takes the time of so many.
    start : sequence of arrays of int, optional
        supports of large and of least eigenvalues found otherwise: the branch and bound is the shorter for it.

    Returns
    -------
    L, U : float
    support_L, support_U : arrays of int
        supports, sorted flat indices, where they are attained.
    visited : int
        number of supports that were looked at; in the branch and bound partial ones.

    Raises
    ------
    NotImplementedError
        When the model cannot enumerate its supports.
    ValueError
        When there are more supports than the limit allows, it is reached, or k allows no coefficient.
    """
    k = model.check_budget(k, 1)
    _check_cost(gram, model, k, shape, limit)
    units, log_count = units_of(model, shape), model.log_count(k, shape)
    if units is not None:
        worthwhile = math.exp(min(log_count, math.log(limit)))
        try:
            return _branched(gram, units, min(k, len(units)), start, worthwhile)
        except SearchTooLongError:
            if log_count > math.log(limit):
                raise
    return _enumerated(gram, model.supports(k, shape))


def units_of(model: SupportModel, shape: tuple[int, ...]) -> list[np.ndarray] | None:
    """The sets of indices of which a support has any k, None where the model is another.

    Parameters
    ----------
    model : SupportModel
    shape : tuple of int
        of one signal.
    """
    if isinstance(model, Sparse):
        return list(np.arange(math.prod(shape))[:, None])
    if isinstance(model, BlockSparse) and model.costs is None:
        labels = to_numpy(model.blocks.labels).reshape(-1)
        return [np.flatnonzero(labels == block) for block in range(model.blocks.count)]
    if isinstance(model, JointSparse):
        inner, starts = units_of(model.model, shape[1:]), math.prod(shape[1:]) * np.arange(shape[0])[:, None]
        return None if inner is None else [(starts + unit).reshape(-1) for unit in inner]
    return None


def _check_cost(gram: np.ndarray, model: SupportModel, k: Any, shape: tuple[int, ...], limit: float) -> None:
    """Refuse more supports than the limit, with their number and the time that they would take.

    Raises
    ------
    NotImplementedError, ValueError
        As in `exact_constants`.
    """
    log_count, fewer = model.log_count(k, shape), _PRUNED if units_of(model, shape) is not None else 1
    if log_count - math.log(fewer) <= math.log(limit):
        return
    few = [support for support in islice(model.supports(k, shape), 32) if len(support)]
    begun = time.perf_counter()
    extremes(gram, few)
    seconds = math.log10(max(time.perf_counter() - begun, 1e-6) / len(few) / fewer) + log_count / math.log(10)
    raise ValueError(
        f"{model} has up to {_decimal(log_count / math.log(10))} supports of budget {k}, some {_decimal(seconds)} "
        f"seconds, and the limit is {fewer * limit:.3g} supports: lower k, raise the limit, or take bounds instead"
    )


def _decimal(exponent: float) -> str:
    """10**exponent, of any size, to two digits."""
    return f"{10**exponent:.2g}" if exponent < 300 else f"1e{exponent:.0f}"


def _branched(
    gram: np.ndarray, units: list[np.ndarray], k: int, start: Sequence[np.ndarray | None], limit: float
) -> tuple[float, float, np.ndarray, np.ndarray, int]:
    """Constants over all choices of k units."""
    begun = [_choice(units, k, support) for support in start if support is not None] or [list(range(k))]
    ends = extremes(gram, [np.concatenate([units[unit] for unit in choice]) for choice in begun])
    most, support_U, nodes_U = largest_on_units(gram, units, k, begun[int(ends[:, 1].argmax())], limit)
    least, support_L, nodes_L = largest_on_units(-gram, units, k, begun[int(ends[:, 0].argmin())], limit)
    return 1 + least, most - 1, support_L, support_U, len(begun) + nodes_L + nodes_U


def _choice(units: list[np.ndarray], k: int, support: np.ndarray) -> list[int]:
    """The k units that have most in common with a support."""
    inside = np.array([np.isin(unit, support).sum() for unit in units])
    return np.argsort(-inside, kind="stable")[:k].tolist()


def _enumerated(gram: np.ndarray, supports: Iterator[np.ndarray]) -> tuple[float, float, np.ndarray, np.ndarray, int]:
    """Constants over the supports one by one, in stacks."""
    least, most, support_L, support_U, visited = math.inf, -math.inf, None, None, 0
    supports = filter(len, supports)
    while part := list(islice(supports, 1)):
        part += islice(supports, max(1, _PART // len(part[0]) ** 2) - 1)
        ends = extremes(gram, part)
        low, high = int(ends[:, 0].argmin()), int(ends[:, 1].argmax())
        if ends[low, 0] < least:
            least, support_L = float(ends[low, 0]), part[low]
        if ends[high, 1] > most:
            most, support_U = float(ends[high, 1]), part[high]
        visited += len(part)
    if support_L is None or support_U is None:
        raise ValueError("the budget k allows no coefficient: raise it")
    return 1 - least, most - 1, support_L, support_U, visited
