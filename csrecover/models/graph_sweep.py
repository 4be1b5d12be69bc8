"""Exact best clusters by a dynamic program that sweeps over the nodes, for graphs whose frontier stays narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.csgraph import reverse_cuthill_mckee

_MOST_STATES = 50_000  # of a sweep in all
_MOST_ENTRIES = 20_000_000  # of its tables: states, clusters and nodes


@dataclass(frozen=True, eq=False)
class Step:
    """What one node does to the state: which follows, and how many clusters can grow no more, one row a choice.

    Parameters
    ----------
    node : int
    follows : (2, states) int
        the state after leaving the node out, and after taking it.
    closed : (2, states) int
    """

    node: int
    follows: np.ndarray
    closed: np.ndarray


def sweep(adjacency: Any) -> tuple[Step, ...] | None:
    """The steps of a sweep over all nodes of a graph, None where there are too many states.

    A state is what the nodes still to come need to know of the past: for each node seen that has neighbours to come
    (the frontier), whether it is taken and with which others of the frontier it is joined.
    """
    order = reverse_cuthill_mckee(adjacency.tocsr().astype(np.int8), symmetric_mode=True).tolist()
    place = {node: position for position, node in enumerate(order)}
    neighbours = [adjacency.indices[adjacency.indptr[v] : adjacency.indptr[v + 1]].tolist() for v in range(len(order))]
    last = {node: max((place[other] for other in neighbours[node]), default=-1) for node in order}
    frontier: list[int] = []
    states: dict[tuple[int, ...], int] = {(): 0}
    steps, total = [], 0
    for position, node in enumerate(order):
        known = [index for index, other in enumerate(frontier) if other in neighbours[node]]
        seen = [*frontier, node]
        kept = [index for index, other in enumerate(seen) if last[other] > position]
        following: dict[tuple[int, ...], int] = {}
        pairs = [_after(labels, known, kept) for labels in states]
        follows = [[following.setdefault(pair[taken][0], len(following)) for pair in pairs] for taken in (0, 1)]
        closed = [[pair[taken][1] for pair in pairs] for taken in (0, 1)]
        steps.append(Step(node, np.array(follows), np.array(closed)))
        frontier, states = [seen[index] for index in kept], following
        total += len(states)
        if total > _MOST_STATES:
            return None
    return tuple(steps)


def _after(labels: tuple[int, ...], known: list[int], kept: list[int]) -> tuple[tuple[tuple[int, ...], int], ...]:
    """The state after leaving a node out and after taking it, each with the number of clusters that are closed.

    Labels are zero for nodes that are not taken, else a number for each cluster; `known` are the neighbours of the
    node in the frontier, `kept` the nodes of the frontier to come.
    """
    joined = {labels[index] for index in known} - {0}
    new = len(labels) + 1
    taken = (*(new if label in joined else label for label in labels), new)
    return _canonical((*labels, 0), kept), _canonical(taken, kept)


def _canonical(labels: tuple[int, ...], kept: list[int]) -> tuple[tuple[int, ...], int]:
    """Labels of the nodes that are kept, numbered as they come, and how many labels are lost."""
    names = {0: 0}
    state = tuple(names.setdefault(labels[index], len(names)) for index in kept)
    return state, len({*labels, 0}) - len(names)


def affordable(steps: tuple[Step, ...], k: int, clusters: int) -> bool:
    """Whether the tables of the dynamic program for a budget are small enough."""
    return sum(step.closed.shape[1] for step in steps) * (k + 1) * (clusters + 1) <= _MOST_ENTRIES


def best_clusters(steps: tuple[Step, ...], energies: np.ndarray, k: int, clusters: int) -> np.ndarray:
    """Mask of at most k nodes in at most that many clusters that keep most energy.

    Backwards over the steps, values[s, c, b] is the most energy in the nodes to come from state s, with c clusters
    still to close and b nodes still to take; forwards, the choices are followed.
    """
    values, choices = np.zeros((1, clusters + 1, k + 1)), []
    for step in reversed(steps):
        left, taken = _next_values(values, step, 0), np.full((step.closed.shape[1], clusters + 1, k + 1), -np.inf)
        taken[..., 1:] = energies[step.node] + _next_values(values, step, 1)[..., :-1]
        choices.append(taken >= left)
        choices[-1] &= taken > -np.inf
        values = np.maximum(left, taken)
    mask = np.zeros(energies.size, dtype=bool)
    state, nodes = 0, k
    for step, choice in zip(steps, reversed(choices), strict=True):
        row = int(choice[state, clusters, nodes])
        mask[step.node] = row
        nodes, clusters = nodes - row, clusters - int(step.closed[row, state])
        state = int(step.follows[row, state])
    return mask


def _next_values(values: np.ndarray, step: Step, taken: int) -> np.ndarray:
    """Values after a choice, by the state before it: -inf where more clusters close than may."""
    follows, closed = step.follows[taken], step.closed[taken]
    most = int(closed.max())
    if most == 0:
        return values[follows]
    padded = np.concatenate([np.full((values.shape[0], most, values.shape[2]), -np.inf), values], axis=1)
    return padded[follows[:, None], most - closed[:, None] + np.arange(values.shape[1])]
