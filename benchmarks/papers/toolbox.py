"""The demos of the Model-based Compressive Sensing Toolbox: trees, blocks, clusters and spikes that keep a distance.

C. Hegde, Model-based Compressive Sensing Toolbox, Rice University, 2009. Its demos show one draw each and print no
number; here is the share of draws recovered (error below 1e-3) from Gaussian measurements without noise.
treemp: N = 1024, db2, six cubic pieces, their best tree of K = 0.04 N = 41 coefficients, M = 124.
jsmp: N = 4096, 13 blocks of 16 with normal coefficients, M = 600.
kc: N = 100, two runs of five coefficients of magnitudes in [10, 15] and [8, 10] with random signs, M = 26.
deltarec: the toolbox's setting is not known here; ours has N = 1024, 50 spikes at least 20 apart with normal
coefficients, M = 150.

CoSaMP knows the number of nonzeros alone. "Model CoSaMP" has exact projections and least squares in place of the
toolbox's condensing sort and conjugate gradients, and below three measurements a nonzero, so for jsmp and kc, merges
supports of budget K, not 2K as the toolbox does (of kc in four runs, by the pseudoinverse). The dotted lines are the
measurements of the demos. Those of trees and blocks are enough, those of kc for six to seven draws of ten.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parent))
from headline import options, piecewise_cubic, plain_cosamp, relative_error, share_line, write

import csrecover as cs
from csrecover import plotting

WAVELET = cs.Wavelet(1024, "db2")
SOLVERS = {
    "CoSaMP": plain_cosamp,
    "model CoSaMP": cs.cosamp,
    "model subspace pursuit": cs.subspace_pursuit,
    "recover": cs.recover,
}


def piecewise_tree(shape, k, rng):
    """Best tree of wavelet coefficients of six cubic pieces."""
    return cs.TreeSparse(WAVELET.tree).project(WAVELET @ piecewise_cubic(*shape, rng, pieces=6), k)


def two_runs(shape, k, rng):
    """Half of the coefficients from place 11 on, half from 69 on."""
    x, run = np.zeros(shape), k // 2
    x[11 : 11 + run], x[69 : 69 + run] = rng.uniform(10, 15, run), rng.uniform(8, 10, run)
    return x * rng.choice([-1, 1], shape)


@dataclass(frozen=True)
class Demo:
    """Setting of a demo: m measurements there, and the counts of the figure."""

    model: cs.Model
    n: int
    k: int
    m: int
    counts: tuple
    signal: object = "normal"

    def sweep(self, trials, counts, workers):
        """Errors over the number of measurements."""
        trial = cs.RecoveryTrial(
            self.n, structure=self.model, k=self.k, signal=self.signal, solver=SOLVERS, success=relative_error
        )
        return cs.sweep(
            trial, {"m": counts}, trials=trials, executor=workers, success=recovered, progress=False, on_error="raise"
        )


DEMOS = {
    "treemp": Demo(
        cs.TreeSparse(WAVELET.tree), 1024, 41, 124, (82, 92, 103, 113, 124, 144, 164, 185, 205), piecewise_tree
    ),
    "jsmp": Demo(cs.BlockSparse(cs.Blocks.uniform(4096, 16)), 4096, 13, 600, (229, 250, 270, 312, 364, 416, 600)),
    "kc": Demo(cs.Clustered(2), 100, 10, 26, (14, 17, 20, 23, 26, 30, 35, 40, 46, 52), two_runs),
    "deltarec": Demo(cs.Separated(20), 1024, 50, 150, (100, 120, 135, 150, 175, 200, 250)),
}


def recovered(error):
    """Whether an error counts as recovery."""
    return error < 1e-3


def main(argv=None):
    """Print the shares at the measurements of the demos, and draw them over the number of measurements."""
    chosen = options(__doc__, argv)
    figure, lines = Figure(figsize=(9, 7), layout="constrained"), []
    for panel, (name, demo) in zip(figure.subplots(2, 2).flat, DEMOS.items(), strict=True):
        counts = [demo.m] if chosen.quick else demo.counts
        found = demo.sweep(1 if chosen.quick else 50, counts, chosen.workers)
        for solver in SOLVERS:
            cell = found.select(m=demo.m, solver=solver)
            lines.append(share_line(f"{name}, N {demo.n}, M {demo.m}", f"share recovered by {solver}", "", cell))
        plotting.plot_sweep(found, ax=panel)
        panel.get_legend().remove()
        panel.axvline(demo.m, color="black", linestyle=":", linewidth=1)
        panel.set_title(f"{name}: {demo.model.max_nonzeros(demo.k)} nonzeros of {demo.n}")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=len(SOLVERS), frameon=False)
    return write("toolbox", lines, figure, chosen.out)


if __name__ == "__main__":
    main()
