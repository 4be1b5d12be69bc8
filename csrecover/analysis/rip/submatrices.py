"""Extreme eigenvalues of many principal submatrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def extremes(H: np.ndarray, supports: Sequence[np.ndarray]) -> np.ndarray:
    """Least and largest eigenvalue of H[S, S] for each S, none empty: (len(supports), 2); one stack for each size."""
    sizes = np.array(list(map(len, supports)))
    ends = np.empty((len(supports), 2))
    for size in np.unique(sizes):
        which = np.flatnonzero(sizes == size)
        rows = np.stack([supports[place] for place in which.tolist()])
        ends[which] = np.linalg.eigvalsh(H[rows[:, :, None], rows[:, None, :]])[:, [0, -1]]
    return ends
