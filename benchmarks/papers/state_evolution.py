"""State evolution: the errors of message passing, known before anything is measured.

Donoho, Maleki and Montanari, "Message-passing algorithms for compressed sensing", PNAS 106(45), 2009, and Bayati and
Montanari, IEEE Trans. Inf. Theory 57(2), 2011: for large N the mean-square error of each iterate of AMP is a number one
can compute. Here N = 4000, five iterations; the nonzeros are normal, single or in blocks of 10, 0.7 times as many
as at the transition; noise of standard deviation 0.05 a measurement. Each draw has its own signal, noise and Gaussian
matrix, for VAMP random rows of a cosine transform (Rangan, Schniter and Fletcher, IEEE Trans. Inf. Theory 65(10),
2019). "Here" is the error divided by the one computed for the same signal, the mean over the draws, at that of the
five iterates where it is furthest from one.
"""

import sys
from functools import partial
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import mean_line, options, write

import csrecover as cs
from csrecover.analysis import state_evolution
from csrecover.analysis.theory import transition_rho
from csrecover.plotting.style import SETTINGS, look

SIGMA, ITERATIONS = 0.05, 5
CASES = {"AMP, l1": (cs.amp, 1), "AMP, blocks of 10": (cs.amp, 10), "VAMP on a partial DCT, l1": (cs.vamp, 1)}


def trial(n, case, delta, rng):
    """Mean-square errors of five iterates, measured and computed."""
    solver, size = CASES[case]
    m, blocks = round(delta * n), cs.Blocks.uniform(n, size)
    count = round(0.7 * transition_rho("block", delta, size=size) * m / size)
    x = cs.random_signal(cs.BlockSparse(blocks), n, count, rng)
    penalty, noise = cs.GroupL2(blocks), SIGMA * rng.standard_normal(m)
    gaussian = solver is cs.amp
    A = cs.gaussian(m, n, rng) if gaussian else cs.random_rows(n, m, rng) @ cs.DCT(n)
    measured = []

    def note(progress):
        measured.append(np.mean((progress.x - x) ** 2))

    known = {} if gaussian else {"noise": SIGMA * m**0.5}
    solver(A, A @ x + noise, penalty, tol=0.0, max_iter=ITERATIONS, callback=note, **known)
    values = None if gaussian else np.full(m, (n / m) ** 0.5)
    computed = state_evolution(x, penalty, delta, sigma=SIGMA, singular_values=values, iterations=ITERATIONS, rng=rng)
    both = {"measured": measured, "computed": computed}
    return {f"{what} {t}": error for what, errors in both.items() for t, error in enumerate(errors)}


def errors(found, what):
    """Errors of a cell, iterates x draws."""
    return np.array([found.select(solver=f"{what} {t}").values for t in range(ITERATIONS)])


def draw(found):
    """Errors over the iterations: dots, one a draw, and the mean of what was computed."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        panels = figure.subplots(1, len(CASES), sharey=True)
        t = np.arange(1, ITERATIONS + 1)
        for ax, case in zip(panels, CASES, strict=True):
            for index, delta in enumerate(found.axes["delta"]):
                cell, style = found.select(case=case, delta=delta), look(index)
                measured = errors(cell, "measured")
                ax.semilogy(np.repeat(t, measured.shape[1]), measured.ravel(), linestyle="none", alpha=0.3, **style)
                ax.semilogy(
                    t, errors(cell, "computed").mean(axis=1), color=style["color"], label=rf"$\delta$ = {delta}"
                )
            ax.set(title=case, xlabel="iteration", xticks=t)
        panels[0].set(ylabel="mean-square error")
        panels[0].legend(title="state evolution", frameon=False)
    return figure


def main(argv=None):
    """Print measured over computed errors, and draw both."""
    chosen = options(__doc__, argv)
    n, trials = (400, 2) if chosen.quick else (4000, 40)
    axes = {"case": list(CASES), "delta": [0.5] if chosen.quick else [0.25, 0.5, 0.75]}
    found = cs.sweep(
        partial(trial, n), axes, trials=trials, executor=chosen.workers, success=np.isfinite, progress=False
    )
    lines = []
    for case in CASES:
        for delta in axes["delta"]:
            cell = found.select(case=case, delta=delta)
            ratios = errors(cell, "measured") / errors(cell, "computed")
            worst = np.argmax(abs(ratios.mean(axis=1) - 1))
            quantity = f"measured / computed error, iterate {worst + 1}"
            lines.append(mean_line(f"N {n}, delta {delta}, {case}", quantity, "1 (theory)", ratios[worst]))
    return write("state_evolution", lines, draw(found), chosen.out)


if __name__ == "__main__":
    main()
