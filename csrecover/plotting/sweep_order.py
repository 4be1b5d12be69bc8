"""Sweeps put in order for a picture: what is told apart, and axes that rise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ..experiments import Sweep


def axis_told_apart(sweep: Sweep) -> str | None:
    """The axis whose values get a line each: "solver", or the first one whose values are no numbers; None without."""
    others = [name for name in sweep.axes if name not in axes_of_numbers(sweep)]
    return "solver" if "solver" in others else others[0] if others else None


def axes_of_numbers(sweep: Sweep) -> list[str]:
    """The axes whose values are places on a scale."""
    return [name for name, values in sweep.axes.items() if all(map(_is_number, values))]


def told_apart(sweep: Sweep, by: str | None) -> dict[str, Sweep]:
    """The sweeps at each value of an axis, by their labels; the sweep itself where there is none.

    Raises
    ------
    ValueError
        When there is no axis of that name.
    """
    if by is None:
        return {"": sweep}
    if by not in sweep.axes:
        raise ValueError(f"by={by!r} is no axis of the sweep: it has {', '.join(sweep.axes)}")
    words = all(isinstance(value, str) for value in sweep.axes[by])
    return {str(value) if words else f"{by} = {value}": sweep.select(**{by: value}) for value in sweep.axes[by]}


def rising(sweep: Sweep) -> Sweep:
    """The same sweep with the values of its one or two axes in rising order.

    Raises
    ------
    ValueError
        When it has no axis or more than two, or a value is no number.
    """
    if len(sweep.axes) not in (1, 2):
        raise ValueError(
            f"a sweep over one or two axes can be drawn, got {', '.join(sweep.axes) or 'none'}: fix others by "
            "sweep.select(name=value), or name the one to be told apart, by=name"
        )
    for name in sweep.axes:
        if name not in axes_of_numbers(sweep):
            raise ValueError(f"axis {name!r} has values that are no numbers: tell them apart, by={name!r}")
    orders = [np.argsort(np.array(values, dtype=float)) for values in sweep.axes.values()]
    axes = {
        name: tuple(values[i] for i in order) for (name, values), order in zip(sweep.axes.items(), orders, strict=True)
    }
    counts = {name: getattr(sweep, name)[np.ix_(*orders)] for name in ("successes", "trials", "errors")}
    return replace(sweep, axes=axes, values=None, **counts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
