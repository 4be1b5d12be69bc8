"""Where further trials of a sweep tell most of its transition: around the 50 % points, on both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import logsumexp, ndtr

from ..analysis.fits import fit_transition

_BORROWED = 2  # trials that a column takes from each neighbour's
_LAPSES = 0.01  # share of trials that any curve lets end either way
_PIECES = 32  # parts of a round, placed one after the other
_USEFUL = 0.05  # information of a trial that is worth making, as a share of the best cell's
_GOLDEN = (math.sqrt(5) - 1) / 2


def default_target(x: Any) -> float:
    """Half-width that suits an axis: a quarter of its median step, but no less than a hundredth of its range."""
    x = np.sort(np.asarray(x, dtype=float))
    return float(max(np.median(np.diff(x)) / 4, (x[-1] - x[0]) / 100))


def next_round(
    x: Any, successes: Any, trials: Any, *, target: float, most: Any, first: int = 6, attempted: Any = None
) -> np.ndarray:
    """Further trials of each cell of a grid, from complete counts; all zero where there is nothing left to do.

    The axes but the last make columns, each with a transition along x. A column is finished when the 95 % interval of
    its 50 % point, by `fit_transition` from its own counts and cut off at the ends of x, has a half-width of at most
    `target`, or when all cells that tell anything have `most` trials: where the transition is steeper than the grid,
    the interval does not get shorter than a step. A column without a transition inside x soon has an interval that
    lies outside.

    The other columns at most double their trials. Each piece of a round goes to the cell where it lowers the variance
    of the 50 % point most, scale unknown (a locally c-optimal design), for curves that the counts leave possible:
    probit curves of any centre and scale, the same direction in all columns. A column borrows a few trials from its
    neighbours here; in its interval it does not. There are about ten rounds, the first of `first` trials a column.

    Likelihood takes no notice of how trials were placed, nor of when they ended, so fits stay consistent. But a column
    ends sooner where its scale happens to look small, and its interval covers the truth a little less often than 95 %:
    92 to 93 % in `benchmarks/adaptive.py`, at half-widths of 0.15 steps.

    Several solvers on common problems: call it for each and take the largest number in each cell.

    Parameters
    ----------
    x : array of float, (cells,)
        values of the last axis, all different, in any order.
    successes, trials : array of int, (..., cells)
    target : float
        half-width of the intervals, in units of x.
    most : int, or array of int
        largest number of attempts in a cell.
    first : int
        trials of a column without any.
    attempted : array of int, (..., cells), optional
        trials, and those that came to nothing; as many as `trials` by default.

    Returns
    -------
    array of int, (..., cells)

    Raises
    ------
    ValueError
        When x has fewer than two values, a shape does not fit, counts are impossible, or a number is not positive.

    References
    ----------
    H. Chernoff, Locally optimal designs for estimating parameters, Annals of Mathematical Statistics 24(4), 1953;
    C. F. J. Wu, Asymptotic inference from sequential design in a nonlinear situation, Biometrika 72(3), 1985.
    """
    attempted = trials if attempted is None else attempted
    x, successes, trials, attempted = (np.asarray(each) for each in (x, successes, trials, attempted))
    _check(x, successes, trials, attempted, target, first)
    order = np.argsort(x)
    x, successes, trials = (x[order] - x.min()).astype(float), successes[..., order], trials[..., order]
    room = np.maximum(most - attempted, 0)[..., order].reshape(-1, x.size)
    curves = _curves(tuple(x.tolist()), float(target))
    if curves.rise(successes, trials):
        successes = trials - successes
    belief = curves.given(_with_neighbours(successes, trials), _with_neighbours(trials - successes, trials))
    made = trials.reshape(room.shape)
    half = _half_widths(x, successes.reshape(room.shape), made, belief, target)
    room = np.where(belief.information >= _USEFUL * belief.information.max(axis=1, keepdims=True), room, 0)
    total = attempted.reshape(room.shape).sum(axis=1)
    lack = np.ceil(total * ((half / target) ** 2 - 1))
    wanted = np.where(total > 0, np.clip(lack, np.maximum(first // 2, total // 8), np.maximum(first, total)), first)
    wanted = np.where(half <= target, 0, np.minimum(wanted, room.sum(axis=1)))
    further = np.zeros_like(trials)
    further[..., order] = _placed(x, belief, made, room, wanted.astype(int)).reshape(trials.shape)
    return further


def _check(
    x: np.ndarray, successes: np.ndarray, trials: np.ndarray, attempted: np.ndarray, target: Any, first: Any
) -> None:
    if x.ndim != 1 or x.size < 2 or not np.all(np.isfinite(x)) or np.unique(x).size < x.size:
        raise ValueError(f"x is at least two different finite numbers, (cells,), got {x}")
    if not successes.shape == trials.shape == attempted.shape or trials.shape[-1:] != x.shape:
        raise ValueError(
            f"successes, trials and attempted have one shape, (..., {x.size}) as x has {x.size} values, "
            f"got {successes.shape}, {trials.shape} and {attempted.shape}"
        )
    if not np.all((successes >= 0) & (successes <= trials) & (trials <= attempted)):
        raise ValueError("expected 0 <= successes <= trials <= attempted in each cell: are they exchanged?")
    for name, value in (("target", target), ("first", first)):
        if not value > 0:
            raise ValueError(f"{name} is positive, got {value}")


def _with_neighbours(counts: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """Counts of each column, and a few trials' worth of those of the columns beside it, (columns, cells)."""
    share = counts * (_BORROWED / np.maximum(trials.sum(axis=-1, keepdims=True), _BORROWED))
    total = counts.astype(float)
    for axis in range(counts.ndim - 1):
        sums, shares = np.moveaxis(total, axis, 0), np.moveaxis(share, axis, 0)
        sums[1:] += shares[:-1]
        sums[:-1] += shares[1:]
    return total.reshape(-1, counts.shape[-1])


def _half_widths(
    x: np.ndarray, successes: np.ndarray, trials: np.ndarray, belief: _Belief, target: float
) -> np.ndarray:
    """Half-width of the interval of each column, inside x; far from the target the belief's will do."""
    half = 1.96 * belief.spread
    mixed = (successes.sum(axis=1) > 0) & (successes.sum(axis=1) < trials.sum(axis=1))
    for i in np.flatnonzero(mixed & (half <= 2 * target)):
        half[i] = _half_width(tuple(x.tolist()), tuple(successes[i].tolist()), tuple(trials[i].tolist()))
    return half


@lru_cache(maxsize=4096)  # finished columns come again in each round
def _half_width(x: tuple[float, ...], successes: tuple[int, ...], trials: tuple[int, ...]) -> float:
    low, high = fit_transition(x, successes, trials, rising=False).interval()
    return max(min(high, x[-1]) - max(low, x[0]), 0) / 2


def _placed(x: np.ndarray, belief: _Belief, made: np.ndarray, room: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Cells of the trials wanted in each column, as far as there is room.

    Level a + b (x - c), of which a tells where the 50 % point is: with v = x - c, a trial has the information
    J (1, v) (1, v)^T. Each piece takes another likely centre c, and the cell where it lowers the variance of a most.
    """
    columns, size = np.arange(len(wanted)), np.maximum(-(-wanted // _PIECES), 1)
    powers = np.stack([np.ones_like(x), x, x**2])
    moments = (made * belief.information) @ powers.T
    further = np.zeros_like(room)
    for step in range(_PIECES + x.size):  # each ends a piece or fills a cell
        center = belief.quantile(0.05 + 0.9 * ((step + columns / 2) * _GOLDEN % 1))
        aa, ab, bb = _covariance(moments, center, belief.scale)
        v = x - center[:, None]
        piece = np.minimum(np.minimum(size, wanted)[:, None], room - further)
        weight = piece * belief.information
        best = np.argmax(weight * (aa + ab * v) ** 2 / (1 + weight * (aa + 2 * ab * v + bb * v**2)), axis=1)
        further[columns, best] += piece[columns, best]
        moments = moments + weight[columns, best, None] * powers[:, best].T
        wanted = wanted - piece[columns, best]
    return further


def _covariance(moments: np.ndarray, center: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, ...]:
    """Entries aa, ab, bb of the covariance of level and slope at the centre, each (columns, 1).

    One trial is added, half of it two scales to either side.
    """
    one, first, second = moments.T
    aa = one + 2 / math.pi
    ab = first - center * one
    bb = second - 2 * center * first + center**2 * one + 8 / math.pi * scale**2
    determinant = aa * bb - ab**2
    return tuple((each / determinant)[:, None] for each in (bb, -ab, aa))


@dataclass(frozen=True, eq=False)
class _Belief:
    """What counts leave possible, of each column.

    Attributes
    ----------
    centers : array, (centers,)
        cut off at the ends of x.
    probabilities : array, (columns, centers)
    scale : array, (columns,)
        geometric mean.
    information : array, (columns, cells)
        expected, of a trial, about the level there.
    """

    centers: np.ndarray
    probabilities: np.ndarray
    scale: np.ndarray
    information: np.ndarray

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of the centre, (columns,)."""
        mean = self.probabilities @ self.centers
        return np.sqrt(np.maximum(self.probabilities @ self.centers**2 - mean**2, 0))

    def quantile(self, level: np.ndarray) -> np.ndarray:
        """Centre below which there is the probability `level`, (columns,) each."""
        below = np.sum(np.cumsum(self.probabilities, axis=1) < level[:, None], axis=1)
        return self.centers[np.minimum(below, len(self.centers) - 1)]


@dataclass(frozen=True, eq=False)
class _Curves:
    """Falling probit curves, all pairs of a centre and a scale; tables are (cells, centers * scales)."""

    x: np.ndarray
    centers: np.ndarray
    scales: np.ndarray
    log_rate: np.ndarray
    log_miss: np.ndarray
    information: np.ndarray

    def rise(self, successes: np.ndarray, trials: np.ndarray) -> bool:
        """Whether it is likelier that all rates rise than that all fall."""
        won, lost = (each.reshape(-1, len(self.x)) for each in (successes, trials - successes))
        falling, rising = (
            np.sum(logsumexp(a @ self.log_rate + b @ self.log_miss, axis=1)) for a, b in ((won, lost), (lost, won))
        )
        return bool(rising > falling)

    def given(self, successes: np.ndarray, failures: np.ndarray) -> _Belief:
        """Probabilities from counts, (columns, cells), all curves alike before."""
        logs = successes @ self.log_rate + failures @ self.log_miss
        weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        pairs = weights.reshape(-1, len(self.centers), len(self.scales))
        scale = np.exp(pairs.sum(axis=1) @ np.log(self.scales))
        inside = np.clip(self.centers, self.x[0], self.x[-1])
        return _Belief(inside, pairs.sum(axis=2), scale, weights @ self.information.T)


@lru_cache(maxsize=2)
def _curves(x: tuple[float, ...], target: float) -> _Curves:
    values = np.array(x)
    gap, extent = float(np.median(np.diff(values))), x[-1] - x[0]
    count = np.clip((extent + 2 * gap) / min(target / 2, gap / 4), 64, 1000)
    centers = np.linspace(x[0] - gap, x[-1] + gap, int(count))
    scales = np.geomspace(gap / 6, extent, 16)
    z = ((centers[:, None] - values[:, None, None]) / scales).reshape(len(x), -1)
    rate = _LAPSES + (1 - 2 * _LAPSES) * ndtr(z)
    information = (1 - 2 * _LAPSES) ** 2 * np.exp(-(z**2)) / (2 * math.pi * rate * (1 - rate))
    return _Curves(values, centers, scales, np.log(rate), np.log1p(-rate), information)
