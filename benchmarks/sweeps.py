"""The l1 phase diagram: time of a trial by several ways to tell whether a signal is recovered, and their answers.

n = 256, a regular grid of 20 x 20 cells (delta, rho), a fresh Gaussian matrix each trial, two worker processes that all
methods share; the random numbers of a trial are the same for all. Median and range of five sweeps of five trials a
cell, after one of one trial that also starts the workers; memory is that of the workers and not measured.

python benchmarks/sweeps.py [--quick] [--out DIR]
"""

import argparse
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from loky import get_reusable_executor
from scipy.optimize import linprog

sys.path.insert(0, str(Path(__file__).parent))
from common import Timing, write_table

import csrecover as cs
from csrecover.analysis import recovers
from csrecover.experiments import RecoveryTrial
from csrecover.experiments.seeding import trial_rng
from csrecover.experiments.sweep import phase_transition

N = 256
SUCCESS = 1e-4  # ||x - truth||^2 / ||truth||^2


def problem(rng, delta, rho):
    """A matrix, a sparse signal and its measurements, with as little overhead as there can be."""
    m = max(1, round(delta * N))
    k = max(1, round(rho * m))
    A = rng.standard_normal((m, N))
    A /= m**0.5
    x = np.zeros(N)
    x[rng.permutation(N)[:k]] = rng.standard_normal(k)
    return A, x, A @ x


def solved_by(solve, *, rng, delta, rho):
    """A trial of a solver."""
    A, x, y = problem(rng, delta, rho)
    return bool(np.sum((solve(A, y) - x) ** 2) < SUCCESS * np.sum(x**2))


def decided(*, rng, delta, rho):
    """The same problem, decided."""
    A, x, _ = problem(rng, delta, rho)
    return recovers(A, x, cs.L1()).recovered


def spams_lars(A, y):
    """SPAMS, the path by least angle regression down to 1e-5 of the largest penalty."""
    import spams

    least = 1e-5 * np.max(np.abs(A.T @ y))
    x = spams.lasso(np.asfortranarray(y[:, None]), D=np.asfortranarray(A), lambda1=least, mode=2, numThreads=1)
    return x.toarray()[:, 0]


def amp(A, y, iterations=300):
    """Approximate message passing in NumPy, with thresholds that are about the minimax ones of Gaussian matrices."""
    scale = np.interp(len(y) / A.shape[1], [0.05, 0.1, 0.25, 0.5, 0.75, 1], [2.1, 1.9, 1.5, 1.2, 0.95, 0.7])
    x, z = np.zeros(A.shape[1]), y
    for _ in range(iterations):
        level = np.linalg.norm(z) / len(y) ** 0.5
        if not 1e-6 * np.linalg.norm(y) < level * len(y) ** 0.5 < 1e3 * np.linalg.norm(y):
            break
        raw = x + z @ A
        x = raw - np.clip(raw, -scale * level, scale * level)
        z = y - A @ x + z * (np.count_nonzero(x) / len(y))
    return x


def simplex(A, y):
    """HiGHS, min sum(p + q) subject to A (p - q) = y, p, q >= 0."""
    n = A.shape[1]
    found = linprog(np.ones(2 * n), A_eq=np.hstack([A, -A]), b_eq=y, method="highs-ds").x
    return np.zeros(n) if found is None else found[:n] - found[n:]


METHODS = {
    "csrecover, RecoveryTrial": RecoveryTrial(N),
    "csrecover, recovers alone": decided,
    "SPAMS, LARS": partial(solved_by, spams_lars),
    "NumPy, AMP": partial(solved_by, amp),
    "HiGHS, simplex": partial(solved_by, simplex),
}
SLOW = {"HiGHS, simplex"}


def run(trial, trials, workers, points):
    """Wall seconds of a trial, and the share recovered in each cell."""
    grid = (np.arange(points) + 0.5) / points
    start = time.perf_counter()
    found = phase_transition(trial, grid, grid, trials=trials, executor=workers, progress=False)
    return (time.perf_counter() - start) / (trials * points**2), found.successes / trials


def available(methods):
    """Those whose package is installed."""
    packages = {"SPAMS, LARS": "spams"}
    for name in list(methods):
        try:
            __import__(packages.get(name, "numpy"))
        except ImportError:
            print(f"{name}: not installed", file=sys.stderr)
            methods = {other: trial for other, trial in methods.items() if other != name}
    return methods


def compared(points, trials, rounds):
    """Rows of the table: methods take turns; the slow ones have one trial a cell, once."""
    workers, methods = get_reusable_executor(2), available(METHODS)
    first = {name: run(trial, 1, workers, points) for name, trial in methods.items()}  # starts the workers, too
    answers = {name: each for name, (_, each) in first.items()}
    times = {name: [first[name][0]] if name in SLOW else [] for name in methods}
    shares = {name: float(np.mean(each)) for name, each in answers.items()}
    for _ in range(rounds):
        for name in [name for name in methods if name not in SLOW]:
            spent, share = run(methods[name], trials, workers, points)
            times[name].append(spent)
            shares[name] = float(np.mean(share))
    exact = answers["HiGHS, simplex"]
    return [
        {
            "method": name,
            "ms a trial, 2 workers": Timing(first[name][0], tuple(times[name]), np.nan).text(),
            "in the first sweep": f"{1e3 * first[name][0]:.2f}",
            "runs": len(times[name]),
            "share recovered": f"{shares[name]:.3f}",
            "share in one trial a cell": f"{np.mean(answers[name]):.4f}",
            "answers unlike the simplex method's": ""
            if name == "csrecover, RecoveryTrial"
            else int(np.sum(answers[name] != exact)),
        }
        for name in methods
    ]


def decisions(points, trials):
    """Rows of the table: how the exact question was decided."""
    grid, how, seconds = (np.arange(points) + 0.5) / points, Counter(), Counter()
    for delta in grid.tolist():
        for rho in grid.tolist():
            for number in range(trials):
                A, x, _ = problem(trial_rng(0, {"delta": delta, "rho": rho}, number), delta, rho)
                start = time.perf_counter()
                verdict = recovers(A, x, cs.L1())
                name = f"{verdict.how}, " + ("no step" if not verdict.steps else f"{min(verdict.steps, 4)} steps")
                name = name.replace("1 steps", "1 step").replace("4 steps", "4 steps or more")
                name += ", in double precision" if verdict.precision == "float64" else ""
                how[name] += 1
                seconds[name] += time.perf_counter() - start
    total = sum(how.values())
    return [
        {"decided by": name, "share": f"{how[name] / total:.3f}", "ms": f"{1e3 * seconds[name] / how[name]:.2f}"}
        for name in sorted(how)
    ]


def main(argv=None):
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, help="folder for sweeps.csv, sweeps.md and those of the decisions")
    options = parser.parse_args(argv)
    points, trials, rounds = (3, 1, 1) if options.quick else (20, 5, 5)
    rows = compared(points, trials, rounds)
    print(write_table(rows, "sweeps", options.out, ("spams-bin", "scipy")))
    print(write_table(decisions(points, 1 if options.quick else 5), "sweep_decisions", options.out, ("scipy",)))
    return rows


if __name__ == "__main__":
    main()
