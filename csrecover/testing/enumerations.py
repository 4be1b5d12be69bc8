"""Models with their supports enumerated from the definitions: what the property suite compares projections with."""
# mypy: disable-error-code=arg-type
# an int serves as a shape, a list as a tuple

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, combinations_with_replacement, product
from typing import Any

import numpy as np

import csrecover as cs


@dataclass(frozen=True)
class ModelCase:
    """A model on about eight coefficients, the masks of budget k by its definition, and more for `check_model`."""

    model: cs.Model
    shape: tuple[int, ...]
    members: Callable[[Any], Iterator[np.ndarray]] | None
    budgets: tuple[Any, ...] | None = None
    sums: Callable[[Any, int], Iterator[np.ndarray]] | None = None
    lowest_first: bool = True
    draw_member: Callable[[Any, np.random.Generator], np.ndarray] | None = None

    def check(self, backend: Any, like: Any, draws: int = 8) -> list[str]:
        """`check_model` on a library and device, for signals like `like`."""
        names = ("members", "budgets", "sums", "lowest_first", "draw_member")
        options = {name: getattr(self, name) for name in names}
        return cs.check_model(cs.to(self.model, backend), self.shape, like=like, draws=draws, **options)


def mask(indices: Any, shape: tuple[int, ...]) -> np.ndarray:
    """True at the flat indices."""
    out = np.zeros(int(np.prod(shape)), dtype=bool)
    out[list(indices)] = True
    return out.reshape(shape)


def sparse_members(k: int, shape: tuple[int, ...] = (8,)) -> Iterator[np.ndarray]:
    """Masks of k coefficients."""
    n = int(np.prod(shape))
    return (mask(chosen, shape) for chosen in combinations(range(n), min(k, n)))


def block_members(labels: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Masks of k blocks."""
    count = labels.max() + 1
    return (np.isin(labels, chosen) for chosen in combinations(range(count), min(k, count)))


def tree_members(parents: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Masks of k nodes that contain the parent of each."""
    flat = parents.reshape(-1)
    for chosen in combinations(range(flat.size), min(k, flat.size)):
        if all(flat[node] < 0 or flat[node] in chosen for node in chosen):
            yield mask(chosen, parents.shape)


def tree_case(model: cs.TreeSparse) -> ModelCase:
    """A tree model: sums are trees of twice the budget, and equal supports are taken in no particular order."""
    parents = cs.to_numpy(model.tree.parents)
    return ModelCase(
        model,
        parents.shape,
        lambda k: tree_members(parents, k),
        sums=lambda k, copies: tree_members(parents, copies * k),
        lowest_first=False,
    )


def union_members(*families: Callable[[int], Iterator[np.ndarray]]) -> Callable[[Any], Iterator[np.ndarray]]:
    """Masks of any of several families; the budget is one for all, or a tuple with one for each."""

    def members(k: Any) -> Iterator[np.ndarray]:
        budgets = k if isinstance(k, tuple) else (k,) * len(families)
        return chain.from_iterable(family(each) for family, each in zip(families, budgets, strict=True))

    return members


def product_members(*families: Callable[[int], Iterator[np.ndarray]]) -> Callable[[Any], Iterator[np.ndarray]]:
    """Masks of several families side by side."""

    def members(k: tuple[Any, ...]) -> Iterator[np.ndarray]:
        each = [list(family(budget)) for family, budget in zip(families, k, strict=True)]
        return (np.concatenate([part.reshape(-1) for part in parts]) for parts in product(*each))

    return members


def unions_of(members: Callable[[Any], Iterator[np.ndarray]], k: Any, copies: int) -> Iterator[np.ndarray]:
    """Unions of `copies` masks of budget k."""
    return (np.logical_or.reduce(masks) for masks in combinations_with_replacement(list(members(k)), copies))


def cost_case(labels: np.ndarray, costs: Any) -> ModelCase:
    """Blocks of given costs ("size": those of their sizes); the sums counted are blocks of twice the budget."""
    prices = np.bincount(labels.reshape(-1)) if isinstance(costs, str) else np.array(costs)

    def members(k: int) -> Iterator[np.ndarray]:
        for choice in np.ndindex((2,) * len(prices)):
            chosen = np.array(choice, dtype=bool)
            room = k - prices[chosen].sum()
            if room >= 0 and (chosen | (prices > room)).all():
                yield chosen[labels]

    return ModelCase(
        cs.BlockSparse(cs.Blocks(labels), costs),
        labels.shape,
        members,
        budgets=tuple(range(prices.sum() + 2)),
        sums=lambda k, copies: members(copies * k),
        lowest_first=False,
    )


def hierarchical_case(blocks: cs.Blocks, within: int) -> ModelCase:
    """At most `within` coefficients in each of k blocks."""
    labels = cs.to_numpy(blocks.labels)

    def members(k: int) -> Iterator[np.ndarray]:
        for chosen in combinations(range(blocks.count), min(k, blocks.count)):
            parts = [np.flatnonzero(labels == label) for label in chosen]
            for picks in product(*(combinations(part, min(within, len(part))) for part in parts)):
                yield mask(chain(*picks), labels.shape)

    in_order = bool((np.diff(labels.reshape(-1)) >= 0).all())
    return ModelCase(cs.Hierarchical(blocks, within), labels.shape, members, lowest_first=in_order)


def levels_case(labels: np.ndarray, budgets: tuple[tuple[int, ...], ...]) -> ModelCase:
    """So many coefficients in each level."""

    def members(k: tuple[int, ...]) -> Iterator[np.ndarray]:
        levels = [np.flatnonzero(labels == level) for level in range(len(k))]
        for picks in product(*(combinations(level, min(n, len(level))) for n, level in zip(k, levels, strict=True))):
            yield mask(chain(*picks), labels.shape)

    return ModelCase(cs.Levels(labels), labels.shape, members, budgets=budgets)


def joint_case(
    model: cs.SupportModel, count: int, shape: tuple[int, ...], inner: Callable[[Any], Iterator[np.ndarray]]
) -> ModelCase:
    """Channels that share a member of another model; equal supports are taken in that model's order."""
    size = int(np.prod(shape))
    return ModelCase(
        cs.JointSparse(model, count),
        (count, *shape),
        lambda k: (np.broadcast_to(member.reshape(shape), (count, *shape)) for member in inner(k)),
        budgets=tuple(range(size + 2)),
        lowest_first=False,
    )


def joint_blocks(k: int) -> Iterator[np.ndarray]:
    """Blocks of 1, 2 and 1 coefficients."""
    return block_members(np.array([0, 1, 1, 2]), k)


def clustered_case(n: int, runs: int) -> ModelCase:
    """At most k coefficients in few runs; the sums are those of twice the budget in twice the runs."""

    def members(k: int, copies: int = 1) -> Iterator[np.ndarray]:
        for member in sparse_members(copies * k, (n,)):
            if (np.diff(member, prepend=False) & member).sum() <= copies * runs:
                yield member

    return ModelCase(cs.Clustered(runs), (n,), members, sums=members, lowest_first=False)


def separated_case(n: int, delta: int) -> ModelCase:
    """At most k spikes at a distance, and no room for one more unless there are k."""

    def members(k: int) -> Iterator[np.ndarray]:
        for count in range(min(k, n) + 1):
            for chosen in combinations(range(n), count):
                room = any(all(abs(i - spike) >= delta for spike in chosen) for i in range(n))
                if (np.diff(chosen) >= delta).all() and (count == k or not room):
                    yield mask(chosen, (n,))

    return ModelCase(cs.Separated(delta), (n,), members)


def windows_case(n: int, size: int) -> ModelCase:
    """Unions of k windows that lie in no other."""

    def members(k: int) -> Iterator[np.ndarray]:
        count = n - size + 1
        chosen = combinations(range(count), min(k, count))
        unions = np.unique([mask([i + j for i in starts for j in range(size)], (n,)) for starts in chosen], axis=0)
        within = unions.astype(int) @ ~unions.T == 0
        yield from unions[within.sum(axis=1) == 1]

    return ModelCase(cs.Windows(size), (n,), members)


def overlapping_case(groups: Any, shape: tuple[int, ...]) -> ModelCase:
    """Unions of k groups; equal ones are taken in no particular order."""

    def members(k: int) -> Iterator[np.ndarray]:
        for chosen in combinations(groups, min(k, len(groups))):
            yield mask(chain(*chosen), shape)

    return ModelCase(cs.OverlappingGroups(cs.Groups(groups, shape)), shape, members, lowest_first=False)


def graph_members(edges: Any, shape: tuple[int, ...], clusters: int, k: int) -> Iterator[np.ndarray]:
    """Masks of at most k nodes in at most so many connected pieces, that cannot take one node more."""
    n = int(np.prod(shape))
    neighbours = [{int(a + b - node) for a, b in edges if node in (a, b)} for node in range(n)]

    def fits(nodes: set[int]) -> bool:
        rest, pieces = set(nodes), 0
        while rest:
            reached, pieces = {rest.pop()}, pieces + 1
            while reached:
                reached = neighbours[reached.pop()] & rest | reached
                rest -= reached
        return len(nodes) <= k and pieces <= clusters

    for size in range(min(k, n) + 1):
        for chosen in map(set, combinations(range(n), size)):
            if fits(chosen) and (size == k or not any(fits(chosen | {node}) for node in set(range(n)) - chosen)):
                yield mask(chosen, shape)


def graph_case(graph: cs.Graph, clusters: int) -> ModelCase:
    """Clusters in a graph; the sums are those of twice the budget, and equal supports are in no particular order."""
    edges = cs.to_numpy(graph.edges).tolist()
    return ModelCase(
        cs.GraphClusters(graph, clusters),
        graph.shape,
        lambda k: graph_members(edges, graph.shape, clusters, k),
        sums=lambda k, copies: graph_members(edges, graph.shape, copies * clusters, copies * k),
        lowest_first=False,
    )


def low_rank_case(rows: int, columns: int) -> ModelCase:
    """Matrices of rank k: sums of k outer products."""

    def draw_member(k: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((rows, k)) @ rng.standard_normal((k, columns))

    budgets = tuple(range(min(rows, columns) + 2))
    return ModelCase(cs.LowRank(), (rows, columns), None, budgets, draw_member=draw_member)
