"""Time basis pursuit, alone and with a noise level, beside SPGL1.

python benchmarks/constrained.py [--quick] [--out DIR]

A sparse signal from a quarter of its cosine transform to a relative error of 1e-4 (dct), and from noisy products with a
Gaussian matrix to a relative suboptimality of 1e-6 (noise) at the norm of the noise. Each solver climbs a ladder of
tolerances until what it gives, judged here, is good enough; then all are timed in turn at the tolerances found.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table
from convex import rows_of
from convex_l1 import spgl1
from ladder import prepared

import csrecover as cs


def transform(n, k, repeats):
    """A sparse signal from a quarter of its cosine transform, without noise."""
    rng, m = np.random.default_rng(0), n // 4
    x = np.zeros(n)
    x[rng.permutation(n)[:k]] = rng.standard_normal(k)
    A = (m / n) ** 0.5 * cs.random_rows(n, m, 0) @ cs.DCT((n,))
    y = A @ x
    solvers = {
        "basis_pursuit, float32": lambda tol: cs.basis_pursuit(A, y.astype(np.float32), cs.L1(), tol=tol).x,
        "basis_pursuit": lambda tol: cs.basis_pursuit(A, y, cs.L1(), tol=tol).x,
    }
    solvers |= prepared((spgl1,), A, y)
    size = np.linalg.norm(x)
    return rows_of("dct", (m, n, "0"), solvers, lambda v: np.linalg.norm(v - x) / size, 1e-4, repeats, ours=2)


def spgl1_noise(A, y, sigma):
    """Basis pursuit of SPGL1 at a noise level."""
    from spgl1 import spg_bpdn

    return lambda tol: spg_bpdn(A, y, sigma, opt_tol=tol, bp_tol=tol, iter_lim=10_000, verbosity=0)[0]


def noisy(m, n, repeats):
    """The least l1 norm within the norm of the noise; a residual that is too large counts as suboptimal."""
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((m, n)) / m**0.5, np.zeros(n)
    x[rng.permutation(n)[: m // 8]] = rng.standard_normal(m // 8)
    noise = 0.05 * rng.standard_normal(m)
    y, sigma = A @ x + noise, np.linalg.norm(noise)
    lowest = np.abs(cs.bpdn(A, y, cs.L1(), sigma, tol=1e-9).x).sum()

    def excess(found):
        beyond = np.linalg.norm(A @ found - y) / sigma - 1
        return max(abs(np.abs(found).sum() / lowest - 1), beyond)

    peer = prepared((spgl1_noise,), A, y, sigma)["spgl1_noise"]
    solvers = {"bpdn": lambda tol: cs.bpdn(A, y, cs.L1(), sigma, tol=tol).x, "spgl1": peer}
    return rows_of("noise", (m, n, f"sigma {sigma:.2f}"), solvers, excess, 1e-6, repeats)


def main(argv=None):
    """Time the solvers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for constrained.csv and constrained.md")
    options = parser.parse_args(argv)
    rows = transform(*((2**10, 10) if options.quick else (2**18, 2000)), repeats=1 if options.quick else 5)
    rows += noisy(*((40, 100) if options.quick else (500, 2000)), repeats=1 if options.quick else 5)
    print(write_table(rows, "constrained", options.out, ("spgl1",)))
    return rows


if __name__ == "__main__":
    main()
