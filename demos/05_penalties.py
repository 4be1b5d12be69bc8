"""A heartbeat's wavelet coefficients under five penalties: l1, blocks, sparse blocks, the tree, parent and child."""

# %% One beat of the ECG of the first demo, and half as many random measurements
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, M, FRACTION = 256, 100, 0.003  # samples, measurements, weight over the one from which on the answer is zero


# %% Five ways to say which coefficients belong together
def penalties(tree):
    """Penalties of wavelet coefficients, by name."""
    blocks = cs.Blocks.uniform(N, 4)
    child = np.flatnonzero(tree.parents >= 0)
    pairs = [*np.flatnonzero(tree.parents < 0)[:, None], *np.stack([tree.parents[child], child], axis=1)]
    return {
        "l1": cs.L1(),
        "blocks": cs.GroupL2(blocks),
        "sparse blocks": cs.SparseGroup(blocks, l1=0.7, group=0.3),
        "tree": cs.TreeL2(tree),
        "parent and child": cs.LatentGroupL2(cs.Groups(pairs, N)),
    }


def main(out=Path("out"), seeds=3, tol=1e-3, tolerance=0.8):
    """Print the quality of each recovery over the seeds; draw the first."""
    ecg = pywt.data.ecg().astype(float)[64 : 64 + N]
    ecg -= ecg.mean()
    wavelet = cs.Wavelet(N, "sym4")
    figure = Figure(figsize=(11, 7), layout="constrained")
    *panels, plane = figure.subplots(3, 2).flat
    supports, reference = {}, {"l1": 16.2, "blocks": 16.5, "sparse blocks": 17, "tree": 17.7, "parent and child": 18.8}
    for ax, (name, penalty) in zip(panels, penalties(wavelet.tree).items(), strict=True):
        results = []
        for seed in range(seeds):
            A = cs.gaussian(M, N, seed) @ wavelet.H
            y = A @ (wavelet @ ecg)
            weight = FRACTION * float(cs.lambda_max(A, y, penalty))
            results.append(cs.fista(A, y, weight * penalty, tol=tol))
        quality = np.median([cs.snr(wavelet.H @ result.x, ecg) for result in results])
        nonzeros = np.median([np.count_nonzero(result.x) for result in results])
        print(f"{name}: {nonzeros:.0f} coefficients, {results[0].iterations} iterations")
        expect(f"{name}: median SNR in dB", quality, reference[name], tolerance)
        plotting.draw_curves(ax, {"ECG": ecg, name: wavelet.H @ results[0].x}, f"{name}: {quality:.1f} dB")
        supports[name] = results[0].support
    plotting.draw_wavelet_plane(plane, wavelet, {name: supports[name] for name in ("tree", "l1")})
    print("figure:", plotting.save(figure, out / "penalties.png"))


if __name__ == "__main__":
    main()
