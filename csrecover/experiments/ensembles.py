"""Random operators and random signals by name, as experiments ask for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..models import BlockSparse, LowRank, Model, Sparse, SupportModel
from ..operators import (
    DCT,
    DFT,
    LinearOperator,
    Sampling,
    WalshHadamard,
    as_operator,
    bernoulli,
    gaussian,
    random_rows,
    random_signs,
)
from ..operators.dense import standard_normal
from ..penalties import L1, GroupL2, NonNegativeL1, Nuclear, Penalty
from ..structures.signal import fit
from .signals import random_signal

DENSE: dict[str, Callable[..., Any]] = {"gaussian": gaussian, "bernoulli": bernoulli}
TRANSFORMS: dict[str, Callable[..., Any]] = {"dct": DCT, "hadamard": WalshHadamard, "dft": DFT}
SIGNALS = ("normal", "signs", "uniform", "nonnegative")


def draw_operator(
    ensemble: str | Callable[..., Any], m: int, shape: tuple[int, ...], rng: np.random.Generator, dtype: np.dtype
) -> LinearOperator:
    """Random operator with m measurements of signals of a shape.

    A transform is followed by a choice of m of its rows, and follows random signs: without them the constant row
    tells the sum of a signal.

    Raises
    ------
    ValueError
        When a function gives an operator for signals of another shape.
    """
    if callable(ensemble):
        A = as_operator(ensemble(m, shape[0] if len(shape) == 1 else shape, rng))
        if A.in_shape != shape:
            raise ValueError(f"the ensemble gave {A}, but signals have the shape {shape}")
        return A
    if ensemble in TRANSFORMS:
        real = np.empty(0, dtype).real.dtype
        return random_rows(shape, m, rng) @ TRANSFORMS[ensemble](shape) @ random_signs(shape, rng, dtype=real)
    size = math.prod(shape)
    A = DENSE[ensemble](m, size, rng, dtype=dtype)
    return A if len(shape) == 1 else A @ Sampling(shape, np.arange(size))


def model_of(structure: Model | Penalty, shape: tuple[int, ...]) -> Model:
    """The sparsity model of the signals that a structure is for.

    Raises
    ------
    TypeError
        When it is no model, and a penalty of which none is known.
    """
    structure = fit(structure, shape)
    if isinstance(structure, Model):
        return structure
    if isinstance(structure, L1 | NonNegativeL1):
        return Sparse(ndim=len(shape))
    if isinstance(structure, GroupL2):
        return BlockSparse(structure.blocks)
    if isinstance(structure, Nuclear):
        return LowRank()
    raise TypeError(f"which signals is {type(structure).__name__} for? Give signal=, a function (shape, k, rng)")


def draw_signal(
    model: Model, law: str, shape: tuple[int, ...], k: Any, rng: np.random.Generator, dtype: np.dtype
) -> np.ndarray:
    """Random member of a model: a random support, with independent coefficients.

    Raises
    ------
    ValueError
        When the model has no supports and the law is not "normal", or the signal is to be complex and nonnegative.
    """
    if not isinstance(model, SupportModel):
        if law != "normal":
            raise ValueError(f'signals of {type(model).__name__} are drawn with signal="normal" alone, got {law!r}')
        return random_signal(model, shape, k, rng, dtype=dtype)
    support = model.support(rng.standard_normal(shape), k)
    return np.where(support, _coefficients(law, shape, rng, dtype), np.zeros((), dtype))


def _coefficients(law: str, shape: tuple[int, ...], rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Independent coefficients: normal, or of magnitude 1, or uniform up to 1; complex ones with random phases."""
    normal = standard_normal(shape, rng, dtype)
    if law == "normal":
        return normal
    if law == "nonnegative":
        if dtype.kind == "c":
            raise ValueError(f"nonnegative signals are real, got dtype {dtype}")
        return np.abs(normal)
    directions = normal / np.abs(normal)
    return directions if law == "signs" else (directions * rng.random(shape)).astype(dtype)
