"""Common to the solvers of min 0.5 ||A x - y||^2 + sum_i penalty_i(L_i x): terms, start, duality gap, when it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from ..backend import Array, blas_threads, clip, divide, expand, namespace, norm, on_host, real_vdot
from ..operators import Identity, LinearOperator, as_operator
from ..penalties import NonNegativeL1, Norm, Penalty
from ..penalties.indicator import Indicator
from ..structures.signal import fit
from .base import Counting, Iterate, Progress, accounted, looks_every, run
from .certificates import gap_from
from .convex import Iterates, starting_point
from .problem import check_problem
from .result import Result

_LOOK = 5  # iterations between looks on the host

Pairs = list[tuple[Array, Array]]  # of each term a dual variable u and a point p where u is a subgradient


@dataclass(frozen=True, eq=False)
class Term:
    """One term penalty(L x) of a sum."""

    penalty: Penalty
    operator: LinearOperator

    @cached_property
    def curvature(self) -> float:
        """||L||^2, one for an operator that is zero."""
        return self.operator.norm() ** 2 or 1.0

    @property
    def finite(self) -> bool:
        """Whether the penalty is known to be finite everywhere."""
        return not isinstance(self.penalty, (Indicator, NonNegativeL1))

    def value(self, x: Array) -> Array:
        """penalty(L x) of each signal."""
        return self.penalty.value(self.operator @ x)

    def prox(self, x: Array, step: Array) -> Array:
        """Proximal point of penalty(L x), for a unitary L."""
        return self.operator.H @ self.penalty.prox(self.operator @ x, step)

    def expanded(self, numbers: Array) -> Array:
        """One number a signal, made to broadcast against L x."""
        return expand(numbers, len(self.operator.out_shape))

    def square(self, u: Array) -> Array:
        """||u||^2 of each image u."""
        return norm(u, len(self.operator.out_shape)) ** 2

    def dual_step(self, u: Array, step: Array) -> tuple[Array, Array]:
        """Proximal point of step * conjugate at u, with the point p that it is a subgradient at (Moreau)."""
        length = self.expanded(step)
        p = self.penalty.prox(u / length, 1 / step)
        return u - length * p, p

    def conjugate(self, u: Array, p: Array) -> Array:
        """Convex conjugate of the penalty at a subgradient u at p."""
        if isinstance(self.penalty, Norm):
            return 0 * self.square(u)
        return real_vdot(u, p, len(self.operator.out_shape)) - self.penalty.value(p)


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


def direct_term(terms: list[Term]) -> Term | None:
    """The term whose proximal points are the iterates themselves; None where every operator is in the way.

    Without an operator, or under a unitary one, a penalty has its own proximal operator. Of such terms a constraint
    comes first, so that the iterates fulfil it.
    """
    unitary = [term for term in terms if term.operator.unitary]
    return min(unitary, key=lambda term: isinstance(term.penalty, Norm), default=None)


class SumCertificate:
    """Makes iterates with their objective and, where a dual point is at hand, their duality gap.

    Dual points are y - A x and a subgradient u_i of each penalty with A^H (y - A x) = sum_i L_i^H u_i. Proximal steps
    give subgradients with the values of their conjugates; one term takes what the equation leaves, which has to be a
    norm without a free coefficient and with a unitary operator. All then are scaled by s in [0, 1] until its dual norm
    is one: conjugates of penalties with the least value zero are at most s times theirs. The gap is taken to the best
    dual value seen so far. It is as exact as the proximal operators are.

    There is none without such a norm, or where two terms may be infinite, so that no iterate is known to be feasible.
    """

    def __init__(self, A: LinearOperator, y: Array, terms: list[Term]) -> None:
        self.A, self.y, self.terms = A, y, terms
        norms = [t for t in terms if t.operator.unitary and isinstance(t.penalty, Norm) and t.penalty.definite]
        self.direct = direct_term(terms)
        feasible = all(term.finite or term is self.direct for term in terms)
        self.rest = norms[0] if norms and feasible else None
        self.best: Array | None = None

    def __call__(
        self, x: Array, Ax: Array, change: Array, residual: Array, correlation: Array, pairs: Callable[[], Pairs]
    ) -> Iterate:
        """The iterate x with its image; a residual with its correlation A^H residual, and subgradients, of any point.

        The subgradients are asked for where there is a gap to compute.
        """
        ndim = len(self.A.out_shape)
        size = norm(self.y - Ax, ndim)
        objective = sum((term.value(x) for term in self.terms), start=0.5 * size**2)
        if self.rest is None:
            return Iterate(x, change, size, objective=objective)
        value = self._dual_value(residual, correlation, pairs())
        self.best = value if self.best is None else namespace(value).maximum(self.best, value)
        return Iterate(x, change, size, objective=objective, gap=gap_from(objective, self.best))

    def _dual_value(self, residual: Array, correlation: Array, pairs: Pairs) -> Array:
        assert self.rest is not None
        xp, ndim = namespace(self.y), len(self.A.out_shape)
        along, left = real_vdot(self.y, residual, ndim), correlation
        limit = xp.ones_like(along)
        for term, (u, p) in zip(self.terms, pairs, strict=True):
            if term is self.rest:
                continue
            left = left - term.operator.H @ u
            along = along - term.conjugate(u, p)
            if isinstance(term.penalty, Norm) and term.penalty.definite:
                limit = xp.maximum(limit, term.penalty.dual(u))  # one but for rounding
        assert isinstance(self.rest.penalty, Norm)
        limit = xp.maximum(limit, self.rest.penalty.dual(self.rest.operator @ left))
        squared = norm(residual, ndim) ** 2
        scale = xp.minimum(clip(divide(along, squared), 0), 1 / limit)
        return scale * along - 0.5 * scale**2 * squared


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

    Products of the preparation are not counted.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    terms = check_terms(A, penalties)
    counting = Counting(A)
    half_energy = 0.5 * norm(y, len(A.out_shape)) ** 2
    unit = namespace(y).where(half_energy > 0, half_energy, namespace(y).ones_like(half_energy))

    def measure(state: Iterate) -> Array:
        return state.change if state.gap is None else state.gap / unit

    with blas_threads(A.size_in * prod(y.shape)):
        zero = 0 * (counting.H @ y)
        zero = sum((term.operator.H @ (term.operator @ zero) for term in terms), start=zero)  # complex if one is
        x = starting_point(A, y, zero, x0)
        result = run(
            algorithm(counting, y, terms, x, prepare(A, terms, y)),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            measure=measure,
            check_every=check_every or (_LOOK if on_host(y) else looks_every(y)),
        )
    return accounted(result, counting, started)
