"""Growing N: a tree needs hardly more measurements, CoSaMP nearly K more for each doubling.

Baraniuk, Cevher, Duarte, Hegde, "Model-based compressive sensing", IEEE Trans. Inf. Theory 56(4), 2010, figure 6: the
M / K from which piecewise smooth signals are recovered to 2.5 times the error of their best tree of K coefficients,
against N; 50 signals at each N, Gaussian matrices, no noise. It hardly changes for the tree there, and rises by about
one a doubling for CoSaMP. Here signals are five cubic pieces with random breaks, K = 41 at all N, the wavelet is db2,
and the M / K is that at which half of the signals are recovered, with its 95 % interval, from draws placed where they
tell most of it. The growth is that from the first N to the last, over four doublings; three quarters of the tree's are
in the first two. CoSaMP, with the tree or without, merges K coefficients and not 2K at every M / K below 3.

The second panel has the best trees themselves in place of the signals, recovered if the error is below 1e-3; the dashed
line is the theory of l1. The tree's M / K grows a little, as the number of trees does: from 2^(1.40 K) at N = 256 to
2^(1.64 K) at N = 4096, where supports of any kind grow from 2^(3.9 K) to 2^(8.0 K).
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, options, piecewise_cubic, write

import csrecover as cs
from csrecover.analysis.theory import statistical_dimension
from csrecover.plotting.style import SETTINGS, look

K = 41
SOLVERS = ("tree CoSaMP", "tree subspace pursuit", "CoSaMP")
SIGNALS = {"smooth": "piecewise cubic signals", "tree": "their best trees"}
PAPER = {"tree CoSaMP": "about 0", "CoSaMP": "about 1"}  # further measurements a doubling of N, in K


def trial(signal, n, ratio, rng):
    """Which solvers come close enough."""
    wavelet = cs.Wavelet(n, "db2")
    tree = cs.TreeSparse(wavelet.tree)
    coefficients = wavelet @ piecewise_cubic(n, rng)
    best = tree.project(coefficients, K)
    if signal == "smooth":
        x, allowed = coefficients, 2.5 * np.linalg.norm(coefficients - best)
    else:
        x, allowed = best, 1e-3 * np.linalg.norm(best)
    A = cs.gaussian(round(ratio * K), n, rng)
    y = A @ x
    found = cs.cosamp(A, y, tree, K), cs.subspace_pursuit(A, y, tree, K), cs.cosamp(A, y, cs.Sparse(), K)
    return {name: np.linalg.norm(each.x - x) <= allowed for name, each in zip(SOLVERS, found, strict=True)}


def growth(lengths, fits):
    """Rise of the 50 % point a doubling, from the first length to the last, and its 95 % interval."""
    doublings = np.log2(lengths[-1] / lengths[0])
    half = 1.96 * (fits[0].covariance[0, 0] + fits[-1].covariance[0, 0]) ** 0.5 / doublings
    rise = (fits[-1].at() - fits[0].at()) / doublings
    return float(rise), (float(rise - half), float(rise + half))


def lines_of(found, fits):
    """M / K at each N, and its growth."""
    lengths = found.axes["n"]
    for signal, words in SIGNALS.items():
        for name in SOLVERS:
            these = fits[signal, name]
            for n, fit in zip(lengths, these, strict=True):
                yield line(f"{words}, N {n}", f"M / K of {name}", "", fit.at(), fit.interval(), int(fit.trials.sum()))
            draws = int(these[0].trials.sum() + these[-1].trials.sum())
            quantity, paper = f"growth of M / K a doubling, {name}", PAPER.get(name, "") if signal == "smooth" else ""
            yield line(f"{words}, N {lengths[0]} to {lengths[-1]}", quantity, paper, *growth(lengths, these), draws)


def draw(found, fits):
    """M / K over N, with intervals."""
    lengths = found.axes["n"]
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for panel, (signal, words) in zip(panels, SIGNALS.items(), strict=True):
            for index, name in enumerate(SOLVERS):
                low, middle, high = np.array([np.insert(fit.interval(), 1, fit.at()) for fit in fits[signal, name]]).T
                bars = [middle - low, high - middle]
                panel.errorbar(lengths, middle, bars, label=name, linewidth=1, capsize=2, **look(index))
            panel.set_xscale("log", base=2)
            panel.set(title=words, xlabel="length $N$", xticks=lengths, xticklabels=lengths, ylim=(0, None))
        fine = np.geomspace(lengths[0], lengths[-1], 100)
        theory = [n / K * statistical_dimension("l1", K / n) for n in fine]
        panels[1].plot(fine, theory, "k", linestyle=(0, (4, 1.5)), linewidth=1, label="l1, theory")
        figure.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
        panels[0].set_ylabel("M / K of half of the signals")
    return figure


def main(argv=None):
    """Print the M / K that each solver needs at each N, and draw them."""
    chosen = options(__doc__, argv)
    ratios = [1.5, 2.5, 4] if chosen.quick else np.arange(6, 33) / 4
    axes = {"signal": list(SIGNALS), "n": [128, 256] if chosen.quick else [256, 512, 1024, 2048, 4096], "ratio": ratios}
    sizes = {"trials": 2} if chosen.quick else {"trials": 150, "adaptive": 0.1}
    found = cs.sweep(trial, axes, executor=chosen.workers, on_error="raise", progress=False, **sizes)
    fits = {
        (signal, name): found.select(signal=signal, solver=name).fit("ratio", rising=True)
        for signal in SIGNALS
        for name in SOLVERS
    }
    return write("growing_n", list(lines_of(found, fits)), draw(found, fits), chosen.out)


if __name__ == "__main__":
    main()
