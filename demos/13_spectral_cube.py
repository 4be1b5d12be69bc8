"""A spectral cube from snapshots: eight bands coded by a mask, spread by a prism and added up on one detector."""

# %% A photograph lit by three coloured lamps, 64 x 64 pixels in eight bands of wavelength
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

BANDS, SIDE, NOISE, WEIGHT = 8, 64, 0.01, 0.003  # bands, pixels, noise over the readings' spread, weight of the prior
LAMPS = ((-1, -1, 0.5), (-0.6, 1, 3.5), (1, 0, 6.5))  # row and column of each lamp, its brightest band


def scene():
    """Cube of shape (bands, height, width), from 0 to 1."""
    photo = pywt.data.camera().astype(float).reshape(SIDE, 8, SIDE, 8).mean(axis=(1, 3))
    band, row, column = np.meshgrid(np.arange(BANDS), *2 * [np.linspace(-1, 1, SIDE)], indexing="ij")
    light = (np.exp(-((row - r) ** 2 + (column - c) ** 2) / 1.2 - ((band - b) / 1.5) ** 2) for r, c, b in LAMPS)
    cube = photo * sum(light)
    return cube / cube.max()


# %% A snapshot is a seventh of the numbers of the cube (Wagadarikar et al. 2008). Edges are at the same pixels in all
# bands: the prior is ``sum_i ||(D x)_i||``, and (D x)_i are the differences of all bands at pixel i, down and across.
def recovered(cube, snapshots, seed):
    """The first snapshot, and the cube from all of them, each with its own random mask."""
    rng = np.random.default_rng(seed)
    masks = rng.integers(0, 2, (snapshots, SIDE, SIDE)).astype(float)
    A = cs.VStack([cs.CASSI(mask, BANDS) for mask in masks])
    y = A @ cube
    y += NOISE * np.std(y) * rng.standard_normal(y.shape)
    differences = cs.Kronecker([cs.Identity(BANDS), cs.Gradient((SIDE, SIDE))])
    pixels = cs.Blocks(np.tile(np.arange(SIDE**2).reshape(SIDE, SIDE), (BANDS, 2, 1, 1)))
    result = cs.admm(A, y, [(cs.GroupL2(pixels, WEIGHT), differences)], tol=1e-3)
    return y[: A.size_out // snapshots].reshape(SIDE, -1), result.x


def colours(cube):
    """The cube as an image in red, green and blue."""
    band = np.linspace(0, 1, BANDS)[:, None]
    return np.clip(np.tensordot(cube, np.exp(-(((band - [1, 0.5, 0]) / 0.25) ** 2)), (0, 0)) / 1.6, 0, 1) ** 0.7


def main(out=Path("out"), tolerance=1.0):
    """Print the quality by the number of snapshots, draw the cube in colours and three spectra."""
    cube = scene()
    found = {count: recovered(cube, count, seed=0) for count in (1, 2, 4)}
    quality = {count: cs.psnr(x, cube) for count, (_, x) in found.items()}
    for count, decibels in quality.items():
        print(f"snapshots: {count}, {count * found[1][0].size / cube.size:.2f} of the unknowns: PSNR {decibels:.1f} dB")
    expect("PSNR from one snapshot in dB", quality[1], 30.4, tolerance)
    figure = Figure(figsize=(10, 6), layout="constrained")
    *panels, ax = figure.subplots(2, 3).flat
    shown = {"scene": colours(cube), "one snapshot on the detector": found[1][0]}
    shown |= {f"snapshots: {count}, {quality[count]:.1f} dB": colours(x) for count, (_, x) in found.items()}
    for panel, (title, image) in zip(panels, shown.items(), strict=True):
        plotting.draw_image(panel, image, title)
    for (row, column), color in zip(((5, 5), (5, 58), (55, 40)), ("tab:blue", "tab:green", "tab:red"), strict=True):
        panels[0].plot(column, row, "o", color=color, markeredgecolor="white")
        ax.plot(cube[:, row, column], color=color)
        ax.plot(found[1][1][:, row, column], "o", color=color)
    ax.set(title="three spectra; dots: one snapshot", xlabel="band", ylim=(0, 1))
    print("figure:", plotting.save(figure, out / "spectral_cube.png"))


if __name__ == "__main__":
    main()
