"""Least squares on a support: dense where columns are cheap, conjugate gradients where only products are."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..backend import (
    Array,
    as_complex,
    cast_like,
    device,
    divide,
    eps,
    expand,
    keep,
    namespace,
    norm,
    positive_solver,
    real_dtype,
    scatter,
)
from ..operators import LinearOperator, Matrix
from ..operators.algebra import Wrapper

_DENSE = 2**22  # entries up to which an operator is made dense, once a solve
_LOOK = 8  # conjugate gradient iterations between looks at the numbers
_MAX_CG = 400


@dataclass(frozen=True, eq=False, repr=False)
class Dense(Wrapper):
    """An operator and its dense matrix: products and columns come from the matrix."""

    operator: LinearOperator
    matrix: Array

    def __str__(self) -> str:
        return str(self.operator)

    def _apply(self, x: Array) -> Array:
        return self.operator._apply(x)

    def _adjoint(self, y: Array) -> Array:
        return self.operator._adjoint(y)


def prepare(A: LinearOperator, y: Array) -> LinearOperator:
    """The operator as `least_squares_on` wants it: with its dense matrix where that is small or at hand."""
    small = prod(A.shape) <= _DENSE
    if A.batch_shape or not (small or isinstance(A, Matrix)):
        return A
    return Dense(A, cast_like(A.todense(), y))


def least_squares_on(A: LinearOperator, y: Array, support: Array) -> Array:
    """Minimum-norm least squares solution of A x = y among the signals that vanish outside the support.

    Parameters
    ----------
    A : LinearOperator
        as `prepare` gives it.
    y : array, (*batch, *out_shape)
    support : bool array, (*batch, *in_shape)

    Returns
    -------
    array, (*batch, *in_shape)
        from dense normal equations, refined once, or a singular value decomposition where these are close to
        singular; for operators that are not dense from conjugate gradients (CGLS), to full precision.
    """
    if not isinstance(A, Dense):
        return _conjugate_gradients(A, y, support)
    xp = namespace(y)
    masks, signals = xp.reshape(support, (-1, A.size_in)), xp.reshape(y, (-1, A.size_out))
    solutions = [_dense(A, signals[i, ...], masks[i, ...]) for i in range(signals.shape[0])]
    return xp.reshape(xp.stack(solutions), support.shape)


def _dense(A: Dense, y: Array, mask: Array) -> Array:
    """One signal: gather the columns on the support, solve, scatter."""
    xp = namespace(y)
    places = xp.nonzero(mask)[0]
    if places.shape[0] == 0:
        dtype = real_dtype(y) if A.real_input else xp.result_type(A.matrix, y)
        return xp.zeros(mask.shape, dtype=dtype, device=device(y))
    columns = xp.take(A.matrix, places, axis=1)
    if A.real_input:
        columns, y = _stacked(columns), _stacked(y)
    return scatter(_minimum_norm(columns, y), places, A.size_in)


def _stacked(x: Array) -> Array:
    """Real and imaginary part on top of each other: complex equations for real unknowns."""
    xp, x = namespace(x), as_complex(x)
    return xp.concat([xp.real(x), xp.imag(x)], axis=0)


def _minimum_norm(B: Array, y: Array) -> Array:
    """Minimum-norm least squares solution of B x = y."""
    xp = namespace(B, y)
    dtype = xp.result_type(B, y)
    B, y = xp.astype(B, dtype, copy=False), xp.astype(y, dtype, copy=False)
    m, t = B.shape
    adjoint = xp.conj(B.mT)
    tall = t <= m
    gram = adjoint @ B if tall else B @ adjoint
    if not bool(xp.all(xp.isfinite(gram))):  # decompositions may not end on NaN
        return xp.full((t,), float("nan"), dtype=dtype, device=device(y))
    invert = positive_solver(gram)
    if invert is not None:
        x = invert(adjoint @ y) if tall else adjoint @ invert(y)
        rest = y - B @ x
        return x + (invert(adjoint @ rest) if tall else adjoint @ invert(rest))  # one step of refinement
    u, s, vh = xp.linalg.svd(B, full_matrices=False)
    nonzero = s > max(m, t) * eps(y) * xp.max(s)
    inverse = xp.where(nonzero, 1 / xp.where(nonzero, s, xp.ones_like(s)), xp.zeros_like(s))
    return xp.conj(vh.mT) @ (inverse * (xp.conj(u.mT) @ y))


def _conjugate_gradients(A: LinearOperator, y: Array, support: Array) -> Array:
    """CGLS on the masked operator from zero, so that it tends to the minimum-norm solution; signals end one by one.

    References
    ----------
    A. Bjorck, Numerical Methods for Least Squares Problems, SIAM, 1996, Algorithm 7.4.1.
    """
    xp, ndim_in, ndim_out = namespace(y), len(A.in_shape), len(A.out_shape)
    residual = y
    slope = keep(A.H @ residual, support)
    direction, x = slope, xp.zeros_like(slope)
    square = norm(slope, ndim_in) ** 2
    enough = (100 * eps(y)) ** 2 * square
    for iteration in range(1, _MAX_CG + 1):
        image = A @ direction
        length = divide(square, norm(image, ndim_out) ** 2)
        x = x + expand(length, ndim_in) * direction
        residual = residual - expand(length, ndim_out) * image
        slope = keep(A.H @ residual, support)
        square, before = norm(slope, ndim_in) ** 2, square
        square = xp.where(square <= enough, xp.zeros_like(square), square)
        direction = slope + expand(divide(square, before), ndim_in) * direction
        if iteration % _LOOK == 0 and not bool(xp.any(square > 0)):
            break
    return x
