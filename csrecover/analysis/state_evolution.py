"""State evolution: the errors that message passing will have, known before anything is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import as_float, is_complex, to, to_numpy
from ..operators.dense import standard_normal
from ..penalties import Penalty
from ..solvers.thresholding import Thresholding, thresholding
from ..structures.signal import fit

_ENTRIES = 200_000  # entries that are drawn, at least


def state_evolution(
    truth: Any,
    penalty: Penalty,
    ratio: float,
    *,
    sigma: float = 0.0,
    singular_values: Any = None,
    iterations: int = 10,
    rng: Any = 0,
) -> np.ndarray:
    """Mean-square errors ||x_t - truth||^2 / n of the first iterates of `amp`, or of `vamp`, for large n.

    The denoiser sees the signal in white Gaussian noise of the standard deviation tau, with E_t the error before::

        amp:   tau^2 = sigma^2 + E_t n / m,   E_{t+1} = E ||prox(truth + tau Z) - truth||^2 / n

    and of `vamp` tau is the error of linear least squares with these singular values. The expectation is an average
    over Gaussian Z, on the host.

    Parameters
    ----------
    truth : array, of the shape of one signal
        any signal with coefficients like those to be recovered: their order does not matter, that in blocks does.
    penalty : L1, NonNegativeL1 or GroupL2 with blocks of one size
    ratio : float, positive
        measurements / unknowns.
    sigma : float
        standard deviation of the noise of a measurement, for columns of A that have norm one as those of `gaussian`.
    singular_values : array, optional
        those of A that are not zero, for `vamp`; without them A has independent entries, for `amp`.
    iterations : int
    rng : int or numpy.random.Generator

    Returns
    -------
    NumPy array, (iterations,)

    Raises
    ------
    ValueError
        When a number is out of range, there are more singular values than unknowns, or as in `amp`.
    TypeError
        When the penalty is another one.

    References
    ----------
    M. Bayati and A. Montanari, The dynamics of message passing on dense graphs, with applications to compressed
    sensing, IEEE Trans. Information Theory 57(2), 2011; S. Rangan, P. Schniter and A. K. Fletcher, Vector approximate
    message passing, IEEE Trans. Information Theory 65(10), 2019.
    """
    truth = as_float(to_numpy(truth))
    if not (0 < ratio < math.inf and 0 <= sigma < math.inf and iterations >= 1):
        raise ValueError(f"expected ratio > 0, sigma >= 0 and iterations >= 1, got {ratio}, {sigma} and {iterations}")
    denoise = thresholding(fit(to(penalty, "numpy"), truth.shape), complex_signals=is_complex(truth))
    dtype = np.dtype("complex128" if is_complex(truth) else "float64")
    noise = standard_normal((-(-_ENTRIES // truth.size), *truth.shape), np.random.default_rng(rng), dtype)
    start = float(np.mean(np.abs(truth) ** 2))
    if singular_values is None:
        return _independent(_Channel(truth, noise, denoise), start, ratio, sigma, iterations)
    squares = np.asarray(to_numpy(singular_values), float) ** 2
    if squares.ndim != 1 or not 0 < squares.size <= truth.size or not (squares > 0).all():
        raise ValueError(f"expected 1 to {truth.size} singular values, none of them zero, got shape {squares.shape}")
    return _rotated(_Channel(truth, noise, denoise), start, ratio, sigma, iterations, squares)


@dataclass(frozen=True, eq=False)
class _Channel:
    """The signal in draws of white Gaussian noise, and its denoiser."""

    truth: np.ndarray
    noise: np.ndarray
    denoise: Thresholding

    def __call__(self, tau: float, best: float) -> tuple[float, float]:
        """Mean-square error of the denoised signal, and mean derivative of the denoiser."""
        draws = len(self.noise)
        denoised = self.denoise(self.truth + tau * self.noise, np.full(draws, best * tau))
        error = np.mean(np.abs(denoised.x - self.truth) ** 2)
        return float(error), float(np.mean(denoised.slope) / self.truth.size)


def _independent(channel: _Channel, error: float, ratio: float, sigma: float, iterations: int) -> np.ndarray:
    """State evolution of AMP."""
    best, errors = channel.denoise.best(ratio), []
    for _ in range(iterations):
        error, _slope = channel(math.sqrt(sigma**2 + error / ratio), best)
        errors.append(error)
    return np.array(errors)


def _rotated(
    channel: _Channel, spread: float, ratio: float, sigma: float, iterations: int, squares: np.ndarray
) -> np.ndarray:
    """State evolution of VAMP; spread is the mean-square error of its linear message."""
    n, errors = channel.truth.size, []
    best = channel.denoise.best_up_to(min(ratio, 1.0), squares)
    for _ in range(iterations):
        share = float(np.sum(squares * spread / (squares * spread + sigma**2))) / n
        tau = math.sqrt(spread * max(1 / share - 1, 0.0))
        error, alpha = channel(tau, float(best(np.asarray(share))))
        errors.append(error)
        spread = max(error - (alpha * tau) ** 2, 0.0) / (1 - alpha) ** 2
    return np.array(errors)
