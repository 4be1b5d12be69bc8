"""The command ``csrecover sweep``: run an experiment file, say how far a store is, write a report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ..experiments import Sweep
from ..experiments.exports import whole
from ..plotting import plot_sweep
from ..plotting.sweep_order import axes_of_numbers, axis_told_apart
from ..report import lead, write_report
from .example import EXAMPLE
from .reading import Experiment, read_experiment


def run_sweep(options: argparse.Namespace) -> int:
    """Do what is asked for; the exit status.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError, RuntimeError
        When something is not understood, or cannot be read, written or run.
    """
    if options.example:
        print(EXAMPLE, end="")
        return 0
    if options.status is not None:
        print(status(Sweep.load(options.status), options.status))
        return 0
    if options.experiment is None and (options.report is None or options.store is None):
        raise ValueError("sweep needs an experiment file, csrecover sweep --example prints one; a report, or a --store")
    experiment = None if options.experiment is None else read_experiment(options.experiment)
    name = options.store.stem if experiment is None else options.experiment.stem
    store = options.store or options.out / f"{name}.sqlite"
    if options.report is not None:
        theory = None if experiment is None else experiment.theory
        write_report(Sweep.load(store), options.report, theory=theory, title=name)
        print(options.report)
        return 0
    assert experiment is not None
    return _run(experiment, name, store, options)


def _run(experiment: Experiment, name: str, store: Path, options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    executor = options.workers if options.dask is None else options.dask
    try:
        sweep = experiment.run(executor=executor, store=store, progress=not options.quiet)
        written = write_outputs(sweep, experiment.theory, options.out, name)
    except KeyboardInterrupt:
        print(f"\ncsrecover: stopped; {store} keeps what was finished, the same command goes on", file=sys.stderr)
        return 130
    print(f"{sweep!r}: {', '.join(map(str, [*written, store]))}")
    failures = sweep.experiment["failures"]
    if not failures:
        return 0
    text = max(failures, key=failures.__getitem__)
    print(f"csrecover: {sum(failures.values())} trials raised, {failures[text]} of them {text}", file=sys.stderr)
    return 1


def write_outputs(sweep: Sweep, theory: Any, folder: Path, name: str) -> list[Path]:
    """Write a table, a report, and a figure where the sweep has one; the paths."""
    table, report, figure = (folder / f"{name}.{suffix}" for suffix in ("csv", "html", "png"))
    sweep.to_csv(table)
    write_report(sweep, report, theory=theory, title=name)
    outer = set(sweep.axes) - set(axes_of_numbers(sweep)) - {axis_told_apart(sweep)}
    if outer or len(axes_of_numbers(sweep)) not in (1, 2):
        figure.unlink(missing_ok=True)
        return [table, report]
    drawn: Any = plot_sweep(sweep, theory=theory).figure
    with whole(figure) as part:
        drawn.savefig(part, format="png", dpi=200)
    return [table, report, figure]


def status(sweep: Sweep, store: Path) -> str:
    """What a store holds, in a few lines."""
    experiment = sweep.experiment
    runs = experiment.get("runs") or [{}]
    adaptive = experiment.get("adaptive")
    wanted = f"{experiment['trials']} a cell" + (f" at most, half-width {adaptive:g}" if adaptive else "")
    lines = {
        "store": f"{store} ({store.stat().st_size:,} bytes)",
        "trial": _named(experiment["trial"]),
        "grid": lead(sweep),
        "trials": f"{wanted}, seed {experiment['seed']}",
        "last run": f"{runs[-1].get('started', '?')}, csrecover {runs[-1].get('versions', {}).get('csrecover', '?')}",
    }
    return "\n".join(f"{name:9s} {text}" for name, text in lines.items())


def _named(trial: Any) -> str:
    """A described trial in a line: the name of its class, numbers and texts of its fields."""
    if not isinstance(trial, dict):
        return str(trial)
    fields = [
        f"{name}={value}" for name, value in trial.items() if name != "class" and isinstance(value, int | float | str)
    ]
    return f"{str(trial.get('class', 'trial')).rpartition('.')[2]}({', '.join(fields)})"
