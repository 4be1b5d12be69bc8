"""How much of the work that pruning saves is time saved? Rows, columns, blocks and filters against single weights."""

# %% A matrix product, and two convolutions, where the filters of the first are the inputs of the second
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import active, efficiency, groups
from csrecover.testing.expect import expect

N, SIGNALS, SIDE, CHANNELS, PIXELS, DENSITIES = 1024, 256, 256, 256, 18, (0.5, 0.25, 0.125)
TILES = cs.Blocks(np.kron(np.arange((N // SIDE) ** 2).reshape(-1, N // SIDE), np.ones((SIDE, SIDE), dtype=int)))
REFERENCES = {  # mean efficiency and its tolerance
    "rows": (0.96, 0.25),
    "columns": (0.96, 0.25),
    "blocks": (0.79, 0.3),
    "filters": (0.75, 0.3),
    "single weights, compressed": (0.17, 0.15),
    "single weights, zeros stored": (0.29, 0.1),
}


# %% What each structure leaves, multiplied in the form that suits it
def kept(W, blocks, density):
    """Which blocks are left where a share of them, those of most energy, is kept."""
    return active(cs.BlockSparse(blocks).project(W, round(density * blocks.count)), blocks)


def by_blocks(W, tiles, x):
    """Product with some tiles of W, those of a row of tiles at once."""
    used = np.repeat(tiles.reshape(-1, N // SIDE), SIDE, axis=1)
    pieces = [(rows[:, columns], columns) for rows, columns in zip(W.reshape(-1, SIDE, N), used, strict=True)]
    return lambda: np.concatenate([weights @ x[columns] for weights, columns in pieces])


def convolved(x, *layers):
    """Convolutions one after the other, each a product with the patches of an image."""
    for W in layers:
        patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        x = np.tensordot(W, patches, axes=((1, 2, 3), (0, 3, 4)))
    return x


def computations(rng, density):
    """Functions that compute with all weights, and with a share of them, by the name of the structure."""
    W, x = rng.standard_normal((N, N), dtype="f4"), rng.standard_normal((N, SIGNALS), dtype="f4")
    first, second = rng.standard_normal((2, CHANNELS, CHANNELS, 3, 3), dtype="f4")
    image = rng.standard_normal((CHANNELS, PIXELS, PIXELS), dtype="f4")
    rows, columns = (kept(W, groups(W.shape, kind), density) for kind in ("rows", "columns"))
    filters = kept(first, groups(first.shape, "filters"), density)
    single = cs.Sparse(ndim=2).project(W, round(density * W.size))
    short, narrow, fed, compressed = W[rows], W[:, columns], x[columns], csr_array(single)
    fewer, inputs = first[filters], second[:, filters]
    return {
        "rows": (lambda: W @ x, lambda: short @ x),
        "columns": (lambda: W @ x, lambda: narrow @ fed),
        "blocks": (lambda: W @ x, by_blocks(W, kept(W, TILES, density), x)),
        "filters": (lambda: convolved(image, first, second), lambda: convolved(image, fewer, inputs)),
        "single weights, compressed": (lambda: W @ x, lambda: compressed @ x),
        "single weights, zeros stored": (lambda: W @ x, lambda: single @ x),
    }


# %% Processor time of one thread, the least of several rounds in which dense and pruned take turns
def seconds(function):
    """Processor time of a call."""
    start = time.thread_time()
    function()
    return time.thread_time() - start


def main(out=Path("out"), rounds=7):
    """Print the efficiencies, judged over many rounds; draw the speed-ups against what multiplications promise."""
    rng, times = np.random.default_rng(0), {name: [] for name in REFERENCES}
    with threadpool_limits(1):
        for density in DENSITIES:
            for name, pair in computations(rng, density).items():
                times[name].append(np.min([[seconds(function) for function in pair] for _ in range(rounds)], axis=0))
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    ax = figure.subplots()
    promised = [1 / density for density in DENSITIES]
    ax.plot(promised, promised, "k:", label="promised")
    for (name, pairs), style in zip(times.items(), ("o-", "s-", "D-", "^-", "o--", "s--"), strict=True):
        shares = [efficiency(*pair, 1, density) for pair, density in zip(pairs, DENSITIES, strict=True)]
        reference, tolerance = REFERENCES[name]
        tolerance = tolerance if rounds >= 7 else np.inf
        expect(f"{name}: realised efficiency", np.mean(shares), reference, tolerance)
        ax.plot(promised, [dense / pruned for dense, pruned in pairs], style, label=f"{name}: {np.mean(shares):.2f}")
    ax.set(xscale="log", yscale="log", xlabel="dense over pruned multiplications", ylabel="dense over pruned seconds")
    ax.set(xticks=promised, xticklabels=("2", "4", "8"), yticks=(0.5, 1, 2, 4, 8), yticklabels=(0.5, 1, 2, 4, 8))
    ax.minorticks_off()
    ax.legend(frameon=False, title="realised efficiency", loc="center left", bbox_to_anchor=(1, 0.5))
    print("figure:", plotting.save(figure, out / "efficiency.png"))


if __name__ == "__main__":
    main()
