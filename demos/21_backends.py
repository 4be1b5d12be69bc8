"""The same code on every array library that is installed: the same answers to rounding, and what each takes."""

# %% Two images from scrambled cosine measurements, 1600 for 4096 pixels each
import time
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

SHAPE, M, K = (64, 64), 1600, 400
BACKENDS = "numpy", "array_api_strict", "torch", "cupy"


def problem(dtype):
    """Operator on wavelet coefficients, measurements of a batch of two images, and the quad tree."""
    images = np.stack([pywt.data.camera(), pywt.data.ascent()]).reshape(2, 64, 8, 64, 8).mean(axis=(2, 4))
    A = cs.random_rows(SHAPE, M, 0) @ cs.DCT(SHAPE) @ cs.random_signs(SHAPE, 1, dtype=dtype)
    W = cs.Wavelet(SHAPE, "db2")
    return A @ W.H, A @ images.astype(dtype), W.tree


# %% Here nothing names a library: an array carries its own, and `cs.to` moves operators, structures and arrays.
def solve(A, y, tree):
    """Coefficients by l1 and by the quad tree, back on the host, and the seconds that they took."""
    start = time.perf_counter()
    l1 = cs.recover(A, y, cs.L1(), scale="0.01 lmax")
    quad = cs.iht(A, y, cs.TreeSparse(tree), K, max_iter=30)
    return np.stack([cs.to_numpy(result.x) for result in (l1, quad)]), time.perf_counter() - start


# %% A number in double precision has 16 digits, one in single precision 7; what does not run here is named.
def main(out=Path("out"), backends=BACKENDS, repeats=3):
    """Print and draw how far each backend is from NumPy in double precision, and what it takes."""
    distances, seconds, reference = {}, {}, solve(*problem("float64"))[0]
    for key in [(name, dtype) for name in backends for dtype in ("float64", "float32")]:
        try:
            moved = cs.to(problem(key[1]), key[0])
        except (ImportError, RuntimeError) as error:
            print(f"{' '.join(key)}: not here, {str(error).splitlines()[0]}")
            continue
        runs = [solve(*moved) for _ in range(repeats)]
        distances[key] = np.linalg.norm(runs[0][0] - reference) / np.linalg.norm(reference)
        seconds[key] = min(each for _, each in runs)
        print(f"{' '.join(key)}: {distances[key]:.1e} from NumPy float64, {1000 * seconds[key]:.0f} ms")
    for dtype, usual, tolerance in (("float64", 0, 1e-12), ("float32", 8e-7, 4e-6)):
        largest = max(distance for key, distance in distances.items() if key[1] == dtype)
        expect(f"largest relative difference in {dtype}", largest, usual, tolerance)
    print("figure:", plotting.save(draw(distances, seconds), out / "backends.png"))


def draw(distances, seconds):
    """Distance and time of each backend."""
    figure = Figure(figsize=(8, 0.9 + 0.3 * len(seconds)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names = [" ".join(key) for key in seconds]
    left.barh(names, np.maximum(list(distances.values()), 1e-17), color="#0072B2")
    left.set(xscale="log", xlim=(1e-17, 1e-3), xlabel="relative difference to NumPy float64", title="Same answers")
    right.barh(names, np.array(list(seconds.values())) * 1000, color="0.6")
    right.set(xlabel="milliseconds", title="Time of both recoveries")
    left.invert_yaxis()
    return figure


if __name__ == "__main__":
    main()
