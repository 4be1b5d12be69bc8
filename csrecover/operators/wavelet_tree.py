"""Parents of wavelet coefficients."""

from __future__ import annotations

import numpy as np


def wavelet_parents(shape: tuple[int, ...], levels: int) -> np.ndarray:
    """Flat index of the parent of each coefficient, -1 for the scaling coefficients."""
    index = np.indices(shape)
    parent = np.zeros_like(index)
    coarsest = np.array([size >> levels for size in shape]).reshape(-1, *(1,) * len(shape))
    scaling = (index < coarsest).all(axis=0)
    for level in range(levels):
        block = coarsest << level
        here = (index < 2 * block).all(axis=0) & ~(index < block).all(axis=0)
        orientation = index >= block
        place = index - orientation * block
        up = place if level == 0 else place // 2 + orientation * (block // 2)
        parent = np.where(here, up, parent)
    return np.where(scaling, -1, np.ravel_multi_index(tuple(parent), shape))
