"""A photograph from a third of its pixels' worth of scrambled cosine measurements, with and without the quad tree."""

# %% The image: PyWavelets' camera, 128 x 128 by block means
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

M, K = 5000, 1400


def photograph():
    """512 x 512 camera image as 128 x 128 means of 4 x 4 pixels."""
    return pywt.data.camera().astype(float).reshape(128, 4, 128, 4).mean(axis=(1, 3))


# %% Random signs scramble the image, so that each cosine coefficient looks at all of it
def main(out=Path("out"), m=M, k=K, tolerance=0.5):
    """Print the quality of both recoveries and draw them."""
    image = photograph()
    wavelet = cs.Wavelet(image.shape, "db4")
    A = cs.random_rows(image.shape, m, 0) @ cs.DCT(image.shape) @ cs.random_signs(image.shape, 1)
    y = A @ image
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    first, *others = figure.subplots(1, 3)
    plotting.draw_image(first, image, "original")
    for ax, (name, model) in zip(
        others, {"quad tree": cs.TreeSparse(wavelet.tree), "plain": cs.Sparse()}.items(), strict=True
    ):
        result = cs.iht(A @ wavelet.H, y, model, k, tol=1e-3, max_iter=150)
        estimate = wavelet.H @ result.x
        rmse = np.sqrt(np.mean((estimate - image) ** 2))
        quality = cs.psnr(estimate, image, peak=255)
        print(f"{name}: RMSE {rmse:.1f}, {result.iterations} iterations, {result.seconds:.1f} s")
        expect(f"{name}: PSNR in dB", quality, {"quad tree": 25.7, "plain": 19.8}[name], tolerance)
        plotting.draw_image(ax, estimate, f"{name}, {quality:.1f} dB")
    print("figure:", plotting.save(figure, out / "image.png"))


if __name__ == "__main__":
    main()
