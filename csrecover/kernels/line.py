"""Dynamic programs on a line: the twins of `models.clustered.sweep_plain` and `models.spaced.best_spaced_plain`."""

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


@jit
def best_spaced(gains, gap, k):
    """Mask of at most k places, any two at least `gap` apart, of the largest total gain.

    The totals f_1(i) .. f_k(i) of the places from i on follow from those at i + 1 and i + gap: gap + 1 rows suffice.
    """
    signals, n = gains.shape
    mask, rows = np.zeros((signals, n), np.bool_), gap + 1
    for signal in range(signals):
        best, chosen = np.zeros((rows, k + 1)), np.zeros((n // 8 + 1, k), np.uint8)
        for i in range(n - 1, -1, -1):
            gain, here, rest, ahead = gains[signal, i], best[i % rows], best[(i + 1) % rows], best[(i + gap) % rows]
            bits, bit = chosen[i >> 3], np.uint8(1 << (i & 7))
            for c in range(k):
                more, less = gain + ahead[c], rest[c + 1]
                bits[c] |= bit if more >= less else np.uint8(0)
                here[c + 1] = max(more, less)
        i, c = 0, k
        while c > 0 and i < n:
            taken = (chosen[i >> 3, c - 1] >> (i & 7)) & 1
            mask[signal, i] = taken
            i += gap if taken else 1
            c -= taken
    return mask
