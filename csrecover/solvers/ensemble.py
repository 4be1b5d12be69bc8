"""Whether a matrix is like a random one: what message passing must know of an operator before its theory holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..backend import Array, cast_like, eps, mT, namespace, norm, real_vdot, to_numpy
from ..operators import LinearOperator, Matrix, SparseMatrix
from ..operators.algebra import Product, Scaled

_COLUMNS, _ENTRIES = 32, 2**20  # columns of the Gram matrix that are looked at, and their entries, at most
_SEED = 2**31 - 1  # of the columns; no seed that a user takes for the rows
_SIGMAS = 6.0  # deviation of the squared norms of columns from their mean, in standard deviations
_PEAK = 6.0  # largest square beside the diagonal, over its mean and log n; about 2 for independent entries
_ROUNDING = 100.0  # A A^H may be off c I by this many rounding units
_MEAN = 10.0  # squared sum beside the diagonal, over its mean; about 1 for entries of mean zero


@dataclass(frozen=True)
class Independence:
    """What is used of a matrix with independent entries of mean zero.

    Attributes
    ----------
    gain : float
        mean squared norm of its columns.
    pseudo : complex
        sum of a_ij^2 / sum of |a_ij|^2: one for real entries, zero for circular complex ones.
    """

    gain: float
    pseudo: complex


def check_independent(A: LinearOperator) -> Independence:
    """Refuse a matrix whose entries are not like independent ones with mean zero and one variance.

    A matrix that states its `variance` is taken at its word; of any other some columns of A^H A are looked at, on the
    host: their diagonal entries are equal, the others are spread evenly, have mean zero and the energy that follows
    from m and n, up to chance.

    Raises
    ------
    ValueError
        Saying what is wrong, and which solver does not mind.
    """
    _refuse_stack(A)
    head, factor = _head(A)
    if not isinstance(head, Matrix | SparseMatrix):
        raise ValueError(
            f"approximate message passing needs a matrix with independent entries, got {A}: use vamp where its rows are"
            " orthogonal, as those of a subsampled transform are, fista elsewhere"
        )
    if head.variance is not None:
        gain = head.variance * A.size_out
    else:
        gain = float(np.mean(to_numpy(head.column_norms()) ** 2))
    probe = _Probe.of(A)
    if head.variance is None:
        probe.check_spread()
        probe.check_independent()
    return Independence(factor * gain, probe.pseudo)


def check_rotated(A: LinearOperator) -> None:
    """Refuse an operator whose right singular vectors are not spread like random ones.

    Matrices that state their `variance` are taken at their word; of any other operator some columns of A^H A are looked
    at, on the host: their diagonal entries are equal and the others are spread evenly, up to chance.

    Raises
    ------
    ValueError
        Saying what is wrong, and which solver does not mind.
    """
    _refuse_stack(A)
    head, _ = _head(A)
    if not (isinstance(head, Matrix | SparseMatrix) and head.variance is not None):
        _Probe.of(A).check_spread()


def _refuse_stack(A: LinearOperator) -> None:
    if A.batch_shape:
        raise ValueError(f"{A} is a stack of matrices, each with statistics of its own: loop over the matrices")
    if A.real_linear:
        raise ValueError(f"{A} is linear over the reals only, so its adjoint is no message: use fista")


def _head(A: LinearOperator) -> tuple[LinearOperator, float]:
    """What is left of multiples and of unitary factors on the right, and the squared modulus of the multiples."""
    if isinstance(A, Scaled):
        head, factor = _head(A.operator)
        return head, abs(A.factor) ** 2 * factor
    if isinstance(A, Product) and all(factor.unitary for factor in A.factors[1:]):
        return _head(A.factors[0])
    return A, 1.0


@dataclass(frozen=True, eq=False)
class _Probe:
    """Some columns of A^H A: their diagonal entries, and the energy, largest square and squared sum of the others."""

    A: LinearOperator
    diagonal: np.ndarray
    energy: np.ndarray
    peak: np.ndarray
    squared_sum: np.ndarray
    pseudo: complex

    @classmethod
    def of(cls, A: LinearOperator) -> _Probe:
        n = A.size_in
        count = min(n, max(4, min(_COLUMNS, _ENTRIES // n)))
        picks = np.sort(np.random.default_rng(_SEED).permutation(n)[:count])
        columns = A.columns(picks)
        xp = namespace(columns)
        gram = to_numpy(xp.reshape(A.H @ xp.reshape(mT(columns), (count, *A.out_shape)), (count, n))).copy()
        diagonal = gram[np.arange(count), picks].real
        gram[np.arange(count), picks] = 0
        squares, entries = np.abs(gram) ** 2, to_numpy(columns)
        pseudo = np.sum(entries**2) / max(np.sum(np.abs(entries) ** 2), np.finfo(float).tiny)
        return cls(
            A,
            diagonal,
            np.sum(squares, axis=1),
            np.max(squares, axis=1),
            np.abs(np.sum(gram, axis=1)) ** 2,
            complex(pseudo) if np.iscomplexobj(entries) else float(pseudo),
        )

    def check_spread(self) -> None:
        """Refuse columns of different norms, and correlations that single pairs of columns have."""
        n, mean, energy = self.A.size_in, np.mean(self.diagonal), np.mean(self.energy)
        chance = _SIGMAS * math.sqrt(2 * energy / n) + 1e-3 * mean
        if mean <= 0 or np.max(np.abs(self.diagonal - mean)) > chance:
            least, most = np.sqrt(np.clip([self.diagonal.min(), self.diagonal.max()], 0, None))
            raise self._refused(
                f"its columns have different norms, {least:.3g} to {most:.3g} (unit_columns makes equal)"
            )
        largest = float(np.max(self.peak))
        if largest > _PEAK * math.log(n + 1) * energy / n + 1e-12 * mean**2:
            raise self._refused(f"some columns are correlated, up to {math.sqrt(largest) / mean:.2g}")

    def check_independent(self) -> None:
        """Refuse a mean, and singular values that are not those of independent entries."""
        (m, n), mean, energy = self.A.shape, np.mean(self.diagonal), np.mean(self.energy)
        if np.mean(self.squared_sum) > _MEAN * energy:
            raise self._refused("the mean of its entries is not zero: subtract it from A and its part from y")
        ratio = energy / mean**2 * m / n
        if ratio < 1 - min(m / n, 1) / 2:
            raise self._refused("its rows are nearly orthogonal: use vamp")
        if ratio > 1.25:
            raise self._refused(f"its entries are correlated: A^H A has {ratio:.2g} times the energy off its diagonal")

    def _refused(self, reason: str) -> ValueError:
        return ValueError(
            f"the theory of message passing does not hold for {self.A}: {reason}. Use fista, or state the variance of"
            " the entries if they are independent with mean zero: Matrix(matrix, variance=1 / m)"
        )


def row_gain(A: LinearOperator, like: Array) -> float | None:
    """The c for which A A^H = c I, to rounding; None where there is none. One product with A^H and one with A."""
    probe = cast_like(np.random.default_rng(_SEED).standard_normal(A.out_shape), like)
    image, ndim = A @ (A.H @ probe), len(A.out_shape)
    gain = float(real_vdot(probe, image, ndim)) / float(norm(probe, ndim)) ** 2
    off = float(norm(image - gain * probe, ndim))
    return gain if off <= _ROUNDING * eps(like) * gain * float(norm(probe, ndim)) else None
