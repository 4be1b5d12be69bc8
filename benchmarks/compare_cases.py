"""The works that benchmarks/compare.py times, with whichever version of csrecover Python finds.

python benchmarks/compare_cases.py [--quick] prints one JSON object: the file of csrecover, and the seconds of each
work; a work that this version lacks, or fails at, is left out, and said so.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import timed

import csrecover as cs

Case = tuple[str, Callable[[], Any], Callable[[Any], Any]]  # name, what is made first, what is timed with it


def operators(n: int, rng: np.random.Generator) -> Iterator[Case]:
    """Products with transforms and with a matrix."""
    x, side = rng.standard_normal(n), max(16, n // 128)
    batch = rng.standard_normal((64, side))
    yield "DCT", lambda: cs.DCT(n), lambda A: A @ x
    yield "Wavelet", lambda: cs.Wavelet(n, "db4"), lambda A: A @ x
    yield "WalshHadamard", lambda: cs.WalshHadamard(n), lambda A: A @ x
    yield "Matrix, 64 signals", lambda: cs.gaussian(side // 2, side, 0), lambda A: A @ batch


def projections(n: int, rng: np.random.Generator) -> Iterator[Case]:
    """Supports of hard models."""
    x, levels = rng.standard_normal(n), n.bit_length() - 3
    tree, line = x[: 2**levels - 1], x[: n // 64]
    yield "Sparse", lambda: cs.Sparse(), lambda model: model.support(x, n // 100)
    yield "BlockSparse", lambda: cs.BlockSparse(cs.Blocks.uniform(n, 8)), lambda model: model.support(x, n // 800)
    yield "TreeSparse", lambda: cs.TreeSparse(cs.Tree.binary(levels)), lambda model: model.support(tree, n // 100)
    yield "Clustered", lambda: cs.Clustered(4), lambda model: model.support(line, len(line) // 4)


def proxes(n: int, rng: np.random.Generator) -> Iterator[Case]:
    """Proximal operators."""
    x, levels = rng.standard_normal(n), n.bit_length() - 3
    yield "L1", lambda: cs.L1(), lambda penalty: penalty.prox(x, 0.7)
    yield "GroupL2", lambda: cs.GroupL2(cs.Blocks.uniform(n, 8)), lambda penalty: penalty.prox(x, 0.7)
    yield "TreeL2", lambda: cs.TreeL2(cs.Tree.binary(levels)), lambda penalty: penalty.prox(x[: 2**levels - 1], 0.3)


def solvers(n: int, rng: np.random.Generator) -> Iterator[Case]:
    """Convex and greedy recovery, and the decision of a sweep."""
    side = max(32, n // 128)
    A, k, x = cs.gaussian(side // 2, side, 0), side // 16, np.zeros((16, side))
    for row in x:
        row[rng.permutation(side)[:k]] = rng.standard_normal(k)
    y = A @ x
    groups = cs.GroupL2(cs.Blocks.uniform(side, 4), 0.05)
    yield "fista, 16 signals", lambda: cs.fista, lambda solve: solve(A, y, cs.L1(0.05), tol=0, max_iter=50)
    yield "working_set", lambda: cs.working_set, lambda solve: solve(A, y[0], groups, tol=1e-6)
    yield "basis_pursuit", lambda: cs.basis_pursuit, lambda solve: solve(A, y[0], cs.L1(), tol=1e-3)
    for name in ("iht", "htp", "cosamp", "omp"):
        yield name, partial(getattr, cs, name), lambda solve: solve(A, y[0], cs.Sparse(), k)
    subspace_pursuit = "subspace_pursuit, 16 signals", lambda: cs.subspace_pursuit
    yield *subspace_pursuit, lambda solve: solve(A, y, cs.Sparse(), k)
    yield "decision of a sweep", decision, lambda recovers: recovers(A.matrix, x[0], cs.L1())


def decision() -> Callable[..., Any]:
    """The question whether a penalty recovers a signal."""
    from csrecover.analysis import recovers

    return recovers


def works(n: int) -> dict[str, Callable[[], Any]]:
    """Every work that this version does."""
    found: dict[str, Callable[[], Any]] = {}
    for group in (operators, projections, proxes, solvers):
        for name, make, act in group(n, np.random.default_rng(0)):
            try:
                work = partial(act, make())
                work()
            except Exception as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
            else:
                found[name] = work
    return found


def main(argv: list[str] | None = None) -> None:
    """Print the seconds of each work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes")
    options = parser.parse_args(argv)
    times = timed(works(2**10 if options.quick else 2**16), 1 if options.quick else 5)
    seconds = {name: timing.median for name, timing in times.items()}
    print(json.dumps({"file": cs.__file__, "seconds": seconds}))


if __name__ == "__main__":
    main()
