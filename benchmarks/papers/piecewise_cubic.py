"""Piecewise cubic signals: recovery with a tree from 3K measurements, CoSaMP from 5K.

Baraniuk, Cevher, Duarte, Hegde, "Model-based compressive sensing", IEEE Trans. Inf. Theory 56(4), 2010, figure 5:
signals of length N = 1024, five cubic pieces with random breaks, each replaced by its best tree of K wavelet
coefficients; Gaussian matrices, no noise; the mean of ||x' - x|| / ||x|| against M / K, over 500 draws. The wavelet
(db2) and K = 0.04 N = 41 are from the demo of the authors' toolbox. Projections onto trees are exact, where the paper
has the condensing sort and select algorithm. A signal is recovered if the error is below 1e-3.

Beyond the paper: tree subspace pursuit merges K coefficients with the current ones where CoSaMP merges 2K, and solves
least squares once more on the support that it keeps; `recover` tries two more solvers where it fails, and gets the 8 %
that tree CoSaMP leaves at M = 3K. CoSaMP merges K below M = 3K, where 3K unknowns are too many: hence its step there.
For l1 a dual certificate says whether a signal is recovered, and basis pursuit is solved, to 1 %, if it is not. The
dashed line is its theory.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

sys.path.insert(0, str(Path(__file__).parent))
from headline import mean_line, options, piecewise_cubic, relative_error, share_line, write

import csrecover as cs
from csrecover.analysis import recovers
from csrecover.analysis.theory import success_probability
from csrecover.plotting.style import SETTINGS, look

N, K = 1024, 41
WAVELET = cs.Wavelet(N, "db2")
TREE = cs.TreeSparse(WAVELET.tree)
SOLVERS = {
    "tree CoSaMP": (cs.cosamp, TREE),
    "tree subspace pursuit": (cs.subspace_pursuit, TREE),
    "tree IHT": (cs.iht, TREE),
    "recover with the tree": (cs.recover, TREE),
    "CoSaMP": (cs.cosamp, cs.Sparse()),
    "IHT": (cs.iht, cs.Sparse()),
}
RATIOS = (2, 2.25, 2.5, 2.75, 3, 3.5, 4, 4.5, 5, 5.5)
TREES = tuple(name for name in SOLVERS if "tree" in name)
SHOWN = {2.5: TREES, 3: TREES, 5: ("CoSaMP", "IHT", "l1")}  # M / K of the lines
PAPER = {(3, "tree CoSaMP"): "near-perfect", (5, "CoSaMP"): "near-perfect"}


def trial(ratio, rng):
    """Error of each solver."""
    A = cs.gaussian(round(ratio * K), N, rng)
    x = TREE.project(WAVELET @ piecewise_cubic(N, rng), K)
    y = A @ x
    errors = {name: relative_error(solver(A, y, model, K).x, x) for name, (solver, model) in SOLVERS.items()}
    if recovers(A, x, cs.L1()):
        return errors | {"l1": 0.0}
    return errors | {"l1": relative_error(cs.basis_pursuit(A, y, cs.L1(), tol=1e-2).x, x)}


def recovered(error):
    """Whether an error counts as recovery."""
    return error < 1e-3


def lines_of(found):
    """Shares and mean errors at some ratios."""
    for ratio, names in SHOWN.items():
        for name in names if ratio in found.axes["ratio"] else ():
            cell, setting = found.select(ratio=ratio, solver=name), f"M / K {ratio}"
            yield share_line(setting, f"share recovered by {name}", PAPER.get((ratio, name), ""), cell)
            yield mean_line(setting, f"mean error of {name}", "", cell.values)


def draw(found):
    """Shares and mean errors over M / K."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        for index, name in enumerate(found.axes["solver"]):
            cell = found.select(solver=name)
            ratios, rate = cell.axes["ratio"], cell.rate()
            low, high = cell.interval()
            bars = np.stack([rate - low, high - rate])
            left.errorbar(ratios, rate, bars, label=name, linewidth=1, **look(index))
            right.plot(ratios, np.nanmean(cell.values, axis=-1), label=name, linewidth=1, **look(index))
        fine = np.linspace(RATIOS[0], RATIOS[-1], 200)
        theory = success_probability("l1", N, K, fine * K)
        left.plot(fine, theory, "k", linestyle=(0, (4, 1.5)), linewidth=1, label="l1, theory")
        left.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        left.set(xlabel="M / K", ylabel="share recovered")
        right.set(xlabel="M / K", ylabel="mean of ||x' - x|| / ||x||", ylim=(0, None))
        right.legend(*left.get_legend_handles_labels(), frameon=False)
    return figure


def main(argv=None):
    """Print shares and mean errors, and draw them."""
    chosen = options(__doc__, argv)
    axes = {"ratio": [2.5, 5] if chosen.quick else RATIOS}
    sizes = {"trials": 2 if chosen.quick else 250, "executor": chosen.workers}
    found = cs.sweep(trial, axes, success=recovered, on_error="raise", progress=False, **sizes)
    return write("piecewise_cubic", list(lines_of(found)), draw(found), chosen.out)


if __name__ == "__main__":
    main()
