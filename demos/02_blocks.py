"""Block-sparse recovery from a subsampled cosine transform: how many measurements does each structure need?"""

# %% A signal of 1024 coefficients in blocks of 8, six of them nonzero
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, SIZE, K = 1024, 8, 6


# %% The same measurements, with and without the blocks
def success(m, seed):
    """Whether each structure finds the signal (relative error below 1e-4) from m measurements."""
    blocks = cs.BlockSparse(cs.Blocks.uniform(N, SIZE))
    x = cs.random_signal(blocks, N, K, seed)
    A = cs.random_rows(N, m, seed) @ cs.DCT(N)
    y = A @ x
    found = {
        "blocks": cs.recover(A, y, blocks, K),
        "plain": cs.recover(A, y, cs.Sparse(), K * SIZE),
    }
    return {name: result.error(x) < 1e-4 for name, result in found.items()}


def main(out=Path("out"), seeds=10, tolerance=16):
    """Print and draw the share of recovered signals against the number of measurements."""
    counts = np.arange(48, 241, 16)
    cells = [(m, seed) for m in counts for seed in range(seeds)]
    found = {cell: success(*cell) for cell in tqdm(cells, delay=2, disable=None, leave=False)}
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    ax = figure.subplots()
    for name, reference in (("blocks", 96), ("plain", 176)):
        share = np.array([np.mean([found[m, seed][name] for seed in range(seeds)]) for m in counts])
        needed = min(counts[share >= 0.9], default=np.inf)
        print(f"{name}: 9 of 10 signals recovered from {needed / (K * SIZE):.1f} measurements a nonzero")
        expect(f"{name}: measurements that recover 9 of 10 signals", needed, reference, tolerance)
        ax.plot(counts, share, "o-", label=name)
    ax.set(xlabel="measurements", ylabel="share recovered", title=f"{K * SIZE} nonzeros of {N} in blocks of {SIZE}")
    ax.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "blocks.png"))


if __name__ == "__main__":
    main()
