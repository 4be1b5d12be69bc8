"""Common to the solvers of min 0.5 ||A x - y||^2 + sum_i penalty_i(L_i x): terms, start, when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ..backend import Array, namespace, norm, on_host
from ..operators import Identity, LinearOperator, as_operator
from ..penalties import Penalty
from ..structures.signal import fit
from .base import Counting, Iterate, Progress, accounted, looks_every, run
from .convex import Iterates, starting_point
from .equilibration import equilibrated, in_units
from .problem import check_problem, product_threads
from .result import Result
from .terms import Term

_LOOK = 5  # iterations between looks on the host


def check_terms(A: LinearOperator, penalties: Any) -> list[Term]:
    """The terms of a sum, from penalties and pairs (penalty, operator).

    Raises
    ------
    TypeError
        When it is no sequence, or one of its members neither a penalty nor such a pair.
    ValueError
        When it is empty, a penalty is not convex or does not fit, or an operator is for signals of another shape.
    """
    if isinstance(penalties, Penalty) or not isinstance(penalties, Sequence):
        raise TypeError(
            "expected a list of penalties and pairs (penalty, operator), such as [L1(0.1), (L1(0.2), Gradient(n))], got"
            f" {type(penalties).__name__}"
        )
    if not penalties:
        raise ValueError("expected one penalty at least, got none: without any use least squares")
    return [_term(A, each) for each in penalties]


def _term(A: LinearOperator, given: Any) -> Term:
    pair = isinstance(given, tuple) and len(given) == 2
    penalty, L = (given[0], as_operator(given[1])) if pair else (given, Identity(A.in_shape))
    if not isinstance(penalty, Penalty):
        raise TypeError(
            f"expected a penalty such as L1(0.1), or a pair (penalty, operator), got {type(penalty).__name__}"
        )
    if not penalty.convex:
        raise ValueError(f"{type(penalty).__name__} is not convex: take it alone with sparsa or ista")
    if L.in_shape != A.in_shape or L.batch_shape:
        raise ValueError(f"a penalty takes one operator on signals of shape {A.in_shape}, got {L}")
    return Term(fit(penalty, L.out_shape), L)


def minimise_sum(
    algorithm: Callable[..., Iterates],
    prepare: Callable[[LinearOperator, list[Term], Array], Any],
    A: Any,
    y: Any,
    penalties: Any,
    *,
    x0: Any,
    tol: float,
    max_iter: int,
    check_every: int | None,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    """Run ``algorithm(A, y, terms, x, prepare(A, terms, y))``; its parameters are those of `primal_dual`.

    The unknowns are in units that suit the columns (`equilibrated`). Products of the preparation are not counted.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    A, terms, units = equilibrated(A, check_terms(A, penalties), y)
    counting = Counting(A)
    half_energy = 0.5 * norm(y, len(A.out_shape)) ** 2
    unit = namespace(y).where(half_energy > 0, half_energy, namespace(y).ones_like(half_energy))

    def measure(state: Iterate) -> Array:
        return state.change if state.gap is None else state.gap / unit

    with product_threads(A, y):
        zero = 0 * (counting.H @ y)
        zero = sum((term.operator.H @ (term.operator @ zero) for term in terms), start=zero)  # complex if one is
        x = starting_point(A, y, zero, x0) / units
        result = run(
            in_units(algorithm(counting, y, terms, x, prepare(A, terms, y)), units),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            check_every=check_every or (_LOOK if on_host(y) else looks_every(y)),
        )
    return accounted(result, counting, started)
