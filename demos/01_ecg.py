"""A real ECG from six times too few random measurements: wavelet tree, plain sparsity and l1 side by side."""

# %% The signal: 1024 samples that PyWavelets ships, mean removed; its wavelet coefficients form a tree
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure
from tqdm import tqdm

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

SETTINGS = ((160, 50), (256, 80), (384, 110))  # measurements, budget of coefficients


# %% Three structures, one call: the structure is an argument
def recoveries(ecg, wavelet, m, k, seed):
    """Recover the signal from m Gaussian measurements with each structure."""
    A = cs.gaussian(m, ecg.size, seed)
    y = A @ ecg
    weight = 0.003 * float(cs.lambda_max(A @ wavelet.H, y, cs.L1()))
    return {
        "tree": cs.recover(A, y, cs.TreeSparse(wavelet.tree), k, basis=wavelet),
        "sparse": cs.recover(A, y, cs.Sparse(), k, basis=wavelet),
        "l1": cs.recover(A, y, cs.L1(weight), basis=wavelet, tol=1e-4),
    }


def main(out=Path("out"), seeds=8, tolerance=1):
    """Print SNR, time and iterations over the seeds; draw the first."""
    ecg = pywt.data.ecg().astype(float)
    ecg -= ecg.mean()
    wavelet = cs.Wavelet(ecg.size, "sym4")
    runs = {}
    for m, k, seed in tqdm([(m, k, s) for m, k in SETTINGS for s in range(seeds)], delay=2, disable=None, leave=False):
        runs[m, k, seed] = recoveries(ecg, wavelet, m, k, seed)
    print("  m    k  structure   SNR in dB: median (range)        milliseconds          iterations")
    for m, k in SETTINGS:
        for name in ("tree", "sparse", "l1"):
            results = [runs[m, k, seed][name] for seed in range(seeds)]
            numbers = (
                spread([cs.snr(result.signal, ecg) for result in results], ".2f"),
                spread([1000 * result.seconds for result in results], ".0f"),
                spread([result.iterations for result in results], ".0f"),
            )
            print(f"{m:3d}  {k:3d}  {name:9s}  " + "  ".join(numbers))
    for name, reference in (("tree", 13), ("sparse", 3.2), ("l1", 5.6)):
        quality = np.median([cs.snr(runs[160, 50, seed][name].signal, ecg) for seed in range(seeds)])
        expect(f"{name}: median SNR in dB from 160 measurements", quality, reference, tolerance)
    print("figure:", plotting.save(draw(ecg, wavelet, runs[160, 50, 0]), out / "ecg.png"))


def spread(values, form):
    """Median and range."""
    low, middle, high = (format(f(values), form) for f in (min, np.median, max))
    return f"{middle:>6s} ({low:>5s} .. {high:>5s})"


# %% One figure: the three recoveries, and where the coefficients lie
def draw(ecg, wavelet, results):
    """Original and recoveries in three panels, the supports in the plane of position and scale."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    *panels, plane = figure.subplots(2, 2).flat
    for ax, (name, result) in zip(panels, results.items(), strict=True):
        title = f"{name}: {cs.snr(result.signal, ecg):.1f} dB from 160 measurements"
        plotting.draw_curves(ax, {"ECG": ecg, name: result.signal}, title)
    plotting.draw_wavelet_plane(plane, wavelet, {name: results[name].support for name in ("tree", "sparse")})
    return figure


if __name__ == "__main__":
    main()
