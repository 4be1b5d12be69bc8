"""Products with the operators beside bare transforms, PyWavelets, PyLops and SigPy: the same input, the same numbers.

python benchmarks/operators.py [--quick] [--out DIR]

Each product is first compared with its yardstick, then both are timed in turn. "ratio" is the median over the repeats
of our time over theirs, "memory" the peak of one product in units of input, output and one work array, ours and the
yardstick's. The first call of ours may compile.
"""

import argparse
import os
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import Timing, once, timed, write_table
from operator_cases import TOY, Case, Prepared, Sizes, dense_cases, draw, fourier_cases, hadamard_cases, wavelet_cases
from operator_peers import pylops_cases, sigpy_cases

PACKAGES = ("scipy", "PyWavelets", "numba", "fht-cpu", "pylops", "sigpy", "finufft")
PEERS = {"fht-cpu": "fht_cpu", "PyLops": "pylops", "SigPy": "sigpy", "compiled kernels": "numba", "NUFFT": "finufft"}
GROUPS = {
    fourier_cases: None, hadamard_cases: None, wavelet_cases: None, dense_cases: None, pylops_cases: "pylops",
    sigpy_cases: "sigpy",
}  # fmt: skip
REPEATS = 11


def compare(case: Case, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Refuse to time two products that differ."""
    if case.close == np.inf:
        return
    theirs = np.asarray(theirs).reshape(ours.shape)
    error = np.linalg.norm(ours - theirs) / np.linalg.norm(ours)
    if not error < case.close:
        raise ValueError(f"{case.operator} {case.size} and {case.yardstick} differ by {error:.1e}")


def memory(timing: Timing, x: np.ndarray, y: np.ndarray) -> str:
    """Peak of one product in units of its input, its output and one work array of the output's size."""
    return f"{(x.nbytes + 2**20 * timing.memory) / (x.nbytes + 2 * y.nbytes):.2f}"


def rows_of(case: Case, repeats: int) -> list[dict]:
    """One row a direction."""
    os.environ["CSRECOVER_FAST"] = str(int(case.fast))
    first = {"forward": once(lambda: case.A @ case.x)}
    measured = case.A @ case.x
    y = draw(measured.shape, measured.dtype)
    directions = [
        ("forward", case.A, case.x, case.forward, case.image),
        ("adjoint", case.A.H, y, case.adjoint, case.back),
    ]
    rows = []
    for direction, A, x, product, same in directions:
        if product is None:
            continue
        theirs = product.prepare(x) if isinstance(product, Prepared) else lambda product=product, x=x: product(x)
        works = {"ours": lambda A=A, x=x: A @ x, "yardstick": theirs}
        first.setdefault(direction, once(works["ours"]))
        image = A @ x
        compare(case, image, same(theirs()))
        times = timed(works, repeats)
        ours, yardstick = times["ours"], times["yardstick"]
        ratio = np.median(np.array(ours.measures) / np.array(yardstick.measures))
        rows.append(
            {
                "operator": case.operator,
                "direction": direction,
                "size": case.size,
                "dtype": x.dtype.name,
                "first ms": f"{1e3 * first[direction]:.4g}",
                "ours ms": ours.text(),
                "yardstick": case.yardstick,
                "yardstick ms": yardstick.text(),
                "ratio": f"{ratio:.2f}",
                "target": f"{case.target:g}" if case.target < np.inf else "",
                "memory": memory(ours, x, image),
                "yardstick memory": memory(yardstick, x, image),
            }
        )
    return rows


def main(argv=None):
    """Time the operators and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for operators.csv and operators.md")
    options = parser.parse_args(argv)
    sizes, repeats = (TOY, 1) if options.quick else (Sizes(), REPEATS)
    kept = os.environ.get("CSRECOVER_FAST", "1")
    groups = [group for group, needs in GROUPS.items() if needs is None or find_spec(needs)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Level value")  # PyWavelets advises against full depth
        rows = [row for group in groups for case in group(sizes) for row in rows_of(case, repeats)]
    os.environ["CSRECOVER_FAST"] = kept
    print(write_table(rows, "operators", options.out, PACKAGES))
    for peer, module in PEERS.items():
        if not find_spec(module):
            print(f"{peer}: rows left out or plain, {module} is not installed")
    return rows


if __name__ == "__main__":
    main()
