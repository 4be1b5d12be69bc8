"""What the double counts, and the guard that limits it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import csrecover

SMALL = 64  # so many numbers fetched at once cost a synchronisation, more are a transfer too
_PACKAGE = str(Path(csrecover.__file__).parent)
_BACKEND = str(Path(_PACKAGE, "backend"))
_PASSED_OVER = (str(Path(__file__).parent), "array_api_compat", "array_api_extra", "contextlib", "copy.py", "<")
_logs: list[Log] = []


class Log:
    """Events of a `guard`: how often each (kind, what, where) was seen; kinds are launch, sync and transfer."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str, str]] = Counter()

    def count(self, kind: str, within: str = "") -> int:
        """Events of a kind, those whose place contains `within`."""
        return sum(number for (seen, _, where), number in self.events.items() if seen == kind and within in where)

    def report(self, kind: str) -> str:
        """The events of a kind, most frequent first."""
        found = [(number, what, where) for (seen, what, where), number in self.events.most_common() if seen == kind]
        return "\n".join(f"  {number:6d}  {what} at {where}" for number, what, where in found)


def record(kind: str, what: str) -> None:
    """Count one event in every guard that is open."""
    if _logs:
        event = kind, what, _place()
        for log in _logs:
            log.events[event] += 1


def _place() -> str:
    """Nearest frame in csrecover, for one in its backend the nearest caller too; else the nearest of the test."""
    frame, inner, outside = sys._getframe(2), "", ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            here = f"{file.removeprefix(_PACKAGE + '/')}:{frame.f_lineno} in {frame.f_code.co_name}"
            if not file.startswith(_BACKEND):
                return f"{inner} from {here}" if inner else here
            inner = inner or here
        elif not outside and not any(part in file for part in _PASSED_OVER):
            outside = f"{file}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return inner or outside


@contextmanager
def guard(*, max_sync: int | None = None, max_transfer: int | None = 0, max_launch: int | None = None) -> Iterator[Log]:
    """Count what is asked of the device in the block, and fail with a list of places where it is more than allowed.

    None allows any number. A copy of at most `SMALL` numbers to the host is a synchronisation and no transfer.
    """
    log = Log()
    _logs.append(log)
    try:
        yield log
    finally:
        _logs.remove(log)
    limits = {"sync": max_sync, "transfer": max_transfer, "launch": max_launch}
    over = {kind: most for kind, most in limits.items() if most is not None and log.count(kind) > most}
    if over:
        raise AssertionError(
            "\n".join(f"{log.count(kind)} {kind} > {most}:\n{log.report(kind)}" for kind, most in over.items())
        )
