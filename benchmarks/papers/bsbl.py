"""Blocks that are smooth inside: the phase transition of block sparse Bayesian learning, and blocks in unknown places.

Zhang and Rao, "Extension of SBL algorithms for the recovery of block sparse signals with intra-block correlation", IEEE
Trans. Signal Processing 61(8), 2013. Phase transition: N = 1000, 40 blocks of 25, the active ones autoregressions of
correlation 0 or 0.95 and variance one, Gaussian matrices, no noise, success at ||x' - x||^2 < 1e-4 ||x||^2. The paper
has BSBL close to rho = 1, as many nonzeros as measurements, at correlation 0.95; here it recovers all signals at 0.8,
of either correlation, and about half of them at 1, where correlation brings it no gain that can be seen. Block OMP is
told how many blocks there are, and is ahead of it in one cell. The group lasso is judged exactly, by a certificate.

Unknown partition, as in a demonstration by the authors: N = 500, M = 200, K = 50 nonzeros in 6 runs of random lengths,
autoregressions of correlations between 0.95 and 1, SNR 15 dB, error ||x' - x||^2 / ||x||^2. BSBL gets blocks of h
coefficients that the runs do not respect, or (expanded) one at every place. Unless it is told the noise, it learns it,
and the error is larger. The group lasso is told the norm of the noise, subspace pursuit the numbers of nonzeros and of
runs; least squares on the true support are the floor.
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from scipy.linalg import toeplitz

sys.path.insert(0, str(Path(__file__).parent))
from headline import line, median_line, options, share_line, write

import csrecover as cs
from csrecover import plotting
from csrecover.analysis.theory import transition_rho
from csrecover.plotting.style import SETTINGS, look

SIZE = 25


def autoregression(count, length, correlation, rng):
    """Stationary normal series of variance one, (count, length)."""
    root = np.linalg.cholesky(toeplitz(correlation ** np.arange(length)))
    return rng.standard_normal((count, length)) @ root.T


def smooth_blocks(correlation, shape, k, rng):
    """Signal of k active blocks."""
    x = np.zeros((shape[0] // SIZE, SIZE))
    x[rng.permutation(len(x))[:k]] = autoregression(k, SIZE, correlation, rng)
    return x.reshape(shape)


def bsbl(A, y, penalty, k):  # noqa: ARG001
    """Block sparse Bayesian learning."""
    return cs.bsbl(A, y, penalty.blocks, tol=1e-5, max_iter=400)


def block_omp(A, y, penalty, k):
    """Block OMP."""
    return cs.block_omp(A, y, cs.BlockSparse(penalty.blocks), k)


SOLVERS = {"BSBL": bsbl, "block OMP, number known": block_omp, "group lasso": None}


def transition(n, *, correlation, delta, rho, rng):
    """Which solvers recover a signal of smooth blocks."""
    structure, signal = cs.GroupL2(cs.Blocks.uniform(n, SIZE)), partial(smooth_blocks, correlation)
    return cs.RecoveryTrial(n, structure=structure, signal=signal, solver=SOLVERS)(rng=rng, delta=delta, rho=rho)


def smooth_runs(n, k, count, rng):
    """Signal of k nonzeros in runs of random lengths, apart from each other."""
    lengths = np.diff([0, *np.sort(rng.choice(np.arange(1, k), count - 1, replace=False)), k])
    starts = np.sort(rng.choice(n - k + 1, count, replace=False)) + np.cumsum([0, *lengths[:-1]])
    x = np.zeros(n)
    for start, length in zip(starts, lengths, strict=True):
        x[start : start + length] = autoregression(1, length, 1 - 0.05 * rng.random(), rng)[0]
    return x


def expanded(A, y, h, **options):
    """BSBL with a block of h at every place, of which the signal is the sum."""
    n = A.size_in
    places = (np.arange(n - h + 1)[:, None] + np.arange(h)).reshape(-1)
    parts = cs.bsbl(A.matrix[:, places], y, cs.Blocks.uniform(places.size, h), tol=1e-4, **options).x
    return np.bincount(places, parts, n)


def unknown_partition(n, *, rng):
    """Errors ||x' - x||^2 / ||x||^2."""
    x, A, noise = smooth_runs(n, n // 10, 6, rng), cs.gaussian(2 * n // 5, n, rng), rng.standard_normal(2 * n // 5)
    A = cs.unit_columns(A)
    noise *= np.linalg.norm(A @ x) / np.linalg.norm(noise) * 10 ** (-15 / 20)
    y, places = A @ x + noise, np.arange(n)
    blocks = {h: cs.Blocks(places // h) for h in (4, 8)}
    level = {"noise_variance": np.mean(noise**2)}
    known = np.linalg.lstsq(A.matrix[:, x != 0], y)[0]
    found = {
        "BSBL, h = 4": cs.bsbl(A, y, blocks[4], tol=1e-4).x,
        "BSBL, h = 8": cs.bsbl(A, y, blocks[8], tol=1e-4).x,
        "expanded BSBL, h = 4": expanded(A, y, 4),
        "expanded BSBL, h = 8": expanded(A, y, 8),
        "BSBL, h = 8, noise known": cs.bsbl(A, y, blocks[8], tol=1e-4, **level).x,
        "expanded BSBL, h = 4, noise known": expanded(A, y, 4, **level),
        "group lasso, h = 8, noise known": cs.recover(A, y, cs.GroupL2(blocks[8]), noise=np.linalg.norm(noise)).x,
        "subspace pursuit, K and runs known": cs.subspace_pursuit(A, y, cs.Clustered(6), n // 10).x,
        "least squares on the true support": np.bincount(places[x != 0], known, n),
    }
    return {name: float(np.sum((each - x) ** 2) / np.sum(x**2)) for name, each in found.items()}


def headline(shares, setting):
    """Lines of the largest rho of the grid at which BSBL recovers all signals, beside the paper's."""
    correlation = max(shares.axes["correlation"])
    for delta in shares.axes["delta"]:
        cell = shares.select(correlation=correlation, delta=delta, solver="BSBL")
        rhos, draws = np.array(cell.axes["rho"]), int(cell.trials[0])
        largest = rhos[cell.successes == cell.trials].max(initial=0.0)
        quantity = f"largest rho of {', '.join(map(str, rhos))} at which BSBL recovers all"
        yield line(f"{setting}, correlation {correlation}, delta {delta}", quantity, "close to 1", largest, draws=draws)


def below_minus_10_db(error):
    """Whether an error is below -10 dB."""
    return error < 0.1


def draw(shares, errors):
    """Shares of success over rho, and the errors of each draw."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(9, 7), layout="constrained")
        above, below = figure.subfigures(2, 1)
        delta = max(shares.axes["delta"])
        for ax, correlation in zip(above.subplots(1, 2, sharey=True), shares.axes["correlation"], strict=True):
            plotting.plot_sweep(shares.select(correlation=correlation, delta=delta), ax=ax)
            limit = transition_rho("block", delta, size=SIZE)
            ax.axvline(limit, color="0.5", linestyle=":", label="group lasso, theory")
            ax.set(title=rf"correlation {correlation}, $\delta$ = {delta}")
            ax.legend(loc="center", bbox_to_anchor=(0.6, 0.45), frameon=False)
        ax, names = below.subplots(), errors.axes["solver"]
        for index, name in enumerate(names):
            decibels = 10 * np.log10(errors.select(solver=name).values.ravel())
            style = look(index) | {"markersize": 3, "alpha": 0.5, "linestyle": "none"}
            ax.plot(decibels, np.full(decibels.size, -index), **style)
            ax.plot(np.median(decibels), -index, "k|", markersize=16)
        ax.set(yticks=-np.arange(len(names)), yticklabels=names, xlabel="error [dB]", title="unknown partition, 15 dB")
    return figure


def main(argv=None):
    """Print shares and errors, and draw them."""
    chosen = options(__doc__, argv)
    axes = {"correlation": [0.0, 0.95], "delta": [0.125, 0.25], "rho": [0.4, 0.6, 0.8, 1.0]}
    if chosen.quick:
        axes |= {"delta": [0.5], "rho": [0.5, 1.0]}
    n, size, trials = (100, 80, 1) if chosen.quick else (1000, 500, 20)
    common = {"executor": chosen.workers, "progress": False}
    shares = cs.sweep(partial(transition, n), axes, trials=trials, **common)
    errors = cs.sweep(unknown_partition, {"n": [size]}, trials=trials, success=below_minus_10_db, **common)
    lines = list(headline(shares, f"N {n}"))
    for correlation, delta, rho, name in product(*(axes | {"rho": axes["rho"][-2:]}).values(), SOLVERS):
        cell = shares.select(correlation=correlation, delta=delta, rho=rho, solver=name)
        setting = f"N {n}, correlation {correlation}, delta {delta}, rho {rho}"
        lines.append(share_line(setting, f"share of {name}", "", cell))
    for name in errors.axes["solver"]:
        setting = f"unknown partition, N {size}, M {2 * size // 5}"
        lines.append(median_line(setting, f"error of {name}", "", errors.select(solver=name).values))
    return write("bsbl", lines, draw(shares, errors.select(n=size)), chosen.out)


if __name__ == "__main__":
    main()
