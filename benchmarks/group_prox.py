"""Time soft thresholding of entries and of blocks beside plain NumPy, PyProximal and a copy of the memory.

python benchmarks/group_prox.py [--quick] [--out DIR]
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

import csrecover as cs
from csrecover.kernels import compiled

SIZE = 8
STEP = 0.7


def l1(x):
    """Soft thresholding as everybody writes it."""
    return np.sign(x) * np.maximum(np.abs(x) - STEP, 0)


def equal_blocks(x):
    """Blocks of 8 in their order by einsum."""
    rows = x.reshape(-1, SIZE)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return (rows * shrinking(lengths)[:, None]).reshape(-1)


def runs(labels):
    """Blocks of consecutive entries by reduceat."""
    starts = np.flatnonzero(np.append(True, np.diff(labels) > 0))
    sizes = np.diff(starts, append=labels.size)
    return lambda x: x * np.repeat(shrinking(np.sqrt(np.add.reduceat(x * x, starts))), sizes)


def scattered(labels):
    """Blocks in any order by bincount."""
    return lambda x: x * shrinking(np.sqrt(np.bincount(labels, weights=x * x)))[labels]


def shrinking(lengths):
    """Factor of each block."""
    return np.maximum(lengths - STEP, 0) / np.where(lengths == 0, 1, lengths)


def cases(n, rng):
    """Name, penalty, and the same prox in plain NumPy, in the kernel alone and in PyProximal where it has it."""
    kernel, t = compiled("shrinkage"), np.array([STEP])
    labels = np.repeat(np.arange(n), rng.integers(1, 17, n))[:n]
    shuffled, each = np.unique(rng.permutation(labels), return_inverse=True)[1], np.full((1, labels[-1] + 1), STEP)
    peers = peer_proxes()

    def rows(x, out):
        kernel.rows(x.reshape(-1, SIZE), t, out.reshape(-1, SIZE))

    def segments(labels):
        return lambda x, out: kernel.segments(x[None], each, labels, out[None])

    yield "l1", cs.L1(), l1, lambda x, out: kernel.entries(x, t, out), peers.get("l1")
    yield "blocks of 8", cs.GroupL2(cs.Blocks.uniform(n, SIZE)), equal_blocks, rows, peers.get("blocks")
    yield "blocks of 1 to 16", cs.GroupL2(cs.Blocks(labels)), runs(labels), segments(labels), None
    yield "the same, shuffled", cs.GroupL2(cs.Blocks(shuffled)), scattered(shuffled), segments(shuffled), None


def peer_proxes():
    """PyProximal's operators, where it is installed; it keeps the blocks as columns, which costs it nothing."""
    if not find_spec("pyproximal"):
        return {}
    import pyproximal

    l1, l21 = pyproximal.L1(), pyproximal.L21(ndim=SIZE)
    return {"l1": lambda x: l1.prox(x, STEP), "blocks": lambda x: l21.prox(x, STEP)}


def copying(pool):
    """Copy of an array in two halves, each by a thread."""

    def copy(x, out):
        middle = x.size // 2
        halves = [slice(0, middle), slice(middle, None)]
        list(pool.map(lambda half: np.copyto(out[half], x[half]), halves))

    return copy


def row(name, x, out, repeats, copy, functions):
    """Smallest time of each function in milliseconds; they take turns, so that all meet the same neighbours."""
    functions = {"copy, 2 threads": lambda: copy(x, out)} | functions
    times = {key: [] for key in functions}
    for _ in range(repeats + 1):
        for key, function in functions.items():
            start = time.perf_counter()
            function()
            times[key].append(1e3 * (time.perf_counter() - start))
    best = {key: min(values[1:]) for key, values in times.items()}
    return {"n": x.size, "prox": name, "ms of": "least"} | {key: f"{value:.3g}" for key, value in best.items()}


def plainly(function):
    """A function with the compiled code switched off."""

    def call():
        os.environ["CSRECOVER_FAST"] = "0"
        try:
            function()
        finally:
            del os.environ["CSRECOVER_FAST"]

    return call


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, under 3 s")
    parser.add_argument("--out", help="directory for group_prox.md and .csv")
    args = parser.parse_args(argv)
    rng, rows = np.random.default_rng(0), []
    with ThreadPoolExecutor(2) as pool:
        for n in (1000, 80_000) if args.quick else (1000, 100_000, 10**7):
            x, out = rng.standard_normal(n), np.zeros(n)
            for name, penalty, plain, kernel, peer in cases(n, rng):
                np.testing.assert_allclose(penalty.prox(x, STEP), plain(x), atol=1e-13)
                functions = {
                    "csrecover": lambda penalty=penalty: penalty.prox(x, STEP),  # noqa: B023
                    "into an array at hand": lambda kernel=kernel: kernel(x, out),  # noqa: B023
                    "without numba": plainly(lambda penalty=penalty: penalty.prox(x, STEP)),  # noqa: B023
                    "NumPy": lambda plain=plain: plain(x),  # noqa: B023
                    "PyProximal": lambda peer=peer: peer and peer(x),  # noqa: B023
                }
                rows.append(row(name, x, out, 3 if args.quick else 9, copying(pool), functions))
                rows[-1]["PyProximal"] = rows[-1]["PyProximal"] if peer else ""
    print(write_table(rows, "group_prox", args.out, ("numba", "pyproximal")))


if __name__ == "__main__":
    main()
