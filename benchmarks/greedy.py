"""Time greedy recovery beside SPAMS, scikit-learn, PyLops and plain NumPy.

python benchmarks/greedy.py [--quick] [--out DIR] [--case NAME]

Sparse signals without noise, k known, to a relative error of 1e-6 in each signal: Gaussian matrices with columns of
norm one (small, large), 64 signals that share one (small x 64, large x 64), a subsampled cosine transform (dct), and
500 signals at once beside our own solver one by one (batch). Each solver stops at the largest relative residual that
gives this error, from a ladder; orthogonal matching pursuit may take 2 k columns until then (scikit-learn as many as it
likes), our gomp takes k / 10 at a time. What does not reach the error, or is not installed, has a row that says so.
"""

import argparse
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import scipy.fft

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table
from ladder import climbed, prepared

import csrecover as cs
from csrecover.backend import blas_threads

ENOUGH = 1e-6
POWERS = range(5, 10)  # relative residuals from 1e-5 to 1e-9
OURS = ("iht", "htp", "cosamp", "subspace_pursuit", "omp", "gomp")
PURSUITS = ("omp", "gomp")
CASES = {
    "small": (400, 1000, 80, 1),
    "large": (2000, 8000, 200, 1),
    "small x 64": (400, 1000, 80, 64),
    "large x 64": (2000, 8000, 200, 64),
}
TOY = {"toy": (40, 100, 5, 1), "toy x 3": (40, 100, 5, 3)}


def signals(n, k, count):
    """Signals (count, n) of k normal entries at random places."""
    rng = np.random.default_rng(0)
    x = np.zeros((count, n))
    for row in x:
        row[rng.permutation(n)[:k]] = rng.standard_normal(k)
    return x


def instance(m, n, k, count):
    """Gaussian matrix with columns of norm one, signals and measurements; no batch axis for one signal."""
    A, x = np.random.default_rng(1).standard_normal((m, n)), signals(n, k, count)
    A /= np.linalg.norm(A, axis=0)
    x = x[0] if count == 1 else x
    return A, x, x @ A.T


def error(found, x):
    """Largest relative error of a signal."""
    return np.max(np.linalg.norm(found - x, axis=-1) / np.linalg.norm(x, axis=-1))


def best(v, k):
    """Indices of the k largest magnitudes."""
    return np.argpartition(abs(v), -k)[-k:]


def numpy_htp(A, y, k, tol, least_squares):
    """Hard thresholding pursuit with unit steps."""
    x = np.zeros(A.shape[1])
    residual, support = y, None
    for _ in range(100):
        before, support = support, np.sort(best(x + A.T @ residual, k))
        if np.array_equal(before, support):
            break
        x = np.zeros(A.shape[1])
        columns = A[:, support]
        x[support] = least_squares(columns, y)
        residual = y - columns @ x[support]
        if np.linalg.norm(residual) <= tol * np.linalg.norm(y):
            break
    return x


def numpy_niht(apply, adjoint, y, k, tol):
    """Normalised iterative hard thresholding."""
    x = np.zeros_like(adjoint(y))
    residual, support = y, np.sort(best(adjoint(y), k))
    for _ in range(1000):
        gradient = adjoint(residual)
        descent = np.zeros_like(x)
        descent[support] = gradient[support]
        step = np.sum(descent**2) / np.sum(apply(descent) ** 2)
        while True:
            trial = x + step * gradient
            chosen = np.sort(best(trial, k))
            new = np.zeros_like(x)
            new[chosen] = trial[chosen]
            image = apply(new - x)
            if step * np.sum(image**2) <= 0.99 * np.sum((new - x) ** 2) or np.array_equal(chosen, support):
                break
            step /= 2
        x, support, residual = new, chosen, residual - image
        if np.linalg.norm(residual) <= tol * np.linalg.norm(y):
            break
    return x


def each(solve, y, size=None):
    """Solutions of a solver of one signal; with the entries of a matrix, on as many BLAS threads as ours."""
    with nullcontext() if size is None else blas_threads(size):
        return solve(y) if y.ndim == 1 else np.stack([solve(row) for row in y])


def htp_lstsq(A, k):
    """HTP in plain NumPy, least squares by lstsq."""
    solve = partial(numpy_htp, least_squares=lambda B, y: np.linalg.lstsq(B, y, rcond=None)[0])
    return lambda y, tol: each(lambda row: solve(A, row, k, tol), y, A.size)


def htp_normal(A, k):
    """HTP in plain NumPy, least squares by the normal equations."""
    solve = partial(numpy_htp, least_squares=lambda B, y: np.linalg.solve(B.T @ B, B.T @ y))
    return lambda y, tol: each(lambda row: solve(A, row, k, tol), y, A.size)


def niht(A, k):
    """NIHT in plain NumPy."""
    return lambda y, tol: each(lambda row: numpy_niht(lambda x: A @ x, lambda r: A.T @ r, row, k, tol), y, A.size)


def spams(A, k):
    """OMP of SPAMS, the signals at once."""
    from spams import omp

    A = np.asfortranarray(A)

    def solve(y, tol):
        rows = np.atleast_2d(y)
        bound = tol**2 * np.min(np.sum(rows**2, axis=1))
        found = omp(np.asfortranarray(rows.T), A, L=min(2 * k, len(A)), eps=bound, numThreads=2)
        return found.toarray().T.reshape(*y.shape[:-1], -1)

    return solve


def sklearn(A, k):  # noqa: ARG001
    """Orthogonal matching pursuit of scikit-learn, the signals at once."""
    from sklearn.linear_model import orthogonal_mp

    def solve(y, tol):
        return orthogonal_mp(A, y.T, tol=tol**2 * np.min(np.sum(y**2, axis=-1))).T

    return solve


def pylops(A, k):
    """OMP of PyLops, signal by signal."""
    from pylops import MatrixMult
    from pylops.optimization.sparsity import omp

    matrix = MatrixMult(A)

    def one(y, tol):
        return omp(matrix, y, niter_outer=2 * k, niter_inner=200, sigma=tol * np.linalg.norm(y))[0]

    return lambda y, tol: each(lambda row: one(row, tol), y, A.size)


PEERS = (htp_lstsq, htp_normal, niht, spams, sklearn)
OF_ONE_SIGNAL = (pylops,)


def rows_of(case, size, x, y, solvers, peers, repeats):
    """One row for each solver; times are compared with the best of the peers."""
    ladder = {name: solve and (lambda tol, solve=solve: solve(y, tol)) for name, solve in solvers.items()}
    rows = climbed(ladder, lambda found: error(found, x), ENOUGH, POWERS, repeats, peers=peers, unit="ms")
    head, count = {"case": case, "m, n, k": ", ".join(map(str, size))}, 1 if x.ndim == 1 else len(x)
    for row in rows:
        if "median ms" in row:
            row["median ms / signal"] = f"{float(row['median ms']) / count:.4g}"
    return [head | row for row in rows]


def ours(A, k):
    """Our solvers by name."""

    def solver(name):
        budget = min(2 * k, A.size_out) if name == "omp" else k
        options = {"at_once": -(-k // 10)} if name == "gomp" else {}
        return lambda y, tol: getattr(cs, name)(A, y, cs.Sparse(), budget, tol=tol, max_iter=1000, **options).x

    return {name: solver(name) for name in OURS}


def compare(case, size, repeats):
    """Rows of our solvers and the peers, on a Gaussian matrix."""
    m, n, k, count = size
    A, x, y = instance(*size)
    solvers = ours(cs.Matrix(A), k)
    made = prepared(PEERS + OF_ONE_SIGNAL * (count == 1), A, k)
    peers = {f"{name}, peer": solve for name, solve in made.items()}
    return rows_of(case, (m, n, k), x, y, solvers | peers, list(peers), repeats)


def compare_transforms(n, k, repeats):
    """Rows of our solvers and of NIHT in NumPy, on a quarter of a cosine transform."""
    m, x = n // 4, signals(n, k, 1)[0]
    A = cs.random_rows(n, m, 0) @ cs.DCT(n)
    rows = np.flatnonzero(cs.to_numpy(cs.random_rows(n, m, 0).H @ np.ones(m)))
    scale = (n / m) ** 0.5

    def apply(x):
        return scale * scipy.fft.dct(x, norm="ortho")[rows]

    def adjoint(y):
        spectrum = np.zeros(n)
        spectrum[rows] = scale * y
        return scipy.fft.idct(spectrum, norm="ortho")

    y = apply(x)
    if error(A @ x, y) > ENOUGH:
        raise RuntimeError("the peer's transform is not ours")
    peer = {"niht, peer": lambda y, tol: numpy_niht(apply, adjoint, y, k, tol)}
    found = {name: solve for name, solve in ours(A, k).items() if name not in PURSUITS}  # by columns
    return rows_of("dct", (m, n, k), x, y, found | peer, list(peer), repeats)


def compare_batches(m, n, k, count, repeats):
    """Rows of each of our solvers on a batch, beside the same solver signal by signal."""
    A, x, y = instance(m, n, k, count)
    found = []
    for name, solve in ours(cs.Matrix(A), k).items():
        both = {
            f"{name}, batch": solve,
            f"{name}, loop": lambda y, tol, solve=solve: each(lambda row: solve(row, tol), y),
        }
        found += rows_of(f"batch of {count}", (m, n, k), x, y, both, [f"{name}, loop"], repeats)
    return found


def main(argv=None):
    """Time the solvers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--case", choices=[*CASES, "dct", "batch"], help="this one alone")
    parser.add_argument("--out", type=Path, help="folder for greedy.csv and greedy.md")
    options = parser.parse_args(argv)
    repeats = 1 if options.quick else 7
    rows = []
    for case, size in (TOY if options.quick else CASES).items():
        if options.case in (None, case):
            rows += compare(case, size, repeats)
    if options.case in (None, "dct"):
        rows += compare_transforms(*((2**9, 8) if options.quick else (2**18, 2000)), repeats)
    if options.case in (None, "batch"):
        rows += compare_batches(*((24, 60, 3, 5) if options.quick else (256, 1024, 20, 500)), repeats)
    print(write_table(rows, "greedy", options.out, ("spams-bin", "scikit-learn", "pylops")))
    return rows


if __name__ == "__main__":
    main()
