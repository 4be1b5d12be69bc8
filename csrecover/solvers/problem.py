"""Checks at the border of every solver."""

from __future__ import annotations

from contextlib import AbstractContextManager
from math import prod
from typing import Any

import numpy as np

from ..backend import (
    Array,
    all_finite,
    as_float,
    blas_threads,
    cast_like,
    flat,
    is_complex,
    namespace,
    real_dtype_name,
    to_numpy,
)
from ..models import Model, SupportModel
from ..models.base import exceeds
from ..operators import LinearOperator, as_operator
from ..penalties import Penalty
from ..structures.signal import fit


def check_problem(A: Any, y: Any) -> tuple[LinearOperator, Array]:
    """Operator and measurements, checked; y in the precision of the operator's arrays.

    Raises
    ------
    TypeError
        When A is no operator, or A and y lie in two libraries.
    ValueError
        When the shape of y is not (*batch, *A.out_shape), or y is not finite.
    """
    A, y = as_operator(A), as_float(y)
    shape = (*A.batch_shape, *A.out_shape)
    if y.shape[max(0, y.ndim - len(shape)) :] != shape:
        raise ValueError(f"y must have shape (*batch, {', '.join(map(str, shape))}) to fit {A}, got {y.shape}")
    if 0 in y.shape:
        raise ValueError(f"y of shape {y.shape} holds no signal: measure at least one")
    xp, given, precision = namespace(y, *A._arrays[:1]), y, A.precision
    if precision is not None:
        y = xp.astype(y, getattr(xp, _COMPLEX[precision] if is_complex(y) else precision))
    size = xp.max(abs(flat(y, len(A.out_shape))), axis=-1)
    low, high = _RANGE[real_dtype_name(y)]
    if not bool(xp.all((size == 0) | ((size > low) & (size < high)))):  # NaN is in no range
        if not all_finite(given):
            raise ValueError(
                "y holds NaN or infinity: remove these measurements and the operator's rows that made them"
            )
        raise ValueError(f"signals of y are out of the range of {y.dtype} once squared: rescale y to about one")
    return A, y


_RANGE = {"float32": (1e-15, 1e15), "float64": (1e-145, 1e145)}  # magnitudes whose squares are safe
_COMPLEX = {"float32": "complex64", "float64": "complex128"}


def product_threads(A: LinearOperator, y: Array) -> AbstractContextManager:
    """Context in which A and its adjoint are applied, to as many signals as y has, on as many BLAS threads as pay."""
    return blas_threads(A.size_in * prod(y.shape))


def check_model(A: LinearOperator, model: Any, k: Any) -> SupportModel:
    """The model for the operator's signals, its budget checked.

    Raises
    ------
    TypeError
        When the model is none, or k is no integer.
    ValueError
        When the model is for other shapes, k < 1, k exceeds the model's units or the measurements.
    """
    if isinstance(model, Model) and not isinstance(model, SupportModel):
        raise TypeError(
            f"{type(model).__name__} has no supports, which this solver works on: take a model of coefficients such as"
            " Sparse(), or alternate gradient steps with project(x, k) of this one"
        )
    if not isinstance(model, SupportModel):
        raise TypeError(
            f"expected a sparsity model such as Sparse() or BlockSparse(blocks), got {type(model).__name__}"
        )
    model = fit(model, A.in_shape)
    m, k = A.size_out, model.check_budget(k, least=1)
    units = model.units(A.in_shape)
    if exceeds(k, units):
        raise ValueError(f"k={k} is more than the {units} units of {model}: lower k")
    nonzeros = model.max_nonzeros(k)
    if nonzeros > m:
        raise ValueError(f"k={k} allows {nonzeros} nonzeros but there are {m} measurements: lower k or measure more")
    return model


def check_penalty(A: LinearOperator, penalty: Any) -> Penalty:
    """The penalty for the operator's signals.

    Raises
    ------
    TypeError
        When it is no penalty.
    ValueError
        When it is for signals of another shape.
    """
    if not isinstance(penalty, Penalty):
        raise TypeError(f"expected a penalty such as L1(0.1) or GroupL2(blocks, 0.1), got {type(penalty).__name__}")
    return fit(penalty, A.in_shape)


def one_a_signal(given: Any, name: str, like: Array, *, zero: bool = False) -> Array:
    """A positive number for each signal, an array as `like`; zero is admitted where it says so.

    Raises
    ------
    TypeError
        When it is no real number.
    ValueError
        When it is neither one number nor one a signal, or one is not finite or out of range.
    """
    numbers = as_float(given)
    if is_complex(numbers):
        raise TypeError(f"{name} is a real number, got {numbers.dtype}")
    if numbers.shape not in ((), like.shape):
        raise ValueError(f"{name} must be one number or have shape {like.shape}, one a signal, got {numbers.shape}")
    host = to_numpy(numbers)
    if not (np.isfinite(host) & ((host >= 0) if zero else (host > 0))).all():
        raise ValueError(f"{name} must be {'finite and not negative' if zero else 'positive and finite'}, got {host}")
    return namespace(like).broadcast_to(cast_like(host, like), like.shape)
