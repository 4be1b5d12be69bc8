"""Dense matrices, given or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array, as_float, conj, is_complex, mT, namespace, norm, on_parts, to, to_like, to_numpy
from .base import LinearOperator, as_shape
from .sampling import Diagonal


@dataclass(frozen=True, eq=False, repr=False)
class Matrix(LinearOperator):
    """A matrix of shape (m, n), or a stack (B, m, n) with one matrix for each signal of a batch.

    (A x)_i = sum_j matrix_ij x_j.

    Parameters
    ----------
    matrix : array, (m, n) or (B, m, n)
        real or complex; kept as it is, never copied.
    known_norm : float, optional
        the spectral norm, where theory gives it; otherwise it is estimated.
    variance : float, optional
        E |a_ij|^2 of entries that were drawn independently with mean zero: rows held out from a recovery then measure
        its error.

    Raises
    ------
    ValueError
        When it has not two or three axes, or an axis of length zero, or the variance is not positive.
    """

    matrix: Array
    known_norm: float | None = None
    variance: float | None = None

    def __post_init__(self) -> None:
        matrix = as_float(self.matrix)
        if matrix.ndim not in (2, 3) or 0 in matrix.shape:
            raise ValueError(f"a matrix (m, n) or a stack of matrices (B, m, n) was expected, got shape {matrix.shape}")
        object.__setattr__(self, "matrix", matrix)
        check_variance(self.variance)

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (self.matrix.shape[-1],)

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.matrix.shape[-2],)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.matrix.shape[:-2]

    def _apply(self, x: Array) -> Array:
        return _multiply(self.matrix, x)

    def _adjoint(self, y: Array) -> Array:
        if not is_complex(self.matrix):
            return _multiply(mT(self.matrix), y)
        return conj(_multiply(mT(self.matrix), conj(y)))

    def _columns(self, indices: np.ndarray) -> Array:
        return namespace(self.matrix).take(self.matrix, to_like(indices, self.matrix), axis=1)

    def norm(self) -> float:
        return super().norm() if self.known_norm is None else self.known_norm

    def column_norms(self) -> Array:
        return norm(mT(self.matrix))

    def todense(self) -> Array:
        return self.matrix if not self.batch_shape else super().todense()


def _multiply(matrix: Array, x: Array) -> Array:
    """Matrix times each vector of x; a real matrix meets complex x as two real vectors, never as a complex copy."""
    xp = namespace(matrix, x)
    if is_complex(x) and not is_complex(matrix):
        return on_parts(lambda part: _multiply(matrix, part), x)
    if matrix.dtype != x.dtype:
        common = xp.result_type(matrix, x)
        matrix, x = xp.astype(matrix, common), xp.astype(x, common)
    if matrix.ndim == 3:
        return xp.matmul(matrix, x[..., None])[..., 0]
    return xp.matmul(matrix, x) if x.ndim == 1 else xp.matmul(x, mT(matrix))


def check_variance(variance: float | None) -> None:
    """Refuse a variance of random entries that is none.

    Raises
    ------
    ValueError
        When it is not positive and finite.
    """
    if variance is not None and not 0 < variance < float("inf"):
        raise ValueError(f"the variance of random entries is positive and finite, got {variance!r}")


def as_dtype(dtype: Any) -> np.dtype:
    """One of the four dtypes that csrecover computes in.

    Raises
    ------
    TypeError
        For any other.
    """
    dtype = np.dtype(dtype)
    if dtype.name not in ("float32", "float64", "complex64", "complex128"):
        raise TypeError(f"expected the dtype float32, float64, complex64 or complex128, got {dtype}")
    return dtype


def gaussian(m: int, n: int, rng: Any, *, dtype: Any = np.float64, device: Any = None) -> Matrix:
    """Random (m, n) operator with independent entries N(0, 1/m), so that E ||A x||^2 = ||x||^2.

    Parameters
    ----------
    m, n : int
        measurements and unknowns.
    rng : int or numpy.random.Generator
        seed or generator; entries are drawn in double precision on the host, so one seed gives one matrix.
    dtype : dtype
        float32, float64, complex64 or complex128 (complex: circular, E |a|^2 = 1/m).
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    References
    ----------
    E. J. Candes and T. Tao, Near-optimal signal recovery from random projections: universal encoding strategies?,
    IEEE Trans. Information Theory 52(12), 2006.
    """
    entries = standard_normal((m, n), np.random.default_rng(rng), as_dtype(dtype))
    entries /= max(m, 1) ** 0.5
    return to(Matrix(entries, variance=1 / max(m, 1)), device)


def standard_normal(shape: tuple[int, ...], rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    """Standard normal numbers, drawn in double precision, then cast; complex ones are circular with E |z|^2 = 1."""
    if dtype.kind == "c":
        pair = rng.standard_normal((2, *shape)) / 2**0.5
        return (pair[0] + 1j * pair[1]).astype(dtype)
    return rng.standard_normal(shape).astype(dtype, copy=False)


def bernoulli(m: int, n: int, rng: Any, *, dtype: Any = np.float64, device: Any = None) -> Matrix:
    """Random (m, n) operator with independent entries +-1/sqrt(m) (Rademacher signs), so that E ||A x||^2 = ||x||^2.

    Parameters
    ----------
    m, n : int
        measurements and unknowns.
    rng : int or numpy.random.Generator
    dtype : dtype
        float32, float64, complex64 or complex128.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    References
    ----------
    R. Baraniuk, M. Davenport, R. DeVore and M. Wakin, A simple proof of the restricted isometry property for random
    matrices, Constructive Approximation 28, 2008.
    """
    signs = np.random.default_rng(rng).integers(0, 2, (m, n)) * 2.0 - 1.0
    entries = (signs / max(m, 1) ** 0.5).astype(as_dtype(dtype))
    return to(Matrix(entries, variance=1 / max(m, 1)), device)


def partial_orthogonal(m: int, n: int, rng: Any, *, dtype: Any = np.float64, device: Any = None) -> Matrix:
    """Random (m, n) operator of m rows of a Haar-distributed orthogonal (or unitary) matrix, times sqrt(n/m).

    A A^H = (n/m) I: its norm sqrt(n/m) is exact, and E ||A x||^2 = ||x||^2. The rows come from the QR decomposition of
    an (n, m) Gaussian matrix, Q diag(R_ii / |R_ii|), without which Q is not uniformly distributed.

    Parameters
    ----------
    m, n : int
        measurements and unknowns, 1 <= m <= n.
    rng : int or numpy.random.Generator
    dtype : dtype
        float32, float64, complex64 or complex128.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    Raises
    ------
    ValueError
        When m is out of range.

    References
    ----------
    F. Mezzadri, How to generate random matrices from the classical compact groups, Notices of the AMS 54(5), 2007.
    """
    m, n = as_shape((m, n))
    if m > n:
        raise ValueError(f"m must be between 1 and the number of unknowns n={n}, got {m}")
    dtype, scale = as_dtype(dtype), (n / m) ** 0.5
    double = np.result_type(dtype, np.float64)
    basis, triangle = np.linalg.qr(standard_normal((n, m), np.random.default_rng(rng), double))
    diagonal = np.diagonal(triangle)
    rows = (basis * (diagonal / np.abs(diagonal))).conj().T
    return to(Matrix((scale * rows).astype(dtype), known_norm=scale), device)


def unit_columns(A: LinearOperator) -> LinearOperator:
    """A with each column divided by its Euclidean norm: a Matrix for a Matrix, else A @ Diagonal(1 / column norms).

    Parameters
    ----------
    A : LinearOperator

    Raises
    ------
    ValueError
        When a column is zero.
    """
    if not isinstance(A, LinearOperator):
        raise TypeError(f"expected an operator, got {type(A).__name__}: wrap an array in Matrix first")
    norms = A.column_norms()
    zero = np.argwhere(to_numpy(norms) == 0)
    if zero.size:
        raise ValueError(f"column {tuple(zero[0].tolist())} of {A} is zero: it cannot be scaled to unit norm")
    return Matrix(A.matrix / norms[..., None, :]) if isinstance(A, Matrix) else A @ Diagonal(1 / norms)
