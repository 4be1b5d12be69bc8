"""Tones between the bins of a fine grid: spikes that keep a distance are found where plain sparsity splits them."""

# %% Six tones in 64 noisy samples, on a grid of 512 frequencies: neighbouring columns have an inner product of 0.97.
# Frequencies are in units of the resolution, one over the time observed; no tone is on the grid.
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

M, N, K, NOISE = 64, 512, 6, 0.5  # samples, grid, tones of size 1, noise over the signal
A = cs.Matrix(np.exp(2j * np.pi * np.outer(np.arange(M), np.arange(N)) / N) / M**0.5)


def noisy_tones(separation, draws, rng):
    """Frequencies no closer than the separation, in units of the resolution, and the samples."""
    gaps = rng.dirichlet(np.ones(K), draws) * (M - K * separation) + separation
    tones = (np.cumsum(gaps, axis=-1) + M * rng.random((draws, 1))) % M
    waves = np.exp(2j * np.pi * (tones[..., None] * np.arange(M) / M + rng.random((draws, K, 1))))
    noise = rng.standard_normal((2, draws, M)) / 2**0.5
    return tones, (waves.sum(axis=1) + NOISE * K**0.5 * (noise[0] + 1j * noise[1])) / M**0.5


# %% A tone between two bins is fitted best by both of them, and a plain budget is spent before the last tone. With
# `Separated(6)` no two spikes are closer than 6/8 of the resolution. The l1 norm splits tones too, but its peaks are
# right, as are those of `omp`, which takes one spike at a time.
def found(x, tones):
    """Whether each tone has one of the six largest peaks of the spectrum within half the resolution."""
    size = abs(x)
    peaks = np.where((size > np.roll(size, 1, -1)) & (size >= np.roll(size, -1, -1)), size, 0)
    places = np.argsort(-peaks, axis=-1)[:, :K] * M / N
    apart = abs(tones[:, :, None] - places[:, None])
    return np.minimum(apart, M - apart).min(axis=-1) < 0.5


def main(out=Path("out"), draws=30, separations=(0.7, 1, 2, 4), tolerance=0.06):
    """Print how often all tones are found, draw it against their separation, and one spectrum."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    (left, right), shares = figure.subplots(1, 2), {}
    for separation in separations:
        tones, y = noisy_tones(separation, draws, np.random.default_rng(7))
        spectra = {
            "l1": cs.fista(A, y, cs.L1(), scale="0.3 lmax", tol=1e-3).x,
            "plain": cs.subspace_pursuit(A, y, cs.Sparse(), K).x,
            "separated": cs.subspace_pursuit(A, y, cs.Separated(6), K).x,
        }
        for name, x in spectra.items():
            shares.setdefault(name, []).append(found(x, tones).all(axis=-1).mean())
    for row, (name, x) in enumerate(spectra.items()):
        print(f"{name:9s} finds all tones in {np.mean(shares[name]):4.0%}, {np.mean(x != 0) * N:4.1f} nonzeros")
        right.plot(separations, shares[name], "o-", label=name)
        left.plot(np.flatnonzero(x[0]) * M / N, np.full(np.count_nonzero(x[0]), row), "o", markersize=4)
    left.vlines(tones[0], -0.5, 2.5, color="0.8", linewidth=3, zorder=0)
    left.set(xlabel="frequency over resolution", title="Nonzeros; in gray, the tones", ylim=(-0.5, 2.5))
    left.set_yticks(range(3), list(spectra))
    right.set(xlabel="least separation over resolution", ylabel="share of draws", title="All six tones found")
    right.legend(frameon=False)
    expect("share of draws with all tones, separated", float(np.mean(shares["separated"])), 0.98, tolerance)
    expect("share of draws with all tones, plain", float(np.mean(shares["plain"])), 0, tolerance)
    print("figure:", plotting.save(figure, out / "line_spectra.png"))


if __name__ == "__main__":
    main()
