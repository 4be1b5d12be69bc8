"""One thing that was looked at, and how it went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Check:
    """One check: passed is None where it was skipped; value and limit are there where two numbers were compared."""

    part: str
    name: str
    dtype: str
    passed: bool | None
    detail: str = ""
    seconds: float = 0.0
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Timing:
    """Seconds of one task on NumPy and on the backend (None where that is NumPy)."""

    name: str
    numpy: float
    backend: float | None


def attempt(part: str, name: str, dtype: str, function: Callable[[], Any]) -> Check:
    """A check that passes unless the function raises."""
    start = perf_counter()
    try:
        function()
    except Exception as error:  # whatever goes wrong is what the report is for
        return Check(part, name, dtype, False, described(error), perf_counter() - start)
    return Check(part, name, dtype, True, "", perf_counter() - start)


def guarded(part: str, items: Iterable[T]) -> Iterator[T | Check]:
    """The items of a part; an error that ends it becomes a failed check."""
    try:
        yield from items
    except Exception as error:
        yield Check(part, "the rest of this part", "", False, described(error))


def described(error: Exception) -> str:
    """Kind and text of an error."""
    return f"{type(error).__name__}: {error}"
