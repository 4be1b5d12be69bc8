"""Which weights of a layer belong together."""

from __future__ import annotations

import numbers
from math import prod

import numpy as np

from ..structures import Blocks
from ..structures.groups import checked_shape

_AXES = {"rows": 0, "filters": 0, "columns": 1, "inputs": 1}


def groups(shape: int | tuple[int, ...], kind: str | int | tuple[int, ...]) -> Blocks:
    """Blocks of an array of weights that agree in their indices along some axes.

    `GroupL2(groups(weights.shape, kind))` then acts on the weights as they are. Weights are laid out as torch does:
    outputs (rows, filters) along axis 0, inputs (columns, channels) along axis 1.

    Parameters
    ----------
    shape : int or tuple of int
        shape of the weights.
    kind : str, int or tuple of int
        "rows" or "filters": one block for each index along axis 0; "columns" or "inputs": along axis 1; an axis, or
        several: one block for each combination of their indices, the last one counting fastest.

    Raises
    ------
    TypeError
        When the shape or an axis is no integer.
    ValueError
        When the kind is another word, or the weights have no such axis.
    """
    shape = checked_shape(shape)
    kept = _axes(kind, len(shape))
    sides = [side if axis in kept else 1 for axis, side in enumerate(shape)]
    return Blocks(np.broadcast_to(np.arange(prod(sides)).reshape(sides), shape))


def _axes(kind: str | int | tuple[int, ...], ndim: int) -> set[int]:
    """The axes that a kind of block keeps apart, counted from the first."""
    if isinstance(kind, str):
        if kind not in _AXES:
            raise ValueError(f"kind is one of {', '.join(_AXES)}, an axis or a tuple of axes, got {kind!r}")
        kind = _AXES[kind]
    axes = kind if isinstance(kind, tuple) else (kind,)
    for axis in axes:
        if not isinstance(axis, numbers.Integral):
            raise TypeError(f"axes are integers, got {axis!r}")
        if not -ndim <= axis < ndim:
            raise ValueError(f"weights of {ndim} axes have no axis {axis}")
    return {axis % ndim for axis in axes}
