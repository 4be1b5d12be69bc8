"""Unknowns in units in which the columns of a matrix have about the same norm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, cast_like, norm, to_numpy
from ..operators import Diagonal, Identity, LinearOperator, Matrix, SparseMatrix
from ..penalties import L1, Box, NonNegativeL1
from .base import Iterate
from .convex import Iterates
from .terms import Term

_EVEN = 4.0  # ratio of the norms of columns up to which they are left as they are


def equilibrated(A: LinearOperator, terms: list[Term], y: Array) -> tuple[LinearOperator, list[Term], Any]:
    """The problem in unknowns z with x = units * z, and the units, one where it is left as it is.

    It is changed where A is a matrix with columns of very different norms, and each penalty acts on every coefficient
    by itself or has a matrix: others would lose their proximal operators or their gap. The units are powers of two, so
    nothing is rounded.
    """
    if not isinstance(A, Matrix | SparseMatrix) or A.batch_shape or not all(map(_scalable, terms)):
        return A, terms, 1.0
    norms = to_numpy(A.column_norms()).astype(np.float64)
    norms = np.where(norms > 0, norms, np.max(norms, initial=0.0) or 1.0)
    if norms.max() <= _EVEN * norms.min():
        return A, terms, 1.0
    units = cast_like(2.0 ** np.round(np.log2(np.median(norms) / norms)), norm(y, len(A.out_shape)))
    return A @ Diagonal(units), [_in_units(term, units) for term in terms], units


def in_units(iterates: Iterates, units: Any) -> Iterates:
    """The iterates x = units * z of a problem that was changed."""
    for state in iterates:
        yield partial(_times_units, state, units)


def _times_units(state: Callable[[], Iterate], units: Any) -> Iterate:
    made = state()
    return replace(made, x=units * made.x)


def _scalable(term: Term) -> bool:
    separable = isinstance(term.penalty, L1 | NonNegativeL1 | Box)
    return separable if isinstance(term.operator, Identity) else isinstance(term.operator, Matrix | SparseMatrix)


def _in_units(term: Term, units: Array) -> Term:
    """The term as a function of x / units."""
    penalty = term.penalty
    if not isinstance(term.operator, Identity):
        return replace(term, operator=term.operator @ Diagonal(units))
    if isinstance(penalty, Box):
        return replace(term, penalty=replace(penalty, low=penalty.low / units, high=penalty.high / units))
    assert isinstance(penalty, L1 | NonNegativeL1)
    return replace(term, penalty=replace(penalty, weight=penalty.weight * units))
