"""Supports of sums of several members of a model: a family that holds them, and examples of them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from ..backend import to
from ..models import (
    BlockSparse,
    Clustered,
    GraphClusters,
    Hierarchical,
    Levels,
    OverlappingGroups,
    Sparse,
    SupportModel,
    TreeSparse,
    Windows,
)
from ..models.base import multiple


def sum_family(model: SupportModel, k: Any, copies: int, shape: tuple[int, ...]) -> tuple[SupportModel, Any]:
    """A model and a budget whose supports hold each union of `copies` supports of budget k.

    Where the model is closed under unions, larger budgets apart, it is the model; for unknown ones plain sparsity.
    """
    if isinstance(model, Clustered):
        model = dataclasses.replace(model, runs=copies * model.runs)
    elif isinstance(model, GraphClusters):
        model = dataclasses.replace(model, clusters=copies * model.clusters)
    elif isinstance(model, Hierarchical):
        model = dataclasses.replace(model, within=copies * model.within)
    elif not isinstance(model, Sparse | BlockSparse | TreeSparse | Levels | OverlappingGroups | Windows):
        return Sparse(len(shape)), min(copies * model.max_nonzeros(k), math.prod(shape))
    return model, _at_most(multiple(k, copies), model.units(shape))


def union_of_members(model: SupportModel, gains: np.ndarray, k: Any, copies: int) -> np.ndarray:
    """Flat indices of a union of `copies` supports of budget k: one after the other the best for what is left.

    Parameters
    ----------
    gains : array of float, of the shape of one signal
        at least zero; where it is the indicator of a union, the result holds most of it.
    """
    model, union = to(model, "numpy"), np.zeros(gains.shape, dtype=bool)
    for _ in range(copies):
        union |= model.support(np.where(union, 0.0, gains), k)
    return np.flatnonzero(union)


def _at_most(k: Any, units: Any) -> Any:
    """A budget, cut to the units that there are."""
    if isinstance(k, tuple):
        return tuple(_at_most(each, limit) for each, limit in zip(k, units, strict=True))
    return min(k, units)
