"""Curves of the success probability against one variable: where it passes 1/2, and how sharply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtri

from .likelihood import LINKS, Likelihood
from .profiles import Profile
from .proportions import checked_confidence, counts


@dataclass(frozen=True, eq=False)
class TransitionFit:
    """Success probability F((x - center) / scale), fitted to counts; F the normal or the logistic distribution.

    Where all trials end alike, or only one x has any, or the rate goes against the direction that was asked for, no
    transition is seen: the fit is the constant rate, `scale` is infinite, and `center` is infinite on the side where it
    must be; both are nan where no direction was given.

    Attributes
    ----------
    center : float
        where the probability is 1/2.
    scale : float
        width, positive where the probability rises with x.
    covariance : (2, 2) array
        of center and scale, from the information matrix; nan where no transition is seen.
    link : "probit" or "logit"
    separated : bool
        whether all failures are on one side of all successes: what the fit says of `scale` is then the prior's doing.
    rising : bool or None
        the direction that was asked for.
    x, successes, trials : arrays, (cells,)
        the data.
    """

    center: float
    scale: float
    covariance: np.ndarray
    link: str
    separated: bool
    rising: bool | None
    x: np.ndarray
    successes: np.ndarray
    trials: np.ndarray

    def rate(self, x: Any) -> Any:
        """Fitted success probability at each x."""
        x = np.asarray(x, float)
        if np.isfinite(self.scale):
            return LINKS[self.link].rate((x - self.center) / self.scale)[()]
        return np.full(x.shape, _share(self.successes, self.trials))[()]

    def at(self, p: float = 0.5) -> float:
        """Point at which the fitted probability is p, 0 < p < 1."""
        if np.isfinite(self.scale):
            return self.center + self.scale * self._quantile(p)
        return _beyond(_share(self.successes, self.trials) - p, self.scale)

    def interval(self, p: float = 0.5, confidence: float = 0.95) -> tuple[float, float]:
        """Confidence interval of the point at which the probability is p, by the profile of the penalised likelihood.

        An end is infinite where a constant rate is not rejected: the data then do not show a transition on that side.
        The interval holds the whole gap between separated failures and successes: a transition that is steeper than the
        prior expects could be anywhere in it.

        Raises
        ------
        ValueError
            When p or the confidence is not between 0 and 1.
        """
        z, limit = self._quantile(p), float(chdtri(1, 1 - checked_confidence(confidence)))
        if len(np.unique(self.x)) < 2:
            return -np.inf, np.inf
        origin, spread = _standard(self.x, self.trials)
        x = (self.x - origin) / spread
        likelihood = Likelihood(x, self.successes, self.trials - self.successes, LINKS[self.link])
        best = None
        if np.isfinite(self.scale):
            both, top = np.array([1, z]), float(likelihood.look((self.x - self.center) / self.scale).value)
            best = (self.at(p) - origin) / spread, float(limit * (both @ self.covariance @ both)) ** 0.5 / spread, top
        sign = 0 if self.rising is None else 1 if self.rising else -1
        low, high = origin + spread * Profile(likelihood, z, sign).interval(limit, best)
        gap = _gap(self.x, self.successes, self.trials, self.scale)
        return float(min(low, gap[0])), float(max(high, gap[1]))

    def _quantile(self, p: float) -> float:
        if not 0 < p < 1:
            raise ValueError(f"p is a probability between 0 and 1, got {p!r}")
        return float(LINKS[self.link].quantile(np.asarray(p)))


def fit_transition(
    x: Any, successes: Any, trials: Any, *, link: str = "probit", rising: bool | None = None
) -> TransitionFit:
    """Fit a curve to the successes among trials at each x: maximum likelihood with Jeffreys' prior.

    The prior takes away the bias of small numbers of trials and makes the fit finite where the data are separated, as
    those of steep transitions often are; with many trials it does not matter.

    Parameters
    ----------
    x : array of float, (cells,)
    successes, trials : array of int, (cells,)
        cells without trials count for nothing.
    link : "probit" (normal, as theory has it) or "logit"
    rising : bool, optional
        whether the probability rises with x, or falls. By default the data tell.

    Returns
    -------
    TransitionFit

    Raises
    ------
    ValueError
        When the link is neither, the shapes differ, x is not finite, or there are more successes than trials.

    References
    ----------
    D. Firth, Bias reduction of maximum likelihood estimates, Biometrika 80(1), 1993; G. Heinze and M. Schemper, A
    solution to the problem of separation in logistic regression, Statistics in Medicine 21(16), 2002 (intervals).
    """
    if link not in LINKS:
        raise ValueError(f"link is one of {', '.join(LINKS)}, got {link!r}")
    x = np.asarray(x, float)
    if x.ndim != 1 or np.shape(successes) != x.shape or np.shape(trials) != x.shape or not np.all(np.isfinite(x)):
        raise ValueError(
            "x, successes and trials are of one shape (cells,), x finite; got shapes "
            f"{x.shape}, {np.shape(successes)} and {np.shape(trials)}, x={x}"
        )
    successes, trials = counts(successes, trials)
    seen = trials > 0
    x, successes, trials = x[seen], successes[seen], trials[seen]
    won, lost = x[successes > 0], x[successes < trials]
    if won.size and lost.size and len(np.unique(x)) > 1:
        origin, spread = _standard(x, trials)
        likelihood = Likelihood((x - origin) / spread, successes, trials - successes, LINKS[link])
        (intercept, slope), covariance = likelihood.line()
        if abs(slope) > 1e-9 and (rising is None or rising == (slope > 0)):
            jacobian = np.array([[-1, intercept / slope], [0, -1 / slope]]) / slope
            center, scale = origin - spread * intercept / slope, spread / slope
            separated = np.isfinite(_gap(x, successes, trials, slope)[0])
            covariance = spread**2 * jacobian @ covariance @ jacobian.T
            return TransitionFit(
                float(center), float(scale), covariance, link, bool(separated), rising, x, successes, trials
            )
    scale = np.nan if rising is None else np.inf if rising else -np.inf
    center = _beyond(_share(successes, trials) - 0.5, scale)
    return TransitionFit(center, scale, np.full((2, 2), np.nan), link, False, rising, x, successes, trials)


def width_exponent(n: Any, fits: Sequence[TransitionFit]) -> tuple[float, float]:
    """Exponent a of |scale| = c n^a by weighted least squares of logarithms, and its standard error.

    Theory has -1/2 for transitions in measurements / coordinates, 1/2 for those in measurements.

    Parameters
    ----------
    n : array of int, (fits,)
        coordinates.
    fits : sequence of TransitionFit
        independent ones.

    Raises
    ------
    ValueError
        When there are fewer than two different n, not one for each fit, or a fit without a transition.
    """
    sizes, scales = np.asarray(n, float), np.array([each.scale for each in fits])
    if sizes.shape != scales.shape or not np.all(sizes > 0) or len(np.unique(sizes)) < 2:
        raise ValueError(f"expected one n > 0 for each of {len(scales)} fits, at least two different ones, got n={n}")
    if not np.all(np.isfinite(scales)):
        raise ValueError(f"expected fits with a transition, got scales {scales}: leave out those that are not finite")
    weights = scales**2 / np.array([each.covariance[1, 1] for each in fits])
    logs = np.log(sizes) - np.average(np.log(sizes), weights=weights)
    information = np.sum(weights * logs**2)
    return float(np.sum(weights * logs * np.log(abs(scales))) / information), float(information**-0.5)


def _gap(x: np.ndarray, successes: np.ndarray, trials: np.ndarray, direction: float) -> tuple[float, float]:
    """The gap between failures and successes that a direction puts there; where they overlap, (inf, -inf)."""
    won, lost = (x[kept] for kept in (successes > 0, successes < trials))
    below, above = (lost, won) if direction > 0 else (won, lost)
    low, high = below.max(initial=-np.inf), above.min(initial=np.inf)
    return (low, high) if low <= high and not np.isnan(direction) else (np.inf, -np.inf)


def _standard(x: np.ndarray, trials: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of the x of the trials."""
    mean = trials @ x / trials.sum()
    return float(mean), float(np.sqrt(trials @ (x - mean) ** 2 / trials.sum()))


def _share(successes: np.ndarray, trials: np.ndarray) -> float:
    """Successes among all trials."""
    return float(successes.sum() / trials.sum()) if trials.size else np.nan


def _beyond(excess: float, direction: float) -> float:
    """The infinity at which a rate that is too large by `excess` would be right; nan where none is."""
    return float(-np.sign(excess) * direction) if excess else np.nan
