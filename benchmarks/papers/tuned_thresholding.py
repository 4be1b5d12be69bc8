"""Tuned thresholding: how many nonzeros the algorithms of Maleki and Donoho recover without knowing how many there are.

Maleki and Donoho, "Optimally tuned iterative reconstruction algorithms for compressed sensing", IEEE J. Selected
Topics in Signal Processing 4(2), 2010: N = 800, Gaussian matrices with unit columns, nonzeros +-1, no noise, success at
||x' - x||^2 < 1e-4 ||x||^2; delta = M / N, rho = k / M. Two-stage thresholding (TST) is subspace pursuit whose budget
is always the largest that it recovers, rho* M rounded down, with rho*(delta) the parabola of the paper, the 50 % point.
Numbers of nonzeros are rounded down, too; rho is what they make. Iterative thresholding, hard (IHT) and soft (IST), has
the relaxation and the rate of false alarms of the paper; IST makes at most 400 iterations, the others 300, and TST ends
where the residual has not fallen for ten. Only `recover` is told k. Beyond its budget TST recovers nothing: its rates
end more sharply than symmetric curves do, so straight segments join them. At delta = 0.9 TST is below the parabola:
there its least squares on two supports have 0.98 M unknowns for M measurements. Dashed: the theory of l1.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.special import ndtri

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, options, share_line, write

import csrecover as cs
from csrecover.analysis import fit_transition
from csrecover.analysis.theory import transition_rho
from csrecover.plotting.style import SETTINGS, label, look
from csrecover.solvers.greedy import subspace_pursuit_iterates
from csrecover.solvers.hard import solve_with_model

N = 800


def tuned_rho(delta):
    """The paper's rho*."""
    return float(transition_rho("tst", delta))


def gaussian(m, n, rng):
    """Gaussian matrix with unit columns."""
    return cs.unit_columns(cs.gaussian(m, n, rng))


def tst(A, y, model, k):  # noqa: ARG001
    """Two-stage thresholding."""
    m, n = A.shape
    budget, options = int(tuned_rho(m / n) * m), {"x0": None, "noise": None, "callback": None}
    return solve_with_model(
        subspace_pursuit_iterates, A, y, model, budget, tol=1e-5, max_iter=300, patience=10, **options
    )


def thresholded(A, y, shrink, relaxation, false_alarms, iterations=300):
    """Relaxed gradient steps, each thresholded at a multiple of the median correlation."""
    x, multiple = np.zeros(A.in_shape), ndtri(1 - false_alarms / 2) / ndtri(0.75)
    for _ in range(iterations):
        residual = y - A @ x
        if np.linalg.norm(residual) < 1e-5 * np.linalg.norm(y):
            break
        step = relaxation * (A.H @ residual)
        x = shrink(x + step, multiple * np.median(abs(step)))
    return x


def iht(A, y, model, k):  # noqa: ARG001
    """Iterative hard thresholding."""
    delta = A.shape[0] / A.shape[1]
    rate = 0.0465 * delta**2 + 0.0041 * delta + 0.0012 if delta < 0.85 else 0.04
    return thresholded(A, y, lambda v, t: np.where(abs(v) > t, v, 0), 0.65, rate)


def ist(A, y, model, k):  # noqa: ARG001
    """Iterative soft thresholding."""
    delta = A.shape[0] / A.shape[1]
    return thresholded(A, y, cs.L1().prox, 0.6, 0.11 * delta**2 + 0.37 * delta - 0.005, 400)


TST = {"TST": tst}
SOLVERS = {**TST, "IST": ist, "IHT": iht, "recover, k known": None}


def numbers(delta, share):
    """Measurements m, and k nonzeros for a share of rho*."""
    m = round(delta * N)
    return m, int(share * tuned_rho(delta) * m)


def rhos(delta, shares):
    """Sparsities k / m for shares of rho*."""
    return np.array([k / m for m, k in (numbers(delta, share) for share in shares)])


def trial(solvers, *, delta, share, rng):
    """Which solvers recover +-1 signals of about this share of rho*."""
    m, k = numbers(delta, share)
    return cs.RecoveryTrial(N, ensemble=gaussian, structure=cs.Sparse(), signal="signs", solver=solvers)(
        rng=rng, m=m, k=k
    )


def rates_of(deltas, trials, workers):
    """Success of TST around rho*, equally many trials in each cell."""
    axes = {"delta": deltas, "share": [0.8, 0.9, 1.0, 1.1]}
    return cs.sweep(partial(trial, TST), axes, trials=trials, executor=workers, progress=False)


def transitions_of(deltas, shares, trials, workers):
    """Fits of all solvers over rho, by delta and name."""
    axes = {"delta": deltas, "share": shares}
    found = cs.sweep(partial(trial, SOLVERS), axes, trials=trials, executor=workers, adaptive=True, progress=False)
    fits = {}
    for delta, name in product(deltas, SOLVERS):
        cell = found.select(delta=delta, solver=name)
        fits[delta, name] = fit_transition(rhos(delta, shares), cell.successes, cell.trials, rising=False)
    return fits


def draw(rates, deltas, fits):
    """Rates of TST, and the 50 % points of all beside theory."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        for index, delta in enumerate(rates.axes["delta"]):
            cell = rates.select(delta=delta, solver="TST")
            bars = abs(np.stack(cell.interval()) - cell.rate())
            places = rhos(delta, cell.axes["share"]) / tuned_rho(delta)
            left.errorbar(places, cell.rate(), bars, label=rf"$\delta$ = {delta}", linewidth=1, **look(index))
        left.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
        left.set(xlabel=r"$\rho / \rho^*$", ylabel="share recovered", title="TST")
        left.legend(frameon=False)
        fine = np.linspace(0.02, 0.98, 200)
        right.plot(fine, transition_rho("tst", fine), "k", linewidth=1, label=r"$\rho^*$ of the paper")
        right.plot(fine, transition_rho("l1", fine), "k", linewidth=1, linestyle=(0, (4, 2)), label="l1, theory")
        for index, name in enumerate(SOLVERS):
            middle = np.array([fits[delta, name].at() for delta in deltas])
            bars = abs(np.array([fits[delta, name].interval() for delta in deltas]).T - middle)
            right.errorbar(deltas, middle, bars, label=name, linewidth=1, **look(index))
        right.set(xlabel=label("delta"), ylabel=label("rho"), title="50 % points", xlim=(0, 1), ylim=(0, 0.7))
        right.legend(frameon=False)
    return figure


def main(argv=None):
    """Print the shares around rho* and the 50 % points, and draw them."""
    chosen = options(__doc__, argv)
    rates = rates_of([0.25] if chosen.quick else [0.25, 0.5, 0.75], 2 if chosen.quick else 100, chosen.workers)
    deltas = [0.25] if chosen.quick else [0.1, 0.25, 0.5, 0.75, 0.9]
    shares = [0.7, 0.8, 1.1, 1.2] if chosen.quick else [share / 10 for share in range(5, 17)]
    fits = transitions_of(deltas, shares, 2 if chosen.quick else 30, chosen.workers)
    lines = []
    for delta in rates.axes["delta"]:
        for share in rates.axes["share"]:
            cell, (m, k) = rates.select(delta=delta, share=share, solver="TST"), numbers(delta, share)
            setting = f"delta {delta}, k {k}, rho {k / m / tuned_rho(delta):.3f} rho*"
            lines.append(share_line(setting, "share of TST", 0.5 if share == 1 else "", cell))
    for (delta, name), fit in fits.items():
        paper, draws = tuned_rho(delta) if name == "TST" else "", int(fit.trials.sum())
        quantity = f"rho at which {name} recovers half"
        lines.append(line(f"delta {delta}", quantity, paper, fit.at(), fit.interval(), draws))
    return write("tuned_thresholding", lines, draw(rates, deltas, fits), chosen.out)


if __name__ == "__main__":
    main()
