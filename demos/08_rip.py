"""Why do guarantees ask for so much more than recovery takes? Theorems, certificates and practice side by side."""

# %% A Gaussian matrix, half as high as wide, and models whose signals have equal numbers of nonzeros
import re
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.optimize import brentq

import csrecover as cs
from csrecover import plotting
from csrecover.analysis import coherence, gaussian_bounds, nsp
from csrecover.analysis.theorems import PLAIN
from csrecover.analysis.theory import transition_rho
from csrecover.experiments import RecoveryTrial, sweep
from csrecover.testing import expect

ORDERS = (2, 3, 4, 6, 8, 12)  # numbers of nonzeros
THEOREMS = {f"{each.name}: delta_{each.copies}k < {each.limit:.2f}": each for each in PLAIN if each.limit is not None}
LIMIT = {"marker": "D", "color": "black", "markerfacecolor": "white", "label": "theory, large matrices"}
CERTIFIED = {"marker": "o", "color": "#0072B2", "label": "this matrix: certified"}
REFUTED = {"marker": "X", "color": "#D55E00", "label": "this matrix: hypothesis refuted"}
FOUND = {"marker": "*", "color": "#009E73", "markersize": 11, "label": "half recovered, measured"}


def constants(A):
    """Estimates of the restricted isometry constants of three models, by the number of nonzeros."""
    n = A.shape[1]
    models = {
        "plain": (cs.Sparse(), 1),
        "tree": (cs.TreeSparse(cs.Wavelet(n, "haar").tree), 1),
        "blocks of 4": (cs.BlockSparse(cs.Blocks.uniform(n, 4)), 4),
    }
    return {
        name: {order: cs.rip(A, model, order // size) for order in ORDERS if order % size == 0}
        for name, (model, size) in models.items()
    }


# %% What is proven of this matrix: the largest certified k of each theorem, and the smallest one that is refuted
def by_isometry(theorem, estimates):
    """By the restricted isometry constant of order `copies` k, after the best rescaling."""
    rescaled = {k: estimates[k * theorem.copies].rescaled for k in (1, 2, 3) if k * theorem.copies in estimates}
    certified = [k for k, (_, high) in rescaled.items() if high < theorem.limit]
    refuted = [k for k, (low, _) in rescaled.items() if low > theorem.limit]
    return max(certified, default=0), min(refuted, default=0)


def by_coherence(A):
    """Tropp's condition k < (1 + 1 / mu) / 2."""
    k = int(np.ceil((1 + 1 / coherence(A)) / 2)) - 1
    return k, k + 1


def by_null_space(A):
    """All k-sparse signals are recovered by l1 minimisation if and only if the null space property holds."""
    constant = nsp(A, A.shape[0] // 8)
    shares = np.cumsum(np.sort(abs(constant.witness))[::-1])
    return constant.certified_k, 1 + int(np.argmax(shares >= 0.5))


# %% What is proven of large Gaussian matrices, and what happens: shares k / m
def in_the_limit(theorem, m, n):
    """Up to which share their asymptotic bounds fulfil the hypothesis."""

    def excess(logarithm):
        L, U = gaussian_bounds(m, n, theorem.copies * np.exp(logarithm) * m)
        return (U + L) / (2 + U - L) - theorem.limit

    return np.exp(brentq(excess, np.log(1e-9), np.log(0.2)))


def in_practice(structure, solver, n, trials):
    """At which share half of random signals are recovered."""
    axes = {"delta": [0.5], "rho": np.linspace(0.1, 0.8, 15)}
    found = sweep(RecoveryTrial(n, structure=structure, solver=solver), axes, trials=trials)
    return found.fit()[0].at()


def main(out=Path("out"), n=128, trials=40, tolerance=0.02):
    """Print the numbers, the decisive ones beside references that hold for n = 128; draw them."""
    m = n // 2
    A = cs.gaussian(m, n, rng=0)
    estimates = constants(A)
    for name, family in estimates.items():
        for order, estimate in family.items():
            print(f"{name}, {order} nonzeros: {estimate}")
    known = {name: by_isometry(theorem, estimates["plain"]) for name, theorem in THEOREMS.items()}
    known |= {"OMP: coherence": by_coherence(A), "l1: null space": by_null_space(A)}
    limits = {name: in_the_limit(theorem, m, n) for name, theorem in THEOREMS.items()}
    limits["l1: random signals"] = transition_rho("l1", m / n)
    found = {
        "l1: random signals": in_practice(cs.L1(), None, n, trials),
        "subspace pursuit: random signals": in_practice(cs.Sparse(), cs.subspace_pursuit, n, trials),
    }
    for name, (certified, refuted) in known.items():
        print(f"{name}: certified up to k = {certified}, refuted from k = {refuted}")
    for name, rho in limits.items():
        print(f"{name}: {number(1 / rho)} measurements a nonzero, large matrices")
    for name, rho in found.items():
        print(f"{name}: {1 / rho:.2f} measurements a nonzero, measured")
    asked = "measurements a nonzero that a theorem asks for, large matrices"
    certified, refuted = known["l1: null space"]
    for what, value, reference in (
        (f"l1: {asked}", 1 / limits["l1: delta_2k < 0.71"], 89.5),
        (f"CoSaMP: {asked}", 1 / limits["CoSaMP: delta_4k < 0.10"], 24400),
        ("l1: nonzeros certified by the null space", certified, 3),
        ("l1: nonzeros refuted by the null space", refuted, 8),
        ("l1: nonzeros up to which half of random signals are recovered", m * found["l1: random signals"], 25.6),
    ):
        expect(what, value, reference, tolerance * reference)
    print("figure:", plotting.save(draw(A, estimates, known, limits, found), out / "rip.png"))


# %% The figure
def draw(A, estimates, known, limits, found):
    """What it takes, why, and what structure changes."""
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.25, 1))
    left.suptitle(f"Measurements a nonzero, m / k, of {A.shape[0]} x {A.shape[1]} Gaussian matrices")
    draw_ladder(left.subplots(), A.shape[0], known, limits, found)
    why, structure = right.subfigures(2, 1)
    why.suptitle("Why: theorems speak of the worst support")
    draw_worst(why.subplots(), A, estimates["plain"])
    structure.suptitle("Structure: fewer supports, smaller constants")
    plotting.plot_rip(estimates, ax=structure.subplots())
    return figure


def draw_ladder(ax, m, known, limits, found):
    """Measurements a nonzero that each theorem asks for, in the limit and of this matrix, and what happens."""
    names = list(dict.fromkeys([*known, *limits, *found]))
    ax.axvspan(m, 1e5, color="0.95", linewidth=0)
    ax.text(m * 1.2, -0.6, f"less than one nonzero of m = {m}", color="0.4", fontsize=8, va="center")
    for row, name in enumerate(names):
        certified, refuted = known.get(name, (0, 0))
        if certified and refuted:
            ax.plot([m / refuted, m / certified], [row, row], color="0.7", zorder=1)
        for k, style, place in ((certified, CERTIFIED, (0, 8)), (refuted, REFUTED, (-20, -3))):
            if k:
                mark(ax, m / k, row, style, f"k = {k}", place)
        if name in limits:
            mark(ax, 1 / limits[name], row, LIMIT, number(1 / limits[name]), (0, -15))
        if name in found:
            mark(ax, 1 / found[name], row, FOUND, f"{1 / found[name]:.2f}", (0, 9))
    ticks = [re.sub(r"delta_(\d)k", r"$\\delta_{\1k}$", name) for name in names]
    ax.set(xscale="log", xlim=(1, 1e5), ylim=(len(names) - 0.4, -0.9), xlabel="m / k")
    ax.set_yticks(range(len(names)), ticks)
    handles = [Line2D([], [], linestyle="none", **style) for style in (LIMIT, CERTIFIED, REFUTED, FOUND)]
    ax.legend(handles=handles, loc="lower right", fontsize=9, framealpha=1, edgecolor="none")


def mark(ax, x, row, style, text, place):
    """A marker with its number beside it."""
    ax.plot(x, row, linestyle="none", **style)
    ax.annotate(text, (x, row), place, textcoords="offset points", ha="center", fontsize=8)


def number(value):
    """Three digits, without powers of ten."""
    return f"{float(f'{value:.3g}'):,g}"


def draw_worst(ax, A, estimates, draws=200):
    """The worst supports, random ones, and what a theorem asks for."""
    rng, (m, n), matrix = np.random.default_rng(0), A.shape, A.todense()
    supports = [[rng.choice(n, order, replace=False) for _ in range(draws)] for order in estimates]
    ends = [[np.linalg.eigvalsh(matrix[:, S].T @ matrix[:, S])[[0, -1]] for S in each] for each in supports]
    ax.axhspan(0.9, 1.1, color="0.88", linewidth=0)
    plotting.plot_rip(estimates, gaussian=(m, n), ax=ax)
    ax.plot(list(estimates), np.median(ends, axis=1), color=FOUND["color"])
    last = max(estimates)
    top = np.median(ends[-1], axis=0)[1]
    ax.text(last, top + 0.1, "a random support", ha="right", color=FOUND["color"], fontsize=8)
    ax.text(last, 1, "CoSaMP: all supports in here", ha="right", va="center", color="0.35", fontsize=8)


if __name__ == "__main__":
    main()
