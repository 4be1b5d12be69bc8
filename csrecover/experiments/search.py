"""The smallest number from which a random trial succeeds often enough: a bisection that bounds its own errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import bdtr, bdtrc, log_ndtr, ndtri
from tqdm import tqdm


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes
    ----------
    estimate : int
    low, high : int
        the number lies between them, with the confidence asked for.
    confirmed : bool
        whether trials showed that `high` is enough, or it is the largest number.
    solves : int
        trials made.
    """

    estimate: int
    low: int
    high: int
    confirmed: bool
    solves: int


@dataclass(frozen=True)
class Rule:
    """Is a success probability below a target? `trials` trials, fewer where the rest cannot change the answer.

    Attributes
    ----------
    trials : int
    few : int
        at most so many failures: the probability is not below the target (-1: never said).
    many : int
        at least so many failures: it is below.
    """

    trials: int
    few: int
    many: int

    @classmethod
    def at(cls, success: float, trials: int, level: float) -> Rule:
        """Each answer is wrong with probability at most `level`."""
        failures = np.arange(trials + 2)
        few = int(np.sum(bdtr(failures[:-1], trials, 1 - success) <= level)) - 1
        many = int(np.argmax(bdtrc(failures - 1, trials, 1 - success) <= level))
        return cls(trials, few, many)

    def outcome(self, trial: Callable[[int], bool]) -> tuple[int, int, int]:
        """Answer 1 (enough), -1 (too small) or 0 (cannot tell), number of trials and number of failures among them."""
        failures = 0
        for made in range(1, self.trials + 1):
            failures += not trial(made - 1)
            if failures >= self.many:
                return -1, made, failures
            if failures + self.trials - made <= self.few:
                return 1, made, failures
        return 0, self.trials, failures


def search(trial: Callable[[int, int], bool], least: int, most: int, success: float, solves: int, risk: float) -> Found:
    """Smallest m, least < m <= most, at which a trial succeeds with a given probability, rising with m.

    Parameters
    ----------
    trial : callable
        ``trial(m, number)``: whether the trial of that number, independent of all others, succeeds at m.
    least, most : int
        too small, and enough, without a trial.
    success : float
        the probability.
    solves : int
        largest number of trials.
    risk : float
        probability, at most, that the number does not lie in the interval.

    Raises
    ------
    ValueError
        When `solves` are too few for an answer.
    """
    tests = 2 * max(1, most - least).bit_length()
    rule = Rule.at(success, solves // 8, risk / tests)
    if rule.few < 0:
        wanted = 8 * math.ceil(math.log(risk / tests) / math.log(success))
        raise ValueError(f"solves={solves} are too few for success {success:g}: give at least {wanted}")
    low, high, confirmed, spent = least, most, False, 0
    unsure: tuple[int, int] | None = None
    made: list[tuple[int, int, int]] = []
    with tqdm(total=solves, desc="solves", leave=False, disable=None, delay=2) as bar:
        for _ in range(tests):
            m = _next(low, high, unsure)
            if m is None or spent + rule.trials > solves:
                break
            answer, trials, failures = rule.outcome(partial(trial, m))
            made.append((m, trials, failures))
            spent += trials
            bar.update(trials)
            if answer < 0:
                low = m
            elif answer > 0:
                high, confirmed = m, True
            else:
                unsure = (m, m) if unsure is None else (min(m, unsure[0]), max(m, unsure[1]))
            if unsure is not None and not low < unsure[0] <= unsure[1] < high:
                unsure = None
    return Found(_estimate(made, low + 1, high, success), low + 1, high, confirmed, spent)


def _next(low: int, high: int, unsure: tuple[int, int] | None) -> int | None:
    """The middle of what is open: of all, or of the larger gap beside the numbers that trials could not tell."""
    gaps = [(low, high)] if unsure is None else [(low, unsure[0]), (unsure[1], high)]
    first, last = max(gaps, key=lambda gap: gap[1] - gap[0])
    return (first + last) // 2 if last - first > 1 else None


def _estimate(made: list[tuple[int, int, int]], low: int, high: int, success: float) -> int:
    """Where the likeliest curve Phi((m - centre) / width) through all trials reaches `success`, within the interval."""
    if not made:
        return high
    m, trials, failures = np.array(made, dtype=float).T

    def surprise(parameters: np.ndarray) -> float:
        z = (m - parameters[0]) / math.exp(parameters[1])
        return -float(np.sum((trials - failures) * log_ndtr(z) + failures * log_ndtr(-z)))

    start = np.array([(low + high) / 2, math.log((high - low + 1) / 4)])
    centre, width = minimize(surprise, start, method="Nelder-Mead", bounds=[(0, None), (math.log(0.2), None)]).x
    return int(np.clip(math.ceil(centre + math.exp(width) * ndtri(success)), low, high))
