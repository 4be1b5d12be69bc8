"""The test script of CoSaMP's authors: how often it recovers flat signals, and after how many iterations.

Needell and Tropp, "CoSaMP: iterative signal recovery from incomplete and inaccurate samples", Appl. Comput. Harmon.
Anal. 26(3), 2009: d = 256 unknowns, m = 128 Gaussian measurements without noise, s = 30 nonzeros +-1, 20 trials. Their
script stops at ||x' - x|| <= 1e-4 or after max(8 s, 60) iterations; here CoSaMP, which does not know x, stops at a
relative residual of 1e-6 or where it has not fallen for eight iterations, and ||x' - x|| <= 1e-4 is success. Least
squares are exact, for which the paper bounds the iterations by 6 (s + 1), given a restricted isometry constant of order
4 s of at most 0.1. Matrices of this shape have none so small: what is seen here goes beyond the theorem. In the figure
the shares dip at s = 42, where least squares have 3 s = 126 unknowns for 128 measurements; from s = 43 on CoSaMP here
identifies s coefficients and not 2 s.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, median_interval, options, share_line, write

import csrecover as cs
from csrecover import plotting
from csrecover.analysis.theory import success_probability
from csrecover.plotting.style import SETTINGS, look

D, M = 256, 128


def trial(coefficients, s, rng):
    """Error and iterations of CoSaMP."""
    A, x = cs.gaussian(M, D, rng), np.zeros(D)
    x[rng.permutation(D)[:s]] = rng.choice([-1.0, 1.0], s) if coefficients == "+-1" else rng.standard_normal(s)
    result = cs.cosamp(A, A @ x, cs.Sparse(), s)
    return {"error": np.linalg.norm(result.x - x), "iterations": result.iterations}


def recovered(error):
    """Whether an error counts as recovery."""
    return error <= 1e-4


def iterations_of(cell):
    """Iterations of the draws of a cell that were recovered."""
    return cell.select(solver="iterations").values[cell.select(solver="error").values <= 1e-4]


def draw(found):
    """Shares of recovered signals over s, and iterations until they were."""
    laws, sizes = found.axes["coefficients"], np.array(found.axes["s"])
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        shares = found.select(solver="error")
        theory = {"l1, theory": lambda s: success_probability("l1", D, s, M)}
        plotting.plot_sweep(shares, by="coefficients", theory=theory, ax=left)
        left.set(xlabel="nonzeros $s$", title=f"CoSaMP, $d$ = {D}, $m$ = {M}")
        for index, law in enumerate(laws):
            counts = [iterations_of(found.select(coefficients=law, s=s)) for s in sizes]
            seen = [(s, np.median(count), count.max()) for s, count in zip(sizes, counts, strict=True) if count.size]
            at, medians, most = np.array(seen).T
            right.semilogy(at, medians, label=f"{law}, median", **look(index))
            right.semilogy(at, most, ":", label=f"{law}, most", **look(index))
        right.semilogy(sizes, 6 * (sizes + 1), "k", linewidth=1, label="theorem: $6 (s + 1)$")
        right.set(xlabel="nonzeros $s$", ylabel="iterations", title="where it recovers")
        right.legend(frameon=False)
    return figure


def main(argv=None):
    """Print shares and iterations, and draw them over s."""
    chosen = options(__doc__, argv)
    axes = {"coefficients": ["+-1", "normal"], "s": [20, 30, 40] if chosen.quick else list(range(16, 54, 2))}
    trials = 2 if chosen.quick else 200
    found = cs.sweep(trial, axes, trials=trials, executor=chosen.workers, success=recovered, progress=False)
    lines = []
    for law in axes["coefficients"]:
        cell, setting = found.select(coefficients=law, s=30), f"d {D}, m {M}, s 30, {law} coefficients"
        lines.append(share_line(setting, "share recovered", "", cell.select(solver="error")))
        counts = iterations_of(cell)
        found_by = np.median(counts), median_interval(counts), counts.size
        lines.append(line(setting, "iterations, median of the recovered", "", *found_by))
        lines.append(line(setting, "iterations, most of the recovered", "<= 186", counts.max(), draws=counts.size))
    return write("cosamp_script", lines, draw(found), chosen.out)


if __name__ == "__main__":
    main()
