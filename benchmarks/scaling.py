"""Time against the length of the signals, their number and the number of workers, beside what a cost model says.

python benchmarks/scaling.py [--quick] [--out DIR]

The constants of a model are fitted to the lower half of the sizes, so the upper half tests it. "exponent" is the slope
of log time over the upper half; times against signals are those of one signal. A curve is off its model where it is
away by a factor above 1.25 from there on; beside it are the bytes that a call holds then, and the cache they exceed.
"""

import argparse
import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from loky import get_reusable_executor

sys.path.insert(0, str(Path(__file__).parent))
from common import PROCESSORS, once, peak_memory, write_table
from scaling_cases import PLAIN, SUBJECTS, Curve
from scaling_figure import figure_of
from scaling_model import Measured, caches, duration

from csrecover.experiments import RecoveryTrial, phase_transition
from csrecover.experiments.executors import opened
from csrecover.plotting import save

PACKAGES = ("scipy", "PyWavelets", "numba", "spams-bin", "fht-cpu")
SHORTEST = 0.03  # seconds of one measure: shorter calls are repeated to last as long
LENGTHS = tuple(2**power for power in range(10, 23))
COUNTS = tuple(2**power for power in range(11))
LONG = 1.0  # calls of more seconds are made once
CORES = len(PROCESSORS) if PROCESSORS else os.cpu_count() or 1


def measured(curve: Curve, sizes: Iterable[int], rounds: int) -> Measured:
    """Least times at all sizes, which take turns."""
    sizes = [size for size in sizes if size <= curve.most]
    with patch.dict(os.environ, CSRECOVER_FAST=str(int(curve.by != PLAIN))):
        calls = [curve.at(size) for size in sizes]
        for call in calls:
            once(call)  # code is compiled, trees are ordered
        memory, best = np.array([peak_memory(call) for call in calls]).T
        for _ in range(rounds):
            for i, call in enumerate(calls):
                if best[i] < LONG:
                    best[i] = min(best[i], once(call, max(1, int(SHORTEST / best[i]))))
    return Measured.of(curve, sizes, best, memory)


def workers(quick: bool) -> tuple[list[Measured], list[str]]:
    """One sweep on several numbers of processes, and what tasks and trials without work cost."""
    n, points, trials = (32, 2, 2) if quick else (256, 10, 20)
    counts, rounds = ((1, 2), 1) if quick else ((1, 2, 4), 3)
    grid, trial = (np.arange(points) + 0.5) / points, RecoveryTrial(n)

    def run(executor: Any, trial: Any = trial, trials: int = trials) -> float:
        return once(lambda: phase_transition(trial, grid, grid, trials=trials, executor=executor, progress=False))

    run(None)
    alone, own, kept = [], [], []
    for _ in range(rounds):
        alone.append(run(None))
        own.append([run(count) for count in counts])
    for count in reversed(counts):
        pool = get_reusable_executor(count)
        run(pool)
        kept.insert(0, min(run(pool) for _ in range(rounds)))
    idle = [run(executor, nothing, 50) / (50 * points**2) for executor in (None, pool)]
    ideal = min(alone) / np.minimum(counts, CORES)
    curves = [
        sweep_curve("processes started for it", counts, np.min(own, axis=0), min(alone)),
        sweep_curve("processes kept", counts, np.array(kept), min(alone)),
        sweep_curve("ideal: this process, shared", counts, ideal, min(alone)),
    ]
    return curves, [
        f"In this process the {trials * points**2} trials of the sweep take {duration(min(alone))}.",
        f"A trial without work takes {duration(idle[0])} in this process and {duration(idle[1])} by one worker; a task "
        f"(about a second of trials) without work takes {duration(task_seconds(pool, 20 if quick else 1000))}.",
    ]


def nothing(**_: Any) -> bool:
    """A trial without work."""
    return True


def task_seconds(executor: Any, count: int) -> float:
    """Seconds of a task without work, of so many, on processes that have been started."""
    with opened(executor) as pool:
        list(pool.run(abs, range(8)))
        return once(lambda: list(pool.run(abs, range(count)))) / count


def sweep_curve(what: str, counts: Iterable[int], seconds: np.ndarray, alone: float) -> Measured:
    """The model: the time in this process shared among the cores, and what one worker takes longer than none."""
    start, shares = max(0.0, seconds[0] - alone), alone / np.minimum(counts, CORES)
    formula, unknown = f"{duration(start)} + {duration(alone)} / min(workers, {CORES})", np.full(len(shares), np.nan)
    return Measured(
        "workers", what, "csrecover", "workers", np.array(counts), seconds, start + shares,
        formula, "1 and in process", unknown,
    )  # fmt: skip


def cache_line() -> str:
    """The caches of this machine."""
    return ", ".join(f"{name} {size:.3g} MiB" for name, size in caches().items()) or "caches unknown"


def main(argv=None):
    """Time everything; print the table, write it with the points and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="toy sizes, seconds")
    parser.add_argument("--out", type=Path, help="folder for scaling.md, scaling.csv and scaling.png")
    options = parser.parse_args(argv)
    lengths, counts, rounds = ((64, 256), (1, 4), 1) if options.quick else (LENGTHS, COUNTS, 4)
    curves = [
        measured(curve, lengths if curve.against == "n" else counts, rounds)
        for subject in SUBJECTS
        for curve in subject()
    ]
    swept, notes = workers(options.quick)
    curves += swept
    text = "\n".join(
        [write_table([each.row() for each in curves], "scaling", None, PACKAGES), "", cache_line(), "", *notes]
    )
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "scaling.md").write_text(text + "\n")
        write_points([line for each in curves for line in each.points()], options.out / "scaling.csv")
        save(figure_of(curves), options.out / "scaling.png")
    return curves


def write_points(lines: list[dict[str, Any]], path: Path) -> None:
    """The csv: a line a measurement."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


if __name__ == "__main__":
    main()
