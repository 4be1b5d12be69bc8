"""Debiasing: least squares on the support that a solver found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..backend import Array, cast_like, expand, is_complex, mT, namespace, norm, to_like, to_numpy
from ..operators import LinearOperator
from .least_squares import least_squares_on, prepare
from .result import Result, plain

_SHARE = 0.5  # of the measurements that the unknowns may be as many as
_CONDITION = 100.0  # of the columns on the support at most


def refitted(A: LinearOperator, y: Array, result: Result) -> Result:
    """The result with least squares on its support in place of x where that is safe; its `solver` says of each signal.

    Safe is a support of at most half as many unknowns as there are measurements whose columns have a condition number
    of at most 100. Status and history remain those of the solver; there is no gap where x is no longer its solution.
    The supports are looked at on the host, signal by signal.

    Parameters
    ----------
    A : LinearOperator
    y : array, (*batch, *out_shape)
    result : Result

    Raises
    ------
    ValueError
        When A is a stack of matrices.
    """
    if A.batch_shape:
        raise ValueError(f"{A} is a stack of matrices, which has no columns to fit: leave debias out")
    shape, ndim = np.shape(result.status), len(A.in_shape)
    masks = to_numpy(result.support).reshape(-1, A.size_in)
    safe = np.reshape([_is_safe(A, y, np.flatnonzero(mask)) for mask in masks], shape)
    where = expand(to_like(safe, y), ndim)
    support = result.support & where
    fit = least_squares_on(prepare(A, y), y, support, max(1, int(A.size_out * _SHARE)))
    x = namespace(fit).where(where, fit, result.x)
    added = np.where(safe, ", debiased", ", not debiased: unsafe").astype(object)
    return replace(
        result,
        x=x,
        residual_norm=plain(to_numpy(norm(y - A @ x, len(A.out_shape)))),
        gap=None if result.gap is None else plain(np.where(safe, np.nan, result.gap)),
        solver=plain(result.solver + added),
    )


def _is_safe(A: LinearOperator, y: Array, places: np.ndarray) -> bool:
    """Whether least squares on these columns have few unknowns and are well conditioned."""
    if not len(places) or len(places) > _SHARE * A.size_out:
        return not len(places)
    columns = cast_like(A.columns(places), y)
    xp = namespace(columns)
    gram = xp.conj(mT(columns)) @ columns
    squares = to_numpy(xp.linalg.eigvalsh(xp.real(gram) if A.real_input and is_complex(gram) else gram))
    return bool(squares[0] * _CONDITION**2 >= squares[-1])
