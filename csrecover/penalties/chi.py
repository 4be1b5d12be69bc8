"""Norms of normal vectors: how far they exceed a threshold, and the thresholds that are best in the worst case."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import comb, gammaincc, gammaln


def chi_excess(size: float, tau: np.ndarray | float, power: int) -> np.ndarray:
    """E (chi - tau)_+^power, where chi is the norm of `size` independent standard normal numbers, for each tau >= 0."""
    tau, orders = np.asarray(tau, float)[..., None], np.arange(power + 1)
    logs = orders / 2 * math.log(2) + gammaln((size + orders) / 2) - gammaln(size / 2)
    tails = np.exp(logs) * gammaincc((size + orders) / 2, tau**2 / 2)
    return np.sum(comb(power, orders) * (-tau) ** (power - orders) * tails, axis=-1)


def minimax_ratio(tau: np.ndarray | float, size: int = 1, share: float = 1.0) -> np.ndarray:
    """Ratio of measurements to unknowns for which the soft threshold tau > 0, in units of the noise, is the best.

    Of blocks of `size` coefficients of which a fraction s is large, the rest zero, it leaves the mean-square error
    (s (size + tau^2) + (1 - s) E (chi - tau)_+^2) / size a coefficient; least for s tau = (1 - s) E (chi - tau)_+.
    Message passing recovers as many unknowns as this error is the ratio.

    Parameters
    ----------
    tau : float or array
    size : int
        real coefficients of a block; 1 for the l1 norm.
    share : float
        fraction of the inactive blocks that noise can make active: 1/2 where signals are not negative.

    References
    ----------
    D. L. Donoho, A. Maleki and A. Montanari, Message-passing algorithms for compressed sensing, PNAS 106(45), 2009;
    D. L. Donoho, I. Johnstone and A. Montanari, Accurate prediction of phase transitions in compressed sensing via a
    connection to minimax denoising, IEEE Trans. Information Theory 59(6), 2013 (blocks).
    """
    excess, squared = (share * chi_excess(size, tau, power) for power in (1, 2))
    active = excess / (tau + excess)
    return (active * (size + np.square(tau)) + (1 - active) * squared) / size


def minimax_threshold(ratio: float, size: int = 1, share: float = 1.0) -> float:
    """The inverse of `minimax_ratio`: the threshold for this ratio > 0; zero from one on."""
    if ratio >= 1:
        return 0.0
    return float(brentq(lambda tau: float(minimax_ratio(tau, size, share)) - ratio, 0, 30 + 2 * size**0.5))
