"""Blocks, groups, trees and graphs, as the keys of a table describe them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..backend import Array
from ..operators import LinearOperator
from ..structures import Blocks, Graph, Groups, Tree


@dataclass(frozen=True)
class Context:
    """What a table need not say.

    Attributes
    ----------
    folder : Path
        of the problem file, where its other files are.
    seed : int or None
    shape : tuple of int or None
        of the signals.
    basis : LinearOperator or None
    """

    folder: Path
    seed: int | None = None
    shape: tuple[int, ...] | None = None
    basis: LinearOperator | None = None

    def implied(self, key: str) -> Any:
        """Value of a key that is not given, None where there is none."""
        return self.seed if key == "seed" else self.shape if key in ("shape", "in_shape") else None

    def of_a_channel(self) -> Context:
        """The context of one channel of signals (channels, *signal)."""
        return self if self.shape is None else replace(self, shape=self.shape[1:])


def _blocks(context: Context, size: int | None = None, labels: Array | None = None) -> Blocks:
    shape = _one(context, size=size, labels=labels)
    if labels is not None:
        return Blocks(labels)
    if len(shape) != 1:
        raise ValueError(f"blocks of a size are for signals of one axis, here they have shape {shape}: give labels")
    return Blocks.uniform(shape[0], size)  # type: ignore[arg-type]


def _groups(context: Context, size: int | None = None, step: int = 1, members: Any = None) -> Groups:
    shape = _one(context, size=size, members=members)
    if members is not None:
        return Groups(members, shape)
    if len(shape) != 1:
        raise ValueError(f"windows are for signals of one axis, here they have shape {shape}: give members")
    return Groups.windows(shape[0], size, step)  # type: ignore[arg-type]


def _tree(context: Context, parents: Array | None = None) -> Tree:
    if parents is not None:
        return Tree(parents)
    tree = getattr(context.basis, "tree", None)
    if tree is None:
        raise ValueError('it takes the tree of the basis: give [basis] kind = "Wavelet", or parents')
    return tree


def _graph(context: Context, edges: Array | None = None, diagonal: bool = False) -> Graph:
    shape = _shape(context)
    return Graph.grid(shape, diagonal) if edges is None else Graph(edges, shape)


def _one(context: Context, **given: Any) -> tuple[int, ...]:
    """Shape of the signals, where one of several descriptions is given."""
    if sum(value is not None for value in given.values()) != 1:
        raise ValueError(f"give either {' or '.join(given)}")
    return _shape(context)


def _shape(context: Context) -> tuple[int, ...]:
    if context.shape is None:
        raise ValueError("the shape of the signals is not known here")
    return context.shape


PARTS: dict[str, Callable[..., Any]] = {"Blocks": _blocks, "Groups": _groups, "Tree": _tree, "Graph": _graph}
