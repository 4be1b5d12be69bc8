"""HeaviSine from 80 Gaussian measurements: model-based CoSaMP beside CoSaMP and l1.

Baraniuk, Cevher, Duarte, Hegde, "Model-based compressive sensing", IEEE Trans. Inf. Theory 56(4), 2010, figure 1:
N = 1024, M = 80, no noise, a tree of K = 26 coefficients of a Daubechies wavelet with three vanishing moments; error
||x' - x|| / ||x||. The paper shows one draw; here each draw has its own matrix. l1 is basis pursuit.
"""

import sys
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import median_line, options, write

import csrecover as cs
from csrecover import plotting

PAPER = {"tree CoSaMP": 0.037, "l1": 0.751, "CoSaMP": 1.123}


def recoveries(rng, wavelet, m, k):
    """HeaviSine as each solver sees it."""
    signal = pywt.data.demo_signal("HeaviSine", 1024)
    W = cs.Wavelet(1024, wavelet)
    A = cs.gaussian(m, 1024, rng) @ W.H
    y, tree = A @ (W @ signal), cs.TreeSparse(W.tree)
    found = {
        "tree CoSaMP": cs.cosamp(A, y, tree, k),
        "tree subspace pursuit": cs.subspace_pursuit(A, y, tree, k),
        "l1": cs.basis_pursuit(A, y, cs.L1(), tol=1e-4),
        "CoSaMP": cs.cosamp(A, y, cs.Sparse(), k),
    }
    return signal, {name: W.H @ result.x for name, result in found.items()}


def trial(wavelet, rng):
    """Relative error of each solver."""
    signal, found = recoveries(rng, wavelet, 80, 26)
    return {name: np.linalg.norm(estimate - signal) / np.linalg.norm(signal) for name, estimate in found.items()}


def recovered(error):
    """Whether an error counts as recovery."""
    return error < 0.1


def draw(signal, found):
    """One draw: the signal and each recovery."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    for ax, (name, estimate) in zip(figure.subplots(2, 2).flat, found.items(), strict=True):
        title = f"{name}: error {np.linalg.norm(estimate - signal) / np.linalg.norm(signal):.3f}"
        plotting.draw_curves(ax, {"HeaviSine": signal, name: estimate}, title)
    return figure


def main(argv=None):
    """Print the medians beside the paper's draw, and draw one recovery."""
    chosen = options(__doc__, argv)
    axes = {"wavelet": ["db3", "sym8"]}
    trials = 2 if chosen.quick else 100
    found = cs.sweep(trial, axes, trials=trials, executor=chosen.workers, success=recovered, progress=False)
    lines = []
    for wavelet in axes["wavelet"]:
        for name in found.axes["solver"]:
            errors = found.select(wavelet=wavelet, solver=name).values
            paper = PAPER.get(name, "") if wavelet == "db3" else ""
            lines.append(median_line(f"N 1024, M 80, K 26, {wavelet}", f"error of {name}", paper, errors))
    figure = draw(*recoveries(np.random.default_rng(0), "db3", 80, 26))
    return write("heavisine", lines, figure, chosen.out)


if __name__ == "__main__":
    main()
