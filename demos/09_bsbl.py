"""Blocks that are smooth inside: how many measurements does it save to learn their correlation?"""

# %% Four blocks of 20 of 400 coefficients; neighbours in a block have correlation 0.95
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, SIZE, K, CORRELATION, SNR, WANTED = 400, 20, 4, 0.95, 25, 0.3
BLOCKS = cs.Blocks.uniform(N, SIZE)


def smooth_blocks(rng):
    """Signal whose active blocks are stationary autoregressions of first order."""
    lags = np.subtract.outer(np.arange(SIZE), np.arange(SIZE))
    x, root = np.zeros((N // SIZE, SIZE)), np.linalg.cholesky(CORRELATION ** abs(lags))
    x[rng.permutation(N // SIZE)[:K]] = rng.standard_normal((K, SIZE)) @ root.T
    return x.reshape(N)


# %% The same noisy measurements for each solver
def errors(m, seed):
    """Relative error of each solver from m measurements."""
    rng = np.random.default_rng(seed)
    x, A, noise = smooth_blocks(rng), cs.gaussian(m, N, rng), rng.standard_normal(m)
    noise *= np.linalg.norm(A @ x) / np.linalg.norm(noise) * 10 ** (-SNR / 20)
    y = A @ x + noise
    found = {
        "bsbl": cs.bsbl(A, y, BLOCKS, tol=1e-4),
        "bsbl, correlation=0": cs.bsbl(A, y, BLOCKS, correlation=0, tol=1e-4),
        "group lasso, noise level known": cs.recover(A, y, cs.GroupL2(BLOCKS), noise=np.linalg.norm(noise)),
        "block_omp, number of blocks known": cs.block_omp(A, y, cs.BlockSparse(BLOCKS), min(K, m // SIZE)),
    }
    return {name: result.error(x) for name, result in found.items()}


def main(out=Path("out"), seeds=5, counts=(30, 40, 50, 60, 80, 100, 120, 160, 200), tolerance=20):
    """Print and draw the median error against the number of measurements."""
    cells = [(m, seed) for m in counts for seed in range(seeds)]
    found = {cell: errors(*cell) for cell in tqdm(cells, delay=2, disable=None, leave=False)}
    figure = Figure(figsize=(6, 3.8), layout="constrained")
    ax = figure.subplots()
    for name, reference in zip(found[cells[0]], (60, 80, 120, 100), strict=True):
        medians = np.array([np.median([found[m, seed][name] for seed in range(seeds)]) for m in counts])
        needed = min((m for m, error in zip(counts, medians, strict=True) if error <= WANTED), default=np.inf)
        expect(f"{name}: measurements for a median error of {WANTED}", needed, reference, tolerance)
        ax.semilogy(counts, np.minimum(medians, 2), "o-", label=name)
    ax.axvline(K * SIZE, color="grey", linestyle=":", label="nonzeros")
    ax.set(xlabel="measurements", ylabel="median relative error", title=f"{K} smooth blocks of {SIZE}, SNR {SNR} dB")
    ax.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "bsbl.png"))


if __name__ == "__main__":
    main()
