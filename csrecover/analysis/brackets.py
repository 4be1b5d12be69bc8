"""Chi-square brackets of the error of a recovery from the residuals of held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ..solvers.result import plain
from .rows import Rows

_CONCENTRATED = 6  # kurtosis from which residuals or measurements look heavy-tailed
_PART = 0.2  # of the error rate, for the bracket of ||x|| in that of the relative error
_CONCENTRATION = (
    "The transform of the error looks concentrated (kurtosis {{tail}}, {expected} expected): {count} held-out rows out "
    "of {total} can miss it altogether. No interval. Flip signs at random before the transform, or append Gaussian "
    "check rows."
)


@dataclass(frozen=True, eq=False)
class ErrorEstimate:
    """A bracket of the error ||x - x_hat|| of a recovery; for a batch the numbers are arrays, one entry a signal.

    Attributes
    ----------
    estimate : float or array
        point estimate of ||x - x_hat||.
    low, high : float or array
        the error lies between them at the stated confidence; 0 and infinity where nothing can be said.
    relative_low, relative_high : float or array
        the same for ||x - x_hat|| / ||x||.
    confidence : float
    rows : int
        number of held-out rows.
    about : str
        which x_hat it is about.
    note : str or array of str
        what to know of it, empty where there is nothing.
    """

    estimate: Any
    low: Any
    high: Any
    relative_low: Any
    relative_high: Any
    confidence: float
    rows: int
    about: str
    note: Any = ""

    def numbers(self) -> dict[str, Any]:
        """The numbers by their names."""
        names = "estimate", "low", "high", "relative_low", "relative_high", "confidence", "rows"
        return {name: getattr(self, name) for name in names}

    def __str__(self) -> str:
        if np.ndim(self.estimate):
            return f"errors of {np.size(self.estimate)} signals, at most {np.max(self.high):.2g}"
        remark = f" ({self.note})" if self.note else ""
        return f"error {self.estimate:.2g} in [{self.low:.2g}, {self.high:.2g}] at {self.confidence:.0%}{remark}"


@dataclass(frozen=True, eq=False)
class Residuals:
    """Squared moduli of the held-out and of the other residuals of a recovery, for rows of gain one, on the host.

    Attributes
    ----------
    held : array, (*batch, h)
    trained : array, (*batch, m - h)
        of the rows that were used; empty for independent rows, which tell nothing more.
    power : float or array (*batch,)
        E |noise|^2 of a row.
    nonzeros : int or array (*batch,)
        size of the support that was fitted.
    degrees : 1 or 2
        degrees of freedom of a residual: 2 for complex ones.
    """

    held: np.ndarray
    trained: np.ndarray
    power: Any = 0.0
    nonzeros: Any = 0
    degrees: int = 1

    def unseen(self, rows: Rows) -> int:
        """Rows of the transform that were not used, held-out ones included; one for independent rows."""
        return rows.total - self.trained.shape[-1] if rows.orthonormal else 1

    def total(self, rows: Rows) -> np.ndarray:
        """Estimate of the energy of error and noise in all rows."""
        return self.unseen(rows) * self.held.mean(axis=-1) + self.trained.sum(axis=-1)


def split(rows: Rows, residual: np.ndarray, held: np.ndarray, power: Any = 0.0, nonzeros: Any = 0) -> Residuals:
    """Squared moduli of residuals (*batch, m), held out where the mask (m,) is true."""
    energy = np.abs(residual).astype(np.float64) ** 2 / rows.gain
    trained = energy[..., ~held] if rows.orthonormal else energy[..., :0]
    return Residuals(energy[..., held], trained, np.asarray(power) / rows.gain, nonzeros, 1 + np.iscomplexobj(residual))


def kurtosis(energy: np.ndarray, degrees: int) -> np.ndarray:
    """Mean fourth over squared mean second power of residuals (*batch, h), unbiased where they are Gaussian.

    It is 3 for real and 2 for circular complex Gaussian ones: 1 + 2 / degrees.
    """
    count = energy.shape[-1] * degrees
    mean = energy.mean(axis=-1)
    fourth = (energy**2).mean(axis=-1) / np.where(mean > 0, mean, 1) ** 2
    return np.where(mean > 0, fourth * (count + 2) / count, 1 + 2 / degrees)


def error_bracket(rows: Rows, residuals: Residuals, risk: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate of ||e||, and ends that miss it with probability `risk` at most where residuals are near to Gaussian.

    With t the mean of the h held-out energies, s2 the power of the noise and N the number of unseen rows (one for
    independent rows of gain one): nu t is about (||e||^2 / N + s2) chi^2_nu, so that

        ||e||^2 in K + N (nu t / chi^2_{nu, 1 - risk/2 and risk/2} - s2)_+,   nu = h g / (1 - f rho^2).

    g are the degrees of freedom of a residual by their kurtosis (a tail heavier than Gaussian costs, a lighter one
    gains nothing), f = h / N is the share of the unseen rows that is held out (zero for independent rows), rho that of
    the error in the residuals' energy. K is the energy of the error in the rows of an orthonormal transform that were
    used, by Stein's unbiased estimate from their residuals; its error joins the bracket at the lower end by the method
    of variance estimates recovery, at the upper end by a bound that overfitting raises.

    References
    ----------
    R. Ward, Compressed sensing with cross validation, IEEE Trans. Information Theory 55(12), 2009;
    C. M. Stein, Estimation of the mean of a multivariate normal distribution, Annals of Statistics 9(6), 1981;
    G. Y. Zou and A. Donner, Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27(10), 2008.
    """
    power, ends = residuals.power, _mean_energy(rows, residuals, risk)
    excess, excess_low, excess_high = (residuals.unseen(rows) * np.maximum(end - power, 0) for end in ends)
    seen, seen_high, variance = _seen(residuals)
    spread = np.sqrt((excess - excess_low) ** 2 + special.ndtri(1 - risk / 2) ** 2 * variance)
    low = np.where(excess_low > 0, np.maximum(seen + excess - spread, 0), 0)
    estimate, high = np.sqrt(seen + excess), np.sqrt(seen_high + excess_high)
    return estimate, np.sqrt(low), np.maximum(high, estimate)


def _mean_energy(rows: Rows, residuals: Residuals, risk: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean energy of the held-out residuals, and the ends of the bracket of what it estimates."""
    t, h = residuals.held.mean(axis=-1), residuals.held.shape[-1]
    each = np.minimum(residuals.degrees, 2 / (kurtosis(residuals.held, residuals.degrees) - 1))
    share = h / residuals.unseen(rows) if rows.orthonormal else 0.0
    error = np.maximum(0, 1 - residuals.power / np.where(t > 0, t, np.inf))
    nu = h * each / np.maximum(1 - share * error**2, 1e-6)
    lower, upper = (nu / 2 * t / special.gammaincinv(nu / 2, level) for level in (1 - risk / 2, risk / 2))
    return t, lower, upper


def _seen(residuals: Residuals) -> tuple[Any, Any, Any]:
    """Energy of the error in the rows that were used: estimate, upper bound, variance of the estimate."""
    used, power = residuals.trained.shape[-1], residuals.power
    if not used:
        return 0.0, 0.0, 0.0
    fitted = np.minimum(residuals.nonzeros, used) * power
    excess = residuals.trained.sum(axis=-1) - used * power
    variance = (2 * used * power**2 + 4 * power * np.maximum(excess, 0)) / residuals.degrees
    return np.maximum(excess + 2 * fitted, 0), fitted + np.abs(excess + fitted), variance


def bracket(
    rows: Rows,
    residual: np.ndarray,
    y: np.ndarray,
    held: np.ndarray,
    size: Any,
    *,
    power: Any = None,
    nonzeros: Any = 0,
    floor: Any = 0.0,
    confidence: float = 0.9,
    comparisons: int = 1,
    about: str = "x",
) -> ErrorEstimate:
    """Bracket of the error of a recovery x_hat that nobody chose by looking at the held-out rows.

    The relative error is bracketed by the triangle inequality, [L / (||x_hat|| + L), U / (||x_hat|| - U)], and by a
    bracket of ||x|| from the measurements, at a fifth of the error rate.

    Parameters
    ----------
    rows : Rows
    residual, y : NumPy array, (*batch, m)
        y - A x_hat and y, flattened.
    held : bool array, (m,)
        which of them x_hat has not seen: at random among the eligible rows, and none other.
    size : float or array (*batch,)
        ||x_hat||.
    power : float or array (*batch,), optional
        E |noise|^2 of a measurement, complex ones in both parts; where it is not known the bracket has an upper end
        only, which bounds error and noise together.
    nonzeros : int or array (*batch,)
        size of the support of x_hat (half of it for real unknowns of complex measurements).
    floor : float or array (*batch,)
        rounding error of x_hat.
    confidence : float in (0, 1)
    comparisons : int
        number of recoveries among which x_hat was chosen by these rows.
    about : str
        name of x_hat.
    """
    residuals = split(rows, residual, held, 0.0 if power is None else power, nonzeros)
    eligible = np.isin(np.arange(held.size), rows.eligible)
    measured = split(rows, y, held if rows.orthonormal else eligible, residuals.power)
    rounding = residuals.total(rows) <= np.asarray(floor) ** 2
    tails = kurtosis(split(rows, y, eligible).held, residuals.degrees)
    tails = np.where(rounding, tails, np.maximum(tails, kurtosis(residuals.held, residuals.degrees)))
    heavy = (rows.orthonormal and not rows.scrambled) & (tails > _CONCENTRATED)
    exact = rounding & ~heavy

    def ends(risk: float) -> tuple[np.ndarray, np.ndarray]:
        _, low, high = error_bracket(rows, residuals, risk)
        return np.where(exact | heavy | (power is None), 0, low), np.where(heavy, np.inf, np.maximum(high, floor))

    risk = (1 - confidence) / comparisons
    _, *sizes = (None, 0.0, np.inf) if power is None else error_bracket(rows, measured, _PART * risk)
    estimate = error_bracket(rows, residuals, risk)[0]
    numbers = estimate, *ends(risk), *relative(*ends((1 - _PART) * risk), size, *sizes)
    remarks = {
        "exact to machine precision": exact,
        "upper end only: it bounds error and noise together": (power is None) & ~exact,
        "residuals smaller than the stated noise, lower it": _mean_energy(rows, residuals, risk)[2] < residuals.power,
        _CONCENTRATION.format(expected=1 + 2 // residuals.degrees, count=held.sum(), total=rows.total): heavy,
    }
    return _estimate(numbers, confidence, int(held.sum()), about, _notes(remarks, tails))


def relative(low: Any, high: Any, size: Any, least: Any = 0.0, most: Any = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Bracket of ||e|| / ||x|| from those of ||e|| and of ||x||, and ||x_hat|| = size by the triangle inequality."""
    low, high, size, least = (np.asarray(each, dtype=np.float64) for each in (low, high, size, least))
    below, above = np.minimum(size + low, most), np.maximum(size - high, least)
    lower = np.where(low > 0, low / np.where(below > 0, below, 1), 0)
    return lower, np.where(above > 0, high / np.where(above > 0, above, 1), np.inf)


def widened(found: ErrorEstimate, distance: Any, size: Any, about: str) -> ErrorEstimate:
    """Bracket for another recovery at that distance from the one that a bracket is about, by the triangle inequality.

    Parameters
    ----------
    found : ErrorEstimate
    distance : float or array (*batch,)
        from one recovery to the other.
    size : float or array (*batch,)
        norm of the other one.
    about : str
        its name.
    """
    low = np.maximum(np.maximum(np.asarray(found.low) - distance, distance - np.asarray(found.high)), 0)
    high = np.asarray(found.high) + distance
    estimate = np.clip(found.estimate, low, high)
    numbers = estimate, low, high, *relative(low, high, size)
    return _estimate(numbers, found.confidence, found.rows, about, found.note)


def _estimate(numbers: tuple[Any, ...], *facts: Any) -> ErrorEstimate:
    """The five numbers, plain for one signal, and the rest."""
    estimate, low, high, relative_low, relative_high = map(plain, numbers)
    return ErrorEstimate(estimate, low, high, relative_low, relative_high, *facts)


def _notes(remarks: dict[str, Any], tails: np.ndarray) -> Any:
    """The remarks that hold, one text a signal."""
    texts = np.full(tails.shape, "", dtype=object)
    for text, holds in remarks.items():
        for signal in np.argwhere(np.broadcast_to(holds, tails.shape)):
            place = tuple(signal)
            said = text.format(tail=f"{tails[place]:.0f}")
            texts[place] = f"{texts[place]}; {said}" if texts[place] else said
    return plain(texts)
