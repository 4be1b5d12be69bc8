"""One signal under six models, and how many measurements each structure saves when the signal has it."""

# %% The signal: a real ECG; six ways to say which of its samples matter, and the share of its energy that they keep
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N = 512  # coefficients of the random signals
SIX = {
    "any 96 samples": (cs.Sparse(), 96, 0.79),
    "6 blocks of 16": (cs.BlockSparse(cs.Blocks.uniform(1024, 16)), 6, 0.738),
    "96 in 6 runs": (cs.Clustered(runs=6), 96, 0.79),
    "6 windows of 16": (cs.Windows(16), 6, 0.783),
    "8 of 64 blocks of 16, 12 in each": (cs.Hierarchical(cs.Blocks.uniform(1024, 16), within=12), 8, 0.766),
    "32 spikes, 8 apart": (cs.Separated(8), 32, 0.181),
}

# %% Random signals of each structure: model, shape, budget
STRUCTURES = {
    "blocks": (cs.BlockSparse(cs.Blocks.uniform(N, 8)), N, 4),
    "tree": (cs.TreeSparse(cs.Wavelet(N, "haar").tree), N, 24),
    "runs": (cs.Clustered(runs=2), N, 32),
    "windows": (cs.Windows(8), N, 4),
    "groups": (cs.OverlappingGroups(cs.Groups.windows(N, 12, 6)), N, 3),
    "hierarchical": (cs.Hierarchical(cs.Blocks.uniform(N, 16), within=8), N, 3),
    "levels": (cs.Levels(np.arange(N) // 64), N, (24, 6, 2, 0, 0, 0, 0, 0)),
    "joint": (cs.JointSparse(channels=4), (4, N // 4), 6),
    "graph": (cs.GraphClusters(cs.Graph.grid((16, 32)), clusters=2), (16, 32), 28),
}


def success(name, m, seed):
    """Whether a signal is recovered from m scrambled cosine measurements by its model, and by sparsity alone."""
    model, shape, k = STRUCTURES[name]
    x = cs.random_signal(model, shape, k, seed)
    A = cs.random_rows(x.shape, m, seed) @ cs.DCT(x.shape) @ cs.random_signs(x.shape, seed + 1)
    results = cs.recover(A, A @ x, model, k), cs.recover(A, A @ x, cs.Sparse(), np.count_nonzero(x))
    return [result.error(x) < 1e-4 for result in results]


def needed(name, seeds):
    """Fewest measurements a nonzero that recover nine of ten signals, by the model and by sparsity alone."""
    model, _, k = STRUCTURES[name]
    fewest = np.full(2, np.nan)
    for ratio in np.arange(1.5, 6.1, 0.25):
        m = min(int(ratio * model.max_nonzeros(k)), N)
        share = np.mean([success(name, m, seed) for seed in range(seeds)], axis=0)
        fewest = np.where(np.isnan(fewest) & (share >= 0.9), ratio, fewest)
        if not np.isnan(fewest).any():
            break
    return fewest


def main(out=Path("out"), seeds=10, tolerance=0.15):
    """Print the energy that each model keeps and the measurements that it needs; draw both."""
    ecg = pywt.data.ecg().astype(float)
    ecg -= ecg.mean()
    figure = Figure(figsize=(12, 8), layout="constrained")
    grid = figure.add_gridspec(4, 2)
    for index, (name, (model, k, reference)) in enumerate(SIX.items()):
        kept = model.project(ecg, k)
        share = np.sum(kept**2) / np.sum(ecg**2)
        expect(f"{name}: share of the energy in {np.count_nonzero(kept)} samples", share, reference, 1e-3)
        ax = figure.add_subplot(grid[index // 2, index % 2])
        plotting.draw_curves(ax, {"ECG": ecg}, f"{name}: {share:.1%} of the energy")
        ax.plot(np.flatnonzero(kept), kept[kept != 0], "r.", markersize=3)
    found = {name: needed(name, seeds) for name in tqdm(STRUCTURES, delay=2, disable=None, leave=False)}
    ax = figure.add_subplot(grid[3, :])
    for shift, label in ((-0.2, "with the structure"), (0.2, "by sparsity alone")):
        ax.bar(np.arange(len(found)) + shift, [pair[int(shift > 0)] for pair in found.values()], 0.4, label=label)
    ax.set_xticks(np.arange(len(found)), list(found))
    ax.set(ylabel="measurements a nonzero", title="measurements that recover nine of ten signals")
    ax.legend(frameon=False, ncols=2, loc="upper left")
    ax.margins(y=0.3)
    for name, (structured, plain) in found.items():
        print(f"{name:13s} needs {structured:.2f} measurements a nonzero, sparsity alone {plain:.2f}")
    saved = np.mean([plain / structured for structured, plain in found.values()])
    expect("measurements without the structure over those with it, mean", saved, 1.5, tolerance)
    print("figure:", plotting.save(figure, out / "structures.png"))


if __name__ == "__main__":
    main()
