"""The restart test of accelerated gradient methods and the step that it decides on, a signal at a time in the cache."""

from __future__ import annotations

import numpy as np

from .jit import jit, sums

__all__ = ["accelerate"]


@jit
def accelerate(z, x, x_prev, t, restart, z_next, t_next, momentum):
    """Write the next point, t and momentum of each signal, the rows of x, real, to the last three arguments."""
    for s in range(len(x)):
        start = t.dtype.type(1) if restart and _uphill(z[s], x[s], x_prev[s]) > 0 else t[s]
        t_next[s] = (1 + np.sqrt(1 + 4 * start * start)) / 2
        momentum[s] = (start - 1) / t_next[s]
        for i in range(x.shape[1]):
            z_next[s, i] = x[s, i] + momentum[s] * (x[s, i] - x_prev[s, i])


@sums
def _uphill(z, x, x_prev):
    product = z.dtype.type(0)
    for i in range(len(x)):
        product += (z[i] - x[i]) * (x[i] - x_prev[i])
    return product
