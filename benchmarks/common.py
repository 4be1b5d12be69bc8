"""What every benchmark shares: times and memory of works that take turns, the machine, a table as markdown and csv."""

import csv
import ctypes
import math
import os
import platform
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_info

SHORTEST = 5e-3  # seconds of one measure: shorter works are repeated to last as long
SLOW = 20  # seconds of a call from which one measure has to do
PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
THREADS = max((pool["num_threads"] for pool in threadpool_info()), default=1)  # before peers change theirs
UNITS = {"s": 1, "ms": 1e3}


@dataclass(frozen=True)
class Timing:
    """Seconds of the first call, which may compile, and of the measures after it; the peak memory of a call in MiB."""

    first: float
    measures: tuple[float, ...]
    memory: float

    @property
    def median(self) -> float:
        """Seconds of the middle measure."""
        return float(np.median(self.measures))

    def columns(self, unit: str = "ms") -> dict[str, str]:
        """Cells of a table with one row for each work."""
        seconds = {"first": self.first, "median": self.median, "least": min(self.measures), "most": max(self.measures)}
        cells = {f"{name} {unit}": f"{UNITS[unit] * value:.4g}" for name, value in seconds.items()}
        return cells | {"runs": str(len(self.measures)), "MiB": self.mebibytes}

    def text(self, unit: str = "ms") -> str:
        """The median and the range in one cell."""
        median, least, most = (UNITS[unit] * value for value in (self.median, min(self.measures), max(self.measures)))
        return f"{median:.4g} ({least:.3g} to {most:.3g})"

    @property
    def mebibytes(self) -> str:
        """The memory as a cell, empty where it is not known."""
        return "" if math.isnan(self.memory) else f"{self.memory:.3g}"


def timed(
    works: dict[str, Callable[[], Any]], repeats: int, extra: dict[str, float] | None = None
) -> dict[str, Timing]:
    """Time works in turns.

    Every work is called once for `first`, once for its memory, and then measured `repeats` times, in turn with the
    others, so that all meet the same neighbours. A work shorter than 5 ms is repeated within a measure, one of 20 s or
    more is measured once. `extra` holds, of works that ran before, what their first call took more than the second.
    """
    first, memory, single = {}, {}, {}
    for name, work in works.items():
        if extra is None:
            first[name] = once(work)
        memory[name], single[name] = peak_memory(work)
    measures = {name: [single[name]] if single[name] >= SLOW else [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            if single[name] < SLOW:
                calls = 1 if repeats == 1 else max(1, int(SHORTEST / single[name]))
                measures[name].append(once(work, calls))
    if extra is not None:
        first = {name: extra[name] + float(np.median(measures[name])) for name in works}
    return {name: Timing(first[name], tuple(measures[name]), memory[name]) for name in works}


def once(work: Callable[[], Any], calls: int = 1) -> float:
    """Seconds of a call, of so many, on all processors: some peers leave their caller one of them."""
    if PROCESSORS:
        os.sched_setaffinity(0, PROCESSORS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        for _ in range(calls):
            work()
        return (time.perf_counter() - start) / calls


def peak_memory(work: Callable[[], Any]) -> tuple[float, float]:
    """MiB by which resident memory grows during a call, whoever asks for it, and its seconds; NaN where not known."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = resident("VmRSS")
    except (OSError, AttributeError, TypeError):
        return math.nan, once(work)
    seconds = once(work)
    return (resident("VmHWM") - before) / 2**10, seconds


def resident(kind: str) -> int:
    """KiB of resident memory, now (VmRSS) or at its peak (VmHWM)."""
    found = re.search(rf"{kind}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def plainly(work: Callable[[], Any]) -> Any:
    """What a work gives with the compiled code of this package switched off."""
    with patch.dict(os.environ, CSRECOVER_FAST="0"):
        return work()


def machine(packages: tuple[str, ...] = ()) -> str:
    """One line: processor, cores and BLAS threads of this process, versions of what all use and of the packages."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    cores = len(PROCESSORS) if PROCESSORS else os.cpu_count()
    known = f"{processor}, {cores} cores, BLAS threads {THREADS}"
    versions = map(installed, dict.fromkeys(("numba", *packages)))
    return ", ".join([known, f"Python {platform.python_version()}", f"NumPy {np.__version__}", *versions])


def installed(package: str) -> str:
    """Name and version of a package."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def write_table(rows: list[dict], name: str, out: str | Path | None, packages: tuple[str, ...] = ()) -> str:
    """Markdown table of the rows, some without all cells; with `out` also written to out/name.md and out/name.csv."""
    head = list(max(rows, key=len))
    lines = [head, ["---"] * len(head), *[[str(row.get(key, "")) for key in head] for row in rows]]
    text = "\n".join([machine(packages), "", *["| " + " | ".join(line) + " |" for line in lines]])
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        (Path(out) / f"{name}.md").write_text(text + "\n")
        with open(Path(out) / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, head)
            writer.writeheader()
            writer.writerows(rows)
    return text
