"""The union of k groups that grows by the largest gain, made better by exchanges, with a bound of the best."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

_GAIN = 1e-12  # share of the energy that an exchange must gain


def row(matrix: csr_array, group: int) -> np.ndarray:
    """The cells (columns) that a group (row) holds."""
    return matrix.indices[matrix.indptr[group] : matrix.indptr[group + 1]]


def covered(matrix: csr_array, chosen: list[int]) -> np.ndarray:
    """Mask of the cells in the union of the chosen groups."""
    mask = np.zeros(matrix.shape[1], bool)
    for group in chosen:
        mask[row(matrix, group)] = True
    return mask


def largest(values: np.ndarray, k: int) -> float:
    """Sum of the k largest values."""
    return float(np.sort(values)[::-1][:k].sum())


def greedy(matrix: csr_array, energies: np.ndarray, k: int, chosen: list[int]) -> tuple[list[int], float]:
    """Groups up to k, each the one that adds most energy to those before, and an upper bound of what k groups hold.

    Starting from none they hold at least 1 - (1 - 1/k)^k > 1 - 1/e of the most. Groups that add nothing are not taken.
    The bound is the least, over the unions on the way, of their energy and the k largest gains beyond it.

    References
    ----------
    G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, An analysis of approximations for maximizing submodular set
    functions I, Mathematical Programming 14, 1978.
    """
    chosen, mask, upper = list(chosen), covered(matrix, chosen), np.inf
    while True:
        gains = matrix @ np.where(mask, 0, energies)
        upper = min(upper, float(energies[mask].sum()) + largest(gains, k))
        best = int(np.argmax(gains))
        if len(chosen) >= k or gains[best] <= 0:
            return chosen, upper
        chosen.append(best)
        mask[row(matrix, best)] = True


def useful(matrix: csr_array, energies: np.ndarray, chosen: list[int]) -> list[int]:
    """The chosen groups less those that, one after the other, hold no energy that the rest does not."""
    counts, kept = np.zeros(matrix.shape[1], int), []
    for group in chosen:
        counts[row(matrix, group)] += 1
    for group in chosen:
        cells = row(matrix, group)
        if energies[cells[counts[cells] == 1]].any():
            kept.append(group)
        else:
            counts[cells] -= 1
    return kept


def swapped(matrix: csr_array, energies: np.ndarray, chosen: list[int]) -> list[int]:
    """The chosen groups after the best exchange of one of them for another, again and again while that gains energy."""
    chosen = list(chosen)
    for _ in range(len(chosen)):
        counts = matrix[chosen].sum(axis=0)
        alone = np.where(counts == 1, energies, 0)
        gains, losses = matrix @ np.where(counts == 0, energies, 0), matrix[chosen] @ alone
        saved = (matrix.multiply(alone) @ matrix[chosen].T).tocoo()  # by the new group of what the old one held alone
        groups, places = np.append(saved.row, np.argmax(gains)), np.append(saved.col, np.argmin(losses))
        change = gains[groups] + np.append(saved.data, 0) - losses[places]
        best = int(np.argmax(change))
        if change[best] <= _GAIN * energies[counts > 0].sum():
            break
        chosen[places[best]] = int(groups[best])
    return chosen
