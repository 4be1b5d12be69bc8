"""How many Gaussian measurements each solver needs for each structure, found by bisection.

python benchmarks/needed.py [--quick] [--out DIR]
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

import csrecover as cs

SOLVERS = {
    "recover": cs.recover,
    "subspace_pursuit": cs.subspace_pursuit,
    "cosamp": cs.cosamp,
    "htp": cs.htp,
    "iht": cs.iht,
    "iht, momentum": partial(cs.iht, momentum=True),
    "omp": cs.omp,
    "gomp": cs.gomp,
}


def main(argv=None):
    """Print the table; each cell is the estimate and, in brackets, the interval that holds with 95 % confidence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for needed.csv and needed.md")
    options = parser.parse_args(argv)
    n, success, solves = (16, 0.5, 150) if options.quick else (128, 0.95, 1000)
    structures = {
        "any": (cs.Sparse(), n // 16),
        "blocks of 4": (cs.BlockSparse(cs.Blocks.uniform(n, 4)), n // 32 + 1),
        "tree": (cs.TreeSparse(cs.Tree.binary(int(np.log2(n)))), n // 16),
        "one run": (cs.Clustered(1), n // 16),
    }
    cells = [(*structure, *solver) for structure in structures.items() for solver in SOLVERS.items()]
    rows = []
    for structure, (model, k), name, solver in cells[: 4 if options.quick else None]:
        shape = model.signal_shape or (n,)
        try:
            found = cs.measurements_needed(model, shape, k, solver=solver, success=success, solves=solves)
        except TypeError:  # matching pursuits take entries and blocks only
            continue
        rows.append(
            {
                "structure": structure,
                "n": shape[0],
                "k": k,
                "nonzeros": model.max_nonzeros(k),
                "solver": name,
                f"measurements for {success:.0%} success": f"{found.measurements} ({found.low} to {found.high})",
            }
        )
    print(write_table(rows, "needed", options.out))
    return rows


if __name__ == "__main__":
    main()
