"""Time the proximal operators of the norms of subtrees, compiled and plain, beside those of SPAMS.

python benchmarks/tree_penalties.py [--quick] [--out DIR]

Complete binary trees, standard normal signals, one thread; best of interleaved runs. SPAMS takes the nodes in
depth-first order: its times are without the permutation from the level order of the tree. Where it is installed its
answers are compared.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

import csrecover as cs

NORMS = {"tree-l2": cs.TreeL2, "tree-linf": cs.TreeLInf}


def depth_first(tree: cs.Tree) -> tuple[np.ndarray, np.ndarray]:
    """The nodes in preorder, and the places of their parents there."""
    order, (rank, _) = tree.order, tree.order.preorder
    positions = np.argsort(rank)
    return order.nodes[positions], np.append(rank, -1)[order.parents[positions]]


def spams_prox(tree: cs.Tree, x: np.ndarray, step: float, kind: str) -> tuple[Callable[[], Any], np.ndarray]:
    """The proximal operator of SPAMS for that signal, and the nodes in its order."""
    import spams

    nodes, parents = depth_first(tree)
    below = np.flatnonzero(parents >= 0)
    groups = scipy.sparse.csc_matrix((np.ones(below.size, bool), (below, parents[below])), shape=(tree.size,) * 2)
    described = {
        "eta_g": np.ones(tree.size),
        "groups": groups,
        "own_variables": np.arange(tree.size, dtype=np.int32),
        "N_own_variables": np.ones(tree.size, dtype=np.int32),
    }
    signal = np.asfortranarray(x[nodes][:, None])
    return partial(spams.proximalTree, signal, described, False, lambda1=step, regul=kind, numThreads=1), nodes


def plain(prox: Callable[[], Any]) -> Any:
    """The proximal operator without compiled code."""
    os.environ["CSRECOVER_FAST"] = "0"
    try:
        return prox()
    finally:
        del os.environ["CSRECOVER_FAST"]


def best_times(functions: dict[str, Callable[[], Any]], rounds: int, calls: int) -> dict[str, float]:
    """Least milliseconds of each, taken in turns."""
    best = dict.fromkeys(functions, np.inf)
    for _ in range(rounds):
        for name, function in functions.items():
            for _ in range(calls):
                start = time.perf_counter()
                function()
                best[name] = min(best[name], 1e3 * (time.perf_counter() - start))
    return best


def run(levels: int, kind: str, step: float, rounds: int) -> dict[str, Any]:
    """One row of the table."""
    tree = cs.Tree.binary(levels)
    x = np.random.default_rng(levels).standard_normal(tree.size)
    prox = partial(NORMS[kind](tree).prox, x, step)
    functions = {"csrecover": prox, "plain": partial(plain, prox)}
    found, difference = prox(), None
    if find_spec("spams"):
        functions["SPAMS"], nodes = spams_prox(tree, x, step, kind)
        difference = np.abs(functions["SPAMS"]()[:, 0] - found[nodes]).max()
    best = best_times(functions, rounds, calls=max(1, min(20, 2**18 // tree.size)))
    return {
        "prox": kind,
        "n": tree.size,
        "step": step,
        "nonzero": f"{np.count_nonzero(found) / tree.size:.0%}",
        "csrecover ms": f"{best['csrecover']:.3f}",
        "without numba ms": f"{best['plain']:.3f}",
        "SPAMS ms": f"{best['SPAMS']:.3f}" if "SPAMS" in best else "",
        "SPAMS / csrecover": f"{best['SPAMS'] / best['csrecover']:.1f}" if "SPAMS" in best else "",
        "difference": "" if difference is None else f"{difference:.0e}",
    }


def main(argv=None):
    """Time every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, seconds")
    parser.add_argument("--out", help="directory for tree_penalties.md and .csv")
    args = parser.parse_args(argv)
    sizes, rounds = ((5, 8), 1) if args.quick else ((10, 16, 20), 7)
    rows = [run(levels, kind, step, rounds) for kind in NORMS for levels in sizes for step in (0.05, 0.3, 1.0)]
    print(write_table(rows, "tree_penalties", args.out, packages=("numba", "spams-bin")))


if __name__ == "__main__":
    main()
