"""Time exact restricted isometry constants by branch and bound beside the eigenvalues of every submatrix.

Gaussian matrices with unit columns. Branch and bound starts from nothing, every submatrix is one of a stack that LAPACK
takes at a time. Where there are too many for that a part of them is timed, and the rest counted as long.

python benchmarks/rip.py [--quick] [--out DIR]
"""

import argparse
import math
import sys
import time
from functools import partial
from itertools import chain, combinations, islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import timed, write_table

import csrecover as cs
from csrecover.analysis.rip.exact import exact_constants

STACK = 20_000


def every_submatrix(gram, size, k, most):
    """Constants over unions of k blocks, at most `most` of them, and the seconds that all of them take."""
    blocks = np.arange(len(gram)).reshape(-1, size)
    choices, begun = combinations(range(len(blocks)), k), time.perf_counter()
    low, high, done = math.inf, -math.inf, 0
    while done < most and (part := list(islice(choices, min(STACK, most - done)))):
        chosen = np.fromiter(chain.from_iterable(part), np.intp, k * len(part)).reshape(-1, k)
        rows = blocks[chosen].reshape(len(part), -1)
        values = np.linalg.eigvalsh(gram[rows[:, :, None], rows[:, None, :]])
        low, high, done = min(low, values[:, 0].min()), max(high, values[:, -1].max()), done + len(part)
    seconds = time.perf_counter() - begun
    return 1 - low, high - 1, seconds * math.comb(len(blocks), k) / done, done


def run(m, n, size, k, most, repeats=5):
    """One row: constants, nodes and times; where every submatrix was looked at the constants are compared."""
    A = np.random.default_rng(0).standard_normal((m, n))
    gram = (A / np.linalg.norm(A, axis=0)).T @ (A / np.linalg.norm(A, axis=0))
    model = cs.BlockSparse(cs.Blocks.uniform(n, size)) if size > 1 else cs.Sparse()
    ours = partial(exact_constants, gram, model, k, (n,), limit=1e8)
    timing = timed({"ours": ours}, repeats)["ours"]
    L, U, _, _, nodes = ours()
    *brute, seconds, done = every_submatrix(gram, size, k, most)
    count = math.comb(n // size, k)
    if done == count and not np.allclose((L, U), brute, rtol=0, atol=1e-12):
        raise AssertionError(f"{m}x{n}, k={k}: {(L, U)} by branch and bound, {brute} by every submatrix")
    return {
        "matrix": f"{m} x {n}",
        "supports": f"{k} of {n // size}" + (f" blocks of {size}" if size > 1 else ""),
        "L": f"{L:.4f}",
        "U": f"{U:.4f}",
        "number": count,
        "looked at": nodes,
        "first s": f"{timing.first:.3f}",
        "branch and bound s": timing.text("s"),
        "MiB": timing.mebibytes,
        "every submatrix s": f"{seconds:.3g}" + ("" if done == count else " (of a part)"),
        "times faster": f"{seconds / timing.median:.0f}",
    }


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, a second")
    parser.add_argument("--out", help="directory for rip.md and .csv")
    args = parser.parse_args(argv)
    if args.quick:
        rows = [run(16, 24, 1, k, 10**5, repeats=1) for k in (3, 4)] + [run(16, 24, 2, 3, 10**5, repeats=1)]
    else:
        rows = [run(16, 24, 1, k, 10**6) for k in (4, 5, 6)]
        rows += [run(32, 64, 1, 4, 10**6), run(32, 64, 1, 5, 10**7), run(32, 64, 1, 6, 10**6)]
        rows += [run(64, 128, 1, 5, 10**6), run(100, 200, 1, 4, 10**6)]
        rows += [run(32, 64, 4, 3, 10**6), run(64, 128, 4, 4, 10**6), run(64, 128, 2, 4, 10**5)]
    print(write_table(rows, "rip", args.out))


if __name__ == "__main__":
    main()
