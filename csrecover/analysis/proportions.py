"""Confidence intervals of a probability from the successes among trials."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import betaincinv, ndtri


def wilson(successes: Any, trials: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Wilson's score interval: short, its coverage is the confidence on average over probabilities.

    The probabilities p with (successes - trials p)^2 <= z^2 trials p (1 - p), z the normal quantile.

    Parameters
    ----------
    successes, trials : int or array of int
        0 <= successes <= trials; they are broadcast.
    confidence : float, between 0 and 1

    Returns
    -------
    low, high : float or array
        0 and 1 where there are no trials.

    Raises
    ------
    ValueError
        When a number is out of range.

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22(158), 1927.
    """
    successes, trials = counts(successes, trials)
    z = ndtri(0.5 + checked_confidence(confidence) / 2)
    failures, total = trials - successes, trials + z**2
    center = (successes + z**2 / 2) / total
    half = z / total * np.sqrt(successes * failures / np.maximum(trials, 1) + z**2 / 4)
    low, high = np.where(successes > 0, center - half, 0), np.where(failures > 0, center + half, 1)
    return low[()], high[()]


def clopper_pearson(successes: Any, trials: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Clopper and Pearson's interval: its coverage is never below the confidence, mostly above.

    The probabilities at which neither so few nor so many successes have a chance below (1 - confidence) / 2.

    Parameters
    ----------
    successes, trials : int or array of int
        0 <= successes <= trials; they are broadcast.
    confidence : float, between 0 and 1

    Returns
    -------
    low, high : float or array
        0 and 1 where there are no trials.

    Raises
    ------
    ValueError
        When a number is out of range.

    References
    ----------
    C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26(4), 1934.
    """
    successes, trials = counts(successes, trials)
    level, failures = (1 - checked_confidence(confidence)) / 2, trials - successes
    low = np.where(successes > 0, betaincinv(np.maximum(successes, 1), failures + 1, level), 0)
    high = np.where(failures > 0, betaincinv(successes + 1, np.maximum(failures, 1), 1 - level), 1)
    return low[()], high[()]


def counts(successes: Any, trials: Any) -> tuple[np.ndarray, np.ndarray]:
    """Successes and trials as float arrays of one shape.

    Raises
    ------
    ValueError
        When they are no such counts.
    """
    successes, trials = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    if not (np.all(successes >= 0) and np.all(successes <= trials) and np.all(np.isfinite(trials))):
        raise ValueError(f"expected 0 <= successes <= trials, got successes={successes} of trials={trials}")
    return successes, trials


def checked_confidence(confidence: float) -> float:
    """Confidence as a float.

    Raises
    ------
    ValueError
        When it is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a number between 0 and 1, got {confidence!r}")
    return float(confidence)
