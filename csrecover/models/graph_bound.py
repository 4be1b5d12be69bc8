"""An upper bound of the energy in clusters of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse

_RADIUS = 4  # largest distance of a node from the ends of the ball around it
_ROUNDS = 30


def most_energy(adjacency: Any, energies: np.ndarray, k: int, clusters: int, kept: float) -> float:
    """No k nodes in that many clusters keep more energy.

    With y_v = 1 at the nodes taken and z_v = 1 at one node of each cluster,

        y_v <= sum of y over the nodes at distance r from v + sum of z over those nearer than r,    r = 1, 2, ...,

    because the cluster of v either goes that far or ends before. The multipliers mu of these inequalities lie in a
    Lagrangian whose maximum over sum y <= k, sum z <= clusters, 0 <= y, z <= 1 is two sums of largest entries; any
    mu >= 0 gives a bound. Thirty subgradient steps of Polyak's length from mu = 0, where it is the sum of the k
    largest energies.

    Parameters
    ----------
    kept : float
        energy of some such nodes.
    """
    spheres = _spheres(adjacency)
    multipliers = np.zeros((len(spheres) - 1, energies.size))
    least = np.inf
    for _ in range(_ROUNDS):
        outer = np.cumsum(multipliers[::-1], axis=0)[::-1]  # sums over r > s, for s = 0, 1, ...
        pairs = list(zip(spheres[1:], multipliers, strict=True))
        y, most_y = _largest(energies - outer[0] + sum(sphere @ each for sphere, each in pairs), k)
        z, most_z = _largest(sum(sphere @ each for sphere, each in zip(spheres[:-1], outer, strict=True)), clusters)
        least = min(least, most_y + most_z)
        within = np.cumsum([sphere @ z for sphere in spheres[:-1]], axis=0)
        slack = np.array([sphere @ y for sphere in spheres[1:]]) + within - y
        slack[(multipliers == 0) & (slack > 0)] = 0
        length = float((slack**2).sum())
        if length == 0 or least <= kept:
            break
        multipliers = np.maximum(multipliers - (most_y + most_z - kept) / length * slack, 0)
    return max(least, kept)


def _spheres(adjacency: Any) -> list[Any]:
    """Sparse matrices of ones at the nodes at distance 0, 1, ..., _RADIUS from each node."""
    spheres = [scipy.sparse.eye_array(adjacency.shape[0], format="csr")]
    near = spheres[0]
    for _ in range(_RADIUS):
        wider = ((near + near @ adjacency) > 0).astype(float)
        spheres.append((wider - near).tocsr())
        spheres[-1].eliminate_zeros()
        near = wider
    return spheres


def _largest(values: np.ndarray, count: int) -> tuple[np.ndarray, float]:
    """Ones at the largest positive values, so many at most, and their sum."""
    count = min(count, values.size)
    chosen = np.zeros(values.size)
    places = np.argpartition(values, values.size - count)[values.size - count :]
    chosen[places] = values[places] > 0
    return chosen, float(values @ chosen)
