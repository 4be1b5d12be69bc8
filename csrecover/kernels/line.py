"""Sweep of the dynamic program of runs on a line: the twin of `models.clustered.sweep_plain`."""

from __future__ import annotations

import numpy as np

from .jit import jit


@jit
def sweep(energies, inside, outside):
    """Choices at each index of each signal; totals from the first index on instead of those after the last."""
    signals, n = energies.shape
    _, height, width = inside.shape
    taken = np.empty((signals, n, height, width - 1), np.uint8)
    more, above = np.empty(width - 1), np.empty(width - 1)
    for signal in range(signals):
        for i in range(n - 1, -1, -1):
            energy = energies[signal, i]
            above[:] = -1
            for c in range(height):
                within, without, choice = inside[signal, c], outside[signal, c], taken[signal, i, c]
                for j in range(width - 1):
                    more[j] = energy + within[j]
                for j in range(width - 1):
                    rest = without[j + 1]
                    choice[j] = np.uint8(more[j] >= rest) + np.uint8(above[j] >= rest)
                    within[j + 1] = max(more[j], rest)
                    without[j + 1] = max(above[j], rest)
                more, above = above, more
    return taken
