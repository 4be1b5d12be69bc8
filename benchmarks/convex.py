"""Time convex recovery beside adelie, celer, skglm, SPAMS, PyProximal, PyLops, SigPy, SPGL1 and plain NumPy.

python benchmarks/convex.py [--quick] [--out DIR] [--case a]

Group lasso (a, b, c) to a relative suboptimality of 1e-6, a path of it to a relative gap of 3e-6, a sparse signal from
a subsampled cosine transform (dct) to a relative error of 1e-4, 100 iterations for 500 signals that share a matrix
(batch). Each solver climbs a ladder of tolerances until what it gives, judged here, is good enough; then all are timed
in turn at the loosest tolerances found. A peer that is not installed, or not accurate enough at any tolerance or within
a minute, has a row that says so.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table
from convex_l1 import pylops, pyproximal, sigpy, spams, spgl1
from convex_solvers import OURS, PEERS, SIZE, adelie, lengths
from ladder import climbed, prepared

import csrecover as cs

CASES = {"a": (2000, 10_000, 0.1), "b": (2000, 10_000, 0.01), "c": (500, 50_000, 0.1)}
POWERS = range(13)  # tolerances from 1 to 1e-12
ENOUGH = 1e-6
PACKAGES = ("adelie", "celer", "skglm", "spams-bin", "pyproximal", "pylops", "sigpy", "spgl1")


def instance(m, n, *, active, noise, seed=0):
    """Gaussian matrix with columns of norm about one, and noisy measurements of some active groups."""
    rng = np.random.default_rng(seed)
    A, x = rng.standard_normal((m, n)) / m**0.5, np.zeros((n // SIZE, SIZE))
    x[rng.permutation(n // SIZE)[:active]] = rng.standard_normal((active, SIZE))
    return A, A @ x.reshape(-1) + noise * rng.standard_normal(m)


def objective(A, y, weight, x):
    """0.5 ||A x - y||^2 + weight sum_g ||x_g||."""
    return 0.5 * np.sum((A @ x - y) ** 2) + weight * lengths(x).sum()


def duality_gap(A, y, weight, x):
    """Objective minus the dual objective of the residual, scaled to be feasible."""
    residual = y - A @ x
    feasible = residual * min(1, weight / lengths(A.T @ residual).max())
    return objective(A, y, weight, x) - 0.5 * y @ y + 0.5 * np.sum((y - feasible) ** 2)


def compare(case, size, *, active, noise, repeats):
    """One row for each solver."""
    m, n, share = size
    A, y = instance(m, n, active=active, noise=noise)
    weight = share * lengths(A.T @ y).max()
    best = cs.working_set(A, y, cs.GroupL2(cs.Blocks.uniform(n, SIZE), weight), tol=1e-14)
    lowest = objective(A, y, weight, best.x)
    gap = duality_gap(A, y, weight, best.x) / lowest
    print(f"{case}: {np.count_nonzero(lengths(best.x))} active groups, relative gap of the reference {gap:.1e}")
    made = prepared(OURS + PEERS, A, y)
    solvers = {name: solve and partial(solve, weight) for name, solve in made.items()}
    return rows_of(case, size, solvers, lambda x: objective(A, y, weight, x) / lowest - 1, ENOUGH, repeats, len(OURS))


def rows_of(case, size, solvers, error, enough, repeats, ours=1):
    """Rows of solvers, so many of ours first, at the loosest tolerance of each whose error is small enough."""
    head = {"case": case, "m, n, lambda / lambda_max": ", ".join(map(str, size))}
    peers = list(solvers)[ours:]
    return [head | row for row in climbed(solvers, error, enough, POWERS, repeats, peers=peers)]


def compare_paths(size, *, active, noise, repeats, count=30):
    """Solutions for falling multiples of the penalty: the seconds where the worst relative gap is at most 3e-6."""
    m, n, _ = size
    A, y = instance(m, n, active=active, noise=noise)
    penalty = cs.GroupL2(cs.Blocks.uniform(n, SIZE))
    weights = np.geomspace(1, 0.05, count) * lengths(A.T @ y).max()

    def ours(tol):
        return cs.path(A, y, penalty, weights, tol=tol).x

    def worst(xs):
        return max(duality_gap(A, y, weight, x) for weight, x in zip(weights, xs, strict=True)) / (0.5 * y @ y)

    peer = prepared((adelie,), A, y)["adelie"]
    solvers = {"working_set": ours, "adelie": peer and partial(peer, weights)}
    return rows_of(f"path of {count}", (m, n, "1 .. 0.05"), solvers, worst, 3e-6, repeats)


def compare_transforms(n, k, repeats, iterations=1000):
    """A sparse signal from a quarter of its cosine transform, without noise, to a relative error of 1e-4."""
    rng = np.random.default_rng(0)
    x, m = np.zeros(n), n // 4
    x[rng.permutation(n)[:k]] = rng.standard_normal(k)
    A = (m / n) ** 0.5 * cs.random_rows(n, m, 0) @ cs.DCT((n,))
    y = A @ x
    weights = np.geomspace(0.5, 1e-5, 8) * float(cs.lambda_max(A, y, cs.L1()))

    def ours(tol):
        rough = cs.path(A, y.astype(np.float32), cs.L1(), weights, solver=cs.sparsa, tol=10 * tol).x[-1]
        return cs.sparsa(A, y, weights[-1] * cs.L1(), x0=rough.astype(float), tol=tol).x

    solvers = {"path in float32, sparsa": ours} | prepared((spgl1, pylops, pyproximal), A, y, weights[-1], iterations)
    return rows_of(
        "dct", (m, n, "1e-5"), solvers, lambda found: np.linalg.norm(found - x) / np.linalg.norm(x), 1e-4, repeats
    )


def compare_batches(m, n, count, repeats, iterations=100):
    """So many FISTA iterations of many signals that share a matrix; the peer has no certificates and no restart."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((m, n)) / m**0.5
    ys = np.stack([A @ cs.random_signal(cs.Sparse(), n, m // 12, seed) for seed in range(count)])
    weight = 0.02

    def plain(_):
        step = 1 / np.linalg.eigvalsh(A @ A.T)[-1]
        x = z = np.zeros((count, n))
        t = 1.0
        for _ in range(iterations):
            v = z - step * ((z @ A.T - ys) @ A)
            new = np.sign(v) * np.maximum(np.abs(v) - step * weight, 0)
            t_new = (1 + (1 + 4 * t * t) ** 0.5) / 2
            x, z, t = new, new + (t - 1) / t_new * (new - x), t_new
        return x

    def value(x):
        return 0.5 * np.sum((x @ A.T - ys) ** 2) + weight * np.abs(x).sum()

    solvers = {"fista": lambda _: cs.fista(A, ys, cs.L1(weight), tol=0, max_iter=iterations).x, "textbook": plain}
    solvers |= prepared((spams, sigpy), A, ys, weight, iterations)
    best = value(solvers["fista"](0))
    return rows_of(f"{count} signals", (m, n, weight), solvers, lambda x: abs(value(x) / best - 1), 1e-2, repeats)


def main(argv=None):
    """Time the solvers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--case", choices=[*CASES, "path", "dct", "batch"], help="this one alone")
    parser.add_argument("--out", type=Path, help="folder for convex.csv and convex.md")
    options = parser.parse_args(argv)
    cases = {"toy": (60, 200, 0.1)} if options.quick else CASES
    more = {"active": 3, "noise": 0.01, "repeats": 1} if options.quick else {"active": 30, "noise": 0.01, "repeats": 5}
    rows = []
    for case, size in cases.items():
        if options.case in (None, case):
            rows += compare(case, size, **more)
    if options.case in (None, "path"):
        rows += compare_paths(next(iter(cases.values())), **more)
    if options.case in (None, "dct"):
        rows += compare_transforms(*((2**10, 10, 1, 20) if options.quick else (2**18, 2000, more["repeats"])))
    if options.case in (None, "batch"):
        rows += compare_batches(*((24, 60, 5) if options.quick else (256, 1024, 500)), repeats=more["repeats"])
    print(write_table(rows, "convex", options.out, PACKAGES))
    return rows


if __name__ == "__main__":
    main()
