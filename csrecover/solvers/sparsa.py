"""Proximal gradient descent with Barzilai-Borwein steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..backend import Array, clip, divide, eps, expand, namespace, norm
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Progress
from .certificates import Certificate, objective_at
from .convex import Iterates, first_step, inverse_curvature, minimise
from .result import Result

_SHRINK = 0.5  # factor on the step of a rejected trial
_RANGE = 1e10  # a step stays within this factor of the first one


def sparsa(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    scale: float | str = 1.0,
    x0: Any = None,
    memory: int = 5,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Minimise 0.5 ||A x - y||^2 + penalty(x) by separable approximation, proximal steps of Barzilai-Borwein length.

    The step is ||s||^2 / ||A s||^2 for the last move s; a trial is accepted where the objective falls below the largest
    of the last `memory` + 1 by 0.01 / (2 step) ||s||^2, else the step is halved. Steps and acceptance are per signal,
    no norm of A is needed. One product with A and one with A^H an iteration; a rejected trial is an iteration. Of a
    penalty that is not convex a stationary point is reached. See `fista` for the other parameters.

    Parameters
    ----------
    memory : int, default 5
        earlier objectives that a new one is compared with besides the last; 0 makes the objective fall always.

    References
    ----------
    S. Wright, R. Nowak and M. Figueiredo, Sparse reconstruction by separable approximation, IEEE Trans. Signal
    Processing 57(7), 2009.
    """
    if not isinstance(memory, int) or memory < 0:
        raise ValueError(f"memory is an integer >= 0, got {memory!r}")
    return minimise(
        partial(sparsa_iterates, memory=memory),
        A,
        y,
        penalty,
        scale=scale,
        x0=x0,
        step="backtracking",
        tol=tol,
        max_iter=max_iter,
        check_every=check_every,
        callback=callback,
        convex=False,
    )


def sparsa_iterates(
    A: LinearOperator,
    y: Array,
    penalty: Penalty,
    x: Array,
    step: Array | None = None,
    *,
    memory: int = 5,
    sigma: float = 0.01,
) -> Iterates:
    """Yield the iterates of SpaRSA, without end; a rejected trial is yielded as no move.

    The first step, (*batch,), is the exact one for the gradient at zero where None is given.
    """
    certified = Certificate(A, y, penalty)
    descent = Descent(A, x, first_step(A, y) if step is None else step, memory=memory, sigma=sigma)
    descent.aim(y, penalty)
    while True:
        yield partial(certified, *descent.advance())


class Descent:
    """The state of SpaRSA: a signal, its image, the step and the objectives to fall below.

    What it minimises, 0.5 ||A x - y||^2 + penalty(x), may change on the way.
    """

    def __init__(self, A: LinearOperator, x: Array, step: Array, *, memory: int = 5, sigma: float = 0.01) -> None:
        self.A, self.x, self.image, self.step, self.sigma = A, x, A @ x, step, sigma
        self.ndim, self.mdim = len(A.in_shape), len(A.out_shape)
        self.shortest, self.longest = step / _RANGE, step * _RANGE
        xp = namespace(x)
        self.recent = xp.concat([xp.full_like(step[..., None], -float("inf"))] * (memory + 1), axis=-1)

    def aim(self, y: Array, penalty: Penalty, anew: Array | None = None) -> None:
        """Minimise this from now on; earlier objectives are forgotten, of the signals of a mask, (*batch,), alone."""
        self.y, self.penalty, xp = y, penalty, namespace(y)
        objective = objective_at(penalty, self.x, y - self.image, self.mdim)[..., None]
        recent = xp.concat([xp.full_like(self.recent[..., 1:], -float("inf")), objective], axis=-1)
        self.recent = recent if anew is None else xp.where(anew[..., None], recent, self.recent)

    def advance(self) -> tuple[Array, Array, Array, Array, Array, Array, Array, Array]:
        """One iteration; what `Certificate` takes."""
        xp, ndim, mdim = namespace(self.x), self.ndim, self.mdim
        residual = self.y - self.image
        correlation = self.A.H @ residual
        length = expand(self.step, ndim)
        trial = self.penalty.prox(self.x + length * correlation, self.step)
        image = self.A @ trial
        reached = objective_at(self.penalty, trial, self.y - image, mdim)
        move, worst = trial - self.x, xp.max(self.recent, axis=-1)
        enough = worst - self.sigma / 2 * divide(norm(move, ndim) ** 2, self.step)
        taken = self.taken = reached <= enough + 10 * eps(worst) * abs(worst)
        x_prev, self.x = self.x, xp.where(expand(taken, ndim), trial, self.x)
        image_prev, self.image = self.image, xp.where(expand(taken, mdim), image, self.image)
        kept = xp.concat([self.recent[..., 1:], reached[..., None]], axis=-1)
        self.recent = xp.where(taken[..., None], kept, self.recent)
        still = norm(move, ndim) == 0
        next_step = xp.where(still, self.step, inverse_curvature(move, self.image - image_prev, ndim, mdim))
        self.step = clip(xp.where(taken, next_step, _SHRINK * self.step), self.shortest, self.longest)
        return self.x, x_prev, self.image, residual, correlation, x_prev, length, trial
