"""Time the exact tree projection, compiled and not, beside the plain O(n k) dynamic program on the same instances.

python benchmarks/tree_projection.py [--quick] [--out DIR]
"""

import argparse
import os
import sys
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

from csrecover.models.tree_path import best_subtrees
from csrecover.models.tree_projection import best_subtree
from csrecover.structures import Tree

DEPTH = {n: np.floor(np.log2(np.arange(1, n + 1))) for n in (2**levels - 1 for levels in (8, 10, 12, 14, 16, 20))}
WEIGHTS = {
    "uniform": lambda rng, n: rng.random(n),
    "wavelet-like": lambda rng, n: (rng.standard_normal(n) * 0.6 ** DEPTH[n]) ** 2,
    "log-normal": lambda rng, n: np.exp(4 * rng.standard_normal(n)),
    "all equal": lambda _, n: np.ones(n),
    "zero or one": lambda rng, n: rng.integers(0, 2, n).astype(float),
    "small integers": lambda rng, n: rng.integers(0, 6, n).astype(float),
    "quantised": lambda rng, n: np.round(rng.standard_normal(n), 1) ** 2,
    "halving by level": lambda _, n: 0.5 ** DEPTH[n],
    "doubling by level": lambda _, n: 2.0 ** DEPTH[n],
    "leaves only, equal": lambda _, n: (np.arange(n) >= n // 2).astype(float),
    "leaves only, random": lambda rng, n: rng.random(n) * (np.arange(n) >= n // 2),
    "zero but one": lambda rng, n: (np.arange(n) == rng.integers(n)).astype(float),
}
TABLE_ENTRIES = 2**30  # n k of the largest dynamic program: some seconds


def plain_dynamic_program(n, weights, k):
    """Largest weight of at most k nodes of the complete binary tree: table of all budgets, from the leaves up.

    In preorder, take a node and go on with the next, or refuse it and jump over its subtree.
    """

    def table(node, after):
        if node >= n:
            return after
        taken = weights[node] + table(2 * node + 1, table(2 * node + 2, after))
        best = after.copy()
        np.maximum(best[1:], taken[:-1], out=best[1:])
        return best

    return table(0, np.zeros(k + 1))[k]


def timed(function, *args):
    """Return the result and the milliseconds it took."""
    start = time.perf_counter()
    result = function(*args)
    return result, 1e3 * (time.perf_counter() - start)


def shortest(function, *args, repeats=3):
    """Return the result and the fewest milliseconds it took, with compiled code and without."""
    columns = []
    for fast in "10":
        with patch.dict(os.environ, CSRECOVER_FAST=fast):
            runs = [timed(function, *args) for _ in range(repeats)]
        columns.append(min(elapsed for _, elapsed in runs))
    return runs[0][0], columns


def run(levels, family, budgets, seed=0):
    """One row: median and worst time over the budgets, the plain program where it is affordable."""
    tree, rng = Tree.binary(levels), np.random.default_rng(seed)
    weights = WEIGHTS[family](rng, tree.size)
    times, plain_times = [], []
    for k in (budgets[0], budgets[-1]):  # the order of the tree is computed once, code compiled once
        shortest(best_subtree, tree.order, weights, k, repeats=1)
    for k in budgets:
        mask, elapsed = shortest(best_subtree, tree.order, weights, k)
        times.append(elapsed)
        if tree.size * k <= TABLE_ENTRIES and len(plain_times) < 5:
            energy, elapsed = timed(plain_dynamic_program, tree.size, weights, k)
            plain_times.append(elapsed)
            if abs(weights @ mask - energy) > 1e-12 * energy:
                raise AssertionError(f"{family}, n={tree.size}, k={k}: {weights @ mask} is not the optimum {energy}")
    fast, slow = np.array(times).T
    path = shortest(best_subtrees, tree.order, weights, budgets, repeats=2)[1]
    return {
        "n": tree.size,
        "weights": family,
        "budgets": len(budgets),
        "numba median ms": f"{np.median(fast):.2f}",
        "numba worst ms": f"{max(fast):.2f}",
        "worst k": budgets[int(np.argmax(fast))],
        "NumPy median ms": f"{np.median(slow):.2f}",
        "NumPy worst ms": f"{max(slow):.2f}",
        "path / loop, numba": f"{path[0] / sum(fast):.2f}",
        "path / loop, NumPy": f"{path[1] / sum(slow):.2f}",
        "table median ms": f"{np.median(plain_times):.1f}" if plain_times else "",
        "tables compared": len(plain_times),
    }


def budgets_for(n, count):
    """A few small budgets and some over the whole range; at 2^16 sixty, drawn."""
    if n == 2**16 - 1:
        return sorted(np.random.default_rng(1).integers(1, n, 60).tolist())
    return sorted({10, 41, 50, 100, *np.linspace(n / 100, 0.9 * n, count).astype(int).tolist()})


def main(argv=None):
    """Print the table; energies are compared with those of the plain program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, a few seconds")
    parser.add_argument("--out", help="directory for tree_projection.md and .csv")
    args = parser.parse_args(argv)
    rows = []
    for levels in (8, 10) if args.quick else (10, 12, 14, 16, 20):
        budgets = budgets_for(2**levels - 1, 3 if args.quick else 6)
        rows += [run(levels, family, budgets) for family in WEIGHTS]
    print(write_table(rows, "tree_projection", args.out, ("numba",)))


if __name__ == "__main__":
    main()
