"""Orthogonal matching pursuit by directions whose images are orthonormal, in plain array code."""

from __future__ import annotations

from math import prod

from ..backend import (
    Array,
    as_complex,
    clip,
    conj,
    device,
    divide,
    eps,
    keep,
    mT,
    namespace,
    norm,
    on_host,
    scatter,
    to_like,
)
from ..operators import LinearOperator
from .least_squares import Dense
from .units import Units

LEAST = 100  # rounding units of the squared norm of a column that have to lie outside the span of the chosen ones
_TIES = 1e-12  # relative difference below which gains are equal


class OrthogonalPursuit:
    """Signals x = sum_i step_i v_i, where the directions v_i are combinations of units and the q_i = A v_i orthonormal.

    A column joins by Gram-Schmidt, run twice, which leaves it orthogonal to rounding. Arrays have their final size from
    the start; signals that have ended, and columns that depend on the others, get directions of zeros, so that nothing
    is counted on a device.

    Parameters
    ----------
    A : LinearOperator
        on one channel, as `prepare` gives it.
    y : array, (*batch, *A.out_shape), or (*batch, channels, *A.out_shape)
    units : Units
    steps, at_once : int
        iterations at most, units in each.
    first : array, (*batch, count), or None
        gains of the units that are taken before any other, where they are not zero.
    enough : array, (*batch,)
        residual norm with which a signal has ended.
    """

    def __init__(
        self, A: LinearOperator, y: Array, units: Units, steps: int, at_once: int, first: Array | None, enough: Array
    ) -> None:
        xp, place, batch = namespace(y), device(y), enough.shape
        self.A, self.units, self.steps, self.at_once, self.first, self.enough = A, units, steps, at_once, first, enough
        self.shape, self.done, self.filled = y.shape, 0, 0
        self.correlations = A.H @ y
        dtype, channels, size = self.correlations.dtype, units.channels or 1, steps * at_once * units.width
        residual = self._measured(xp.reshape(y, (*batch, channels, A.size_out)))
        self.residual = xp.astype(residual, dtype)
        self.images = xp.zeros((*batch, size, residual.shape[-1]), dtype=dtype, device=place)
        self.directions = xp.zeros((*batch, size, size), dtype=dtype, device=place)
        self.values = xp.zeros((*batch, channels, size), dtype=dtype, device=place)
        self.places = xp.full((*batch, size), A.size_in, dtype=xp.int64, device=place)
        self.taken = xp.zeros((*batch, units.count), dtype=xp.bool, device=place)
        self.iterations = xp.zeros(batch, dtype=xp.int64, device=place)
        self.members, self.numbers = to_like(units.members, y), xp.arange(units.count, device=place)

    def advance(self, goal: int) -> None:
        """Take units until so many iterations are done."""
        xp = namespace(self.residual)
        while self.done < goal:
            growing = norm(self.residual, 2) > self.enough
            if on_host(self.residual) and not bool(xp.any(growing)):
                return
            self.correlations = self._correlate() if self.done else self.correlations
            self._take(growing)
            self.iterations = self.iterations + xp.astype(growing, xp.int64)
            self.done += 1

    def signal(self) -> Array:
        """Coefficients of the signals, flattened behind their batch."""
        xp, n, count, signals = namespace(self.values), self.A.size_in, self.filled, prod(self.enough.shape)
        channels = self.values.shape[-2]
        if not count:
            return xp.zeros((signals, channels * n), dtype=self.values.dtype, device=device(self.values))
        values = xp.permute_dims(xp.reshape(self.values[..., :count], (signals, channels, count)), (1, 0, 2))
        slots = xp.arange(signals * count, device=device(values))
        places = xp.reshape(self.places[..., :count], (-1,))
        indices = xp.where(places < n, places + n * (slots // count), signals * n + slots)  # distinct ones
        x = scatter(xp.reshape(values, (channels, -1)), indices, signals * (n + count))[:, : signals * n]
        return xp.permute_dims(xp.reshape(x, (channels, signals, n)), (1, 0, 2))

    def _take(self, growing: Array) -> None:
        """One iteration for the signals that grow: the units of largest gain, column after column."""
        xp, batch, width = namespace(self.values), self.enough.shape, self.units.width
        energies = self.units.gains(self.correlations, batch)
        for _ in range(self.at_once):
            gains = energies
            if self.first is not None:
                early = keep(self.first, ~self.taken)
                gains = xp.where(xp.any(early > 0, axis=-1, keepdims=True), early, gains)
            gains = xp.where(self.taken, xp.full_like(gains, -1.0), gains)
            best = gains >= (1 - _TIES) * xp.max(gains, axis=-1, keepdims=True)
            unit = xp.argmax(xp.astype(best, xp.int8), axis=-1)
            self.taken = self.taken | (unit[..., None] == self.numbers)
            members = xp.reshape(xp.take(self.members, xp.reshape(unit, (-1,)), axis=0), (*batch, width))
            for i in range(width):
                self._append(xp.where(growing, members[..., i], xp.full_like(unit, self.A.size_in)))

    def _append(self, place: Array) -> None:
        """Least squares with one column more, of each signal; a column that depends on the others changes nothing."""
        xp, t = namespace(self.values), self.filled
        column = self._column(place)
        images, directions = self.images[..., :t, :], self.directions[..., :t, :t]
        rest, along = column, xp.zeros_like(column[..., :t])
        for _ in range(2):
            part = conj(images @ conj(rest)[..., None])[..., 0]
            rest, along = rest - (part[..., None, :] @ images)[..., 0, :], along + part
        outside = norm(rest)
        fresh = outside**2 > LEAST * eps(rest) * norm(column) ** 2  # false for NaN, too
        scale = xp.astype(keep(divide(xp.ones_like(outside), outside), fresh), rest.dtype)[..., None]
        image = scale * rest
        direction = xp.concat([-scale * (along[..., None, :] @ directions)[..., 0, :], scale], axis=-1)
        step = self.residual @ conj(image)[..., None]
        self.images[..., t, :] = image
        self.directions[..., t, : t + 1] = direction
        self.places[..., t] = xp.where(fresh, place, xp.full_like(place, self.A.size_in))
        self.values[..., : t + 1] += step * direction[..., None, :]
        self.residual = self.residual - step * image[..., None, :]
        self.filled += 1

    def _column(self, place: Array) -> Array:
        """Column of A for each signal, (*batch, m); zeros for the place behind the last one."""
        xp, A = namespace(place), self.A
        if isinstance(A, Dense):
            columns = xp.take(A.matrix, clip(xp.reshape(place, (-1,)), 0, A.size_in - 1), axis=1)
            columns = keep(xp.reshape(mT(columns), (*place.shape, A.size_out)), (place < A.size_in)[..., None])
        else:
            hits = place[..., None] == xp.arange(A.size_in, device=device(place))
            unit = xp.reshape(xp.astype(hits, self.enough.dtype), (*place.shape, *A.in_shape))
            columns = xp.reshape(A @ unit, (*place.shape, A.size_out))
        return xp.astype(self._measured(columns), self.residual.dtype)

    def _measured(self, y: Array) -> Array:
        """Measurements as they are, (..., m), or for real unknowns their real and imaginary parts, (..., 2 m)."""
        if not self.A.real_input:
            return y
        xp, y = namespace(y), as_complex(y)
        return xp.concat([xp.real(y), xp.imag(y)], axis=-1)

    def _correlate(self) -> Array:
        """A^H r, of all signals in one product."""
        xp, r = namespace(self.residual), self.residual
        if self.A.real_input:
            m = self.A.size_out
            r = as_complex(r[..., :m]) + 1j * as_complex(r[..., m:])
        return self.A.H @ xp.reshape(r, self.shape)
