"""Noise: the error of recovery with a tree falls with the noise as fast as that of CoSaMP.

Baraniuk, Cevher, Duarte, Hegde, "Model-based compressive sensing", IEEE Trans. Inf. Theory 56(4), 2010, figure 7: the
largest ||x' - x|| / ||x|| of 200 draws against the noise, from M = 3.5K measurements for the tree, 5K for CoSaMP and
4.5K for l1. The signals are those of figure 5 (`piecewise_cubic.py`: N = 1024, K = 41, db2), the noise is normal, SNR =
20 log10(||A x|| / ||e||). Here l1 is basis pursuit denoising that is told ||e||.

An exponent of one says that the error is proportional to the noise, as theorems bound it. It is fitted to 30 to 60 dB,
for each draw number; these are other signals at each noise, so the fits pair unrelated draws. In the figure tree
subspace pursuit comes down to the error of a known support from 30 to 40 dB, hence exponents a little above one. There
the largest error of CoSaMP, with and without the tree, does not go to zero with the noise, though the mean is small:
rare signals are missed at 60 dB, too. That of tree subspace pursuit does from 40 dB. Of l1 even the mean does not: by
theory half of such signals need more than 4.34K measurements, and here there are 4.5K. The broken lines are the root
mean square error of least squares on the true support, sqrt(K / (M - K - 1)) ||e|| / ||A x||.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, mean_line, median_line, options, piecewise_cubic, relative_error, write

import csrecover as cs
from csrecover.plotting.style import SETTINGS, label, look

N, K = 1024, 41
WAVELET = cs.Wavelet(N, "db2")
TREE = cs.TreeSparse(WAVELET.tree)
SHOWN = (20, 40, 60)  # dB of the lines


def denoised(A, y, noise):
    """The signal of least l1 norm within the noise."""
    return cs.bpdn(A, y, cs.L1(), noise, tol=1e-2)


SOLVERS = {  # M / K, and the solver
    "tree CoSaMP": (3.5, lambda A, y, noise: cs.cosamp(A, y, TREE, K)),  # noqa: ARG005
    "tree subspace pursuit": (3.5, lambda A, y, noise: cs.subspace_pursuit(A, y, TREE, K)),  # noqa: ARG005
    "CoSaMP": (5, lambda A, y, noise: cs.cosamp(A, y, cs.Sparse(), K)),  # noqa: ARG005
    "l1": (4.5, denoised),
}


def trial(snr, rng):
    """Error of each solver, from measurements of its own of one signal."""
    x = TREE.project(WAVELET @ piecewise_cubic(N, rng), K)
    errors = {}
    for name, (ratio, solve) in SOLVERS.items():
        A = cs.gaussian(round(ratio * K), N, rng)
        y, e = A @ x, rng.standard_normal(A.out_shape)
        noise = 10 ** (-snr / 20) * float(np.linalg.norm(y))
        errors[name] = relative_error(solve(A, y + noise / np.linalg.norm(e) * e, noise).x, x)
    return errors


def recovered(error):
    """Whether an error counts as recovery."""
    return error < 0.1


def exponents(cell):
    """Power of the noise to which the error is proportional, for each draw number."""
    snr = np.array(cell.axes["snr"])
    return -np.polyfit(snr[snr >= 30] / 20, np.log10(cell.values[snr >= 30]), 1)[0]


def lines_of(found):
    """Exponents, and errors at some noises."""
    for name, (ratio, _) in SOLVERS.items():
        cell, setting = found.select(solver=name), f"{name}, M / K {ratio}"
        yield median_line(
            f"{setting}, 30 to 60 dB", "exponent of the error in the noise", "1 (theory)", exponents(cell)
        )
        for snr in (each for each in cell.axes["snr"] if each in SHOWN):
            errors = cell.select(snr=snr).values
            yield mean_line(f"{setting}, {snr} dB", "mean error", "", errors)
            yield line(f"{setting}, {snr} dB", "largest error", "", float(errors.max()), draws=errors.size)


def known_support(snr, ratio):
    """Root mean square of the relative error of least squares on the true support."""
    return 10 ** (-snr / 20) * (K / (round(ratio * K) - K - 1)) ** 0.5


def draw(found):
    """Mean and largest errors over the noise."""
    snr = np.array(found.axes["snr"])
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        for panel, (title, of) in zip(
            figure.subplots(1, 2, sharey=True), {"largest": np.max, "mean": np.mean}.items(), strict=True
        ):
            for index, (name, (ratio, _)) in enumerate(SOLVERS.items()):
                errors = of(found.select(solver=name).values, axis=-1)
                panel.semilogy(snr, errors, label=f"{name}, M = {ratio}K", linewidth=1, **look(index))
            for ratio, dashes in ((3.5, (4, 1.5)), (5, (1, 1.2))):
                text = f"support known, M = {ratio}K, theory"
                panel.semilogy(snr, known_support(snr, ratio), "k", linestyle=(0, dashes), linewidth=1, label=text)
            panel.set(title=f"{title} of {found.values.shape[-1]} draws", xlabel=label("snr"))
        figure.axes[0].set_ylabel("||x' - x|| / ||x||")
        figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def main(argv=None):
    """Print exponents and errors, and draw the errors."""
    chosen = options(__doc__, argv)
    axes = {"snr": [30, 60] if chosen.quick else [10, 20, 30, 40, 50, 60]}
    sizes = {"trials": 2 if chosen.quick else 200, "executor": chosen.workers}
    found = cs.sweep(trial, axes, success=recovered, on_error="raise", progress=False, **sizes)
    return write("noise", list(lines_of(found)), draw(found), chosen.out)


if __name__ == "__main__":
    main()
