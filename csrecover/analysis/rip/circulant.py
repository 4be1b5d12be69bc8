"""Rows of Fourier transforms: their Gram matrix is circulant, so that one column tells it."""

from __future__ import annotations

import math

import numpy as np

from ...backend import device, eps, namespace, to_numpy
from ...operators import DFT, Diagonal, LinearOperator, Sampling
from ...operators.algebra import Product


def circulant_magnitudes(A: LinearOperator) -> np.ndarray | None:
    """|<a_0, a_j>| for all columns j, raised by rounding, where these are those of any other column in another order.

    So it is for samples of a discrete Fourier transform, also after random signs or phases: |<a_i, a_j>| depends on
    i - j alone. None for other operators.
    """
    rows, *rest = A.factors if isinstance(A, Product) else (A,)
    if not (isinstance(rows, Sampling) and rest and isinstance(rest[0], DFT) and not rest[0].real):
        return None
    if not all(isinstance(factor, Diagonal) and factor.unitary for factor in rest[1:]):
        return None
    like = A._example
    xp = namespace(like)
    first = xp.astype(xp.arange(A.size_in, device=device(like)) == 0, like.dtype)
    column = A.H @ (A @ xp.reshape(first, A.in_shape))
    magnitudes = abs(to_numpy(column).reshape(-1).astype(np.complex128))
    return magnitudes + 32 * (1 + math.log2(A.size_in)) * eps(like) * magnitudes[0]
