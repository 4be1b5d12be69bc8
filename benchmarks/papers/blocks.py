"""Blocks: block CoSaMP beside CoSaMP, and recovery from hardly more measurements than unknowns.

Baraniuk, Cevher, Duarte, Hegde, "Model-based compressive sensing", IEEE Trans. Inf. Theory 56(4), 2010, examples of
block sparsity: K of N / J blocks of J coefficients, M = 2.5 J K Gaussian measurements without noise, error
||x' - x|| / ||x||.
Block-sparse: N = 4096, J = 64, K = 6, M = 960. Block-compressible: N = 1024, M = 200, K = 5, so J = 16; the paper says
of its signal that the best five blocks leave an error of 0.116: here the norms of the blocks fall like a power of their
rank, with that error, in random order and random directions, so only the order of the solvers can be compared. The
paper shows one draw of each; here each draw has its own signal and matrix. Block CoSaMP is exact here where the paper's
stops at 0.015: least squares are solved to working precision, but that is not the only difference. CoSaMP here, with
blocks or without, merges K of them and not 2K where M < 3 JK, and still fewer where M < 2 JK: more would not fit.

Beyond the paper: the share of signals recovered (error below 1e-3) from 1.02 to 2 J K measurements, for normal and +-1
coefficients, K = 6 blocks of 64 and K = 13 blocks of 16 (those of the authors' toolbox); the upper axes are M / JK. The
dashed line is the theory of the group lasso, which recovers half of the signals from 1.97 JK (J = 64) and 2.26 JK
(J = 16).
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

sys.path.insert(0, str(Path(__file__).parent))
from headline import median_line, options, plain_cosamp, relative_error, share_line, write

import csrecover as cs
from csrecover import plotting
from csrecover.analysis.theory import success_probability

TAIL = 0.116  # error of the best five blocks of the compressible signal
RATIOS = (1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.6, 2.0)
CASES = ((64, 6, 1.1), (16, 13, 1.3))  # J, K, and the M / JK of the lines
LAWS = {"normal": "normal coefficients", "signs": "+-1 coefficients"}


PAPER = {"CoSaMP": plain_cosamp, "block CoSaMP": cs.cosamp, "block subspace pursuit": cs.subspace_pursuit}
BEYOND = {
    "block CoSaMP": cs.cosamp,
    "block OMP": cs.block_omp,
    "block subspace pursuit": cs.subspace_pursuit,
    "recover": cs.recover,
}


def block_norms(count, k, tail):
    """Norms i^-p of `count` blocks, with p such that the error of the best k of them is `tail`."""
    rank = np.arange(1.0, count + 1)

    def error(power):
        norms = rank**-power
        return np.linalg.norm(norms[k:]) / np.linalg.norm(norms)

    return rank ** -brentq(lambda power: error(power) - tail, 0.1, 10)


def compressible(shape, k, rng):
    """Blocks of 16 in random directions, whose norms fall like a power of their rank."""
    blocks = rng.standard_normal((shape[0] // 16, 16))
    norms = rng.permutation(block_norms(len(blocks), k, TAIL))
    return (blocks * (norms / np.linalg.norm(blocks, axis=1))[:, None]).reshape(shape)


def recovered(error):
    """Whether an error counts as recovery."""
    return error < 1e-3


def trial(n, size, solvers, **options):
    """Trial with blocks of one size, whose outcomes are errors."""
    structure = cs.BlockSparse(cs.Blocks.uniform(n, size))
    return cs.RecoveryTrial(n, structure=structure, solver=solvers, success=relative_error, **options)


def paper_lines(trials, workers):
    """Errors of the two experiments of the paper."""
    sparse, compressed = trial(4096, 64, PAPER, k=6), trial(1024, 16, PAPER, k=5, signal=compressible)
    experiments = (
        ("N 4096, J 64, K 6, M 960", sparse, 960, {"CoSaMP": "0.723", "block CoSaMP": "0.015"}),
        ("compressible, N 1024, J 16, K 5, M 200", compressed, 200, {"CoSaMP": "0.711", "block CoSaMP": "0.195"}),
    )
    for setting, experiment, m, paper in experiments:
        found = cs.sweep(experiment, {"m": [m]}, trials=trials, executor=workers, success=recovered, progress=False)
        for name in PAPER:
            errors = found.select(m=m, solver=name).values
            yield median_line(setting, f"error of {name}", paper.get(name, ""), errors)


def beyond(size, k, ratios, trials, workers):
    """Sweep over the measurements of one size of blocks, N = 4096."""
    axes = {"signal": list(LAWS), "m": [round(ratio * size * k) for ratio in ratios]}
    options = {"trials": trials, "executor": workers, "success": recovered, "progress": False}
    return cs.sweep(trial(4096, size, BEYOND, k=k), axes, **options)


def beyond_lines(found, size, k, ratio):
    """Shares at one ratio M / JK."""
    m = round(ratio * size * k)
    for law, words in LAWS.items():
        for name in BEYOND:
            cell = found.select(signal=law, m=m, solver=name)
            yield share_line(f"{words}, J {size}, K {k}, M {m} = {ratio} JK", f"share of {name}", "", cell)


def draw(panel, found, law, size, k):
    """Shares of one law and size over the measurements, beside the theory of the group lasso."""
    theory = {"group lasso, theory": lambda m: success_probability("block", 4096, k, m, size=size)}
    plotting.plot_sweep(found.select(signal=law), theory=theory, ax=panel)
    panel.set(title=f"{k} blocks of {size}, {LAWS[law]}")
    panel.secondary_xaxis("top", functions=(lambda m: m / (size * k), lambda ratio: ratio * size * k))


def main(argv=None):
    """Print the medians and shares, and draw the shares."""
    chosen = options(__doc__, argv)
    trials = 1 if chosen.quick else 100
    lines = list(paper_lines(trials, chosen.workers))
    figure = Figure(figsize=(9, 7), layout="constrained")
    panels = figure.subplots(2, 2)
    for row, (size, k, ratio) in zip(panels, CASES, strict=True):
        found = beyond(size, k, (ratio,) if chosen.quick else RATIOS, trials, chosen.workers)
        lines += beyond_lines(found, size, k, ratio)
        for panel, law in zip(row, LAWS, strict=True):
            draw(panel, found, law, size, k)
    return write("blocks", lines, figure, chosen.out)


if __name__ == "__main__":
    main()
