"""Axes of one signal, counted from the end so that batch axes do not matter."""

from __future__ import annotations

from ..backend import Array


def signal_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The trailing axes of a batch of signals of the given shape."""
    return tuple(range(-len(shape), 0))


def cut(x: Array, axis: int, start: int, stop: int | None, step: int = 1) -> Array:
    """x[start:stop:step] along an axis counted from the end."""
    return x[(..., slice(start, stop, step), *(slice(None),) * (-axis - 1))]
