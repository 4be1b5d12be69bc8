"""Time message passing beside l1 solvers, and compare sparse Bayesian learning with what else recovers blocks.

python benchmarks/message_passing.py [--quick] [--out DIR]

A sparse signal without noise to a relative error of 1e-4, from products with an i.i.d. Gaussian matrix (gaussian) and
from half of its cosine transform (dct): SPGL1 solves basis pursuit, the others an l1 problem whose weight falls with
the tolerance. Each solver climbs a ladder of tolerances until what it gives, judged here, is good enough; then all are
timed in turn at the tolerances found. Correlated blocks from few noisy measurements (blocks): the median relative error
and time of one solve of each. scikit-learn's ARDRegression is the peer of sbl; for bsbl none is published as a package.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table
from convex import rows_of
from convex_l1 import spgl1
from ladder import prepared

import csrecover as cs


def sparse(n, k):
    """Signal of so many normal coefficients in random places."""
    rng, x = np.random.default_rng(0), np.zeros(n)
    x[rng.permutation(n)[:k]] = rng.standard_normal(k)
    return x


def textbook(A, y, norm):
    """FISTA as everybody writes it, for A.T @ and A @ of any kind."""
    adjoint = A.T if isinstance(A, np.ndarray) else A.H

    def solve(tol):
        correlation = adjoint @ y
        weight, step = tol * np.abs(correlation).max(), 1 / norm**2
        x = z = np.zeros_like(correlation)
        t = 1.0
        for _ in range(20_000):
            v = z - step * (adjoint @ (A @ z - y))
            new = np.sign(v) * np.maximum(np.abs(v) - step * weight, 0)
            t = 1.0 if (z - new) @ (new - x) > 0 else t
            t_new = (1 + (1 + 4 * t * t) ** 0.5) / 2
            z, t, change = new + (t - 1) / t_new * (new - x), t_new, np.linalg.norm(new - x)
            x = new
            if change <= tol * 1e-2 * np.linalg.norm(x):
                return x
        return x

    return solve


def spams(A, y):
    """LARS of SPAMS, to the weight that the tolerance gives."""
    from spams import lasso

    A, target = np.asfortranarray(A), np.asfortranarray(y[:, None])
    largest = np.abs(A.T @ y).max()
    return lambda tol: lasso(target, D=A, lambda1=tol * largest, mode=2, numThreads=2).toarray()[:, 0]


def celer(A, y):
    """Celer's Lasso."""
    from celer import Lasso

    A, largest = np.asfortranarray(A), np.abs(A.T @ y).max() / len(y)
    return lambda tol: Lasso(alpha=tol * largest, tol=1e-2 * tol, fit_intercept=False).fit(A, y).coef_


def skglm(A, y):
    """Skglm's Lasso, whose tolerance bounds the distance to the subdifferential."""
    from skglm import Lasso

    A, largest = np.asfortranarray(A), np.abs(A.T @ y).max() / len(y)
    return lambda tol: Lasso(alpha=tol * largest, tol=1e-2 * tol * largest, fit_intercept=False).fit(A, y).coef_


def compare(case, A, x, ours, peers, repeats):
    """Seconds to a relative error of 1e-4."""
    y, size = A @ x, (*A.shape, "0")
    solvers = ours | prepared(peers, A, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loose tolerances
        return rows_of(
            case, size, solvers, lambda v: np.linalg.norm(v - x) / np.linalg.norm(x), 1e-4, repeats, ours=len(ours)
        )


def gaussian(m, n, k, repeats):
    """An i.i.d. Gaussian matrix."""
    A, x = cs.gaussian(m, n, 0).matrix, sparse(n, k)
    y, operator = A @ x, cs.Matrix(A, variance=1 / m)
    ours = {
        "amp": lambda tol: cs.amp(operator, y, cs.L1(), tol=tol).x,
        "vamp": lambda tol: cs.vamp(operator, y, cs.L1(), tol=tol).x,
        "basis_pursuit": lambda tol: cs.basis_pursuit(operator, y, cs.L1(), tol=tol).x,
    }
    norm = operator.norm()

    def fista(A, y):
        return textbook(A, y, norm)

    return compare("gaussian", A, x, ours, (fista, spgl1, spams, celer, skglm), repeats)


def transform(n, k, repeats):
    """Half of a cosine transform; matrices of this size do not fit the peers that want them."""
    A, x = cs.random_rows(n, n // 2, 0) @ cs.DCT(n), sparse(n, k)
    y = A @ x
    ours = {
        "vamp": lambda tol: cs.vamp(A, y, cs.L1(), tol=tol).x,
        "vamp, float32": lambda tol: cs.vamp(A, y.astype(np.float32), cs.L1(), tol=tol).x,
        "vamp, noise='learn'": lambda tol: cs.vamp(A, y, cs.L1(), noise="learn", tol=tol).x,
        "basis_pursuit": lambda tol: cs.basis_pursuit(A, y, cs.L1(), tol=tol).x,
    }

    def fista(A, y):
        return textbook(A, y, 2**0.5)

    return compare("dct", A, x, ours, (fista, spgl1), repeats)


def ard(A, y):
    """ARDRegression of scikit-learn."""
    from sklearn.linear_model import ARDRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ARDRegression(fit_intercept=False, threshold_lambda=1e6).fit(A, y).coef_


def learners(A, y, partition, k, level):
    """Solvers of the blocks; those that do not learn it are told the noise level or the number of blocks."""
    return {
        "bsbl": lambda: cs.bsbl(A, y, partition, prune=1e-3, tol=1e-4).x,
        "bsbl, correlation=0": lambda: cs.bsbl(A, y, partition, correlation=0, prune=1e-3, tol=1e-4).x,
        "sbl": lambda: cs.sbl(A, y, prune=1e-3, tol=1e-4).x,
        "group lasso, noise known": lambda: cs.recover(A, y, cs.GroupL2(partition), noise=level).x,
        "block_omp, k known": lambda: cs.block_omp(A, y, cs.BlockSparse(partition), k).x,
        "ARDRegression": lambda: ard(A.matrix, y),
    }


def blocks(m, n, size, k, trials):
    """Correlated blocks at 25 dB: median relative error, median seconds."""
    partition, found = cs.Blocks.uniform(n, size), {}
    for seed in range(trials):
        rng, x = np.random.default_rng(seed), np.zeros((n // size, size))
        lags = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
        x[rng.permutation(n // size)[:k]] = rng.standard_normal((k, size)) @ np.linalg.cholesky(0.95**lags).T
        A, x = cs.gaussian(m, n, rng), x.reshape(n)
        noise = rng.standard_normal(m)
        noise *= np.linalg.norm(A @ x) / np.linalg.norm(noise) * 10 ** (-25 / 20)
        y = A @ x + noise
        solvers = learners(A, y, partition, min(k, m // size), np.linalg.norm(noise))
        for name, solve in solvers.items():
            started = time.perf_counter()
            try:
                error = np.linalg.norm(solve() - x) / np.linalg.norm(x)
            except ImportError as missing:
                print(f"{name} is left out: {missing}")
                continue
            found.setdefault(name, []).append((error, time.perf_counter() - started))
    return [
        {
            "m, n, blocks": f"{m}, {n}, {k} of {size}",
            "solver": name,
            "trials": trials,
            "median relative error": f"{np.median([error for error, _ in each]):.3f}",
            "median s": f"{np.median([seconds for _, seconds in each]):.4f}",
        }
        for name, each in found.items()
    ]


def main(argv=None):
    """Time the solvers and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for message_passing and bayes, .csv and .md")
    options = parser.parse_args(argv)
    repeats = 1 if options.quick else 5
    rows = gaussian(*((100, 200, 8) if options.quick else (1000, 4000, 150)), repeats)
    rows += transform(*((2**10, 60) if options.quick else (2**16, 5000)), repeats)
    print(write_table(rows, "message_passing", options.out, ("celer", "skglm", "spams-bin", "spgl1")))
    learnt = blocks(*((30, 60, 5, 2, 1) if options.quick else (60, 400, 20, 4, 9)))
    print(write_table(learnt, "bayes", options.out, ("scikit-learn",)))
    return rows + learnt


if __name__ == "__main__":
    main()
