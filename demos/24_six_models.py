"""One signal seen by six models that all fit it: the fewer supports a model has, the fewer measurements it takes."""

# %% A transient: four of 512 wavelet coefficients on each scale, around one instant. They are also eight blocks, eight
# windows, at most eight runs, four a scale, and a tree: six ways to describe the same 32 coefficients.
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, SIZE, DEPTH, NOISE = 512, 4, 8, 0.02  # coefficients, those on a scale, scales, noise over the measurements
SCALES = np.digitize(np.arange(N), 2 ** np.arange(2, 9))
MODELS = {
    "plain": (cs.Sparse(), SIZE * DEPTH),
    "scales": (cs.Levels(SCALES), (SIZE,) * DEPTH),
    "runs": (cs.Clustered(runs=DEPTH), SIZE * DEPTH),
    "windows": (cs.Windows(SIZE), DEPTH),
    "tree": (cs.TreeSparse(cs.Wavelet(N, "haar").tree), SIZE * DEPTH),
    "blocks": (cs.BlockSparse(cs.Blocks.uniform(N, SIZE)), DEPTH),
}


def transient(seed):
    """Coefficients with random signs in blocks of four, each a child of the one before."""
    rng, x, block = np.random.default_rng(seed), np.zeros((N // SIZE, SIZE)), 0
    while block < N // SIZE:
        x[block] = rng.choice((-1, 1), SIZE)
        block = 2 * block + rng.integers(2) if block else 1
    return x.reshape(N)


# %% Only the model changes from curve to curve. It has `exp(log_count)` supports to choose from, and what measurements
# have to tell beside the 32 numbers is which one it is: log2 of that many bits.
def main(out=Path("out"), seeds=10, counts=range(48, 145, 12), tolerance=0.2):
    """Print the bits and the measurements of each model, draw its error against the measurements."""
    signals = np.stack([transient(seed) for seed in range(seeds)])
    noise = np.random.default_rng(0).standard_normal((seeds, max(counts)))
    figure = Figure(figsize=(7.6, 4.2), layout="constrained")
    ax, needed = figure.subplots(), {}
    for name, (model, k) in tqdm(MODELS.items(), delay=2, disable=None, leave=False):
        errors = []
        for m in counts:
            A = cs.Matrix(np.stack([cs.gaussian(m, N, seed).matrix for seed in range(seeds)]))
            y = A @ signals
            y += NOISE * noise[:, :m]
            errors.append(cs.subspace_pursuit(A, y, model, k).error(signals))
        share = np.mean(np.array(errors) < 0.1, axis=1)
        needed[name] = np.interp(0.5, np.maximum.accumulate(share), counts)
        bits = model.log_count(k, (N,)) / np.log(2)
        print(f"{name:8s} {bits:4.0f} bits, half of the signals to an error of 0.1 from m = {needed[name]:.0f}")
        ax.semilogy(counts, np.median(errors, axis=1), "o-", markersize=4, label=f"{name}, {bits:.0f} bits")
    ax.set(xlabel="measurements", ylabel="median relative error", title="Fewer supports, fewer measurements")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    expect("measurements without structure over those with blocks", needed["plain"] / needed["blocks"], 1.85, tolerance)
    print("figure:", plotting.save(figure, out / "six_models.png"))


if __name__ == "__main__":
    main()
