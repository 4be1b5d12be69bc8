"""Eight coils see what one cannot: the head phantom from a quarter of the lines of k-space."""

# %% Every fifth line and the eight in the middle, 32 of 128: the fold lays five copies of the image over each other
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.experiments import shepp_logan
from csrecover.testing import expect

SIDE, NOISE, WEIGHT = 128, 0.01, 0.003  # pixels, noise of a sample of each coil, weight of the variation
SHAPE = (SIDE, SIDE)


# %% Each coil sees the image times its own sensitivity, ``y_c = S F (s_c x)``, brightest where it stands: pixels that
# fold onto each other are told apart by how bright each coil sees them (Pruessmann et al. 1999). Prior: few edges.
def images(head, coils, seed):
    """Zero filling, and the image that `coils` coils see with few edges."""
    rows = np.arange(SIDE)
    lines = (rows % 5 == 0) | (rows < 4) | (rows >= SIDE - 4)
    A = cs.sense(cs.birdcage_maps(SHAPE, coils), np.repeat(lines[:, None], SIDE, axis=1))
    noise = np.random.default_rng(seed).standard_normal((2, *A.out_shape)) * NOISE / 2**0.5
    y = A @ head + noise[0] + 1j * noise[1]
    pixels = cs.Blocks(np.tile(np.arange(SIDE**2).reshape(SHAPE), (2, 1, 1)))
    result = cs.admm(A, y, [(cs.GroupL2(pixels, WEIGHT), cs.Gradient(SHAPE))], tol=1e-3)
    return abs(A.H @ y), abs(result.x)


def main(out=Path("out"), tolerance=1.5):
    """Print the quality by the number of coils, draw what one and eight of them see."""
    head = shepp_logan(SHAPE)
    found = {coils: images(head, coils, seed=0) for coils in (1, 2, 8)}
    quality = {coils: cs.psnr(x, head) for coils, (_, x) in found.items()}
    for coils, decibels in quality.items():
        print(f"coils: {coils}, zero filling {cs.psnr(found[coils][0], head):.1f} dB, variation {decibels:.1f} dB")
    expect("gain of eight coils over one in dB", quality[8] - quality[1], 13, tolerance)
    seen = abs(cs.birdcage_maps(SHAPE, 8) * head)
    panels = {
        "seen by four of the eight": np.block([[seen[0], seen[2]], [seen[4], seen[6]]]),
        "eight coils, zero filling": found[8][0],
        f"one coil: {quality[1]:.1f} dB": found[1][1],
        f"eight coils: {quality[8]:.1f} dB": found[8][1],
    }
    figure = Figure(figsize=(12, 3.3), layout="constrained")
    for ax, (title, x) in zip(figure.subplots(1, 4), panels.items(), strict=True):
        plotting.draw_image(ax, np.clip(x, 0, 0.5), title)
    print("figure:", plotting.save(figure, out / "coils.png"))


if __name__ == "__main__":
    main()
