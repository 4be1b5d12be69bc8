"""Five hundred signals in one call: the answers of the loop over them, and how many times as fast a batch is."""

# %% Signals of 256 coefficients with 6 nonzeros, 64 measurements of each: leading axes are signals
import time
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

N, M, K = 256, 64, 6
SOLVERS = {
    "subspace_pursuit": lambda A, y: cs.subspace_pursuit(A, y, cs.Sparse(), K),
    "omp": lambda A, y: cs.omp(A, y, cs.Sparse(), K),
    "fista": lambda A, y: cs.fista(A, y, cs.L1(0.1), tol=1e-4),
}


# %% Each signal of a batch has its own path and its own end, so the batch gives what the signals give alone.
def seconds_a_signal(solver, A, y, size):
    """What the signals take in batches of a size, and the answers."""
    start = time.perf_counter()
    answers = [solver(A, y[i : i + size] if size > 1 else y[i]).x for i in range(0, len(y), size)]
    return (time.perf_counter() - start) / len(y), np.reshape(answers, (*y.shape[:1], N))


def main(out=Path("out"), count=500, sizes=(1, 5, 20, 100, 500)):
    """Print the ratio of loop and batch, draw what a signal takes in batches of several sizes."""
    A, rng = cs.gaussian(M, N, 0), np.random.default_rng(1)
    signals = np.stack([cs.random_signal(cs.Sparse(), N, K, rng) for _ in range(count)])
    y = A @ signals
    figure = Figure(figsize=(6, 4), layout="constrained")
    ax, largest = figure.subplots(), 0.0
    for name, solver in SOLVERS.items():
        found = {size: seconds_a_signal(solver, A, y, size) for size in sizes}
        (alone, answers), (together, batch) = found[min(sizes)], found[max(sizes)]
        largest = max(largest, float(np.max(abs(batch - answers))))
        ratio = f"{alone / together:.0f} times as fast"
        print(f"{name}: {1000 * alone:.2f} ms a signal alone, {1000 * together:.3f} ms in one batch, {ratio}")
        ax.loglog(sizes, [1000 * seconds for seconds, _ in found.values()], "o-", label=f"{name}: {ratio}")
    expect("largest difference between an answer of the loop and of the batch", largest, 0, 1e-10)
    ax.set(
        xlabel="signals in a batch", ylabel="milliseconds a signal", title=f"{count} signals, in batches of each size"
    )
    ax.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "batch.png"))


if __name__ == "__main__":
    main()
