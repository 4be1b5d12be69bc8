"""Proximal gradient descent whose trials have to pass a test: backtracking, and a monotone objective."""

from __future__ import annotations

from functools import partial

from ..backend import Array, eps, expand, namespace, norm
from ..operators import LinearOperator
from ..penalties import Penalty
from .certificates import Certificate, objective_at
from .convex import Iterates, first_step
from .momentum import next_momentum, uphill

_SHRINK = 0.5  # factor on a step that is too long
_NOISE = 100  # rounding units of ||A x|| within which an image is not known


def guarded_iterates(
    A: LinearOperator,
    y: Array,
    penalty: Penalty,
    x: Array,
    step: float | None,
    *,
    accelerated: bool = True,
    restart: bool = True,
    monotone: bool = False,
) -> Iterates:
    """Yield the iterates of ISTA or FISTA with tests, without end; a rejected trial is yielded as no move.

    With a step of None the length is found for each signal, from the exact one for the gradient at zero downwards.
    Steps, tests and restarts are decided on the device.
    """
    ndim, mdim, xp = len(A.in_shape), len(A.out_shape), namespace(x)
    z, Ax = x, A @ x
    Az = Ax
    certified = Certificate(A, y, penalty)
    lengths = first_step(A, y) if step is None else step * xp.ones_like(norm(x, ndim))
    t = xp.ones_like(lengths)
    always = t > 0
    objective = objective_at(penalty, x, y - Ax, mdim)
    while True:
        residual = y - Az
        correlation = A.H @ residual
        length = expand(lengths, ndim)
        trial = penalty.prox(z + length * correlation, lengths)
        image = A @ trial
        short = is_short(trial, z, image, Az, lengths, A) if step is None else always
        reached = objective_at(penalty, trial, y - image, mdim) if monotone else objective
        taken = short & (reached <= objective * (1 + 4 * eps(objective)))
        objective = xp.where(taken, reached, objective)
        x_prev, x = x, xp.where(expand(taken, ndim), trial, x)
        Ax_prev, Ax = Ax, xp.where(expand(taken, mdim), image, Ax)
        yield partial(certified, x, x_prev, Ax, residual, correlation, z, length, trial)
        along = uphill(z, trial, x_prev, ndim) if restart else xp.zeros_like(t)
        t_next, momentum = next_momentum(t, along)
        pull = xp.where(along > 0, xp.ones_like(t), t) / t_next  # towards a trial that did not lower the objective
        momentum, pull = (momentum, pull) if accelerated else (0 * momentum, 0 * pull)
        z = xp.where(expand(short, ndim), _moved(x, x_prev, trial, momentum, pull, ndim), z)
        Az = xp.where(expand(short, mdim), _moved(Ax, Ax_prev, image, momentum, pull, mdim), Az)
        t = xp.where(short, t_next, t)
        lengths = xp.where(short, lengths, _SHRINK * lengths)


def _moved(x: Array, x_prev: Array, trial: Array, momentum: Array, pull: Array, ndim: int) -> Array:
    """The point x + momentum (x - x_prev) + pull (trial - x)."""
    return x + expand(momentum, ndim) * (x - x_prev) + expand(pull, ndim) * (trial - x)


def is_short(x: Array, z: Array, Ax: Array, Az: Array, step: Array, A: LinearOperator) -> Array:
    """Whether ||A (x - z)||^2 <= ||x - z||^2 / step, the quadratic upper bound at x about z, to rounding."""
    mdim = len(A.out_shape)
    noise = _NOISE * eps(Ax) * (norm(Ax, mdim) + norm(Az, mdim))
    return norm(Ax - Az, mdim) - noise <= norm(x - z, len(A.in_shape)) / step**0.5
