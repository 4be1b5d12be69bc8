"""Time soft thresholding of entries and of blocks beside plain NumPy, PyProximal, SPAMS, SigPy and a copy.

python benchmarks/group_prox.py [--quick] [--out DIR]
"""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import plainly, timed, write_table

import csrecover as cs
from csrecover.backend.streaming import in_stretches
from csrecover.kernels import compiled

SIZE = 8
STEP = 0.7
COLUMNS = ("copy, 2 threads", "csrecover", "into an array at hand", "without numba", "NumPy")
PEERS = ("PyProximal", "SPAMS", "SigPy")


def l1(x):
    """Soft thresholding in two passes."""
    return x - np.clip(x, -STEP, STEP)


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
    """Name, penalty, and the same prox in plain NumPy, in the kernel alone and by the peers that have it."""
    kernel, t = partial(compiled, "shrinkage"), np.array([STEP])  # not loaded before the first call is timed
    labels = np.repeat(np.arange(n), rng.integers(1, 17, n))[:n]
    shuffled, each = np.unique(rng.permutation(labels), return_inverse=True)[1], np.full((1, labels[-1] + 1), STEP)
    of_l1, of_blocks = peer_proxes(n)

    def rows(x, out):
        in_stretches(kernel().rows, x.reshape(-1, SIZE), t, out.reshape(-1, SIZE))

    def segments(labels):
        return lambda x, out: kernel().segments(x[None], each, labels, out[None])

    yield "l1", cs.L1(), l1, lambda x, out: in_stretches(kernel().entries, x, t, out), of_l1
    yield "blocks of 8", cs.GroupL2(cs.Blocks.uniform(n, SIZE)), equal_blocks, rows, of_blocks
    yield "blocks of 1 to 16", cs.GroupL2(cs.Blocks(labels)), runs(labels), segments(labels), {}
    yield "the same, shuffled", cs.GroupL2(cs.Blocks(shuffled)), scattered(shuffled), segments(shuffled), {}


def peer_proxes(n):
    """Proxes of the peers that are installed, by their names, for l1 and for blocks of 8.

    PyProximal keeps the blocks as columns and SPAMS a signal as a column, which costs neither anything.
    """
    l1, blocks = {}, {}
    if find_spec("pyproximal"):
        import pyproximal

        absolute, columns = pyproximal.L1(), pyproximal.L21(ndim=SIZE)
        l1["PyProximal"], blocks["PyProximal"] = (lambda x: absolute.prox(x, STEP)), (lambda x: columns.prox(x, STEP))
    if find_spec("spams"):
        from spams import proximalFlat

        options = {"lambda1": STEP, "groups": np.repeat(np.arange(1, n // SIZE + 1, dtype=np.int32), SIZE)}
        l1["SPAMS"] = lambda x: proximalFlat(x[:, None], False, lambda1=STEP, regul="l1", numThreads=2)
        blocks["SPAMS"] = lambda x: proximalFlat(x[:, None], False, regul="group-lasso-l2", numThreads=2, **options)
    if find_spec("sigpy"):
        import sigpy

        l1["SigPy"] = lambda x: sigpy.soft_thresh(STEP, x)
    return l1, blocks


def in_columns(prox):
    """The prox of blocks of 8 for a signal that keeps its blocks as columns."""
    return lambda x: prox(x.reshape(SIZE, -1).T.reshape(-1)).reshape(-1, SIZE).T.reshape(-1)


def copying(pool):
    """Copy of an array in two halves, each by a thread."""

    def copy(x, out):
        middle = x.size // 2
        halves = [slice(0, middle), slice(middle, None)]
        list(pool.map(lambda half: np.copyto(out[half], x[half]), halves))

    return copy


def row(name, x, repeats, functions):
    """Milliseconds of each function, median and range; memory and first call of the package and the best peer."""
    times = timed(functions, repeats)
    ours = times["csrecover"]
    peers = {peer: times[peer] for peer in PEERS if peer in times}
    best = min(peers.values(), key=lambda timing: timing.median, default=None)
    cells = {key: times[key].text() if key in times else "" for key in (*COLUMNS, *PEERS)}
    memory = {"MiB": ours.mebibytes, "best peer MiB": best.mebibytes if best else ""}
    return {"n": x.size, "prox": name, "first ms": f"{1e3 * ours.first:.3g}"} | cells | memory


def main(argv=None):
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, under 3 s")
    parser.add_argument("--out", help="directory for group_prox.md and .csv")
    args = parser.parse_args(argv)
    rng, rows = np.random.default_rng(0), []
    with ThreadPoolExecutor(2) as pool:
        for n in (80_000, 1000) if args.quick else (10**7, 100_000, 1000):  # the longest first, as it loads the kernels
            x, out = rng.standard_normal(n), np.zeros(n)
            copy = copying(pool)
            for name, penalty, plain, kernel, peers in cases(n, rng):
                ours = partial(penalty.prox, x, STEP)
                works = (
                    partial(copy, x, out),
                    ours,
                    partial(kernel, x, out),
                    partial(plainly, ours),
                    partial(plain, x),
                )
                functions = dict(zip(COLUMNS, works, strict=True)) | {key: partial(peers[key], x) for key in peers}
                rows.append(row(name, x, 1 if args.quick else 9, functions))
                np.testing.assert_allclose(ours(), plain(x), atol=1e-13)
                for peer, prox in peers.items():
                    same = in_columns(plain) if peer == "PyProximal" and name != "l1" else plain
                    np.testing.assert_allclose(np.ravel(prox(x)), same(x), atol=1e-13)
    print(write_table(rows, "group_prox", args.out, ("pyproximal", "spams-bin", "sigpy")))


if __name__ == "__main__":
    main()
