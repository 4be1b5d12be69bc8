"""Binomial likelihood of a line through a link, times Jeffreys' prior, with its maxima."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import erfcx, expit, log_expit, log_ndtr, logit, ndtr, ndtri

_Function = Callable[[np.ndarray], np.ndarray]
_ITERATIONS = 100
_HALVINGS = 30
_GAIN = 1e-9  # of the logarithm: what is not worth another step
_TINY, _HUGE = 1e-300, 1e300


@dataclass(frozen=True, eq=False)
class Link:
    """A symmetric distribution function F with a concave logarithm.

    Attributes
    ----------
    rate : callable
        F.
    quantile : callable
        its inverse.
    log_rate : callable
        log F.
    hazard : callable
        h = (log F)'.
    decays : callable
        -(log h)' and -(log h)'', from the argument and h there.
    """

    rate: _Function
    quantile: _Function
    log_rate: _Function
    hazard: _Function
    decays: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _normal_hazard(eta: np.ndarray) -> np.ndarray:
    return math.sqrt(2 / math.pi) / erfcx(-eta / math.sqrt(2))


def _normal_decays(eta: np.ndarray, hazard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return eta + hazard, 1 - hazard * (eta + hazard)


def _logistic_hazard(eta: np.ndarray) -> np.ndarray:
    return expit(-eta)


def _logistic_decays(eta: np.ndarray, hazard: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: ARG001
    return 1 - hazard, hazard * (1 - hazard)


LINKS = {
    "probit": Link(ndtr, ndtri, log_ndtr, _normal_hazard, _normal_decays),
    "logit": Link(expit, logit, log_expit, _logistic_hazard, _logistic_decays),
}


class Look(NamedTuple):
    """A value, its derivatives and minus its second ones in eta, and the information matrix of a line.

    The matrix is that of the line's value at the `centre` of its weights, `total`, and of its slope, `second`. Second
    derivatives are taken at fixed leverages.
    """

    value: np.ndarray
    score: np.ndarray
    bend: np.ndarray
    centre: np.ndarray
    total: np.ndarray
    second: np.ndarray


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Logarithm of the likelihood of rates F(eta), eta a line in x, plus half that of the information's determinant.

    The half is Jeffreys' prior: it removes the first-order bias of the maximum, which it makes finite for all data at
    two x or more (Firth, 1993).

    Attributes
    ----------
    x, successes, failures : arrays, (cells,)
        x of mean 0 and standard deviation 1.
    link : Link
    """

    x: np.ndarray
    successes: np.ndarray
    failures: np.ndarray
    link: Link

    @cached_property
    def trials(self) -> np.ndarray:
        """Of each cell."""
        return self.successes + self.failures

    def look(self, eta: np.ndarray) -> Look:
        """The function at lines, (..., cells)."""
        up, down = self.link.hazard(eta), self.link.hazard(-eta)
        (fall, bend), (rise, curl) = self.link.decays(eta, up), self.link.decays(-eta, down)
        gained, lost = self.successes * up, self.failures * down
        weights = self.trials * up * down
        total = np.maximum(weights.sum(axis=-1), _TINY)
        centre = weights @ self.x / total
        away = (self.x - centre[..., None]) ** 2
        second = np.maximum((weights * away).sum(axis=-1), _TINY)
        leverages = weights * (1 / total[..., None] + away / second[..., None])
        value = self.link.log_rate(eta) @ self.successes + self.link.log_rate(-eta) @ self.failures
        return Look(
            value + np.log(total) / 2 + np.log(second) / 2,
            gained - lost + leverages / 2 * (rise - fall),
            gained * fall + lost * rise + leverages / 2 * (bend + curl),
            centre,
            total,
            second,
        )

    def level(self) -> float:
        """Height of a flat line that is near the best one."""
        return float(self.link.quantile((self.successes.sum() + 0.5) / (self.trials.sum() + 1)))

    def line(self) -> tuple[np.ndarray, np.ndarray]:
        """Intercept and slope of the best line, by Fisher scoring, and their covariance."""
        guesses = self.link.quantile((self.successes + 0.5) / (self.trials + 1))
        line = np.array([self.trials @ guesses, (self.trials * self.x) @ guesses]) / self.trials.sum()
        look = self.look(line[0] + line[1] * self.x)
        for _ in range(_ITERATIONS):
            lift, tilt = look.score.sum() / look.total, look.score @ (self.x - look.centre) / look.second
            step, gain = np.array([lift - look.centre * tilt, tilt]), lift**2 * look.total + tilt**2 * look.second
            if gain < _GAIN:
                break
            for _ in range(_HALVINGS):
                ahead = self.look(line[0] + step[0] + (line[1] + step[1]) * self.x)
                if ahead.value > look.value - _GAIN:
                    break
                step = step / 2
            line, look = line + step, ahead
        variance, centre = 1 / look.second, look.centre
        covariance = np.array(
            [[1 / look.total + centre**2 * variance, -centre * variance], [-centre * variance, variance]]
        )
        return line, covariance

    def best(
        self, points: np.ndarray, z: float, sign: int, slope: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value at the best line through z at each point, its derivative in the point, and the slope of the line.

        The slope has the sign given, -1 or 1; 0: any. It is found by Newton's method from the `slope` given: steps are
        limited, and kept between slopes that are too small and too large.
        """
        away = self.x - points[:, None]
        low, high = np.full(points.shape, -np.inf), np.full(points.shape, np.inf)
        low, high = np.where(sign > 0, 0, low), np.where(sign < 0, 0, high)
        slope = np.clip(slope, low, high)
        for _ in range(_ITERATIONS):
            look = self.look(z + slope[:, None] * away)
            gradient, curvature = (look.score * away).sum(axis=-1), (look.bend * away**2).sum(axis=-1)
            low, high = np.where(gradient > 0, slope, low), np.where(gradient < 0, slope, high)
            most = 1 + abs(slope)
            ahead = slope + np.divide(
                gradient, curvature, where=abs(gradient) < most * curvature, out=np.copysign(most, gradient)
            )
            middle = (np.maximum(low, -_HUGE) + np.minimum(high, _HUGE)) / 2
            ahead = np.where((ahead < low) | (ahead > high), middle, ahead)
            if np.all(abs(gradient * (ahead - slope)) < _GAIN):
                break
            slope = ahead
        return look.value, -slope * look.score.sum(axis=-1), slope
