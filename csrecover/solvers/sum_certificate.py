"""Duality gap of sums of penalties: where a dual point is at hand, and what it bounds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from ..backend import Array, cast_like, clip, conj, divide, eps, expand, flat, namespace, norm, real_vdot
from ..operators import Gradient, LinearOperator
from ..operators.algebra import Scaled
from ..penalties import TV, Norm
from ..penalties.tv_dual import Variation
from .base import Iterate
from .certificates import gap_from
from .terms import Pairs, Term


def direct_term(terms: list[Term]) -> Term | None:
    """The term whose proximal points are the iterates themselves; None where every operator is in the way.

    Without an operator, or under a unitary one, a penalty has its own proximal operator. Of such terms a constraint
    comes first, so that the iterates fulfil it.
    """
    unitary = [term for term in terms if term.operator.unitary]
    return min(unitary, key=lambda term: isinstance(term.penalty, Norm), default=None)


class SumCertificate:
    """Makes iterates with their objective and, where a dual point is at hand, their duality gap.

    Dual points are a residual r and a subgradient u_i of each penalty with A^H r = sum_i L_i^H u_i. Proximal steps
    give subgradients with the values of their conjugates; one term, the `Rest`, takes what the equation leaves. All
    then are scaled by s in [0, 1] until its dual norm is one: conjugates of penalties with the least value zero are at
    most s times theirs. The gap is taken to the best dual value seen so far. It is as exact as the proximal operators
    are.

    There is none without such a term, or where two terms may be infinite, so that no iterate is known to be feasible.
    """

    def __init__(self, A: LinearOperator, y: Array, terms: list[Term]) -> None:
        self.A, self.y, self.terms = A, y, terms
        self.direct = direct_term(terms)
        feasible = all(term.finite or term is self.direct for term in terms)
        self.rest = _rest(A, y, terms) if feasible else None
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
        value = self._dual_value(self.rest, residual, correlation, pairs())
        self.best = value if self.best is None else namespace(value).maximum(self.best, value)
        return Iterate(x, change, size, objective=objective, gap=gap_from(objective, self.best))

    def _dual_value(self, rest: Rest, residual: Array, correlation: Array, pairs: Pairs) -> Array:
        xp, ndim = namespace(self.y), len(self.A.out_shape)
        left, conjugates = correlation, xp.zeros_like(norm(residual, ndim))
        limit = xp.ones_like(conjugates)
        for term, (u, p) in zip(self.terms, pairs, strict=True):
            left = left - term.operator.H @ u
            if term is rest.term:
                taken = u
                continue
            conjugates = conjugates + term.conjugate(u, p)
            if isinstance(term.penalty, Norm) and term.penalty.definite:
                limit = xp.maximum(limit, term.penalty.dual(u))  # one but for rounding
        residual, left = rest.balanced(residual, left)
        limit = xp.maximum(limit, rest.dual(taken, left))
        along, squared = real_vdot(self.y, residual, ndim) - conjugates, norm(residual, ndim) ** 2
        scale = xp.minimum(clip(divide(along, squared), 0), 1 / limit)
        return scale * along - 0.5 * scale**2 * squared


class Rest(ABC):
    """The term of a sum whose subgradient is made to solve the equation A^H r = sum_i L_i^H u_i."""

    term: Term

    @abstractmethod
    def balanced(self, residual: Array, left: Array) -> tuple[Array, Array]:
        """The nearest residual for which the equation can be solved, and what it leaves to solve."""

    @abstractmethod
    def dual(self, u: Array, left: Array) -> Array:
        """Dual norm of u plus a solution v of L^H v = left."""


@dataclass(frozen=True, eq=False)
class Invertible(Rest):
    """A norm with a unitary operator."""

    term: Term

    def balanced(self, residual: Array, left: Array) -> tuple[Array, Array]:
        return residual, left

    def dual(self, u: Array, left: Array) -> Array:
        return self.term.penalty.zero_weight(u + self.term.operator @ left)


@dataclass(frozen=True, eq=False)
class Differences(Rest):
    """A norm of differences, or total variation along one axis: it does not see constants c.

    So the equation needs r to be orthogonal to A c, which is taken out of it. Of the fields with the divergence that is
    left the one of least energy is added to u.

    Attributes
    ----------
    term : Term
    constant, image, correlation : arrays
        c, A c and A^H A c.
    square : array, (*batch,)
        ||A c||^2; zero where A does not see constants either.
    """

    term: Term
    constant: Array
    image: Array
    correlation: Array
    square: Array

    @classmethod
    def of(cls, A: LinearOperator, y: Array, term: Term) -> Differences:
        """The term with its constants: one product with A and one with A^H."""
        xp, ones = namespace(y), cast_like([1.0], norm(y, len(A.out_shape)))
        shape = term.operator.in_shape if isinstance(term.penalty, TV) else A.in_shape
        constant = xp.broadcast_to(ones, (*A.batch_shape, *shape))
        if isinstance(term.penalty, TV):
            constant = term.operator.H @ constant
        image = A @ constant
        square = norm(image, len(A.out_shape)) ** 2
        seen = square > (10 * eps(y) * A.norm()) ** 2 * A.size_in
        return cls(term, constant, image, A.H @ image, xp.where(seen, square, xp.zeros_like(square)))

    def balanced(self, residual: Array, left: Array) -> tuple[Array, Array]:
        ndim = len(self.term.operator.in_shape)
        image_ndim = self.image.ndim - (self.constant.ndim - ndim)
        share = divide(self._along(left), self.square)
        left = left - expand(share, ndim) * self.correlation
        left = left - expand(self._along(left) / self.term.operator.size_in, ndim) * self.constant  # rounding
        return residual - expand(share, image_ndim) * self.image, left

    def dual(self, u: Array, left: Array) -> Array:
        penalty, operator = self.term.penalty, self.term.operator
        if isinstance(penalty, TV):
            total = u + operator @ left
            mean = namespace(total).mean(total, axis=-1, keepdims=True)  # rounding
            return penalty.zero_weight(total - mean)
        field = Variation(operator.in_shape, isotropic=False).least_field(left)
        return penalty.zero_weight(u + field / _differences(operator).conjugate())

    def _along(self, x: Array) -> Array:
        return namespace(x).sum(flat(conj(self.constant) * x, len(self.term.operator.in_shape)), axis=-1)


def _rest(A: LinearOperator, y: Array, terms: list[Term]) -> Rest | None:
    """The term that can take the rest, one that sees every signal rather than one of differences."""
    norms = [term for term in terms if isinstance(term.penalty, Norm) and term.penalty.definite]
    invertible = [Invertible(term) for term in norms if term.operator.unitary]
    if invertible:
        return invertible[0]
    lines = [term for term in terms if isinstance(term.penalty, TV) and term.penalty.ndim == 1 and term.penalty.weight]
    differences = [term for term in norms if _differences(term.operator)]
    differences += [term for term in lines if term.operator.unitary]
    if not differences:
        return None
    rest = Differences.of(A, y, differences[0])
    return rest if len(terms) == 1 or bool(namespace(y).all(rest.square > 0)) else None


def _differences(operator: LinearOperator) -> complex:
    """The factor of an operator that is a multiple of `Gradient`, zero for any other."""
    if isinstance(operator, Scaled):
        return operator.factor * _differences(operator.operator)
    return 1.0 if isinstance(operator, Gradient) else 0.0
