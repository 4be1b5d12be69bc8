"""The momentum of accelerated gradient methods, and where it starts anew."""

from __future__ import annotations

import numpy as np

from ..backend import Array, expand, namespace, real_dtype, real_vdot
from ..backend.streaming import as_compiled, is_long
from ..kernels import compiled, fused


def accelerated(z: Array, x: Array, x_prev: Array, t: Array, ndim: int, *, restart: bool) -> tuple[Array, Array, Array]:
    """The point from which the next step begins, the next t, (*batch,), and the momentum that led there, (*batch,)."""
    if is_long(x) and (kernel := compiled("momentum")):
        real = real_dtype(x)
        rows = (as_compiled(each).view(real).reshape(t.size, -1) for each in (z, x, x_prev))
        z_next, t_next, momentum = np.empty_like(x, order="C"), np.empty_like(t), np.empty_like(t)
        after = z_next.view(real).reshape(t.size, -1), t_next.reshape(-1), momentum.reshape(-1)
        kernel.accelerate(*rows, as_compiled(t).reshape(-1), restart, *after)
        return z_next, t_next, momentum
    t, momentum = next_momentum(t, uphill(z, x, x_prev, ndim) if restart else 0 * t)
    return extrapolated(x, x_prev, expand(momentum, ndim)), t, momentum


@fused
def uphill(z: Array, x: Array, x_prev: Array, ndim: int) -> Array:
    """Re <z - x, x - x_prev> of each signal: positive where the momentum that led to z points uphill."""
    return real_vdot(z - x, x - x_prev, ndim)


@fused
def next_momentum(t: Array, uphill: Array) -> tuple[Array, Array]:
    """The next t and its momentum; where uphill > 0 the step just taken becomes the first of a new run."""
    xp = namespace(t, uphill)
    t = xp.where(uphill > 0, xp.ones_like(t), t)
    t_next = (1 + xp.sqrt(1 + 4 * t**2)) / 2
    return t_next, (t - 1) / t_next


@fused
def extrapolated(x: Array, x_prev: Array, momentum: Array) -> Array:
    """The point x + momentum (x - x_prev)."""
    return x + momentum * (x - x_prev)
