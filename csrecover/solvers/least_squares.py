"""Least squares on a support: dense where columns are cheap, conjugate gradients where only products are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from ..backend import (
    Array,
    blas_threads,
    cast_like,
    clip,
    device,
    divide,
    eps,
    expand,
    keep,
    namespace,
    norm,
    on_host,
    to_like,
    to_numpy,
)
from ..operators import LinearOperator, Matrix
from ..operators.algebra import Wrapper
from .base import Counting
from .gathered import Columns, Gram
from .minimum_norm import minimum_norms, stacked
from .selections import signals_at

_DENSE = 2**22  # entries up to which an operator is made dense, once a solve
_MAX_CG = 400
_STEPS = 48  # on a device, where nobody looks: enough for condition numbers up to about nine
_SHARED = 2048  # unknowns up to which the signals of a batch share the inner products of all columns
_MANY = 4  # unknowns for each nonzero from which a signal is multiplied by columns
_KEPT = 2**24  # inner products that are kept where each signal has its own


@dataclass(frozen=True, eq=False, repr=False)
class Dense(Wrapper):
    """An operator whose columns are affordable, for the solution of A x = y by columns.

    A^H y is computed once, and the dense matrix at its first use. On the host columns are gathered, and multiplied with
    each other, once; where the operator is a matrix, sparse signals are multiplied by columns alone.
    """

    operator: LinearOperator
    source: LinearOperator  # the same operator, whose products are not counted
    y: Array

    @property
    def _arrays(self) -> list[Array]:  # type: ignore[override]  # those of the operator alone
        return self.source._arrays

    def __str__(self) -> str:
        return str(self.operator)

    def _apply(self, x: Array) -> Array:
        at_hand = isinstance(self.source, Matrix) and on_host(x)
        if not at_hand or _MANY * np.count_nonzero(to_numpy(x)) > prod(x.shape):
            return self.operator._apply(x)
        if isinstance(self.operator, Counting):
            self.operator.counts[0] += 1
        return to_like(self.gathered.times(to_numpy(x)), x)

    def _adjoint(self, y: Array) -> Array:
        same = y is self.y or (on_host(y) and np.array_equal(to_numpy(y), to_numpy(self.y)))
        return self.correlations if same else self.operator._adjoint(y)

    def part(self, rows: np.ndarray) -> Dense:
        """The operator for the signals of y at ascending flat positions; what is known of its columns goes along."""
        batch = self.y.shape[: self.y.ndim - len(self.out_shape)]
        known = {name: value for name, value in vars(self).items() if name in ("matrix", "gathered", "_grams")}
        if len(known.get("_grams", ())) > 1:
            known["_grams"] = [self._grams[i] for i in rows]
        part = replace(self, y=signals_at(self.y, rows, batch))
        vars(part).update(known, correlations=signals_at(self.correlations, rows, batch))
        return part

    @cached_property
    def correlations(self) -> Array:
        """A^H y."""
        return self.operator._adjoint(self.y)

    @cached_property
    def matrix(self) -> Array:
        """The dense matrix in the library, on the device and in the precision of y."""
        return cast_like(self.source.todense(), self.y)

    @cached_property
    def gathered(self) -> Columns:
        """Columns known so far; for real signals the real and imaginary parts of their equations."""
        return Columns(to_numpy(stacked(self.matrix) if self.real_input else self.matrix))

    @cached_property
    def _grams(self) -> list[Gram]:
        return []

    def grams(self, count: int, most: int) -> list[Gram]:
        """Inner products for the systems of so many signals, of at most `most` unknowns; all the same if shared."""
        if count == 1 or self.size_in <= _SHARED:
            if not self._grams:
                self._grams.append(Gram(self.gathered))
            return self._grams * count
        if count * most**2 > _KEPT:
            return [Gram(self.gathered) for _ in range(count)]
        while len(self._grams) < count:
            self._grams.append(Gram(self.gathered))
        return self._grams


def prepare(A: LinearOperator, y: Array) -> LinearOperator:
    """The operator as `least_squares_on` wants it: `Dense` where its matrix is small or at hand, else as it is."""
    affordable = prod(A.shape) <= _DENSE or isinstance(A, Matrix)
    return Dense(A, A, y) if affordable and not A.batch_shape else A


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
        from dense normal equations, refined where they are not accurate, or a singular value decomposition where these
        are close to singular; for operators that are not dense from conjugate gradients (CGLS), to full precision.
    """
    if not isinstance(A, Dense):
        return _conjugate_gradients(A, y, support)
    if on_host(y):
        return _on_host(A, y, support, most)
    xp = namespace(y)
    masks, signals = xp.reshape(support, (-1, A.size_in)), xp.reshape(y, (-1, A.size_out))
    size, count = max(1, min(most, A.size_in)), signals.shape[0]
    step = max(1, _DENSE // (A.size_out * size))
    parts = [slice(start, min(start + step, count)) for start in range(0, count, step)]
    return xp.reshape(xp.concat([_together(A, signals[s, :], masks[s, :], size) for s in parts]), support.shape)


def _on_host(A: Dense, y: Array, support: Array, most: int) -> Array:
    """In NumPy: systems that share their inner products together, others one after the other."""
    signals, masks = to_numpy(y).reshape(-1, A.size_out), to_numpy(support).reshape(-1, A.size_in)
    correlations = to_numpy(A._adjoint(y)).reshape(-1, A.size_in)
    if A.real_input:
        signals = stacked(signals[..., None])[..., 0]
    grams = A.grams(len(signals), most)
    if shared := len(grams) > 1 and grams[0] is grams[-1]:
        grams[0].add(np.flatnonzero(masks.any(axis=0)))
    with blas_threads(A.size_out * most):
        if shared:
            x = grams[0].solve_all(masks, correlations, signals)
        else:
            x = np.zeros(masks.shape, np.result_type(A.gathered.matrix, signals))
            for i, gram in enumerate(grams):
                gram.fill(x[i], masks[i], correlations[i], signals[i])
    return to_like(x.reshape(support.shape), y)


def _together(A: Dense, y: Array, masks: Array, size: int) -> Array:
    """Signals (count, m) in one batch of systems: each support is filled up to `size` columns, the others zero."""
    xp, count = namespace(y), y.shape[0]
    places = xp.argsort(xp.astype(~masks, xp.int8), axis=-1, stable=True)[:, :size]  # the support comes first
    used = xp.arange(size, device=device(y)) < xp.sum(xp.astype(masks, xp.int64), axis=-1, keepdims=True)
    columns = xp.reshape(xp.take(A.matrix, xp.reshape(places, (-1,)), axis=1), (-1, count, size))
    columns = keep(xp.permute_dims(columns, (1, 0, 2)), used[:, None, :])
    if A.real_input:
        columns, y = stacked(columns), stacked(y[..., None])[..., 0]
    x = minimum_norms(columns, y, used)
    rank = clip(xp.cumulative_sum(xp.astype(masks, xp.int64), axis=-1) - 1, 0, size - 1)
    rank = rank + size * xp.arange(count, device=device(y))[:, None]
    return keep(xp.reshape(xp.take(xp.reshape(x, (-1,)), xp.reshape(rank, (-1,))), masks.shape), masks)


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
    for _ in range(_MAX_CG if host else _STEPS):
        image = A @ direction
        length = divide(square, norm(image, ndim_out) ** 2)
        x = x + expand(length, ndim_in) * direction
        residual = residual - expand(length, ndim_out) * image
        slope = keep(A.H @ residual, support)
        square, before = norm(slope, ndim_in) ** 2, square
        square = xp.where(square <= enough, xp.zeros_like(square), square)
        if host and not bool(xp.any(square > 0)):
            break
        direction = slope + expand(divide(square, before), ndim_in) * direction
    return x
