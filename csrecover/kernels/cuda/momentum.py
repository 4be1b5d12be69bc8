"""The momentum of accelerated gradient methods."""

from __future__ import annotations

from typing import Any

import cupy

from .elementwise import Elementwise

extrapolated = Elementwise(
    "extrapolated",
    "T x, T x_prev, R momentum",
    "T z",
    "z = x + momentum * (x - x_prev)",
    "z = x + momentum * (x - x_prev)",
)

next_momentum = Elementwise(
    "next_momentum",
    "T t, T uphill",
    "T t_next, T momentum",
    """
    const T start = uphill > 0 ? T(1) : t;
    t_next = (1 + sqrt(1 + 4 * start * start)) / 2;
    momentum = (start - 1) / t_next""",
)

_products = Elementwise(
    "uphill",
    "T z, T x, T x_prev",
    "R product",
    "product = (z - x) * (x - x_prev)",
    """
    const T a = z - x, b = x - x_prev;
    product = a.real() * b.real() + a.imag() * b.imag()""",
)


def uphill(z: cupy.ndarray, x: cupy.ndarray, x_prev: cupy.ndarray, ndim: int) -> Any:
    """The products in one launch, their sum in CuPy's own, which works on many blocks at once."""
    products = _products(z, x, x_prev)
    return products if products is NotImplemented else products.sum(axis=tuple(range(-ndim, 0)))
