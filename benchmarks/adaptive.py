"""Trials of an adaptive sweep and of a full grid that knows the 50 % curve as well, on simulated truths.

The truth is the transition of l1 at n = 256 along rho at twenty delta, and what a probit curve does not expect.
"Full grid" is the smallest number of trials a cell for which the median half-width is at most the target at every
delta; it is left out where adaptive sweeps do not reach the target either. "By column" lets each delta have a number of
its own: there 0.35 times the range of rho over the scale of the curve, 8 here, is the best that any placement could do.
Coverage is of the true 50 % points inside the grid, by intervals of nominally 95 %; where k and m are rounded the point
is that without rounding, which moves it by more than the half-width at small m, for the full grid, too.

python benchmarks/adaptive.py [--quick] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.optimize.elementwise import find_root
from scipy.special import expit, ndtr

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

from csrecover.analysis.fits import fit_transition
from csrecover.analysis.theory import success_probability
from csrecover.experiments.adaptive import next_round

N, CELLS, MOST = 256, 20, 400
DELTAS, RHOS = np.linspace(0.05, 0.95, CELLS), np.arange(1, CELLS + 1) / CELLS
STEP = 1 / CELLS


def theory(delta, rho):
    """Success probability of l1, rho delta n nonzeros not rounded."""
    return success_probability("l1", N, rho * delta * N, delta * N)


def centers_and_scales():
    """Point of each delta where the probability is 1/2, and the scale of the probit curve of the same slope there."""
    centers = find_root(lambda rho, delta: theory(delta, rho) - 0.5, (0.02, 0.98), args=(DELTAS,)).x
    slopes = (theory(DELTAS, centers + 1e-4) - theory(DELTAS, centers - 1e-4)) / 2e-4
    return centers, -1 / (slopes * (2 * np.pi) ** 0.5)


def truths():
    """Name: rates, (deltas, rhos), and true 50 % points, (deltas,)."""
    centers, scales = centers_and_scales()
    m = np.round(DELTAS * N)[:, None]
    outside = np.linspace(0.3, 1.5, CELLS)

    def curve(function, centers, scale):
        return function((centers[:, None] - RHOS) / np.reshape(scale, (-1, 1))), centers

    return {
        "theory": (theory(DELTAS[:, None], RHOS), centers),
        "theory, k and m rounded": (success_probability("l1", N, np.round(RHOS * m), m), centers),
        "logistic": curve(expit, centers, scales / (8 / np.pi) ** 0.5),
        "scale of a fifth of a step": curve(ndtr, centers, STEP / 5),
        "half of the points outside": curve(ndtr, outside, scales),
    }


def adaptive(rates, target, rng):
    """Counts after the last round, and the number of rounds."""
    outcomes = rng.random((*rates.shape, MOST)) < rates[..., None]
    before = np.concatenate([np.zeros((*rates.shape, 1), dtype=int), np.cumsum(outcomes, axis=-1)], axis=-1)
    trials, rounds = np.zeros(rates.shape, dtype=int), 0
    while True:
        successes = np.take_along_axis(before, trials[..., None], axis=-1)[..., 0]
        further = next_round(RHOS, successes, trials, target=target, most=MOST)
        if not further.any():
            return successes, trials, rounds
        trials, rounds = trials + further, rounds + 1


def judged(successes, trials, centers):
    """Half-width of the interval of each column inside the grid, and whether it holds the true point."""
    ends = np.array(
        [fit_transition(RHOS, *each, rising=False).interval() for each in zip(successes, trials, strict=True)]
    )
    low, high = ends.T
    half = np.maximum(np.minimum(high, RHOS[-1]) - np.maximum(low, RHOS[0]), 0) / 2
    return half, (low <= centers) & (centers <= high)


def full_grid(rates, centers, target, columns, seeds):
    """Smallest number of trials a cell of each column, and the coverage with that; for the columns asked for."""
    low, high = np.zeros(len(rates), dtype=int), np.full(len(rates), MOST)
    rngs = [np.random.default_rng((1, seed)) for seed in range(seeds)]

    def judge(number):
        trials = np.broadcast_to(number[:, None], rates.shape)
        return np.swapaxes([judged(rng.binomial(trials, rates), trials, centers) for rng in rngs], 0, 1)

    while np.any(columns & (high - low > 1)):
        middle = (low + high) // 2
        enough = np.median(judge(middle)[0], axis=0) <= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high[columns], judge(high)[1][:, columns].mean()


def measured(name, rates, centers, target, seeds):
    """One row."""
    runs = [adaptive(rates, target, np.random.default_rng((0, seed))) for seed in range(seeds)]
    halves, covered = np.swapaxes([judged(successes, trials, centers) for successes, trials, _ in runs], 0, 1)
    inside = centers <= RHOS[-1]
    reached = halves <= target * (1 + 1e-9)
    finished = inside & np.all(reached, axis=0)
    needed, coverage = full_grid(rates, centers, target, finished, seeds)
    spent, of_finished = (np.mean([run[1][columns].sum() for run in runs]) for columns in (slice(None), finished))
    rounds = [run[2] for run in runs]
    complete = np.all(finished == inside)
    return {
        "truth": name,
        "target": f"{target:.4f} ({target / STEP:.2f} steps)",
        "columns finished": f"{np.mean(reached[:, inside]):.0%}",
        "half-width, median (largest)": f"{np.median(halves[:, inside]):.4f} ({halves[:, inside].max():.4f})",
        "coverage": f"{covered[:, inside].mean():.1%}",
        "of the full grid": f"{coverage:.1%}",
        "rounds, mean (most)": f"{np.mean(rounds):.1f} ({max(rounds)})",
        "trials": f"{spent:.0f}",
        "full grid, trials a cell": f"{needed.max()}" if complete else "",
        "full grid / adaptive": f"{needed.max() * rates.size / spent:.1f}" if complete else "",
        "by column": f"{needed.sum() * CELLS / of_finished:.1f}",
    }


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, and one target for two truths")
    parser.add_argument("--out", type=Path, help="folder for adaptive.csv and adaptive.md")
    options = parser.parse_args(argv)
    known = truths()
    cases = [(name, 0.0075) for name in known]
    cases[1:1] = [("theory", STEP / 4), ("theory", STEP / 2)]
    if options.quick:
        cases = [("theory", STEP / 2), ("half of the points outside", STEP / 2)]
    rows = [measured(name, *known[name], target, 1 if options.quick else 20) for name, target in cases]
    print(write_table(rows, "adaptive", options.out))
    return rows


if __name__ == "__main__":
    main()
