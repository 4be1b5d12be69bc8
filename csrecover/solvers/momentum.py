"""The momentum of accelerated gradient methods, and where it starts anew."""

from __future__ import annotations

from ..backend import Array, namespace, real_vdot
from ..kernels import fused


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
