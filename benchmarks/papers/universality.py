"""Universality: other random matrices have the phase transition of Gaussian ones.

Donoho and Tanner, "Observed universality of phase transitions in high-dimensional geometry, with implications for
modern data analysis and signal processing", Phil. Trans. R. Soc. A 367, 2009: l1 minimisation, of signals of any signs
and of nonnegative ones, succeeds from random signs, random rows of transforms and sparse matrices where it does from
Gaussian ones, up to what vanishes with N. Here N = 256, no noise, and whether the signal is the unique minimiser is
decided by a certificate. Transforms have columns of random signs; ternary entries are zero two times out of three;
columns of the expander have seven ones. Theory is that of Gaussian matrices for infinite N, delta = M / N, rho = k / M
of the integers that were run. At delta = 0.1, 26 measurements of five or six nonzeros, matrices still differ; from 0.25
on all are within 5 % of the theory. In the figure the points of one delta stand side by side.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, options, write

import csrecover as cs
from csrecover.analysis import fit_transition
from csrecover.analysis.theory import transition_rho
from csrecover.plotting.style import SETTINGS, label, look


def ternary(m, n, rng):
    """Entries 1, -1 or (two times out of three) 0."""
    return cs.Matrix(rng.choice([-1.0, 0.0, 0.0, 0.0, 0.0, 1.0], (m, n)))


def expander(m, n, rng):
    """Seven ones in each column."""
    return cs.sparse_binary(m, n, 7, rng)


ENSEMBLES = {
    "Gaussian": "gaussian",
    "signs": "bernoulli",
    "cosine rows": "dct",
    "Hadamard rows": "hadamard",
    "ternary": ternary,
    "expander": expander,
}
SIGNALS = {"l1": (cs.L1(), "signs"), "nonnegative": (cs.NonNegativeL1(), "nonnegative")}


def numbers(n, delta, rho):
    """Measurements m, and k nonzeros for about this rho."""
    m = round(delta * n)
    return m, max(1, round(rho * m))


def trial(n, theory, *, kind, ensemble, delta, share, rng):
    """Whether a signal with rho = about this share of the theoretical one is recovered."""
    structure, signal = SIGNALS[kind]
    problem = cs.RecoveryTrial(n, ensemble=ENSEMBLES[ensemble], structure=structure, signal=signal)
    m, k = numbers(n, delta, share * theory[kind, delta])
    return problem(rng=rng, m=m, k=k)


def draw(fits, theory, deltas):
    """50 % points over the theoretical ones."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        for ax, kind in zip(figure.subplots(1, 2, sharey=True), SIGNALS, strict=True):
            ax.axhline(1, color="k", linewidth=1, label="Gaussian, theory")
            for index, name in enumerate(ENSEMBLES):
                found, rho = [fits[kind, name, delta] for delta in deltas], [theory[kind, delta] for delta in deltas]
                middle = np.array([fit.at() for fit in found]) / rho
                bars = abs(np.array([fit.interval() for fit in found]).T / rho - middle)
                places = np.array(deltas) + 0.02 * (index - 2.5)
                ax.errorbar(places, middle, bars, label=name, linestyle="none", **look(index))
            ax.set(title=kind, xlabel=label("delta"), xticks=deltas, ylim=(0.7, 1.3))
        ax.legend(frameon=False, ncols=2)
        figure.axes[0].set(ylabel=r"$\rho$ where half succeed / theory")
    return figure


def main(argv=None):
    """Print the 50 % points beside theory, and draw them."""
    chosen = options(__doc__, argv)
    axes = {
        "kind": list(SIGNALS),
        "ensemble": list(ENSEMBLES),
        "delta": [0.5] if chosen.quick else [0.1, 0.25, 0.5, 0.75],
        "share": [0.6, 1.4] if chosen.quick else [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3],
    }
    n, trials = (64, 2) if chosen.quick else (256, 60)
    theory = {(kind, delta): float(transition_rho(kind, delta)) for kind in SIGNALS for delta in axes["delta"]}
    found = cs.sweep(partial(trial, n, theory), axes, trials=trials, executor=chosen.workers, progress=False)
    fits, lines = {}, []
    for kind, ensemble, delta in product(*list(axes.values())[:3]):
        cell, rho = found.select(kind=kind, ensemble=ensemble, delta=delta), theory[kind, delta]
        run = [k / m for m, k in (numbers(n, delta, share * rho) for share in axes["share"])]
        fits[kind, ensemble, delta] = fit = fit_transition(run, cell.successes, cell.trials, rising=False)
        found_by = f"{rho:.3g} (theory)", fit.at(), fit.interval(), int(fit.trials.sum())
        lines.append(line(f"{kind}, delta {delta}", f"rho where half succeed, {ensemble}", *found_by))
    return write("universality", lines, draw(fits, theory, axes["delta"]), chosen.out)


if __name__ == "__main__":
    main()
