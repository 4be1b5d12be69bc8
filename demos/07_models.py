"""How much does structure buy? Phase transitions of plain, block and tree sparsity."""

# %% Signals of three models with the same number of nonzeros, recovered by subspace pursuit with each model
from pathlib import Path

import numpy as np

import csrecover as cs
from csrecover import plotting
from csrecover.experiments import RecoveryTrial, sweep
from csrecover.testing import expect

N = 128  # in order, or the wavelet coefficients of a signal
MODELS = {
    "plain": cs.Sparse(),
    "blocks of 4": cs.BlockSparse(cs.Blocks.uniform(N, 4)),
    "tree": cs.TreeSparse(cs.Wavelet(N, "haar").tree),
}


def model(cell):
    """The model of a cell of the sweep."""
    return MODELS[cell["model"]]


# %% The model is an axis of the sweep like any other
def main(out=Path("out"), points=5, trials=20, workers=2, tolerance=0.05):
    """Print and draw the line of half recovered for each model."""
    axes = {
        "model": list(MODELS),
        "delta": np.linspace(0.15, 0.9, points),
        "rho": np.linspace(0.1, 1, 2 * points),
    }
    trial = RecoveryTrial(N, structure=model, solver=cs.subspace_pursuit)
    found = sweep(trial, axes, trials=trials, executor=workers)
    for name, reference in zip(MODELS, (0.42, 0.65, 0.56), strict=True):
        rhos = [fitted.at() for fitted in found.select(model=name).fit()]
        print(f"{name}: half of the signals recovered up to rho", " ".join(f"{rho:.2f}" for rho in rhos))
        expect(f"{name}: rho at delta = {axes['delta'][points // 2]:.3f}", rhos[points // 2], reference, tolerance)
    ax = plotting.plot_sweep(found, by="model")
    print("figure:", plotting.save(ax.figure, out / "models.png"))


if __name__ == "__main__":
    main()
