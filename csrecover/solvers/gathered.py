"""Columns of a matrix and their inner products, computed when first asked for: many least squares share them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..backend import eps, is_complex, on_parts, positive_solver
from ..kernels import compiled
from .minimum_norm import minimum_norm

_ROUGH = 1e-13  # relative error of a solution from normal equations above which it is refined
_SPARE = 4  # columns known for each that takes part in a product, up to which all of them do
_TOGETHER = 2**16  # bytes of a system up to which those of a batch are solved together: it stays in the nearest caches
_ROOM = 4  # times what is needed, of an array that grows: memory that is not written to costs nothing


class Columns:
    """The columns of a matrix (m, n) that were asked for so far, as rows, in the memory of the host."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix
        self.order = _Order(matrix.shape[1])
        self.rows = np.empty((0, matrix.shape[0]), matrix.dtype)

    def add(self, indices: np.ndarray) -> None:
        """Gather the columns with these indices, which are distinct."""
        new = self.order.missing(indices)
        if new.size:
            low, high = self.order.append(new)
            self.rows = _enlarged(self.rows, (high, self.rows.shape[1]), most=self.order.place.size)
            self.rows[low:high] = self.matrix[:, new].T

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Columns with the given distinct indices, at least one, as rows (len(indices), m); not to be written to."""
        self.add(indices)
        return self._at(self.order.place[indices])

    def _at(self, place: np.ndarray) -> np.ndarray:
        if place[-1] - place[0] == place.size - 1 and (np.diff(place) == 1).all():
            return self.rows[place[0] : place[-1] + 1]
        return self.rows.take(place, axis=0)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Product of the matrix with each sparse signal of x, (*batch, n), by the columns of its nonzeros."""
        signals = x.reshape(-1, x.shape[-1])
        images = np.zeros((len(signals), self.rows.shape[1]), np.result_type(self.matrix, x))
        kernel = compiled("gathered") if len(signals) > 1 else None
        if kernel is not None:
            self.add(np.flatnonzero(signals.any(axis=0)))
            kernel.combine(self.rows, self.order.place, signals, images)
            return images.reshape(*x.shape[:-1], -1)
        signal, column = _places(signals != 0)
        self.add(column if len(signals) == 1 else np.flatnonzero(signals.any(axis=0)))
        place, values = self.order.place[column], signals[signal, column]
        starts = np.searchsorted(signal, np.arange(len(signals) + 1))
        for image, low, high in zip(images, starts, starts[1:], strict=False):
            if high > low:
                image[...] = self._combined(values[low:high], place[low:high])
        return images.reshape(*x.shape[:-1], -1)

    def combined(self, indices: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Sum of the columns with the given distinct indices, at least one, each times its number of x."""
        self.add(indices)
        return self._combined(x, self.order.place[indices])

    def _combined(self, x: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Sum of the rows at these places, each times its number of x."""
        count, kernel = self.order.known.size, compiled("gathered")
        if count <= _SPARE * place.size:  # adding zeros is faster than picking rows
            rows, numbers = self.rows[:count], x
            x = np.zeros(count, x.dtype)
            x[place] = numbers
        elif kernel is not None and x.dtype == self.rows.dtype:
            out = np.empty(self.rows.shape[1], x.dtype)
            kernel.total(self.rows, place, x, out)
            return out
        else:
            rows = self._at(place)
        return on_parts(lambda part: part @ rows, x) if is_complex(x) and not is_complex(rows) else x @ rows


class Gram:
    """Inner products of columns that were asked for so far, and least squares on some of them."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.order = _Order(columns.matrix.shape[1])
        self.products = np.empty((0, 0), columns.matrix.dtype)

    def add(self, indices: np.ndarray) -> None:
        """Compute the inner products of these columns with each other and with those known."""
        new = self.order.missing(indices)
        if new.size:
            low, high = self.order.append(new)
            rows = self.columns.take(self.order.known)
            self.products = _enlarged(self.products, (high, high), most=self.order.place.size)
            self.products[low:high, :high] = (rows[low:].conj() if is_complex(rows) else rows[low:]) @ rows.T
            self.products[:low, low:high] = self.products[low:high, :low].conj().T

    def solve(self, indices: np.ndarray, correlations: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Minimum-norm least squares solution of B x = y for the columns B with these indices, given B^H y.

        Refined once where the normal equations alone are not accurate.
        """
        if indices.size > y.size:
            return minimum_norm(self.columns.take(indices).T, y)
        found = positive_solver(self._among(indices))
        if found is None:
            return minimum_norm(self.columns.take(indices).T, y)
        invert, ease = found
        x = self._inverted(invert, correlations)
        if eps(x) <= _ROUGH * ease:
            return x
        rows = self.columns.take(indices)
        return x + self._inverted(invert, rows.conj() @ (y - x @ rows))

    def _among(self, indices: np.ndarray) -> np.ndarray:
        """Inner products of these columns with each other; they are kept unless those with all known ones cost more."""
        new, known = self.order.missing(indices).size, self.order.known.size
        if new * (2 * known + new) > indices.size**2:
            rows = self.columns.take(indices)
            return (rows.conj() if is_complex(rows) else rows) @ rows.T
        self.add(indices)
        place = self.order.place[indices]
        return self.products.reshape(-1).take(place[:, None] * self.products.shape[1] + place)

    def fill(self, x: np.ndarray, support: np.ndarray, correlations: np.ndarray, y: np.ndarray) -> None:
        """Write the solution on a support, a mask, into the signal x."""
        indices = np.flatnonzero(support)
        if indices.size:
            x[indices] = self.solve(indices, correlations[indices], y)

    def solve_all(self, supports: np.ndarray, correlations: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Least squares solutions for each row of the masks (count, n): small systems together, others one by one.

        The columns of all supports are known. Each signal is solved for as `solve` does.
        """
        x = np.zeros(supports.shape, np.result_type(self.columns.matrix, y))
        left, widest = np.ones(len(x), bool), int(supports.sum(axis=1).max(initial=0))
        if len(x) > 1 and widest <= y.shape[1] and widest**2 * self.products.itemsize <= _TOGETHER:
            ease = self._eased(supports, correlations, x)
            left = ~(ease > eps(x) ** 0.5)
            rough = ~left & ~(eps(x) <= _ROUGH * ease)
            if rough.any():
                rest, more = y[rough] - self.columns.times(x[rough]), np.zeros_like(x[rough])
                self._eased(supports[rough], (rest.conj() @ self.columns.matrix).conj(), more)
                x[rough] += more
        for i in np.flatnonzero(left):
            self.fill(x[i], supports[i], correlations[i], y[i])
        return x

    def _eased(self, supports: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Solve the normal equations of each support into x, by Cholesky; the smallest pivot by the largest of each."""
        signal, column = _places(supports)
        starts, place = np.searchsorted(signal, np.arange(len(x) + 1)), self.order.place[column]
        values = b[signal, column].astype(x.dtype, copy=False)
        kernel = compiled("gathered")
        if kernel is None:
            ease = _solve(self.products, place, starts, values)
        else:
            ease = np.empty(len(x), self.products.real.dtype)
            kernel.solve(self.products, place, starts, values, ease)
        x[signal, column] = values
        return ease

    def _inverted(self, invert: Callable[[np.ndarray], np.ndarray], b: np.ndarray) -> np.ndarray:
        if not is_complex(b) or is_complex(self.products):
            return invert(b)
        parts = invert(np.stack([b.real, b.imag], axis=1))
        return parts[:, 0] + 1j * parts[:, 1]


class _Order:
    """The order in which columns were asked for: `known` lists them, `place` has their positions there, or -1."""

    def __init__(self, n: int) -> None:
        self.known = np.empty(0, np.intp)
        self.place = np.full(n, -1, np.intp)

    def missing(self, indices: np.ndarray) -> np.ndarray:
        return indices[self.place[indices] < 0]

    def append(self, new: np.ndarray) -> tuple[int, int]:
        """Add new indices at the end; the places that they take."""
        low, high = self.known.size, self.known.size + new.size
        self.known = np.concatenate([self.known, new])
        self.place[new] = np.arange(low, high)
        return low, high


def _solve(products: np.ndarray, place: np.ndarray, starts: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What the compiled twin does, by LAPACK for all at once: none is solved where one is not positive definite."""
    counts = np.diff(starts)
    used = np.arange(counts.max(initial=0)) < counts[:, None]
    padded, b = np.zeros(used.shape, np.intp), np.zeros(used.shape, x.dtype)
    padded[used], b[used] = place, x
    grams = products.reshape(-1).take(padded[:, :, None] * products.shape[1] + padded[:, None, :])
    grams = np.where(used[:, :, None] & used[:, None, :], grams, np.eye(used.shape[1], dtype=grams.dtype))
    try:
        pivots = np.linalg.cholesky(grams).diagonal(axis1=1, axis2=2).real ** 2
        x[:] = np.linalg.solve(grams, b[..., None])[used, 0]
    except np.linalg.LinAlgError:
        return np.zeros(len(counts))
    low, high = pivots.min(axis=1, where=used, initial=np.inf), pivots.max(axis=1, where=used, initial=0)
    return np.where(counts > 0, low, 1) / np.where(counts > 0, high, 1)


def _places(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of what is true in masks (count, n); NumPy's own search is slow in more than one dimension."""
    row, column = np.divmod(np.flatnonzero(masks), masks.shape[1])
    return row, column


def _enlarged(x: np.ndarray, shape: tuple[int, int], most: int) -> np.ndarray:
    """X itself where it has at least this shape, else a copy with room to spare, up to `most` entries an axis."""
    room = [have if have >= want else min(_ROOM * want, most) for have, want in zip(x.shape, shape, strict=True)]
    if x.shape == tuple(room):
        return x
    out = np.empty(room, x.dtype)
    out[: x.shape[0], : x.shape[1]] = x
    return out
