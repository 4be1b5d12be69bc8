"""What every benchmark prints: the machine, the versions, and a table as markdown and csv."""

import csv
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np


def machine(packages: tuple[str, ...] = ()) -> str:
    """One line: processor, cores this process may use, and the versions that matter, of the packages too."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    known = f"{processor}, {cores} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    return ", ".join([known, *map(installed, packages)])


def installed(package: str) -> str:
    """Name and version of a package."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def write_table(rows: list[dict], name: str, out: str | None, packages: tuple[str, ...] = ()) -> str:
    """Markdown table of the rows (dicts with equal keys); with `out` also written to out/name.md and out/name.csv."""
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *[[str(row[key]) for key in head] for row in rows]]
    text = "\n".join([machine(packages), "", *["| " + " | ".join(line) + " |" for line in lines]])
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        (Path(out) / f"{name}.md").write_text(text + "\n")
        with open(Path(out) / f"{name}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, head)
            writer.writeheader()
            writer.writerows(rows)
    return text
