"""The command: run the parts, print as they go, write the report."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from time import perf_counter
from typing import Any

from ..backend import Array, device_facts, memory_held, working_on
from ..versions import versions
from .accuracy import accuracy
from .check import Check, Timing, described, guarded
from .conformance import conformance
from .probe import UnusableError, probe
from .report import counted, facts, failure, summary, table_head, timed
from .speed import speed

_DTYPES = {False: ("float32", "float64", "complex64", "complex128"), True: ("float64", "complex64")}


def parser() -> argparse.ArgumentParser:
    """Parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python -m csrecover.selfcheck",
        description="Find out whether csrecover works on this machine: promises, accuracy, speed.",
        epilog="Exit status: 0 all passed, 1 something failed, 2 not understood or the backend cannot be used.",
    )
    top.add_argument(
        "--backend",
        default="cupy",
        metavar="NAME",
        help="cupy, cupy:1, numpy, torch:cuda, torch:cpu, array_api_strict:device1 (default: cupy)",
    )
    top.add_argument("--quick", action="store_true", help="two of the four dtypes, small sizes")
    top.add_argument("--json", type=Path, metavar="FILE", help="write all results to this file")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    top = parser()
    options = top.parse_args(arguments)
    if options.json and not options.json.absolute().parent.is_dir():
        top.error(f"--json: there is no folder {options.json.absolute().parent}")
    try:
        x = probe(options.backend)
    except UnusableError as error:
        print(f"csrecover: {error}", file=sys.stderr)
        return 2
    with working_on(x):
        report = run(options.backend, x, quick=options.quick)
    if options.json:
        try:
            write(options.json, report)
        except OSError as error:
            print(f"csrecover: the report cannot be written: {error}", file=sys.stderr)
            return 2
    return 0 if report["passed"] else 1


def run(backend: str, x: Array, *, quick: bool) -> dict[str, Any]:
    """All parts on a backend, on which x lies, printed as they go."""
    start, dtypes = perf_counter(), _DTYPES[quick]
    report: dict[str, Any] = {"versions": versions(), "machine": _machine(backend, x)}
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    print(facts(report["versions"] | report["machine"]), end="\n\n", flush=True)
    checks = _checked(guarded("conformance", conformance(backend, dtypes)), say)
    checks += _checked(guarded("accuracy", accuracy(backend, dtypes)), say)
    say(table_head(backend))
    timings = _timed(guarded("speed", speed(backend, quick=quick)), say, checks)
    report |= {
        "checks": [asdict(check) for check in checks],
        "speed": [asdict(timing) for timing in timings],
        "memory": _memory(x),
        "seconds": perf_counter() - start,
        "passed": all(check.passed is not False for check in checks),
    }
    print(f"\nTo report a problem, paste this into an issue:\n\n```\n{summary(lines, report)}\n```")
    return report


def _machine(backend: str, x: Array) -> dict[str, str]:
    try:
        return device_facts(x)
    except Exception as error:  # a device that does not describe itself can still compute
        return {"backend": backend, "device": f"unknown ({described(error)})"}


def _memory(x: Array) -> int | None:
    try:
        return memory_held(x)
    except Exception:
        return None


def _checked(items: Iterable[Check], say: Callable[[str], None]) -> list[Check]:
    """The checks, said as they come: those that fail, and one line for each part and dtype."""
    found: list[Check] = []
    for _, group in groupby(items, key=lambda check: (check.part, check.dtype)):
        checks = []
        for check in group:
            checks.append(check)
            if check.passed is False:
                say(failure(check))
        say(counted(checks))
        found += checks
    return found


def _timed(items: Iterable[Timing | Check], say: Callable[[str], None], checks: list[Check]) -> list[Timing]:
    """The rows of the speed table, said as they come; a check, made of an error, joins the others."""
    timings = []
    for item in items:
        if isinstance(item, Timing):
            timings.append(item)
            say(timed(item))
        else:
            checks += _checked([item], say)
    return timings


def write(path: Path, report: dict[str, Any]) -> None:
    """Write the report as JSON, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
