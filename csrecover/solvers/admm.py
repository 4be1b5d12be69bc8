"""The alternating direction method of multipliers for sums of penalties."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, clip, namespace
from ..operators import LinearOperator
from .base import Iterate, Progress
from .convex import Iterates, first_step
from .result import Result
from .ridge import Ridge
from .sum_certificate import SumCertificate
from .sums import minimise_sum
from .terms import Pairs, Term

_WINDOW = 5  # iterations between adaptations of rho
_MOST = 10.0  # by which rho changes at once
_DECAY = 0.93  # what the exponent of a change shrinks by each time
_RELAXED = 1.6  # what L x counts, its last splitting variable the rest
_FINE, _POWER = 0.1, 1.1  # share of the residuals that linear systems are solved to, over iteration**power: summable


def admm(
    A: Any,
    y: Any,
    penalties: Any,
    *,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + sum_i penalty_i(L_i x) by alternating directions: least squares, proximal steps.

    For the problems of `primal_dual`, whose parameters it has. An iteration solves
    (A^H A + sum_i rho_i L_i^H L_i) x = b, with at most 512 unknowns by a factorisation made once, with more by
    conjugate gradients from the last x, each of whose steps synchronises with a device; their relative error is at most
    a tenth of the residuals over the number of the iteration to the power 1.1, so that errors are summable and the
    method converges as the exact one does. It takes far fewer iterations where A is badly conditioned. L_i x is
    over-relaxed by 1.6; rho_i = rho / ||L_i||^2, and rho of each signal is adapted so that relative primal and dual
    residuals are alike, less and less. Columns of very different norms are no obstacle where they are none to
    `primal_dual`.

    The x returned is the variable of one penalty without operator, or with a unitary one, a constraint first: x is
    exactly in that set, or exactly sparse.

    Parameters
    ----------
    A, y, penalties, x0, max_iter, check_every, callback
        as in `primal_dual`.
    tol : float
        as there; without a gap the larger of the relative primal and dual residuals.

    Returns
    -------
    Result
        `gap` bounds how far the objective at x is above its minimum; None where there is none.

    Raises
    ------
    TypeError, ValueError
        As in `primal_dual`.

    References
    ----------
    J. Eckstein and D. Bertsekas, On the Douglas-Rachford splitting method and the proximal point algorithm for maximal
    monotone operators, Mathematical Programming 55, 1992 (summable errors, over-relaxation);
    S. Boyd, N. Parikh, E. Chu, B. Peleato and J. Eckstein, Distributed optimization and statistical learning via the
    alternating direction method of multipliers, Foundations and Trends in Machine Learning 3(1), 2011;
    B. Wohlberg, ADMM penalty parameter selection by residual balancing, arXiv:1704.06209, 2017 (relative residuals).
    """
    return minimise_sum(
        admm_iterates,
        Ridge.of,
        A,
        y,
        penalties,
        x0=x0,
        tol=tol,
        max_iter=max_iter,
        check_every=check_every,
        callback=callback,
    )


def admm_iterates(
    A: LinearOperator, y: Array, terms: list[Term], x: Array, system: Ridge, *, adaptive: bool = True
) -> Iterates:
    """Yield the iterates of ADMM with the splitting p_i = L_i x, without end; u_i are the multipliers, unscaled."""
    xp, shares = namespace(x), [1 / term.curvature for term in terms]
    certified, rho, slope = SumCertificate(A, y, terms), 1 / first_step(A, y), A.H @ y
    images = [term.operator @ x for term in terms]
    pairs = [(0 * image, image) for image in images]
    exponent = error = xp.ones_like(rho)
    iteration = 0
    while True:
        right = slope
        for term, share, (u, p) in zip(terms, shares, pairs, strict=True):
            right = right + term.operator.H @ (term.expanded(share * rho) * p - u)
        x = system.solve(A, right, rho, x, _FINE * error / (iteration + 1) ** _POWER)
        pairs_prev, images = pairs, [term.operator @ x for term in terms]
        pairs = [
            term.dual_step(u + term.expanded(share * rho) * (_RELAXED * image + (1 - _RELAXED) * p), share * rho)
            for term, share, image, (u, p) in zip(terms, shares, images, pairs, strict=True)
        ]
        primal, dual = _residuals(terms, shares, rho, images, pairs, pairs_prev)
        error = xp.maximum(primal, dual)
        yield partial(_look, certified, x, pairs, error)
        iteration += 1
        if adaptive and iteration % _WINDOW == 0:
            usable = (primal > 0) & (dual > 0)
            ratio = xp.where(usable, primal, xp.ones_like(primal)) / xp.where(usable, dual, xp.ones_like(dual))
            rho = rho * clip(ratio, 1 / _MOST, _MOST) ** exponent
            exponent = _DECAY * exponent


def _residuals(
    terms: list[Term], shares: list[float], rho: Array, images: list[Array], pairs: Pairs, pairs_prev: Pairs
) -> tuple[Array, Array]:
    """Relative primal and dual residuals, in units of the objective."""
    xp = namespace(rho)
    apart = moved = size = multipliers = xp.zeros_like(rho)
    for term, share, image, (u, p), (_, p_prev) in zip(terms, shares, images, pairs, pairs_prev, strict=True):
        apart = apart + share * term.square(image - p)
        moved = moved + share * term.square(p - p_prev)
        size = size + share * xp.maximum(term.square(image), term.square(p))
        multipliers = multipliers + term.square(u) / share
    sizes = size, multipliers / rho**2
    primal, dual = (
        xp.where(part > 0, part, xp.zeros_like(part)) / xp.where(whole > 0, whole, xp.ones_like(whole))
        for part, whole in zip((apart, moved), sizes, strict=True)
    )
    return xp.sqrt(primal), xp.sqrt(dual)


def _look(certified: SumCertificate, x: Array, pairs: Pairs, error: Array) -> Iterate:
    """The iterate with its gap; it is the variable of the direct term where there is one."""
    A, direct = certified.A, certified.direct
    if direct is not None:
        x = direct.operator.H @ pairs[certified.terms.index(direct)][1]
    Ax = A @ x
    residual = certified.y - Ax
    return certified(x, Ax, error, residual, A.H @ residual, lambda: pairs)
