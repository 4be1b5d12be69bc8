"""The driver of Bayesian solvers: a prior is improved until the posterior mean no longer changes."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ..backend import (
    Array,
    as_float,
    blas_threads,
    cast_like,
    divide,
    eps,
    expand,
    flat,
    is_complex,
    keep,
    namespace,
    norm,
    to_numpy,
)
from ..operators import LinearOperator
from ..structures import Blocks
from .base import Counting, Iterate, Progress, accounted, iterate, looks_every, run
from .evidence import Dictionary, Evidence, Prior
from .problem import check_problem
from .result import Result, plain
from .units import Units

_FINEST = 1000  # rounding units of a change that systems of size m leave
_SHARE = 0.01  # energy of the noise over that of the signal, at the start

Learn = Callable[[Dictionary, Evidence], Prior]  # the next prior, by what the measurements say of this one


@dataclass(frozen=True, eq=False)
class Posterior:
    """What a Bayesian solver knows beside the posterior mean x; for a batch the numbers are arrays, one entry a signal.

    Attributes
    ----------
    deviation : array of the shape of x
        posterior standard deviation of each coefficient, for these variances; zero outside the support.
    variance : array of the shape of x
        prior variance of each coefficient, as learnt.
    noise_variance : float or array
        E |e_i|^2 of a measurement's noise, as learnt or given, but not below what the precision resolves.
    correlation : float or array
        of neighbours inside a block, as learnt or given; zero where there are no blocks.
    """

    deviation: Array
    variance: Array
    noise_variance: Any
    correlation: Any


def infer(
    A: Any,
    y: Any,
    blocks: Blocks | None,
    learn: Learn,
    *,
    correlation: float = 0.0,
    noise_variance: Any,
    prune: float,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    """Improve a prior by `learn` and give its posterior; the other parameters and the errors are those of `sbl`."""
    started = time.perf_counter()
    A, y = check_problem(A, y)
    if blocks is not None and blocks.shape != A.in_shape:
        raise ValueError(f"{blocks} is for signals of shape {blocks.shape}, the operator's have {A.in_shape}")
    if not isinstance(prune, numbers.Real):
        raise TypeError(f"prune is a number, a share of the largest variance, got {prune!r}")
    if not 0 <= prune < 1:
        raise ValueError(f"prune is a share of the largest variance, in [0, 1), got {prune}")
    noise = _checked_noise(noise_variance, norm(y, len(A.out_shape)))
    if isinstance(tol, numbers.Real):
        tol = max(float(tol), _FINEST * eps(y))
    counting, last = Counting(A), None
    with blas_threads(A.size_out**2 * (prod(y.shape) // A.size_out)):
        dictionary = Dictionary.of(A, y, Units(A.in_shape, blocks))
        size = norm(y, len(A.out_shape)) / A.size_out**0.5
        unit = namespace(size).where(size > 0, size, namespace(size).ones_like(size))
        prior = _first(dictionary, size > 0, correlation, None if noise is None else noise / unit**2)

        def iterates() -> Iterator[Iterate]:
            nonlocal last
            options = {"learn_noise": noise is None, "prune": prune, "enough": tol}
            for state, seen in posterior_iterates(counting, y, dictionary, prior, learn, unit, **options):
                last = seen
                yield state

        result = run(
            iterates(),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            merit=lambda state: 0 * state.objective + 1,  # the last iterate is the best, unless it is not finite
            check_every=looks_every(y),
        )
        posterior = _posterior(dictionary, last, unit)
    return accounted(replace(result, posterior=posterior), counting, started)


def posterior_iterates(
    A: LinearOperator,
    y: Array,
    dictionary: Dictionary,
    prior: Prior,
    learn: Learn,
    unit: Array,
    *,
    learn_noise: bool,
    prune: float,
    enough: float,
) -> Iterator[tuple[Iterate, Evidence]]:
    """Yield posterior means and what they come from, without end; a signal that no longer changes keeps its prior.

    The prior is for y / unit, where the numbers are about one.
    """
    xp, measured = namespace(y), flat(y, len(A.out_shape)) / unit[..., None]
    x, volume = 0, A.size_out * (2 if is_complex(y) else 1) * xp.log(unit)
    while True:
        seen = dictionary.evidence(measured, prior)
        x_prev, x = x, expand(unit, len(A.in_shape)) * dictionary.signal(seen.mean)
        state = iterate(x, x_prev, y - A @ x, A, objective=seen.objective + volume)
        yield state, seen
        learnt = learn(dictionary, seen)
        kept = learnt.variances > prune * xp.max(learnt.variances, axis=-1, keepdims=True)
        learnt = replace(
            learnt, variances=keep(learnt.variances, kept), noise=learnt.noise if learn_noise else prior.noise
        )
        moving = state.change > enough
        prior = Prior(
            xp.where(moving[..., None], learnt.variances, prior.variances),
            xp.where(moving, learnt.noise, prior.noise),
            xp.where(moving, learnt.correlation, prior.correlation),
        )


def _first(dictionary: Dictionary, nonzero: Array, correlation: float, noise: Array | None) -> Prior:
    """The same variance for all blocks, so that measurements of size one are expected; zero where they are zero."""
    xp, blocked = namespace(nonzero), dictionary.blocked
    m, count = blocked.shape[0], len(dictionary.units.members)
    energy = norm(blocked, 2) ** 2
    level = divide(m * xp.ones_like(energy), energy)
    variances = keep(xp.broadcast_to(level, (*nonzero.shape, count)), nonzero[..., None])
    ones = xp.ones_like(variances[..., 0])
    return Prior(variances, _SHARE * ones if noise is None else noise, correlation * ones)


def _checked_noise(noise_variance: Any, like: Array) -> Array | None:
    """The noise variance of each signal, None where it is to be learnt."""
    if noise_variance is None:
        return None
    xp, noise = namespace(like), cast_like(as_float(noise_variance), like)
    if is_complex(noise) or noise.shape not in ((), like.shape):
        raise ValueError(f"noise_variance is a number or an array of shape {like.shape}, got shape {noise.shape}")
    if not bool(xp.all((noise >= 0) & xp.isfinite(noise))):
        raise ValueError("noise_variance must be finite and not negative: it is E |e_i|^2")
    return xp.broadcast_to(noise, like.shape)


def _posterior(dictionary: Dictionary, seen: Evidence, unit: Array) -> Posterior:
    """The posterior in the units of the measurements."""
    xp, prior = namespace(seen.mean), seen.prior
    size = expand(unit, len(dictionary.units.shape))
    variance = xp.broadcast_to(prior.variances[..., None], seen.mean.shape)
    return Posterior(
        size * dictionary.signal(dictionary.deviations(seen)),
        size**2 * dictionary.signal(variance),
        plain(to_numpy(unit**2 * prior.noise)),
        plain(to_numpy(prior.correlation)),
    )
