"""What is printed: what is known of the machine, how each part went, and the block for an issue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .check import Check, Timing


def facts(found: dict[str, str]) -> str:
    """A line for each name."""
    return "\n".join(f"{name:18s} {value}" for name, value in found.items())


def counted(checks: Sequence[Check]) -> str:
    """One line on the checks of one part in one dtype."""
    first = checks[0]
    words = _counts(checks)
    compared = [check for check in checks if check.value is not None]
    if compared:
        worst = max(compared, key=lambda check: check.value or 0)
        words.append(f"largest difference {worst.value:.1e} ({worst.name}; limit {worst.limit:.0e})")
    words.append(f"{sum(check.seconds for check in checks):.1f} s")
    return f"{first.part:11s} {first.dtype:10s} {', '.join(words)}"


def failure(check: Check) -> str:
    """What failed, and how."""
    where = ", ".join(filter(None, [check.part, check.name, check.dtype]))
    return f"FAILED {where}: {check.detail}"


def timed(timing: Timing) -> str:
    """One row of the speed table."""
    row = f"{timing.name:40s} {_duration(timing.numpy)}"
    if timing.backend is None:
        return row
    return f"{row} {_duration(timing.backend)} {timing.numpy / timing.backend:7.2g}x"


def table_head(backend: str) -> str:
    """First row of the speed table."""
    return f"{'single precision':40s} {'NumPy':>10s}" + ("" if backend == "numpy" else f" {backend:>10s}")


def summary(lines: Sequence[str], report: dict[str, Any]) -> str:
    """The block for an issue: the facts, the lines of all parts, the verdict."""
    held = report["memory"]
    memory = [] if held is None else [f"memory held by the library: {held / 1e6:,.0f} MB"]
    verdict = "PASSED" if report["passed"] else "FAILED"
    ends = [f"csrecover selfcheck {verdict} in {report['seconds']:.0f} s"]
    return "\n".join([facts(report["versions"] | report["machine"]), "", *lines, *memory, *ends])


def _counts(checks: Sequence[Check]) -> list[str]:
    kinds = {"passed": True, "FAILED": False, "skipped": None}
    counts = {word: sum(check.passed is kind for check in checks) for word, kind in kinds.items()}
    reasons = [f"({check.name}: {check.detail})" for check in checks if check.passed is None]
    return [" ".join([f"{count} {word}", *reasons * (word == "skipped")]) for word, count in counts.items() if count]


def _duration(seconds: float) -> str:
    return f"{seconds * 1e3:7.2f} ms" if seconds < 10 else f"{seconds:8.2f} s"
