"""Rows of a fast transform of a scrambled signal: incoherent with every basis, yet fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to
from .base import LinearOperator, as_shape
from .elementary import random_permutation
from .fourier import DFT
from .sampling import random_rows, random_signs


def structurally_random(
    transform: LinearOperator, m: int, rng: Any, *, scramble: str = "signs", dtype: Any = np.float64, device: Any = None
) -> LinearOperator:
    """Random rows of a fast unitary transform of a scrambled signal: sqrt(n/m) S F R, so that E ||A x||^2 = ||x||^2.

    Parameters
    ----------
    transform : unitary LinearOperator
        WalshHadamard(shape), DCT(shape), DFT(shape), or a block-diagonal or separable operator of these.
    m : int
        measurements, 1 <= m <= number of entries.
    rng : int or numpy.random.Generator
    scramble : "signs" or "permutation"
        R: independent random signs of the entries, or a uniformly random order.
    dtype : dtype, float32 or float64
        of the signs.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    Raises
    ------
    ValueError
        When the transform is not unitary, m is out of range or the scramble unknown.

    References
    ----------
    T. T. Do, L. Gan, N. H. Nguyen and T. D. Tran, Fast and efficient compressive sensing using structurally random
    matrices, IEEE Trans. Signal Processing 60(1), 2012.
    """
    if not isinstance(transform, LinearOperator):
        raise TypeError(f"expected an operator such as DCT(shape) as the transform, got {type(transform).__name__}")
    if not transform.unitary:
        raise ValueError(f"expected a unitary transform such as DCT(shape), got {transform}")
    if scramble not in ("signs", "permutation"):
        raise ValueError(f'the scramble is "signs" or "permutation", got {scramble!r}')
    rng = np.random.default_rng(rng)
    rows = random_rows(transform.out_shape, m, rng)
    if scramble == "signs":
        return to(rows @ transform @ random_signs(transform.in_shape, rng, dtype=dtype), device)
    return to(rows @ transform @ random_permutation(transform.in_shape, rng), device)


def spread_spectrum(
    shape: int | tuple[int, ...], m: int, rng: Any, *, dtype: Any = np.float64, device: Any = None
) -> LinearOperator:
    """Random Fourier measurements of a signal that random signs have modulated first: its spectrum is spread.

    Parameters
    ----------
    shape : int or tuple of int
    m : int
        measurements, 1 <= m <= prod(shape).
    rng : int or numpy.random.Generator
    dtype : dtype, float32 or float64
        of the signs.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    References
    ----------
    G. Puy, P. Vandergheynst, R. Gribonval and Y. Wiaux, Universal and efficient compressed sensing by spread spectrum
    and application to realistic Fourier imaging techniques, EURASIP J. Advances in Signal Processing 2012:6, 2012.
    """
    return structurally_random(DFT(as_shape(shape)), m, rng, dtype=dtype, device=device)
