"""Many channels, one support: the more channels look at the same few places, the more places can be found."""

# %% Signals of 128 coefficients, up to 8 channels, all nonzero in the same k places with values of their own;
# every channel is measured by the same 32 Gaussian rows
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, M = 128, 32
CHANNELS = 1, 2, 4, 8


# %% `channels(A, count)` measures each channel by A. `JointSparse()` ranks a place by its energy over the channels
# (simultaneous orthogonal matching pursuit of Tropp, Gilbert and Strauss, 2006). One by one, all must succeed.
def shares(count, sparsities, draws):
    """Share of the draws whose channels are all recovered, together and one by one, at each sparsity."""
    model, found = cs.JointSparse(), []
    for k in sparsities:
        rows = [cs.gaussian(M, N, seed) for seed in range(draws)]
        truth = np.stack([cs.random_signal(model, (count, N), k, seed) for seed in range(draws)])
        together, alone = [], []
        for A, x in zip(rows, truth, strict=True):
            together.append(cs.omp(cs.channels(A, count), A @ x, model, k).error(x) < 1e-4)
            alone.append(np.all(cs.omp(A, A @ x, cs.Sparse(), k).error(x) < 1e-4))
        found.append((np.mean(together), np.mean(alone)))
    return np.array(found).T


def main(out=Path("out"), draws=16, sparsities=range(3, 25, 3), tolerance=3):
    """Print the sparsity up to which half of the draws are recovered by each number of channels, draw the shares."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    (left, right), half = figure.subplots(1, 2), []
    for index, count in enumerate(CHANNELS):
        both = shares(count, sparsities, draws)
        left.plot(sparsities, both[0], "o-", color=f"C{index}", label=f"{count} channel" + "s" * (count > 1))
        half.append([np.interp(-0.5, -np.minimum.accumulate(share), sparsities) for share in both])
        print(f"channels: {count}, half recovered up to k = {half[-1][0]:.1f} together, {half[-1][1]:.1f} one by one")
    left.set(xlabel="nonzeros of a channel", ylabel="share recovered", title=f"{N} unknowns, {M} rows, one support")
    left.legend(frameon=False)
    right.plot(CHANNELS, half, "o-", label=["together", "one by one"])
    right.set_xscale("log", base=2)
    right.set_xticks(CHANNELS, CHANNELS)
    right.set(ylim=(0, 22), xlabel="channels", ylabel="nonzeros of a channel", title="Half of the draws recovered")
    right.legend(frameon=False)
    expect("nonzeros of a channel, 8 together", half[-1][0], 16.5, tolerance)
    expect("nonzeros of a channel, 8 one by one", half[-1][1], 7.5, tolerance)
    print("figure:", plotting.save(figure, out / "channels.png"))


if __name__ == "__main__":
    main()
