"""Time the exact tree projection, compiled and not, beside the plain O(n k) dynamic program on the same instances.

python benchmarks/tree_projection.py [--quick] [--out DIR]
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import once, plainly, timed, write_table

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


def both(function, *args, repeats):
    """Times with compiled code and without."""
    work = partial(function, *args)
    return tuple(timed({"numba": work, "NumPy": partial(plainly, work)}, repeats).values())


def table_time(tree, weights, k):
    """Seconds of the plain program; its energy is compared."""
    began = time.perf_counter()
    energy = plain_dynamic_program(tree.size, weights, k)
    elapsed = time.perf_counter() - began
    if abs(weights @ best_subtree(tree.order, weights, k) - energy) > 1e-12 * energy:
        raise AssertionError(f"n={tree.size}, k={k}: the projection is not the optimum {energy}")
    return elapsed


def run(levels, family, budgets, repeats):
    """One row: median and worst over the budgets of the median time, the plain program where it is affordable."""
    tree, rng = Tree.binary(levels), np.random.default_rng(0)
    weights = WEIGHTS[family](rng, tree.size)
    compared = [k for k in budgets if tree.size * k <= TABLE_ENTRIES][:5]
    first = once(lambda: best_subtree(tree.order, weights, budgets[0]))
    times = [both(best_subtree, tree.order, weights, k, repeats=repeats) for k in budgets]
    fast, slow = np.array([[1e3 * timing.median for timing in pair] for pair in times]).T
    path = both(best_subtrees, tree.order, weights, budgets, repeats=repeats)
    table = [table_time(tree, weights, k) for k in compared]
    return {
        "n": tree.size,
        "weights": family,
        "budgets": len(budgets),
        "numba median ms": f"{np.median(fast):.2f}",
        "numba worst ms": f"{max(fast):.2f}",
        "worst k": budgets[int(np.argmax(fast))],
        "NumPy median ms": f"{np.median(slow):.2f}",
        "NumPy worst ms": f"{max(slow):.2f}",
        "path / loop, numba": f"{1e3 * path[0].median / sum(fast):.2f}",
        "path / loop, NumPy": f"{1e3 * path[1].median / sum(slow):.2f}",
        "table median ms": f"{1e3 * np.median(table):.1f}" if table else "",
        "tables compared": len(table),
        "first ms": f"{1e3 * first:.4g}",
        "most MiB": f"{max(timing.memory for timing, _ in times):.3g}",
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
    for levels in (8,) if args.quick else (10, 12, 14, 16, 20):
        budgets = budgets_for(2**levels - 1, 3 if args.quick else 6)
        rows += [run(levels, family, budgets, 1 if args.quick else 5) for family in WEIGHTS]
    print(write_table(rows, "tree_projection", args.out))


if __name__ == "__main__":
    main()
