"""Axes of an experiment file: lists of values, or where they begin, where they end and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..problem_file.tables import check_keys
from ..problem_file.values import value_of

_KEYS = {"from": "float", "to": "float", "count": "int", "log": "bool"}


def read_axes(table: Any) -> dict[str, Sequence[Any]]:
    """Values of each axis.

    Raises
    ------
    ValueError
        When an axis is neither a list nor described by from, to and count.
    """
    if not isinstance(table, dict) or not table:
        raise ValueError(f"[axes]: expected axes, such as delta = [0.25, 0.5, 0.75], got {table!r}")
    return {name: _values(values, f"[axes] {name}") for name, values in table.items()}


def _values(values: Any, place: str) -> Sequence[Any]:
    if isinstance(values, list) and not any(isinstance(value, dict) for value in values):
        return values
    if not isinstance(values, dict):
        raise ValueError(f"{place}: expected a list or {{ from = ..., to = ..., count = ... }}, got {values!r}")
    check_keys(values, _KEYS, place)
    missing = [key for key in ("from", "to", "count") if key not in values]
    if missing:
        raise ValueError(f"{place} needs {missing[0]}; its keys are {', '.join(_KEYS)}")
    given = {key: value_of(values[key], _KEYS[key], f"{place} {key}", Path()) for key in values}
    try:
        spaced = between(given["from"], given["to"], given["count"], log=given.get("log", False))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    whole = type(values["from"]) is type(values["to"]) is int and all(value.is_integer() for value in spaced)
    return [int(value) for value in spaced] if whole else spaced


def between(first: float, last: float, count: int, *, log: bool = False) -> list[float]:
    """Values at equal distances, or with equal ratios, rounded to twelve digits: 0.3, not 0.30000000000000004.

    Raises
    ------
    ValueError
        When there are to be none, or logarithms of what is not positive.
    """
    if count < 1:
        raise ValueError(f"count, the number of values, is at least 1, got {count}")
    if log and min(first, last) <= 0:
        raise ValueError(f"values with equal ratios are positive, got from = {first:g}, to = {last:g}")
    exact = np.geomspace(first, last, count) if log else np.linspace(first, last, count)
    return [float(f"{value:.12g}") for value in exact]
