"""How many measurements a signal needs: by theory for penalties, by simulation for models."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from ..models import LowRank, Model, SupportModel
from ..models.base import check_count
from ..operators import LinearOperator, Sampling, gaussian
from ..operators.base import as_shape
from ..penalties import Penalty
from ..recover import recover
from ..solvers import Result
from ..structures.signal import fit
from .search import search
from .signals import random_signal
from .transition import transition


@dataclass(frozen=True)
class Needed:
    """The number of Gaussian measurements from which recovery succeeds with a given probability.

    Attributes
    ----------
    measurements : int
        the estimate.
    low, high : int
        the number lies between them: by a theorem (theory), or with the confidence asked for (simulation).
    how : "theory" or "simulation"
    text : str
        the same in words, with what the interval rests on.
    """

    measurements: int
    low: int
    high: int
    how: str
    text: str

    def __str__(self) -> str:
        return self.text


def measurements_needed(
    structure: Model | Penalty,
    n: int | tuple[int, ...],
    k: Any,
    *,
    success: float = 0.95,
    solver: Callable[..., Any] | None = None,
    error: float = 1e-3,
    solves: int = 1500,
    confidence: float = 0.95,
    rng: Any = 0,
) -> Needed:
    """Smallest number of Gaussian measurements from which signals of a structure are recovered without noise.

    **A penalty**: by theory, for the minimiser of the penalty subject to A x = y and every signal of k units. The
    estimate is delta + sigma Phi^-1(success), delta the statistical dimension of the descent cone and sigma^2 the
    variance of its intrinsic volumes, whose law is near a normal one. The interval holds without approximation: at
    most delta - a(success) sqrt(n) measurements fail too often, delta + a(1 - success) sqrt(n) suffice,
    a(eta) = sqrt(8 log(4 / eta)); it is wide.

    **A model**: by simulation, with new Gaussian matrices and random signals of the model, in a bisection. A number of
    measurements is called too small (or enough) only where the failures in a fixed number of trials are too many
    (too few) for the contrary, at a level that bounds the chance of any wrong call by 1 - confidence; the interval
    lies between such numbers. It takes for granted that more measurements are never worse, and that n are enough. The
    estimate is that of a probit curve through all trials.

    Gaussian matrices are rotation invariant, so the numbers hold for structure in any orthonormal basis. Signals and
    matrices are real, and on the host.

    Parameters
    ----------
    structure : Model or Penalty
        of the penalties L1, NonNegativeL1, Nuclear, and GroupL2 with blocks of one size, of one positive weight.
    n : int or tuple of int
        length, or shape, of the signals.
    k : int, or the budget of the model
        for a penalty the number of nonzero coefficients, nonzero blocks, or the rank.
    success : float, between 0 and 1
        probability of recovery asked for.
    solver : callable, optional
        ``solver(A, y, model, k)``, which gives a Result or the signal; `recover` by default. For models alone.
    error : float, default 1e-3
        largest relative error ||x - truth|| / ||truth|| of a recovered signal, in a simulation.
    solves : int, default 1500
        largest number of problems that a simulation solves.
    confidence : float, default 0.95
        of the interval of a simulation.
    rng : int or numpy.random.Generator
        draws the problems of a simulation.

    Returns
    -------
    Needed

    Raises
    ------
    TypeError
        When the structure is neither, or there is no formula for the penalty.
    ValueError
        When a number is out of range, a solver comes with a penalty, or `solves` are too few to tell anything.

    References
    ----------
    D. Amelunxen, M. Lotz, M. B. McCoy and J. A. Tropp, Living on the edge: phase transitions in convex programs with
    random data, Information and Inference 3(3), 2014, Theorem II.
    """
    shape = as_shape(n)
    for name, value in (("success", success), ("confidence", confidence), ("error", error)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is a number between 0 and 1, got {value!r}")
    if isinstance(structure, Penalty):
        if solver is not None:
            raise ValueError(
                "a penalty goes by theory: to simulate a solver of it, give the model that its signals belong to"
            )
        return _by_theory(fit(structure, shape), shape, k, success)
    if not isinstance(structure, Model):
        raise TypeError(f"expected a sparsity model or a penalty, got {type(structure).__name__}")
    model = fit(structure, shape)
    least = _unknowns(model, shape, k)
    trial = _trial(model, shape, k, recover if solver is None else solver, error, np.random.default_rng(rng))
    return _by_simulation(trial, least, math.prod(shape), success, solves, confidence)


def _by_theory(penalty: Penalty, shape: tuple[int, ...], k: int, success: float) -> Needed:
    size, found = math.prod(shape), transition(penalty, shape, k)
    margins = [math.sqrt(8 * size * math.log(4 / chance)) for chance in (success, 1 - success)]
    low = max(1, found.unknowns - 1, math.floor(found.center - found.error - margins[0]))
    high = min(size, math.ceil(found.center + margins[1]))
    estimate = min(size, max(1, math.ceil(found.center + found.width * ndtri(success))))
    text = (
        f"{estimate} measurements (theory) for success {success:g}: the transition lies at {found.center:.1f}, with "
        f"standard deviation {found.width:.1f}; {low} to {high} by theorem"
    )
    return Needed(estimate, low, high, "theory", text)


def _by_simulation(
    trial: Callable[[int, int], bool], least: int, most: int, success: float, solves: int, confidence: float
) -> Needed:
    found = search(trial, least, most, success, solves, 1 - confidence)
    end = "" if found.confirmed else "; no number tried was surely enough, so this end is the number of unknowns"
    text = (
        f"{found.estimate} measurements (simulation) for success {success:g}: {found.low} to {found.high} with "
        f"confidence {confidence:g}, after {found.solves} problems{end}"
    )
    return Needed(found.estimate, found.low, found.high, "simulation", text)


def _unknowns(model: Model, shape: tuple[int, ...], k: Any) -> int:
    """Degrees of freedom of a signal whose support is known: no fewer measurements are enough."""
    if isinstance(model, SupportModel):
        return min(model.max_nonzeros(model.check_budget(k, least=1)), math.prod(shape))
    if isinstance(model, LowRank):
        rows, columns = shape
        k = check_count(k, least=1)
        return k * (rows + columns - k)
    return 1


def _trial(
    model: Model,
    shape: tuple[int, ...],
    k: Any,
    solver: Callable[..., Any],
    error: float,
    rng: np.random.Generator,
) -> Callable[[int, int], bool]:
    """Whether the trial of a given number is a success with m measurements; the same in whatever order they are run."""
    seed, size = int(rng.integers(2**63)), math.prod(shape)

    def succeeds(m: int, number: int) -> bool:
        draws = np.random.default_rng([seed, m, number])
        truth = random_signal(model, shape, k, draws)
        A: LinearOperator = gaussian(m, size, draws)
        if len(shape) > 1:
            A = A @ Sampling(shape, np.arange(size))
        found = solver(A, A @ truth, model, k)
        estimate = found.x if isinstance(found, Result) else found
        return float(np.linalg.norm(estimate - truth)) <= error * float(np.linalg.norm(truth))

    return succeeds
