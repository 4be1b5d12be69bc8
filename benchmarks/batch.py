"""Many signals that share one matrix: one batched call against a loop over the signals.

python benchmarks/batch.py [--quick] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import timed, write_table

import csrecover as cs


def measure(solve, signals, repeats):
    """Times of the batched call and of the loop, the largest difference of solutions, whether they end alike."""
    works = {"batch": lambda: solve(signals), "loop": lambda: [solve(y) for y in signals]}
    times = timed(works, repeats)
    together, alone = (work() for work in works.values())
    difference = max(float(np.abs(together.x[i] - result.x).max()) for i, result in enumerate(alone))
    same = all(together.status[i] is result.status for i, result in enumerate(alone))
    return times["batch"], times["loop"], difference, same


def main(argv=None):
    """Time the solvers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for batch.csv and batch.md")
    options = parser.parse_args(argv)
    count, m, n, k, repeats = (8, 32, 64, 4, 1) if options.quick else (500, 256, 1024, 20, 5)
    A = cs.gaussian(m, n, 0)
    signals = np.stack([A @ cs.random_signal(cs.Sparse(), n, k, seed) for seed in range(count)])
    solvers = {
        "fista, l1, 100 iterations": lambda y: cs.fista(A, y, cs.L1(0.02), tol=0, max_iter=100),
        "fista, l1, gap 1e-4": lambda y: cs.fista(A, y, cs.L1(0.05), tol=1e-4),
        "iht": lambda y: cs.iht(A, y, cs.Sparse(), k),
        "cosamp": lambda y: cs.cosamp(A, y, cs.Sparse(), k),
        "subspace pursuit": lambda y: cs.subspace_pursuit(A, y, cs.Sparse(), k),
    }
    rows = []
    for name, solve in solvers.items():
        batched, looped, difference, same = measure(solve, signals, repeats)
        rows.append(
            {
                "solver": name,
                "signals": count,
                "m x n": f"{m} x {n}",
                "first s": f"{batched.first:.3f}",
                "batch s": batched.text("s"),
                "loop s": looped.text("s"),
                "loop / batch": f"{looped.median / batched.median:.1f}",
                "batch MiB": batched.mebibytes,
                "loop MiB": looped.mebibytes,
                "largest difference": f"{difference:.1e}",
                "same status": "yes" if same else "no",
            }
        )
    print(write_table(rows, "batch", options.out))
    return rows


if __name__ == "__main__":
    main()
