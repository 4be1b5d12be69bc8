"""A head phantom from a sixth of its k-space: radial spokes and lines, zero filling, wavelets, total variation."""

# %% Shepp and Logan's head in a receive field that varies over it, so that nothing in it is quite constant
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.experiments import shepp_logan
from csrecover.testing import expect

SIDE, SPOKES, NOISE, WEIGHT = 128, 22, 0.01, 0.003  # pixels, spokes, noise of a sample, weight of the variation
SHAPE = (SIDE, SIDE)


def head():
    """The phantom, shaded."""
    row, column = np.meshgrid(*2 * [np.linspace(-1, 1, SIDE)], indexing="ij")
    return shepp_logan(SHAPE) * (1 + 0.3 * row * np.cos(2 * column) - 0.2 * column**2)


# %% Spokes through the zero frequency, and as many samples in lines, denser where the energy is. Too few lines alias
# along one direction, too few spokes in all: this looks more like noise, which a prior tells from edges.
def masks(seed):
    """Samples of k-space, by name."""
    spokes = cs.radial_mask(SHAPE, SPOKES)
    lines = cs.variable_density_mask(SIDE, round(spokes.sum() / SIDE), seed, center=8)
    return {"spokes": spokes, "lines": np.repeat(lines[:, None], SIDE, axis=1)}


# %% Minimise ``0.5 ||A x - y||^2 + w sum_i ||(D x)_i|| + v ||W x||_1``: few edges, and few wavelets (Lustig, Donoho and
# Pauly 2007). The sum has no proximal operator of its own: `admm` takes one term at a time.
def images(mask, image, seed):
    """The image as each method sees it, by name."""
    A, wavelet = cs.Sampling(SHAPE, mask) @ cs.DFT(SHAPE), cs.Wavelet(SHAPE, "haar")
    noise = np.random.default_rng(seed).standard_normal((2, mask.sum())) * NOISE / 2**0.5
    y = A @ image + noise[0] + 1j * noise[1]
    pixels = cs.Blocks(np.tile(np.arange(SIDE**2).reshape(SHAPE), (2, 1, 1)))
    variation = cs.GroupL2(pixels, WEIGHT), cs.Gradient(SHAPE)
    found = {
        "zero filling": A.H @ y,
        "wavelets": cs.recover(A, y, cs.L1(WEIGHT), basis=wavelet, tol=1e-4).signal,
        "variation": cs.admm(A, y, [variation], tol=1e-3).x,
        "both": cs.admm(A, y, [variation, (cs.L1(WEIGHT / 6), wavelet)], tol=2e-3).x,
    }
    return {name: abs(x) for name, x in found.items()}


def main(out=Path("out"), tolerance=1.0):
    """Print the quality of each image, draw them beside the masks."""
    image, figure, quality = head(), Figure(figsize=(11, 5), layout="constrained"), {}
    for axes, (kind, mask) in zip(figure.subplots(2, 5), masks(0).items(), strict=True):
        plotting.draw_image(axes[0], np.fft.fftshift(mask), f"{kind}, {mask.mean():.1%} of k-space")
        for ax, (name, x) in zip(axes[1:], images(mask, image, 1).items(), strict=True):
            quality[kind, name] = cs.psnr(x, image)
            print(f"{kind}, {name}: PSNR {quality[kind, name]:.1f} dB")
            plotting.draw_image(ax, np.clip(x, 0, 0.5), f"{name}: {quality[kind, name]:.1f} dB")
    gain = quality["spokes", "both"] - quality["spokes", "wavelets"]
    expect("gain over wavelets alone in dB, spokes", gain, 12.5, tolerance)
    print("figure:", plotting.save(figure, out / "mri.png"))


if __name__ == "__main__":
    main()
