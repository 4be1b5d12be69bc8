"""Seismic traces that were never recorded, filled in: every second one at random, or every second one in turn?"""

# %% Six reflections ``t^2 = t_0^2 + (offset / velocity)^2`` of a 25 Hz Ricker wavelet: 128 traces of 256 samples
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

SHAPE, NOISE, WEIGHT = (256, 128), 0.02, 0.02  # samples and traces, noise of a sample, weight of the l1 norm
REFLECTIONS = ((0.15, 1800, 1.0), (0.27, 2000, -0.8), (0.38, 2200, 0.9))  # seconds, metres a second, strength
REFLECTIONS += ((0.5, 2400, -0.7), (0.62, 2600, 0.8), (0.74, 2800, 0.6))


def section():
    """The section, samples 4 ms and traces 12.5 m apart."""
    time, offset = 0.004 * np.arange(SHAPE[0])[:, None], 12.5 * np.arange(SHAPE[1])
    phases = [((np.pi * 25 * (time - np.hypot(t, offset / v))) ** 2, r) for t, v, r in REFLECTIONS]
    return sum(r * (1 - 2 * phase) * np.exp(-phase) for phase, r in phases)


# %% What is missing in turn folds the spectrum onto itself, and the alias is as sparse as the truth. What is missing
# at random turns the alias into noise, and no gap is wide if one trace of each pair is kept (Hennenfent and Herrmann
# 2008). The prior is the l1 norm of the 2-D spectrum, with weights that are lowered where it finds much.
def filled(recorded, image, seed):
    """The section from the traces recorded: by lines between neighbours, and by few frequencies."""
    fourier, traces = cs.DFT(SHAPE), np.flatnonzero(recorded)
    A = cs.Sampling(SHAPE, np.tile(recorded, (SHAPE[0], 1)))
    y = A @ image + NOISE * np.random.default_rng(seed).standard_normal(A.out_shape)
    between = [np.interp(np.arange(SHAPE[1]), traces, row) for row in y.reshape(-1, traces.size)]
    found = cs.reweighted(A @ fourier.H, y, cs.L1(WEIGHT), rounds=3, tol=1e-3)
    return np.array(between), (fourier.H @ found.x).real


def main(out=Path("out"), draws=5, tolerance=1.5):
    """Print the quality of each, draw the section, what is known of it, and what the frequencies make of it."""
    image, pairs = section(), np.random.default_rng(0).random((draws, SHAPE[1] // 2, 1)) < 0.5
    masks = [np.arange(SHAPE[1]) % 2 == 0, *np.concatenate([pairs, ~pairs], axis=2).reshape(draws, -1)]
    found = [filled(mask, image, seed) for seed, mask in enumerate(masks)]
    lines, frequencies = np.array([[cs.snr(x, image) for x in pair] for pair in found]).T
    typical = 1 + np.argsort(frequencies[1:])[draws // 2]
    for name, which in {"in turn": slice(1), "at random": slice(1, None)}.items():
        between, fitted = np.median(lines[which]), np.median(frequencies[which])
        print(f"half of the traces missing {name}: SNR {between:.1f} dB by lines, {fitted:.1f} dB by frequencies")
    expect("median SNR by frequencies in dB, missing at random", np.median(frequencies[1:]), 15.3, tolerance)
    panels = {
        "section": image,
        "recorded": np.where(masks[typical], image, 0),
        f"missing at random: {frequencies[typical]:.1f} dB": found[typical][1],
        f"missing in turn: {frequencies[0]:.1f} dB": found[0][1],
    }
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    for ax, (title, shown) in zip(figure.subplots(1, 4, sharey=True), panels.items(), strict=True):
        ax.imshow(shown, cmap="gray", vmin=-1, vmax=1, extent=(0, 1.6, 1.024, 0), aspect="auto")
        ax.set(title=title, xlabel="offset [km]")
    figure.axes[0].set_ylabel("time [s]")
    print("figure:", plotting.save(figure, out / "inpainting.png"))


if __name__ == "__main__":
    main()
