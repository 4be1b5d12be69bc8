"""Time the projections onto hard models beside what one would write without them, on the same signals in the same run.

python benchmarks/projections.py [--quick] [--out DIR]

Trees have a table of their own (tree_projection.py). The peers are a partition and textbook dynamic programs in NumPy.
All are exact, and the energies of both sides are compared; these peers give the energy alone, without a mask. What
depends on the groups alone is made beforehand on both sides. PyProximal, where it is installed, gives the projection
itself. "plain" is csrecover without numba.
"""

import argparse
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import plainly, timed, write_table

import csrecover as cs


def partition(x, k):
    """Energy of the k largest entries."""
    energies = x * x
    return energies[np.argpartition(energies, len(x) - k)[-k:]].sum()


def ball_projection(x, k):
    """Energy of PyProximal's projection onto the vectors of k entries."""
    from pyproximal import L0Ball

    return np.sum(L0Ball(k).prox(x, 1.0) ** 2)


def block_partition(x, k, size):
    """Energy of the k blocks of largest energy."""
    energies = (x * x).reshape(-1, size).sum(axis=1)
    return np.partition(energies, len(energies) - k)[-k:].sum()


def runs_program(x, k, runs):
    """Largest energy of k entries in so many runs: the textbook table over (entries, runs, inside a run?)."""
    outside = np.full((runs + 1, k + 1), -np.inf)
    outside[0, 0] = 0
    inside = np.full_like(outside, -np.inf)
    for energy in x * x:
        best = np.maximum(outside, inside)
        longer = inside[:, :-1].copy()
        longer[1:] = np.maximum(longer[1:], best[:-1, :-1])
        outside = best
        inside = np.full_like(outside, -np.inf)
        inside[:, 1:] = longer + energy
    return max(outside.max(), inside.max())


def spaced_program(gains, k, gap):
    """Largest sum of k gains, all >= 0, whose places lie a gap apart: the textbook table over (gains, places)."""
    best = np.zeros(len(gains) + gap)
    for _ in range(k):
        best[gap:] = np.maximum.accumulate(best[: len(gains)] + gains)
    return best[-1]


def windows_program(x, k, size):
    """Largest energy of k windows that do not overlap: their energies, a size apart."""
    sums = np.concatenate([[0], np.cumsum(x * x)])
    return spaced_program(sums[size:] - sums[:-size], k, size)


def knapsack_program(x, k, labels, costs):
    """Largest energy of blocks that cost k in all: the textbook table over (blocks, cost)."""
    best = np.zeros(k + 1)
    for energy, cost in zip(np.bincount(labels, x * x), costs, strict=True):
        best[cost:] = np.maximum(best[cost:], best[:-cost] + energy)
    return best[-1]


def leftmost(starts, lengths, n):
    """For each number of entries, the first entry of the interval that holds the last of them and begins earliest."""
    left = np.arange(n + 1)
    for start, length in zip(starts, lengths, strict=True):
        left[start + 1 : start + length + 1] = np.minimum(left[start + 1 : start + length + 1], start)
    return left


def intervals_program(x, k, left):
    """Largest energy of the union of k intervals: the textbook table over (intervals, entries)."""
    sums = np.concatenate([[0], np.cumsum(x * x)])
    gains, best = sums - sums[left], np.zeros(len(sums))
    for _ in range(k):
        best = np.maximum.accumulate(np.maximum(best, best[left] + gains))
    return best[-1]


def cases(quick):
    """Structure, model, signal, budget, name and energy of the peer."""
    rng, scale = np.random.default_rng(0), 16 if quick else 1
    long = rng.standard_normal(10**6 // scale**2)
    k = long.size // 100
    yield "any", cs.Sparse(), long, k, "np.argpartition", lambda: partition(long, k)
    if find_spec("pyproximal"):
        yield "any", cs.Sparse(), long, k, "PyProximal", lambda: ball_projection(long, k)
    middle = rng.standard_normal(1024)
    yield "any", cs.Sparse(), middle, 40, "np.argpartition", lambda: partition(middle, 40)
    blocks = cs.BlockSparse(cs.Blocks.uniform(long.size // 8 * 8, 8))
    cut = long[: long.size // 8 * 8]
    yield "blocks", blocks, cut, k // 8, "np.partition", lambda: block_partition(cut, k // 8, 8)
    labels = np.repeat(np.arange(4000 // scale), rng.integers(1, 17, 4000 // scale))
    costs, bought = np.bincount(labels), labels.size // 10
    unequal = rng.standard_normal(labels.size)
    sized = cs.BlockSparse(cs.Blocks(labels), costs="size")
    program = "dynamic program", lambda: knapsack_program(unequal, bought, labels, costs)
    yield "blocks, k coefficients", sized, unequal, bought, *program
    n, runs = 4096 // scale, 10
    line = rng.standard_normal(n)
    yield "runs", cs.Clustered(runs), line, n // 20, "dynamic program", lambda: runs_program(line, n // 20, runs)
    yield "spikes", cs.Separated(8), line, n // 80, "dynamic program", lambda: spaced_program(line * line, n // 80, 8)
    yield "windows", cs.Windows(16), line, n // 200, "dynamic program", lambda: windows_program(line, n // 200, 16)
    starts, lengths = rng.integers(0, n - 40, 200 // scale), rng.integers(5, 40, 200 // scale)
    members = [np.arange(start, start + length) for start, length in zip(starts, lengths, strict=True)]
    spans, left = cs.OverlappingGroups(cs.Groups(members, n)), leftmost(starts, lengths, n)
    yield "groups, intervals", spans, line, 6, "dynamic program", lambda: intervals_program(line, 6, left)


def row(case, repeats):
    """One line of the table."""
    structure, model, x, k, peer, energy = case
    ours = partial(model.support, x, k)
    times = timed({"ours": ours, "plain": partial(plainly, ours), "peer": energy}, repeats)
    mask, best = ours(), energy()
    kept = np.sum(x[mask] ** 2)
    if abs(kept - best) > 1e-9 * best:
        raise AssertionError(f"{structure}: {kept} kept, {best} by the peer")
    return {
        "structure": structure,
        "n": x.size,
        "k": k,
        "first ms": f"{1e3 * times['ours'].first:.3g}",
        "ms": times["ours"].text(),
        "plain ms": times["plain"].text(),
        "peer": peer,
        "peer ms": times["peer"].text(),
        "ratio": f"{times['ours'].median / times['peer'].median:.2g}",
        "MiB": times["ours"].mebibytes,
        "peer MiB": times["peer"].mebibytes,
    }


def main(argv=None):
    """Print the table; every energy is compared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, under 3 s")
    parser.add_argument("--out", help="directory for projections.md and .csv")
    args = parser.parse_args(argv)
    rows = [row(case, 1 if args.quick else 7) for case in cases(args.quick)]
    print(write_table(rows, "projections", args.out, ("numba", "pyproximal")))


if __name__ == "__main__":
    main()
