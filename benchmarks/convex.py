"""Time convex recovery beside adelie, celer, skglm, SPAMS, SPGL1 and plain NumPy.

python benchmarks/convex.py [--quick] [--out DIR] [--case a]

Group lasso (a, b, c) to a relative suboptimality of 1e-6, a path of it to a relative gap of 3e-6, a sparse signal from
a subsampled cosine transform (dct) to a relative error of 1e-4, 500 signals that share a matrix (batch). Each solver
climbs a ladder of tolerances until what it gives, judged here, is good enough; then all are timed in turn at the
tolerances found. A peer that is not installed is named above the table.
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

import csrecover as cs

SIZE = 10
CASES = {"a": (2000, 10_000, 0.1), "b": (2000, 10_000, 0.01), "c": (500, 50_000, 0.1)}
LADDER = 10.0 ** -np.arange(1, 13)
ENOUGH = 1e-6
PATIENCE = 20  # seconds of a ladder
PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def instance(m, n, *, active, noise, seed=0):
    """Gaussian matrix with columns of norm about one, and noisy measurements of some active groups."""
    rng = np.random.default_rng(seed)
    A, x = rng.standard_normal((m, n)) / m**0.5, np.zeros((n // SIZE, SIZE))
    x[rng.permutation(n // SIZE)[:active]] = rng.standard_normal((active, SIZE))
    return A, A @ x.reshape(-1) + noise * rng.standard_normal(m)


def lengths(x):
    """Euclidean norm of each group."""
    return np.linalg.norm(x.reshape(-1, SIZE), axis=1)


def objective(A, y, weight, x):
    """0.5 ||A x - y||^2 + weight sum_g ||x_g||."""
    return 0.5 * np.sum((A @ x - y) ** 2) + weight * lengths(x).sum()


def duality_gap(A, y, weight, x):
    """Objective minus the dual objective of the residual, scaled to be feasible."""
    residual = y - A @ x
    feasible = residual * min(1, weight / lengths(A.T @ residual).max())
    return objective(A, y, weight, x) - 0.5 * y @ y + 0.5 * np.sum((y - feasible) ** 2)


# --- the solvers: each makes solve(weight, tol) -> x, preparations of the data not timed ------------------------------


def working_set(A, y):
    """Working set of this package."""
    penalty = cs.GroupL2(cs.Blocks.uniform(A.shape[1], SIZE))
    return lambda weight, tol: cs.working_set(A, y, weight * penalty, tol=tol).x


def working_set_plain(A, y):
    """The same without compiled code."""
    solve = working_set(A, y)

    def plain(weight, tol):
        with patch.dict(os.environ, CSRECOVER_FAST="0"):
            return solve(weight, tol)

    return plain


def fista(A, y):
    """FISTA with restart of this package."""
    penalty = cs.GroupL2(cs.Blocks.uniform(A.shape[1], SIZE))
    return lambda weight, tol: cs.fista(cs.Matrix(A), y, weight * penalty, tol=tol).x


def textbook(A, y):
    """FISTA with restart as everybody writes it; tol is the relative change."""

    def solve(weight, tol):
        v = np.ones(A.shape[1])
        for _ in range(30):
            v = A.T @ (A @ v)
            v /= np.linalg.norm(v)
        step = 1 / (1.05 * np.linalg.norm(A @ v) ** 2)
        x = z = np.zeros(A.shape[1])
        t = 1.0
        for _ in range(10_000):
            v = (z - step * (A.T @ (A @ z - y))).reshape(-1, SIZE)
            size = np.linalg.norm(v, axis=1, keepdims=True)
            new = (v * np.maximum(1 - step * weight / np.maximum(size, 1e-300), 0)).reshape(-1)
            t = 1.0 if (z - new) @ (new - x) > 0 else t
            t_new = (1 + (1 + 4 * t * t) ** 0.5) / 2
            z, t, change = new + (t - 1) / t_new * (new - x), t_new, np.linalg.norm(new - x)
            x = new
            if change <= tol * np.linalg.norm(x):
                return x
        return x

    return solve


def adelie(A, y):
    """Adelie's group elastic net on two threads."""
    import adelie

    m, n = A.shape
    matrix = adelie.matrix.dense(np.asfortranarray(A), n_threads=2)

    def solve(weight, tol):
        state = adelie.grpnet(
            X=matrix,
            glm=adelie.glm.gaussian(y=y),
            groups=np.arange(0, n, SIZE),
            penalty=np.ones(n // SIZE),
            lmda_path=np.atleast_1d(weight) / m,
            intercept=False,
            early_exit=False,
            tol=tol,
            n_threads=2,
            progress_bar=False,
        )
        found = state.betas.toarray()
        return found if np.ndim(weight) else found[-1]

    return solve


def celer(A, y):
    """Celer's GroupLasso."""
    from celer import GroupLasso

    A = np.asfortranarray(A)

    def solve(weight, tol):
        model = GroupLasso(SIZE, alpha=weight / len(y), tol=tol, fit_intercept=False, max_iter=100, max_epochs=50_000)
        return model.fit(A, y).coef_

    return solve


def skglm(A, y):
    """Skglm's GroupBCD."""
    from skglm.datafits import QuadraticGroup
    from skglm.penalties import WeightedGroupL2
    from skglm.solvers import GroupBCD
    from skglm.utils.data import grp_converter
    from skglm.utils.jit_compilation import compiled_clone

    A, count = np.asfortranarray(A), A.shape[1] // SIZE
    indices, pointers = grp_converter(SIZE, A.shape[1])
    datafit = compiled_clone(QuadraticGroup(pointers, indices))
    penalties = {}

    def solve(weight, tol):
        if weight not in penalties:
            penalties[weight] = compiled_clone(WeightedGroupL2(weight / len(y), np.ones(count), pointers, indices))
        return GroupBCD(tol=tol, fit_intercept=False).solve(A, y, datafit, penalties[weight])[0]

    return solve


def spams(A, y):
    """FISTA of SPAMS."""
    from spams import fistaFlat

    A, n = np.asfortranarray(A), A.shape[1]
    start, groups = np.zeros((n, 1), order="F"), np.repeat(np.arange(1, n // SIZE + 1, dtype=np.int32), SIZE)

    def solve(weight, tol):
        options = {"loss": "square", "regul": "group-lasso-l2", "groups": groups, "max_it": 10_000, "numThreads": 2}
        target = np.asfortranarray(y[:, None])
        return fistaFlat(target, A, start, False, lambda1=weight, tol=tol, intercept=False, **options).reshape(-1)

    return solve


OURS = (working_set, working_set_plain, fista)
PEERS = (textbook, adelie, celer, skglm, spams)


def rung(solve, excess):
    """First tolerance whose objective is close enough, and the suboptimality there; None where the time runs out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solve(LADDER[0])  # compiles
    started = time.perf_counter()
    for tol in LADDER:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = excess(solve(tol))
        if found <= ENOUGH:
            return tol, found
        if time.perf_counter() - started > PATIENCE:
            break
    return None


def seconds(solves, repeats):
    """Seconds of each solver, the solvers in turn."""
    times = {name: [] for name in solves}
    for _ in range(repeats):
        for name, solve in solves.items():
            if PROCESSORS:  # some peers leave their caller one of them
                os.sched_setaffinity(0, PROCESSORS)
            started = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                solve()
            times[name].append(time.perf_counter() - started)
    return times


def compare(case, size, *, active, noise, repeats):
    """One row for each solver that reaches the optimum."""
    m, n, share = size
    A, y = instance(m, n, active=active, noise=noise)
    weight = share * lengths(A.T @ y).max()
    best = cs.working_set(A, y, cs.GroupL2(cs.Blocks.uniform(n, SIZE), weight), tol=1e-14)
    lowest = objective(A, y, weight, best.x)
    gap = duality_gap(A, y, weight, best.x) / lowest
    print(f"{case}: {np.count_nonzero(lengths(best.x))} active groups, relative gap of the reference {gap:.1e}")
    chosen, reached = {}, {}
    for solver in OURS + PEERS:
        try:
            solve = solver(A, y)
        except ImportError as error:
            print(f"{solver.__name__} is left out: {error}")
            continue
        found = rung(lambda tol, solve=solve: solve(weight, tol), lambda x: objective(A, y, weight, x) / lowest - 1)
        if found is None:
            print(f"{solver.__name__} does not reach {ENOUGH:g}")
            continue
        reached[solver.__name__] = found
        chosen[solver.__name__] = lambda solve=solve, tol=found[0]: solve(weight, tol)
    times = seconds(chosen, repeats)
    others = [np.median(times[peer.__name__]) for peer in PEERS if peer.__name__ in times]
    return [row(case, (m, n, share), name, *reached[name], times[name], min(others, default=np.nan)) for name in times]


def row(case, size, name, tol, reached, times, best_peer):
    """One line of the table."""
    return {
        "case": case,
        "m, n, lambda / lambda_max": ", ".join(map(str, size)),
        "solver": name,
        "tol": f"{tol:.0e}",
        "reached": f"{reached:.1e}",
        "median s": f"{np.median(times):.4f}",
        "least s": f"{min(times):.4f}",
        "median / best peer's": f"{np.median(times) / best_peer:.2f}",
    }


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

    solvers = {"working_set": ours}
    try:
        peer = adelie(A, y)
        solvers["adelie"] = lambda tol: peer(weights, tol)
    except ImportError as error:
        print(f"adelie is left out: {error}")
    return climbed(f"path of {count}", (m, n, "1 .. 0.05"), solvers, worst, 3e-6, repeats)


def compare_transforms(n, k, repeats):
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

    solvers = {"path in float32, sparsa": ours}
    try:
        from scipy.sparse.linalg import LinearOperator
        from spgl1 import spg_bp

        B = LinearOperator(A.shape, matvec=lambda v: A @ np.ravel(v), rmatvec=lambda v: A.H @ np.ravel(v), dtype=float)
        solvers["spgl1"] = lambda tol: spg_bp(B, y, opt_tol=tol, bp_tol=tol, verbosity=0)[0]
    except ImportError as error:
        print(f"spgl1 is left out: {error}")
    return climbed(
        "dct", (m, n, "1e-5"), solvers, lambda found: np.linalg.norm(found - x) / np.linalg.norm(x), 1e-4, repeats
    )


def compare_batches(m, n, count, repeats, iterations=100):
    """So many FISTA iterations of many signals that share a matrix; the peer has no certificates and no restart."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((m, n)) / m**0.5
    ys = np.stack([A @ cs.random_signal(cs.Sparse(), n, m // 12, seed) for seed in range(count)])
    weight = 0.02

    def plain(_):
        step = 1 / np.linalg.norm(A, 2) ** 2
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
    best = value(solvers["fista"](0))
    return climbed(f"{count} signals", (m, n, weight), solvers, lambda x: abs(value(x) / best - 1), 1e-2, repeats)


def climbed(case, size, solvers, error, enough, repeats, ours=1):
    """Rows of solvers, so many of ours first, at the first tolerance of each whose error is small enough."""
    chosen, reached = {}, {}
    for name, solve in solvers.items():
        for tol in LADDER:
            if (found := error(solve(tol))) <= enough:
                reached[name] = tol, found
                chosen[name] = lambda solve=solve, tol=tol: solve(tol)
                break
    times = seconds(chosen, repeats)
    peers = min((np.median(times[name]) for name in list(solvers)[ours:] if name in times), default=np.nan)
    return [row(case, size, name, *reached[name], times[name], peers) for name in times]


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
        rows += compare_transforms(*((2**10, 10) if options.quick else (2**18, 2000)), repeats=more["repeats"])
    if options.case in (None, "batch"):
        rows += compare_batches(*((24, 60, 5) if options.quick else (256, 1024, 500)), repeats=more["repeats"])
    print(write_table(rows, "convex", options.out, ("adelie", "celer", "skglm", "spams-bin", "spgl1")))
    return rows


if __name__ == "__main__":
    main()
