"""The primal-dual method of Condat and Vu for sums of penalties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..backend import Array, clip, divide, expand, namespace, norm
from ..operators import LinearOperator
from .base import Iterate, Progress
from .convex import Iterates, first_step
from .result import Result
from .sum_certificate import SumCertificate
from .sums import minimise_sum
from .terms import Pairs, Term

_WINDOW = 10  # iterations between adaptations of the steps
_UNEVEN = 4.0  # ratio of the squares of primal and dual moves that is left as it is
_FIRST, _DECAY = 0.5, 0.95  # relative change of the dual step, and what it shrinks by each time


def primal_dual(
    A: Any,
    y: Any,
    penalties: Any,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 20_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + sum_i penalty_i(L_i x) by primal-dual splitting: products and proximal steps only.

    Each penalty needs a proximal operator of its own, the sum needs none: overlapping groups as several `GroupL2`,
    ``[L1(0.1), (L1(0.2), Gradient(n))]``, ``[Nuclear(0.1), L1(0.2)]``, ``[Box(0, 1), L1(0.1)]``. One penalty with no
    operator, or a unitary one, acts on x directly, a constraint first: x is exactly in that set, or exactly sparse. The
    others act on dual variables. One product with A and A^H and each L_i and L_i^H an iteration.

    The dual step of each signal is adapted so that primal and dual iterates move alike, less and less, so that the
    method converges; the primal step is the longest that is safe beside it. Where the columns of a matrix A have very
    different norms, and every penalty is `L1`, `NonNegativeL1` or `Box` or has a matrix, the unknowns are in units
    in which they have about the same.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalties : list
        penalties and pairs (penalty, L) with an operator L of the in_shape of A; all convex, with least value zero.
    x0 : array, (*batch, *in_shape), optional
        start, zero by default.
    tol : float
        relative duality gap, gap <= tol * 0.5 ||y||^2, where at most one penalty may be infinite and one is a norm of
        all coefficients with no operator or a unitary one, or of all entries of a multiple of `Gradient` (with blocks
        of the axes at a sample, isotropic total variation), or `TV` along one axis. In all other cases (`TV` of images
        alone, two constraints) no dual point is at hand: the larger relative change of primal and dual iterates.
    max_iter : int
    check_every, callback
        as in `fista`.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum; None where there is none.

    Raises
    ------
    ValueError
        For wrong shapes, y that is not finite, no penalty, one that is not convex or does not fit its operator.
    TypeError
        When `penalties` is no list of these.

    References
    ----------
    L. Condat, A primal-dual splitting method for convex optimization involving Lipschitzian, proximable and linear
    composite terms, J. Optimization Theory and Applications 158, 2013;
    B. C. Vu, A splitting algorithm for dual monotone inclusions involving cocoercive operators, Advances in
    Computational Mathematics 38, 2013;
    T. Goldstein, M. Li and X. Yuan, Adaptive primal-dual splitting methods for statistical learning and image
    processing, NIPS 2015 (the balance; here of moves in units of the objective).
    """
    return minimise_sum(
        primal_dual_iterates,
        lambda A, *_: A.norm() ** 2,
        A,
        y,
        penalties,
        x0=x0,
        tol=tol,
        max_iter=max_iter,
        check_every=check_every,
        callback=callback,
    )


def primal_dual_iterates(
    A: LinearOperator, y: Array, terms: list[Term], x: Array, curvature: float, *, adaptive: bool = True
) -> Iterates:
    """Yield the iterates of Condat and Vu, without end; `curvature` is ||A||^2.

    The primal step is 1 / (||A||^2 + sigma), and sigma = ||A A^H y||^2 / ||A^H y||^2 at first.
    """
    ndim, xp = len(A.in_shape), namespace(x)
    certified = SumCertificate(A, y, terms)
    duals = _Duals([term for term in terms if term is not certified.direct])
    sigma = 1 / first_step(A, y)
    share = xp.full_like(sigma, _FIRST if adaptive else 0.0)
    moved = turned = xp.zeros_like(sigma)
    Ax, pairs = A @ x, duals.start(x, sigma)
    iteration = 0
    while True:
        tau = 1 / (curvature + sigma)
        residual = y - Ax
        correlation = A.H @ residual
        v = x + expand(tau, ndim) * (correlation - duals.pull(pairs, x))
        x_prev, x = x, v if certified.direct is None else certified.direct.prox(v, tau)
        Ax = A @ x
        pairs_prev, pairs = pairs, duals.step(pairs, 2 * x - x_prev, sigma)
        slope = (v - x) / expand(tau, ndim)
        yield partial(_look, certified, duals, x, x_prev, Ax, residual, correlation, slope, pairs_prev, pairs)
        iteration += 1
        moved = moved + sigma * norm(x - x_prev, ndim) ** 2
        turned = turned + duals.square(pairs, pairs_prev) / sigma
        if iteration % _WINDOW == 0:
            factor = xp.where(moved > _UNEVEN * turned, 1 - share, xp.ones_like(share))
            factor = xp.where(turned > _UNEVEN * moved, 1 / (1 - share), factor)
            share = xp.where(factor == 1, share, _DECAY * share)
            sigma = factor * sigma
            moved = turned = xp.zeros_like(sigma)


@dataclass(frozen=True, eq=False)
class _Duals:
    """The q terms that act on dual variables; the step of each is sigma / (q ||L_i||^2)."""

    terms: list[Term]

    def start(self, x: Array, sigma: Array) -> Pairs:
        """Dual variables after a step from zero."""
        images = [term.operator @ (0 * x) for term in self.terms]
        return self.step([(image, image) for image in images], x, sigma)

    def step(self, pairs: Pairs, x: Array, sigma: Array) -> Pairs:
        """Dual variables after a step along L_i x."""
        return [
            term.dual_step(u + term.expanded(share * sigma) * (term.operator @ x), share * sigma)
            for term, share, (u, _) in zip(self.terms, self._shares, pairs, strict=True)
        ]

    def pull(self, pairs: Pairs, x: Array) -> Array:
        """sum_i L_i^H u_i, of the shape of x."""
        return sum((term.operator.H @ u for term, (u, _) in zip(self.terms, pairs, strict=True)), start=0 * x)

    def square(self, pairs: Pairs, others: Pairs) -> Array:
        """sum_i q ||L_i||^2 ||u_i - u_i'||^2 of each signal, zero without terms."""
        everything = zip(self.terms, self._shares, pairs, others, strict=True)
        return sum(term.square(u - v) / share for term, share, (u, _), (v, _) in everything)

    @property
    def _shares(self) -> list[float]:
        return [1 / (len(self.terms) * term.curvature) for term in self.terms]


def _look(
    certified: SumCertificate,
    duals: _Duals,
    x: Array,
    x_prev: Array,
    Ax: Array,
    residual: Array,
    correlation: Array,
    slope: Array,
    pairs_prev: Pairs,
    pairs: Pairs,
) -> Iterate:
    """The iterate with its gap, and the larger relative change of x and of the dual variables.

    `slope` is a subgradient of the direct term at x; the residual belongs to the dual variables before the step.
    """
    ndim, xp = len(certified.A.in_shape), namespace(x)
    change = divide(norm(x - x_prev, ndim), xp.maximum(norm(x, ndim), norm(x_prev, ndim)))
    if duals.terms:
        size = duals.square(pairs, [(0 * u, p) for u, p in pairs])
        change = xp.maximum(change, clip(divide(duals.square(pairs, pairs_prev), size) ** 0.5, None, 1))

    def subgradients() -> Pairs:
        before = iter(pairs_prev)
        return [
            (term.operator @ slope, term.operator @ x) if term is certified.direct else next(before)
            for term in certified.terms
        ]

    return certified(x, Ax, change, residual, correlation, subgradients)
