"""A photograph taken by a single-pixel camera: plain sparsity, the quad tree and total variation side by side."""

# %% PyWavelets' camera, 128 x 128 by block means. A mirror array shows one 0/1 pattern after the other, and a detector
# without any resolution reads how much light each lets through.
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

SIDE, M, DARK, NOISE = 128, 4096, 50, 0.002  # pixels, patterns, reading in the dark, noise over the readings' spread


# %% The detector's own reading and the mean of the patterns are taken off first: `correct` makes of 0/1 patterns
# Hadamard rows of norm one, which are orthogonal.
def readings(camera, image, rng):
    """What is known of the image: noisy readings, corrected."""
    y = camera @ image
    y += DARK + NOISE * np.std(y) * rng.standard_normal(M)
    return camera.correct(y, DARK)


# %% Patterns of few sign changes are the low frequencies of the image. Random rows of a Hadamard matrix whose columns
# are shuffled see every wavelet alike, and leave it to a prior to tell which are there:
# minimise ``0.5 ||A x - y||^2 + weight norm(x)``, of the wavelet coefficients x or of the differences of pixels.
def photographs(image, seed):
    """The image as each method sees it from M patterns, by name."""
    rng, wavelet = np.random.default_rng(seed), cs.Wavelet(image.shape, "haar")
    low = cs.SinglePixel.low_sequency(image.shape, M)
    found = {"low frequencies, no prior": low.hadamard.H @ readings(low, image, rng)}
    camera, shuffle = cs.SinglePixel.random(image.shape, M, rng), cs.random_permutation(image.shape, rng)
    A, y = camera.hadamard @ shuffle, readings(camera, shuffle @ image, rng)
    for name, norm in {"plain sparsity": cs.L1(), "quad tree": cs.TreeL2(wavelet.tree)}.items():
        found[name] = cs.recover(A, y, norm, basis=wavelet, scale="0.0001 lmax", tol=1e-4).signal
    pixels = cs.Blocks(np.tile(np.arange(image.size).reshape(image.shape), (2, 1, 1)))
    variation = cs.GroupL2(pixels, 2.0), cs.Gradient(image.shape)
    found["total variation"] = cs.primal_dual(A, y, [variation], tol=1e-3, max_iter=500).x
    return 255 * (camera @ shuffle).H @ (1.0 * (np.arange(M) == 1)), found


def main(out=Path("out"), tolerance=0.5):
    """Print the quality of each image, draw them beside one of the patterns."""
    image = pywt.data.camera().astype(float).reshape(SIDE, 4, SIDE, 4).mean(axis=(1, 3))
    pattern, found = photographs(image, seed=0)
    quality = {name: cs.psnr(estimate, image, peak=255) for name, estimate in found.items()}
    for name, decibels in quality.items():
        print(f"{name}: PSNR {decibels:.1f} dB")
    expect("gain of the quad tree in dB", quality["quad tree"] - quality["plain sparsity"], 2.2, tolerance)
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    titles = {name: f"{name}: {decibels:.1f} dB" for name, decibels in quality.items()}
    panels = {"photograph": image, f"one of {M} patterns": pattern} | {titles[name]: found[name] for name in found}
    for ax, (title, shown) in zip(figure.subplots(2, 3).flat, panels.items(), strict=True):
        plotting.draw_image(ax, np.clip(shown, 0, 255), title)
    print("figure:", plotting.save(figure, out / "single_pixel.png"))


if __name__ == "__main__":
    main()
