"""Grids of a sweep: named axes, and the cells that they span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from .seeding import plain

Axes = dict[str, tuple[Any, ...]]


def checked_axes(axes: Mapping[str, Iterable[Any]]) -> Axes:
    """Axes with values of Python's own.

    Raises
    ------
    TypeError
        When the axes are no mapping of names to sequences of plain values.
    ValueError
        When there is no axis, one is empty or has a value twice, or a name is none that a trial can have as argument.
    """
    if not isinstance(axes, Mapping):
        raise TypeError(f'axes are a dict of names to values, {{"delta": [...]}}, got {type(axes).__name__}')
    if not axes:
        raise ValueError('axes are empty: give at least one, for example {"delta": [0.25, 0.5, 0.75]}')
    return {name: _values(name, axes[name]) for name in axes}


def _values(name: str, values: Iterable[Any]) -> tuple[Any, ...]:
    if not isinstance(name, str) or not name.isidentifier() or name == "rng":
        raise ValueError(f"axis {name!r}: names are arguments of the trial, so identifiers, and not 'rng'")
    if isinstance(values, str | bytes | Mapping | set | frozenset) or not isinstance(values, Iterable):
        raise TypeError(f"axis {name!r}: expected a sequence of values, got {type(values).__name__}")
    found = tuple(plain(value, f"axis {name!r}") for value in values)
    if not found:
        raise ValueError(f"axis {name!r} has no values: give at least one")
    twice = next((value for i, value in enumerate(found) if value in found[:i]), None)
    if len(set(found)) < len(found):
        raise ValueError(f"axis {name!r} has the value {twice!r} twice: give each value once")
    return found


def cells(axes: Axes) -> Iterator[dict[str, Any]]:
    """Cells of a grid in C order, the last axis fastest."""
    return (dict(zip(axes, values, strict=True)) for values in product(*axes.values()))


def shape(axes: Axes) -> tuple[int, ...]:
    """Shape of a grid."""
    return tuple(map(len, axes.values()))
