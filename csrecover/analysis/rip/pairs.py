"""Which coefficients no support of a model holds together."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...backend import to_numpy
from ...models import Clustered, Hierarchical, JointSparse, Separated, SupportModel, TreeSparse, Windows
from ...structures import Tree


def apart(model: SupportModel, k: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Mask (n, n) of pairs of indices that no support of budget k holds; on the diagonal, of indices that none holds.

    None where there is no such pair, or where it is not easily told: any True can be trusted, a False need not be.
    """
    if isinstance(model, JointSparse):
        inner = apart(model.model, k, shape[1:])
        return None if inner is None else np.tile(inner, (shape[0], shape[0]))
    if isinstance(model, TreeSparse):
        return _nodes_needed(model.tree) > k
    n = prod(shape)
    distance = abs(np.arange(n)[:, None] - np.arange(n))
    if isinstance(model, Separated):
        return (distance > 0) & (distance < model.delta)
    if isinstance(model, Clustered) and model.runs == 1:
        return distance >= k
    if isinstance(model, Windows) and k == 1:
        return distance >= model.size
    if isinstance(model, Hierarchical) and model.within == 1:
        labels = to_numpy(model.blocks.labels).reshape(-1)
        return (distance > 0) & (labels[:, None] == labels)
    return None


def _nodes_needed(tree: Tree) -> np.ndarray:
    """Number of nodes of the smallest rooted subtree that holds both of two nodes, (n, n)."""
    parents = to_numpy(tree.parents).reshape(-1)
    above = np.zeros((tree.size, tree.size), np.float32)
    below = ancestors = np.arange(tree.size)
    while len(below):
        above[below, ancestors] = 1
        ancestors = parents[ancestors]
        below, ancestors = below[ancestors >= 0], ancestors[ancestors >= 0]
    counts = above.sum(axis=1)
    return counts[:, None] + counts - above @ above.T
