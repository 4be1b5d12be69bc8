"""Least squares on a support: dense where columns are cheap, conjugate gradients where only products are."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..backend import (
    Array,
    as_complex,
    cast_like,
    clip,
    device,
    divide,
    eps,
    expand,
    keep,
    mT,
    namespace,
    norm,
    on_host,
    positive_solver,
    real_dtype,
    scatter,
    well_conditioned,
)
from ..operators import LinearOperator, Matrix
from ..operators.algebra import Wrapper

_DENSE = 2**22  # entries up to which an operator is made dense, once a solve
_LOOK = 8  # conjugate gradient iterations between looks at the numbers, on the host
_MAX_CG = 400
_STEPS = 48  # on a device, where nobody looks: enough for condition numbers up to about nine


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


def least_squares_on(A: LinearOperator, y: Array, support: Array, most: int) -> Array:
    """Minimum-norm least squares solution of A x = y among the signals that vanish outside the support.

    Parameters
    ----------
    A : LinearOperator
        as `prepare` gives it.
    y : array, (*batch, *out_shape)
    support : bool array, (*batch, *in_shape)
    most : int
        no support has more entries; on a device it is the size of the systems, so that nothing needs to be counted.

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
    if on_host(y):
        solutions = [_one_by_one(A, signals[i, ...], masks[i, ...]) for i in range(signals.shape[0])]
        return xp.reshape(xp.stack(solutions), support.shape)
    size, count = max(1, min(most, A.size_in)), signals.shape[0]
    step = max(1, _DENSE // (A.size_out * size))
    parts = [slice(start, min(start + step, count)) for start in range(0, count, step)]
    return xp.reshape(xp.concat([_together(A, signals[s, :], masks[s, :], size) for s in parts]), support.shape)


def _one_by_one(A: Dense, y: Array, mask: Array) -> Array:
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


def _together(A: Dense, y: Array, masks: Array, size: int) -> Array:
    """Signals (count, m) in one batch of systems: each support is filled up to `size` columns, the others zero."""
    xp, count = namespace(y), y.shape[0]
    places = xp.argsort(xp.astype(~masks, xp.int8), axis=-1, stable=True)[:, :size]  # the support comes first
    used = xp.arange(size, device=device(y)) < xp.sum(xp.astype(masks, xp.int64), axis=-1, keepdims=True)
    columns = xp.reshape(xp.take(A.matrix, xp.reshape(places, (-1,)), axis=1), (-1, count, size))
    columns = keep(xp.permute_dims(columns, (1, 0, 2)), used[:, None, :])
    if A.real_input:
        columns, y = _stacked(columns), _stacked(y[..., None])[..., 0]
    x = _batched_minimum_norm(columns, y, used)
    rank = clip(xp.cumulative_sum(xp.astype(masks, xp.int64), axis=-1) - 1, 0, size - 1)
    rank = rank + size * xp.arange(count, device=device(y))[:, None]
    return keep(xp.reshape(xp.take(xp.reshape(x, (-1,)), xp.reshape(rank, (-1,))), masks.shape), masks)


def _batched_minimum_norm(B: Array, y: Array, used: Array) -> Array:
    """Minimum-norm least squares solutions of the systems B x = y, zero in the columns that are not used."""
    xp = namespace(B, y)
    dtype = xp.result_type(B, y)
    B, y = xp.astype(B, dtype, copy=False), xp.astype(y, dtype, copy=False)[..., None]
    adjoint = xp.conj(mT(B))
    if B.shape[-1] <= B.shape[-2]:
        gram = adjoint @ B
        peak = xp.max(xp.real(xp.linalg.diagonal(gram)), axis=-1)[:, None, None]
        unused = xp.eye(B.shape[-1], dtype=xp.bool, device=device(y)) & ~used[:, None, :]
        gram = xp.where(unused, xp.astype(xp.where(peak > 0, peak, xp.ones_like(peak)), dtype), gram)
        if well_conditioned(gram):
            x = xp.linalg.solve(gram, adjoint @ y)
            return (x + xp.linalg.solve(gram, adjoint @ (y - B @ x)))[..., 0]  # one step of refinement
    if not bool(xp.all(xp.isfinite(B))):  # decompositions may not end on NaN
        return xp.full(used.shape, float("nan"), dtype=dtype, device=device(y))
    return _by_singular_values(B, y)[..., 0]


def _stacked(x: Array) -> Array:
    """Real and imaginary part on top of each other: complex equations for real unknowns."""
    xp, x = namespace(x), as_complex(x)
    return xp.concat([xp.real(x), xp.imag(x)], axis=max(0, x.ndim - 2))


def _minimum_norm(B: Array, y: Array) -> Array:
    """Minimum-norm least squares solution of B x = y."""
    xp = namespace(B, y)
    dtype = xp.result_type(B, y)
    B, y = xp.astype(B, dtype, copy=False), xp.astype(y, dtype, copy=False)
    m, t = B.shape
    adjoint = xp.conj(mT(B))
    tall = t <= m
    gram = adjoint @ B if tall else B @ adjoint
    if not bool(xp.all(xp.isfinite(gram))):  # decompositions may not end on NaN
        return xp.full((t,), float("nan"), dtype=dtype, device=device(y))
    invert = positive_solver(gram)
    if invert is not None:
        x = invert(adjoint @ y) if tall else adjoint @ invert(y)
        rest = y - B @ x
        return x + (invert(adjoint @ rest) if tall else adjoint @ invert(rest))  # one step of refinement
    return _by_singular_values(B, y[:, None])[:, 0]


def _by_singular_values(B: Array, y: Array) -> Array:
    """Minimum-norm least squares solutions of B x = y for columns y, singular values of rounding size being zero."""
    xp = namespace(B)
    u, s, vh = xp.linalg.svd(B, full_matrices=False)
    nonzero = s > max(B.shape[-2:]) * eps(B) * xp.max(s, axis=-1, keepdims=True)
    inverse = xp.where(nonzero, 1 / xp.where(nonzero, s, xp.ones_like(s)), xp.zeros_like(s))
    return xp.conj(mT(vh)) @ (inverse[..., None] * (xp.conj(mT(u)) @ y))


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
    host = on_host(y)
    for iteration in range(1, (_MAX_CG if host else _STEPS) + 1):
        image = A @ direction
        length = divide(square, norm(image, ndim_out) ** 2)
        x = x + expand(length, ndim_in) * direction
        residual = residual - expand(length, ndim_out) * image
        slope = keep(A.H @ residual, support)
        square, before = norm(slope, ndim_in) ** 2, square
        square = xp.where(square <= enough, xp.zeros_like(square), square)
        direction = slope + expand(divide(square, before), ndim_in) * direction
        if host and iteration % _LOOK == 0 and not bool(xp.any(square > 0)):
            break
    return x
