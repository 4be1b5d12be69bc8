"""Time the proximal operators of the norms of subtrees, compiled and plain, beside those of SPAMS.

python benchmarks/tree_penalties.py [--quick] [--out DIR]

Complete binary trees, standard normal signals, one thread; the median and range of interleaved runs. SPAMS takes the
nodes in depth-first order: its times are without the permutation from the level order of the tree. Where it is
installed its answers are compared.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

sys.path.insert(0, str(Path(__file__).parent))
from common import plainly, timed, write_table

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


def run(levels: int, kind: str, step: float, repeats: int) -> dict[str, Any]:
    """One row of the table."""
    tree = cs.Tree.binary(levels)
    x = np.random.default_rng(levels).standard_normal(tree.size)
    prox = partial(NORMS[kind](tree).prox, x, step)
    functions = {"csrecover": prox, "plain": partial(plainly, prox)}
    difference = None
    if find_spec("spams"):
        functions["SPAMS"], nodes = spams_prox(cs.Tree.binary(levels), x, step, kind)  # a tree that ours has not seen
    times = timed(functions, repeats)
    found = prox()
    if "SPAMS" in times:
        difference = np.abs(functions["SPAMS"]()[:, 0] - found[nodes]).max()
    ours, peer = times["csrecover"], times.get("SPAMS")
    return {
        "prox": kind,
        "n": tree.size,
        "step": step,
        "nonzero": f"{np.count_nonzero(found) / tree.size:.0%}",
        "first ms": f"{1e3 * ours.first:.4g}",
        "csrecover ms": ours.text(),
        "without numba ms": times["plain"].text(),
        "SPAMS ms": peer.text() if peer else "",
        "SPAMS / csrecover": f"{peer.median / ours.median:.1f}" if peer else "",
        "MiB": ours.mebibytes,
        "SPAMS MiB": peer.mebibytes if peer else "",
        "difference": "" if difference is None else f"{difference:.0e}",
    }


def main(argv=None):
    """Time every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, seconds")
    parser.add_argument("--out", help="directory for tree_penalties.md and .csv")
    args = parser.parse_args(argv)
    sizes, repeats = ((5, 8), 1) if args.quick else ((10, 16, 20), 7)
    rows = [run(levels, kind, step, repeats) for kind in NORMS for levels in sizes for step in (0.05, 0.3, 1.0)]
    print(write_table(rows, "tree_penalties", args.out, ("spams-bin",)))


if __name__ == "__main__":
    main()
