"""Coefficients arranged in a rooted tree or forest: who is whose parent, and the passes over its levels."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from ..backend import to_numpy
from ..kernels import compiled

__all__ = ["LevelOrder", "Tree"]


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree, or a forest of several, with one node per coefficient.

    Parameters
    ----------
    parents : integer array, of the shape of the signal
        For each node the flat C-order index of its parent, -1 for a root. Nodes may come in any order.

    Raises
    ------
    TypeError, when the entries are not integers
    ValueError, when there is no node, a parent does not exist, or the parents form a cycle
    """

    parents: np.ndarray

    def __post_init__(self):
        if isinstance(self.parents, np.ndarray | list | tuple):
            parents = np.array(self.parents)
            check_parents(parents)
            parents = parents.astype(np.intp, copy=False)
            parents.flags.writeable = False
            object.__setattr__(self, "parents", parents)
        else:
            check_parents(to_numpy(self.parents))

    @classmethod
    def binary(cls, levels: int) -> "Tree":
        """Complete binary tree of 2**levels - 1 nodes: root 0, the children of i are 2i+1 and 2i+2."""
        return cls(complete_parents(2, levels))

    @classmethod
    def quad(cls, levels: int) -> "Tree":
        """Complete quad tree of (4**levels - 1)/3 nodes: root 0, the children of i are 4i+1 to 4i+4."""
        return cls(complete_parents(4, levels))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one signal on this tree."""
        return tuple(self.parents.shape)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(np.prod(self.shape))

    @cached_property
    def order(self) -> "LevelOrder":
        """The nodes sorted by level, on the host; computed once."""
        return LevelOrder.of(to_numpy(self.parents).reshape(-1))

    def __repr__(self) -> str:
        return f"Tree({self.size} nodes, shape {self.shape})"


def complete_parents(degree, levels):
    """Parents in the complete tree of that degree, nodes numbered level by level."""
    if levels < 1:
        raise ValueError(f"a tree needs at least one level, got levels={levels}: use levels >= 1")
    size = (degree**levels - 1) // (degree - 1)
    return (np.arange(size) + degree - 1) // degree - 1


def check_parents(parents):
    """Raise unless `parents` (NumPy, any shape) describes a forest."""
    if parents.size == 0:
        raise ValueError("parents must have at least one node, got an empty array: use [-1] for a single root")
    if parents.ndim == 0:
        raise ValueError("parents must be an array with one entry a node, got a number: use [-1] for a single root")
    if not np.issubdtype(parents.dtype, np.integer):
        raise TypeError(f"parents must be integers, got dtype {parents.dtype}: convert with parents.astype(int)")
    parents = parents.reshape(-1)
    size, nodes = parents.size, np.arange(parents.size)
    if (wrong := (parents < -1) | (parents >= size)).any():
        i = int(wrong.argmax())
        raise ValueError(
            f"parents must be between -1 (a root) and {size - 1}, got parents[{i}] = {parents[i]}:"
            " use flat C-order indices of nodes"
        )
    if (wrong := parents == nodes).any():
        i = int(wrong.argmax())
        raise ValueError(f"a node cannot be its own parent, got parents[{i}] = {i}: mark a root with -1")
    ancestor = np.append(parents, -1)  # the entry at -1: a root's parent has no parent either
    for _ in range(size.bit_length()):  # 1, 2, 4, ... generations up
        ancestor = ancestor[ancestor]
    if (wrong := ancestor >= 0).any():
        i = int(wrong.argmax())
        raise ValueError(f"parents must form a forest, got a cycle above node {i}: mark its root with -1")


@dataclass(frozen=True, eq=False)
class LevelOrder:
    """The nodes of a forest by level (breadth first), so that a pass over the tree is one array operation a level.

    A *position* counts nodes in this order: roots first, ties by node index, the children of a node side by side.
    All arrays are NumPy arrays and every pass works on arrays indexed by position. With the `fast` extra a pass is
    one compiled sweep, whatever the number of levels.

    Parameters
    ----------
    nodes : (n,) int, node index at each position
    parents : (n,) int, position of the parent, -1 for a root: never decreasing
    """

    nodes: np.ndarray
    parents: np.ndarray

    @classmethod
    def of(cls, parents: np.ndarray) -> "LevelOrder":
        """Sort the nodes of a forest given by the flat index of each node's parent, -1 for a root."""
        inner, size = np.flatnonzero(parents >= 0), parents.size
        if (np.diff(parents[inner]) < 0).any():
            inner = inner[np.argsort(parents[inner], kind="stable")]
        by_parent = np.append(np.flatnonzero(parents < 0), inner)  # roots, children of node 0, of node 1, ...
        first = np.append(0, np.cumsum(np.bincount(parents + 1, minlength=size + 1)))
        if (by_parent == np.arange(size)).all():
            return cls(by_parent, parents.copy())  # they are by level
        nodes, above = by_parent.copy(), np.full(size, -1)
        if kernel := compiled("tree"):
            kernel.level_order(by_parent, first, nodes, above)
            return cls(nodes, above)
        first = first[1:]
        count = np.diff(first)
        level = slice(0, int(first[0]))
        while level.stop < parents.size:
            n_children = count[nodes[level]]
            runs = n_children[n_children > 0]
            heads = np.flatnonzero(n_children)
            starts = np.cumsum(runs) - runs
            width = int(runs.sum())
            child = slice(level.stop, level.stop + width)
            above[child] = np.repeat(level.start + heads, runs)
            nodes[child] = by_parent[np.repeat(first[nodes[level][heads]] - starts, runs) + np.arange(width)]
            level = child
        return cls(nodes, above)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.nodes.size

    @cached_property
    def levels(self) -> list[slice]:
        """Positions of each level."""
        ends = [0, int(np.searchsorted(self.parents, 0))]
        while ends[-1] < self.size:
            ends.append(int(np.searchsorted(self.parents, ends[-1])))
        return [slice(*level) for level in pairwise(ends)]

    @cached_property
    def families(self) -> list[tuple]:
        """For each level but the first: who has children there, where the run of each one's begins, how many it has.

        Parents are positions, a slice where they are consecutive; places count from the start of the level; the number
        of children is 0 where families differ.
        """
        families = []
        for level in self.levels[1:]:
            above = self.parents[level]
            starts = np.flatnonzero(np.diff(above, prepend=-2))
            heads = above[starts]
            consecutive = heads[-1] - heads[0] == heads.size - 1
            places = slice(int(heads[0]), int(heads[-1]) + 1) if consecutive else heads
            children = np.diff(starts, append=above.size)
            families.append((places, starts, int(children[0]) if (children == children[0]).all() else 0))
        return families

    def top(self, count: int) -> "LevelOrder":
        """The first levels, at most `count` of them; positions stay."""
        end = self.levels[:count][-1].stop
        return LevelOrder(self.nodes[:end], self.parents[:end])

    def part(self, kept: np.ndarray) -> tuple["LevelOrder", np.ndarray]:
        """The forest of the nodes kept, and their positions here; a node without its parent becomes a root."""
        positions = np.flatnonzero(kept)
        place = np.full(self.size + 1, -1)
        place[positions] = np.arange(positions.size)
        order = LevelOrder.of(place[self.parents[positions]])
        return order, positions[order.nodes]

    def gains(self, x: np.ndarray) -> np.ndarray:
        """Best total of a subtree rooted at each node, g_i = x_i + sum over children c of max(g_c, 0)."""
        g = x.copy()
        if kernel := compiled("tree"):
            kernel.gains(g, self.parents)
            return g
        for level, (heads, starts, children) in zip(self.levels[:0:-1], self.families[::-1], strict=True):
            g[heads] += family_sums(np.maximum(g[level], 0), starts, children)
        return g

    def totals(self, x: np.ndarray, linked: np.ndarray) -> np.ndarray:
        """Total over each node and what hangs on it by links, t_i = x_i + sum over linked children c of t_c."""
        t = x.copy()
        if kernel := compiled("tree"):
            kernel.totals(t, linked, self.parents)
            return t
        for level, (heads, starts, children) in zip(self.levels[:0:-1], self.families[::-1], strict=True):
            t[heads] += family_sums(t[level] * linked[level], starts, children)
        return t

    def connected(self, mask: np.ndarray) -> np.ndarray:
        """Nodes that are in `mask` together with all their ancestors."""
        mask = mask.copy()
        if kernel := compiled("tree"):
            kernel.connected(mask, self.parents)
            return mask
        for level in self.levels[1:]:
            mask[level] &= mask[self.parents[level]]
        return mask

    def path_sums(self, x: np.ndarray) -> np.ndarray:
        """Sum of x over each node and its ancestors."""
        s = x.copy()
        if kernel := compiled("tree"):
            kernel.path_sums(s, self.parents)
            return s
        for level in self.levels[1:]:
            s[level] += s[self.parents[level]]
        return s

    def nearest(self, mask: np.ndarray) -> np.ndarray:
        """Position of the nearest node of `mask` at or above each node, -1 where there is none."""
        found = np.where(mask, np.arange(self.size), -1)
        if kernel := compiled("tree"):
            kernel.nearest(found, mask, self.parents)
            return found
        for level in self.levels[1:]:
            found[level] = np.where(mask[level], found[level], found[self.parents[level]])
        return found

    @cached_property
    def preorder(self) -> tuple[np.ndarray, np.ndarray]:
        """Rank of each node in preorder, and the rank at which its subtree ends."""
        sizes = self.totals(np.ones(self.size, int), np.ones(self.size, bool))
        before = np.cumsum(sizes) - sizes
        elder = before - before[np.searchsorted(self.parents, self.parents)]  # what its elder siblings hold
        rank = self.path_sums(elder + (self.parents >= 0))
        return rank, rank + sizes


def family_sums(values: np.ndarray, starts: np.ndarray, children: int) -> np.ndarray:
    """Sum of each family, a run of values that begins at one of `starts`; `children` values each unless 0."""
    if 0 < children <= 8:
        return sum((values[child::children] for child in range(1, children)), values[::children])
    return np.add.reduceat(values, starts)
