"""The best union of k groups by an integer program, and an upper bound by its linear relaxation."""

from __future__ import annotations

import numpy as np
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from .overlapping_greedy import covered, largest

_SCALE = 1e6  # of the objective: the solver takes values within 1e-6 for equal
_NODES = 100  # of the branch and bound; a limit of its time would make the result depend on the machine


def constraints(matrix: csr_array) -> csr_array:
    """Rows that are at most 0, ..., 0, k: a cell counts if a group around it is taken, at most k groups are taken.

    The variables are one for each group, then one for each cell.
    """
    count, cells = matrix.shape
    budget = csr_array(np.concatenate([np.ones(count), np.zeros(cells)])[None, :])
    return vstack([hstack([-matrix.T, eye_array(cells)]), budget], format="csr")


def best_by_program(matrix: csr_array, energies: np.ndarray, k: int) -> tuple[list[int], float]:
    """At most k groups, and an upper bound of what k groups hold: their own energy unless the search has been ended.

    No group where nothing has been found by then.
    """
    count, cells = matrix.shape
    unit = energies.max() / _SCALE
    done = milp(
        np.concatenate([np.zeros(count), -energies / unit]),
        integrality=np.concatenate([np.ones(count), np.zeros(cells)]),
        bounds=(0, 1),
        constraints=LinearConstraint(constraints(matrix), ub=np.append(np.zeros(cells), k)),
        options={"mip_rel_gap": 0, "node_limit": _NODES},
    )
    if done.x is None:
        return [], np.inf
    chosen = np.flatnonzero(done.x[:count] > 0.5).tolist()
    return chosen, float(energies[covered(matrix, chosen)].sum()) if done.success else -done.mip_dual_bound * unit


def relaxed(matrix: csr_array, energies: np.ndarray, k: int) -> float:
    """Upper bound of the energy in k groups: the value of the linear relaxation, safe from the solver's rounding.

    For any prices between zero and the energies of the cells, k groups hold no more than the excess of all energies
    over the prices and the prices in the k most expensive groups; the relaxation's dual variables make this least.
    """
    count, cells = matrix.shape
    peak = energies.max()
    costs = np.concatenate([np.zeros(count), -energies / peak])
    done = linprog(costs, constraints(matrix), np.append(np.zeros(cells), k), bounds=(0, 1), method="highs")
    if done.status:
        return np.inf
    prices = np.clip(-peak * done.ineqlin.marginals[:cells], 0, energies)
    return float((energies - prices).sum()) + largest(matrix @ prices, k)
