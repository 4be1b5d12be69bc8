"""Time the projections onto hard models beside what one would write without them, on the same signals in the same run.

python benchmarks/projections.py [--quick] [--out DIR]

Trees have a table of their own (tree_projection.py). The peers are a sort or partition in NumPy, textbook dynamic
programs vectorised in NumPy, and the linear and integer programs of SciPy (HiGHS); all are exact, and the energies of
both sides are compared; these peers give the energy alone, without a mask. PyProximal, where it is installed, gives
the projection itself. "plain" is csrecover without numba.
"""

import argparse
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.optimize
import scipy.sparse

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


def spikes_program(x, k, delta):
    """Largest energy of k spikes delta apart: a linear program whose constraint matrix is totally unimodular."""
    n = len(x)
    windows = scipy.sparse.diags([np.ones(n)] * delta, range(delta), shape=(n, n))
    rows = scipy.sparse.vstack([windows, np.ones((1, n))]).tocsr()
    limits = np.append(np.ones(n), k)
    return -scipy.optimize.linprog(-x * x, rows, limits, bounds=(0, 1), method="highs").fun


def windows_program(x, k, size):
    """Largest energy of k windows that do not overlap: the textbook table over (windows, entries)."""
    sums = np.concatenate([[0], np.cumsum(x * x)])
    gains = sums[size:] - sums[:-size]
    best = np.zeros(len(x) + 1)
    for _ in range(k):
        taken = np.zeros_like(best)
        taken[size:] = best[:-size] + gains
        best = np.maximum.accumulate(np.maximum(best, taken))
    return best[-1]


def knapsack_program(x, k, labels, costs):
    """Largest energy of blocks that cost k in all: the textbook table over (blocks, cost)."""
    best = np.zeros(k + 1)
    for energy, cost in zip(np.bincount(labels, x * x), costs, strict=True):
        best[cost:] = np.maximum(best[cost:], best[:-cost] + energy)
    return best[-1]


def cover_program(x, k, members):
    """Largest energy of the union of k groups: the integer program of maximum coverage."""
    n, count = len(x), len(members)
    covers = scipy.sparse.csr_array(
        (np.ones(sum(map(len, members))), (np.concatenate(members), np.repeat(np.arange(count), [*map(len, members)]))),
        shape=(n, count),
    )
    rows = scipy.sparse.vstack(
        [scipy.sparse.hstack([-covers, scipy.sparse.eye_array(n)]), np.append(np.ones(count), np.zeros(n))[None]]
    )
    constraints = scipy.optimize.LinearConstraint(rows, -np.inf, np.append(np.zeros(n), k))
    gains = np.append(np.zeros(count), -x * x)
    whole = np.append(np.ones(count), np.zeros(n))
    return -scipy.optimize.milp(gains, constraints=constraints, integrality=whole, bounds=(0, 1)).fun


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
    yield "spikes", cs.Separated(8), line, n // 80, "linear program", lambda: spikes_program(line, n // 80, 8)
    yield "windows", cs.Windows(16), line, n // 200, "dynamic program", lambda: windows_program(line, n // 200, 16)
    starts, lengths = rng.integers(0, n - 40, 200 // scale), rng.integers(5, 40, 200 // scale)
    members = [np.arange(start, start + length) for start, length in zip(starts, lengths, strict=True)]
    spans = cs.OverlappingGroups(cs.Groups(members, n))
    yield "groups, intervals", spans, line, 6, "integer program", lambda: cover_program(line, 6, members)


def row(case, repeats):
    """One line of the table."""
    structure, model, x, k, peer, energy = case
    ours = partial(model.support, x, k)
    times = timed({"ours": ours, "plain": partial(plainly, ours), "peer": energy}, repeats)
    mask, best = ours(), energy()
    kept = np.sum(x[mask] ** 2)
    if abs(kept - best) > 1e-6 * best:  # HiGHS is exact to about so much
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
    print(write_table(rows, "projections", args.out, ("numba", "scipy", "pyproximal")))


if __name__ == "__main__":
    main()
