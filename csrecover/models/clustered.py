"""Coefficients in few runs of consecutive indices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..backend import Array
from ..kernels import compiled
from .base import check_count, multiple
from .line import LineModel, check_size

_ROOM = 2**25  # bytes of choices that are kept at a time


@dataclass(frozen=True, eq=False)
class Clustered(LineModel):
    """Signals on a line with at most k nonzero coefficients in at most `runs` runs of consecutive indices.

    The projection is exact: a dynamic program on the host, O(n k runs) a signal. It keeps a byte for each of its
    n k runs choices up to 32 MB; beyond that it makes them twice and keeps those of some 4 sqrt(n) indices at a time.

    Parameters
    ----------
    runs : int >= 1

    References
    ----------
    V. Cevher, P. Indyk, C. Hegde and R. G. Baraniuk, Recovery of clustered sparse signals from compressive
    measurements, SampTA 2009.
    """

    runs: int

    def __post_init__(self) -> None:
        check_size(self.runs, "runs")

    def support(self, x: Array, k: int) -> Array:
        k = check_count(k)
        return self._mask_on_host(x, lambda energies: best_runs(energies, k, self.runs))

    def support_of_sum(self, x: Array, k: int, copies: int) -> Array:
        """Mask of the best ``copies * k`` coefficients in ``copies * runs`` runs: all sums of members, and more."""
        return Clustered(copies * self.runs).support(x, multiple(k, copies))

    def max_nonzeros(self, k: int) -> int:
        return k

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        """Natural logarithm of the number of maximal supports of budget k, exact.

        They have min(k, n) coefficients: c runs of them are binom(k - 1, c - 1) ways to split k coefficients, and
        binom(n - k + 1, c) ways to place the runs between the n - k others.
        """
        n = self._length(shape)
        k = min(check_count(k, 1), n)
        return math.log(sum(math.comb(n - k + 1, c) * math.comb(k - 1, c - 1) for c in range(1, min(self.runs, k) + 1)))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        n = self._length(shape)
        k = min(check_count(k), n)
        return run_sets(n, k, min(self.runs, k))


def run_sets(n: int, k: int, runs: int) -> Iterator[np.ndarray]:
    """Sets of k of n indices in at most `runs` runs: where the k are cut, and before which of the others each goes."""
    if k == 0:
        yield np.empty(0, np.intp)
    for count in range(1, runs + 1):
        for cuts in combinations(range(1, k), count - 1):
            run = np.searchsorted(cuts, np.arange(k), side="right")
            for places in combinations(range(n - k + 1), count):
                yield np.arange(k) + np.array(places, np.intp)[run]


def best_runs(energies: np.ndarray, k: int, runs: int) -> np.ndarray:
    """Mask of at most k indices in at most `runs` runs that holds most energy; of equal ones the first index set.

    Parameters
    ----------
    energies : array, (signals, n)
    k, runs : int
    """
    signals, n = energies.shape
    k = min(k, n)
    runs = min(runs, k, (n + 1) // 2)
    if runs == 0:
        return np.zeros(energies.shape, dtype=bool)
    part = max(1, _ROOM // (n * k * (runs + 1)))
    parts = [energies[start : start + part] for start in range(0, max(signals, 1), part)]
    return np.concatenate([_together(each, k, runs) for each in parts])


def _together(energies: np.ndarray, k: int, runs: int) -> np.ndarray:
    """Best masks of signals that share each step of the dynamic program."""
    signals, n = energies.shape
    kernel = compiled("line")
    sweep = kernel.sweep if kernel else sweep_plain
    block = n if signals * n * k * (runs + 1) <= _ROOM else 4 * math.isqrt(n) + 1
    blocks = [energies[:, start : start + block] for start in range(0, n, block)]
    totals = [(np.zeros((signals, runs + 1, k + 1)), np.zeros((signals, runs + 1, k + 1)))]
    for part in blocks[:0:-1]:
        inside, outside = totals[-1][0].copy(), totals[-1][1].copy()
        sweep(part, inside, outside)
        totals.append((inside, outside))
    masks, states = [], [(k, runs, False)] * signals
    for part in blocks:
        taken = sweep(part, *totals.pop())
        mask = np.zeros(part.shape, dtype=bool)
        states = [_follow(taken[signal], *states[signal], mask[signal]) for signal in range(signals)]
        masks.append(mask)
    return np.concatenate(masks, axis=-1)


def sweep_plain(energies: np.ndarray, inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Choices at each index, from the last one to the first; the best totals from there on change in place.

    With j more indices in c new runs, the best total from index i on, after an index that is in a run or outside, is

        inside_i(c, j) = max(e_i + inside_{i+1}(c, j - 1), outside_{i+1}(c, j)),
        outside_i(c, j) = max(e_i + inside_{i+1}(c - 1, j - 1), outside_{i+1}(c, j)).

    Parameters
    ----------
    energies : array, (signals, n)
    inside, outside : arrays, (signals, runs + 1, k + 1)
        totals after the last index.

    Returns
    -------
    array of uint8, (signals, n, runs + 1, k)
        at (c, j - 1): 2 where the index is taken, 1 where it is taken after another in a run only.
    """
    (signals, n), (_, c, j) = energies.shape, inside.shape
    taken = np.empty((signals, n, c, j - 1), dtype=np.uint8)
    for i in reversed(range(n)):
        more, rest = energies[:, i, None, None] + inside[:, :, :-1], outside[:, :, 1:]
        choice = taken[:, i]
        np.greater_equal(more, rest, out=choice.view(bool))
        choice[:, 1:] += more[:, :-1] >= rest[:, 1:]
        np.maximum(more, rest, out=inside[:, :, 1:])
        np.maximum(more[:, :-1], rest[:, 1:], out=rest[:, 1:])
    return taken


def _follow(taken: np.ndarray, k: int, runs: int, inside: bool, mask: np.ndarray) -> tuple[int, int, bool]:
    """Set the mask to the choices made with k more indices in `runs` new runs, and say what is left of them."""
    for i in range(len(mask)):
        if k == 0:
            break
        choice = taken[i, runs, k - 1]
        if choice == 2 or (choice and inside):
            mask[i] = True
            k -= 1
            runs -= not inside
            inside = True
        else:
            inside = False
    return k, runs, inside
