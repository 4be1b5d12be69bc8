"""How far off is it, when nobody knows the truth? Measurements held out of a recovery bracket its error."""

# %% Signals with 4 to 64 nonzeros of 256 from 120 noisy measurements: the few are recovered, the many are not
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, M, NOISE = 256, 120, 0.02
BUDGETS = (4, 8, 16, 24, 32, 48, 64)


# %% Of the 120 measurements 20 are held out. They are independent of the error e = x - x_hat, so that a residual
# <a_i, e> + noise has the variance ||e||^2 / m + noise^2, which 20 of them bracket by the chi-square law (Ward 2009).
def bracketed(k, seed):
    """True error of the recovery that has not seen the held-out rows, and the ends of its bracket."""
    rng = np.random.default_rng((k, seed))
    A, x = cs.gaussian(M, N, rng), cs.random_signal(cs.Sparse(), N, k, rng)
    y = A @ x + NOISE * rng.standard_normal(M)
    result = cs.recover(A, y, cs.Sparse(), k, noise=NOISE * M**0.5, holdout=True)
    bar = result.holdout_estimate
    return np.linalg.norm(result.x_holdout - x), bar.low, bar.high


# %% Which draws are good and which are not is seen from the brackets alone
def main(out=Path("out"), draws=60, tolerance=0.05):
    """Print the share of brackets that hold the true error, draw the brackets over it."""
    cells = [(k, seed) for k in BUDGETS for seed in range(draws)]
    found = np.array([bracketed(*cell) for cell in tqdm(cells, delay=2, disable=None, leave=False)])
    error, low, high = found.T
    held = (low <= error) & (error <= high)
    for k, share, middle in zip(BUDGETS, held.reshape(-1, draws), error.reshape(-1, draws), strict=True):
        print(f"k = {k:2d}: error {np.median(middle):.2g} in the median, {np.mean(share):.0%} of the brackets hold it")
    lost = error > 1
    expect("share of brackets that hold the error, signals recovered", float(np.mean(held[~lost])), 0.9, tolerance)
    expect("share of brackets that hold the error, signals lost", float(np.mean(held[lost])), 0.9, tolerance)
    figure = Figure(figsize=(6, 4.6), layout="constrained")
    ax = figure.subplots()
    ends = [error.min() / 2, 2 * high.max()]
    for which, color, label in ((held, "0.6", "holds it"), (~held, "#D55E00", "misses it")):
        ax.vlines(error[which], np.maximum(low, ends[0])[which], high[which], color=color, linewidth=0.9, label=label)
    ax.plot(ends, ends, "k", linewidth=0.8)
    ax.set(
        xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="true error", ylabel="bracket from 20 held-out rows"
    )
    ax.set_title(f"{np.mean(held):.0%} of brackets at 90% confidence hold the error")
    ax.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "error_bars.png"))


if __name__ == "__main__":
    main()
