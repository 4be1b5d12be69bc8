"""Reports of sweeps: one page of HTML that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from .experiments import Sweep
from .experiments.exports import columns, whole
from .plotting import as_svg, plot_sweep
from .plotting.sweep_order import axes_of_numbers, axis_told_apart, rising
from .plotting.sweep_theory import Theory, points

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2630; background: #fff; max-width: 60rem; margin: 2.5rem auto;
       padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.lead { color: #55606e; margin-top: 0; }
figure { margin: 1rem 0; display: inline-block; vertical-align: top; } figcaption { color: #55606e; }
figure svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .22rem .9rem .22rem 0; text-align: right; border-bottom: 1px solid #e3e7ec; }
th { color: #55606e; font-weight: 600; white-space: nowrap; }
pre { background: #f5f7f9; padding: .8rem 1rem; overflow-x: auto; font-size: 13px; }
summary { cursor: pointer; color: #0072b2; }
"""


def write_report(sweep: Sweep, path: str | Path, *, theory: Theory | None = None, title: str = "Sweep") -> None:
    """Write a sweep as a page of HTML: figures, 50 % points with their intervals, all cells, what was run.

    The page needs no network and no other file; it takes its name when it is complete.

    Parameters
    ----------
    sweep : Sweep
    path : str or Path
    theory : str or callable, optional
        drawn and tabulated beside what was measured, see `plot_sweep`.
    title : str

    Raises
    ------
    ValueError
        When theory has no formula for the axes.
    OSError
        When the file cannot be written.
    """
    with whole(path) as part:
        part.write_text(page(sweep, theory, title), encoding="utf-8")


def page(sweep: Sweep, theory: Theory | None, title: str) -> str:
    """The text of the report."""
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1>\n<p class=lead>{escape(lead(sweep))}</p>",
            *(
                f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
                for svg, caption in figures(sweep, theory)
            ),
            "<h2>50 % points</h2>",
            "<p>Of a probit curve along the last axis, with 95 % intervals. A scale below zero: the rate falls.</p>",
            table(transitions(sweep, theory)),
            "<h2>Experiment</h2>",
            f"<pre>{escape(json.dumps(sweep.experiment, indent=2))}</pre>",
            f"<h2>Cells</h2>\n<details><summary>counts</summary>{table(cells(sweep))}</details>",
        ]
    )
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def lead(sweep: Sweep) -> str:
    """The sweep in a sentence."""
    grid = " x ".join(f"{len(values)} {name}" for name, values in sweep.axes.items())
    parts = [f"{grid}, {int(sweep.trials.sum()):,} outcomes, {int(sweep.successes.sum()):,} successes"]
    if sweep.errors.any():
        parts.append(f"{int(sweep.errors.sum()):,} errors")
    unfinished = sweep.experiment.get("unfinished", 0)
    return ", ".join(parts) + (f"; {unfinished:,} trials are still to be made." if unfinished else ".")


def figures(sweep: Sweep, theory: Theory | None) -> Iterator[tuple[str, str]]:
    """A figure, and what it is of, for each combination of the axes that come before the two to be drawn."""
    by, drawn = axis_told_apart(sweep), axes_of_numbers(sweep)[-2:]
    if not drawn:
        return
    outer = {name: values for name, values in sweep.axes.items() if name not in drawn and name != by}
    for number, place in enumerate(product(*outer.values())):
        fixed = dict(zip(outer, place, strict=True))
        figure = plot_sweep(sweep.select(**fixed), theory=theory, by=by).figure
        yield as_svg(figure, f"figure {number}"), ", ".join(f"{name} = {value}" for name, value in fixed.items())


def transitions(sweep: Sweep, theory: Theory | None) -> dict[str, list[Any]]:
    """Columns of the table of 50 % points along the last axis of numbers; none where there is no such axis."""
    names = axes_of_numbers(sweep)
    if not names:
        return {}
    others = {name: values for name, values in sweep.axes.items() if name != names[-1]}
    places = list(product(*others.values()))
    fits = list(np.ravel(sweep.fit(axis=names[-1])))
    low, high = zip(*(fit.interval() for fit in fits), strict=True)
    found = {name: [place[i] for place in places] for i, name in enumerate(others)}
    found |= {names[-1]: [fit.at() for fit in fits], "low": list(low), "high": list(high)}
    found |= {"scale": [fit.scale for fit in fits], "trials": [int(fit.trials.sum()) for fit in fits]}
    if theory is not None and len(names) > 1:
        found["theory"] = np.interp(np.array(found[names[-2]], dtype=float), *theory_points(sweep, theory)).tolist()
    return found


def theory_points(sweep: Sweep, theory: Theory) -> tuple[np.ndarray, np.ndarray]:
    """What theory says along the last two axes of numbers, or the last one."""
    drawn = axes_of_numbers(sweep)[-2:]
    fixed = {name: values[0] for name, values in sweep.axes.items() if name not in drawn}
    return points(theory, rising(sweep.select(**fixed)))


def cells(sweep: Sweep) -> dict[str, list[Any]]:
    """Columns of the table of cells that were visited."""
    table = columns(sweep)
    kept = [i for i, trials in enumerate(table["trials"]) if trials]
    return {name: [values[i] for i in kept] for name, values in table.items()}


def table(found: dict[str, list[Any]]) -> str:
    """A table of columns."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in found)
    rows = ("".join(f"<td>{escape(_shown(value))}</td>" for value in row) for row in zip(*found.values(), strict=True))
    return f"<table><tr>{heads}</tr>\n" + "\n".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
