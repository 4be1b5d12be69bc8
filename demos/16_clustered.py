"""Spikes in three clusters, anywhere: how many measurements does it save to know that the clusters are few?"""

# %% 24 nonzeros of 192 in at most three runs of consecutive places, of unknown lengths, from Gaussian measurements
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, K, RUNS = 192, 24, 3
MODELS = {"clustered": cs.Clustered(RUNS), "plain": cs.Sparse()}


# %% The (K, C) model of Cevher, Indyk, Hegde and Baraniuk: the best K places in C runs are found by a dynamic program,
# and stand where the K largest entries would in the same pursuit.
def main(out=Path("out"), draws=20, counts=range(36, 85, 8), tolerance=0.2):
    """Print how many measurements recover half of the signals, draw the shares, and one signal."""
    signals = np.stack([cs.random_signal(MODELS["clustered"], N, K, seed) for seed in range(draws)])
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    (left, right), half = figure.subplots(1, 2, width_ratios=(3, 2)), {}
    shown = counts[len(counts) // 2]
    for row, (name, model) in enumerate(MODELS.items()):
        shares = []
        for m in counts:
            A = cs.Matrix(np.stack([cs.gaussian(m, N, seed).matrix for seed in range(draws)]))
            result = cs.subspace_pursuit(A, A @ signals, model, K)
            shares.append(np.mean(result.error(signals) < 1e-4))
            if m == shown:
                left.plot(result.x[2] - 8 * row, label=name)
        half[name] = float(np.interp(0.5, np.maximum.accumulate(shares), counts))
        bits = model.log_count(K, (N,)) / np.log(2)
        print(f"{name:9s} {bits:4.0f} bits name the support, half of the signals recovered from m = {half[name]:.0f}")
        right.plot(counts, shares, "o-", label=f"{name}, {bits:.0f} bits")
    left.plot(signals[2] + 8, "k", label="signal", zorder=0)
    left.set(xlabel="place", yticks=[], title=f"{K} nonzeros of {N} in {RUNS} runs, from {shown} measurements")
    left.legend(frameon=False, loc="upper right", ncols=3)
    left.margins(y=0.15)
    right.set(xlabel="measurements", ylabel="share recovered", title="Fewer supports, fewer measurements")
    right.legend(frameon=False)
    expect("measurements without the model over those with it", half["plain"] / half["clustered"], 1.29, tolerance)
    print("figure:", plotting.save(figure, out / "clustered.png"))


if __name__ == "__main__":
    main()
