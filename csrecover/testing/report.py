"""Running a list of properties on one object and saying which of them fail."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import Array, as_complex, cast_like, eps, is_complex, namespace, to_numpy


class ConformanceError(AssertionError):
    """Some properties do not hold; the message names each of them and shows what was seen."""


def verify(subject: Any, properties: Sequence[Callable[[], None]]) -> list[str]:
    """Run every property (a function without arguments, named by its docstring) and return their names.

    Raises
    ------
    ConformanceError
        When any property fails; all of them are run first.
    """
    failures = []
    for check in properties:
        try:
            check()
        except Exception as error:  # a property may fail in any way: it is reported, not hidden
            where = traceback.extract_tb(error.__traceback__)[-1]
            detail = str(error) or f"line {where.lineno} of {where.name}"
            failures.append(f"  - {name_of(check)}: {type(error).__name__}: {detail}")
    if failures:
        raise ConformanceError(
            f"{subject} fails {len(failures)} of {len(properties)} properties:\n" + "\n".join(failures)
        )
    return [name_of(check) for check in properties]


def name_of(check: Callable[[], None]) -> str:
    """First line of the docstring of a property."""
    return (check.__doc__ or check.__name__).strip().splitlines()[0]


def draw(rng: np.random.Generator, shape: tuple[int, ...], like: Array, *, complex_: bool | None = None) -> Array:
    """Standard normal signals in the library and precision of `like`, complex if it is (or as said)."""
    complex_ = is_complex(like) if complex_ is None else complex_
    values = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if complex_ else 0)
    return cast_like(values, as_complex(like) if complex_ else like)


def same(seen: Array, wanted: Array, what: str, *, unit: float = 0.0, size: float = 0.0) -> None:
    """Assert that two arrays are equal up to a thousand rounding units (of theirs, or `unit`) of the largest entry.

    Where terms may cancel, `size` is what they add up to without.
    """
    if tuple(seen.shape) != tuple(wanted.shape):
        raise AssertionError(f"{what}: shape {tuple(seen.shape)} where {tuple(wanted.shape)} was expected")
    a, b = to_numpy(seen), to_numpy(wanted)
    scale = max(float(np.max(np.abs(b), initial=0)), size, 1e-300)
    difference = float(np.max(np.abs(a - b), initial=0))
    limit = 1000 * max(eps(seen), eps(wanted), unit) * scale
    if not difference <= limit:
        raise AssertionError(f"{what}: differs by {difference:.2e}, allowed are {limit:.2e}")


def holds(statement: Any, what: str) -> None:
    """Assert a statement (a bool or an array of them)."""
    if not bool(np.all(to_numpy(statement))):
        raise AssertionError(what)


def untouched(function: Callable[[Array], Any], x: Array) -> None:
    """Assert that a call leaves its argument as it is, read-only and strided arguments included."""
    before = to_numpy(x).copy()
    first = to_numpy(function(x)).copy()
    holds(to_numpy(x) == before, "the argument has changed")
    holds(np.array_equal(to_numpy(function(x)), first), "a second call gives another result")
    xp = namespace(x)
    spread = xp.stack([x, x], axis=-1)[..., 0]
    same(function(spread), namespace(x).asarray(function(x)), "a strided argument", unit=eps(x))
    if isinstance(x, np.ndarray):
        frozen = x.copy()
        frozen.flags.writeable = False
        holds(np.array_equal(function(frozen), first), "a read-only argument gives another result")
