"""Gram matrices and their largest eigenvalues, with what rounding can have done to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..coherence import host_matrix

_EPS = float(np.finfo(np.float64).eps)


def gram_matrix(A: Any) -> tuple[np.ndarray, float]:
    """A^H A in double precision on the host, and an upper bound of the spectral norm of its error.

    An inner product of m terms is wrong by at most 2 m eps times the norms of the two columns, and the matrix of the
    products of these norms has the trace of A^H A for its spectral norm. The columns are taken as the operator gives
    them.
    """
    matrix = host_matrix(A)
    gram = matrix.conj().T @ matrix
    return (gram + gram.conj().T) / 2, 4 * (len(matrix) + 4) * _EPS * float(np.trace(gram).real)


def largest_eigenvalue(H: np.ndarray) -> float:
    """A number that is not below the largest eigenvalue of any matrix whose entries round to those of H.

    It is what the eigensolver gives, raised until a Cholesky factorisation of t I - H succeeds, and once more by
    4 (n + 4) eps trace(t I - H): success proves that the eigenvalues of t I - H are above minus that, with a margin.

    References
    ----------
    S. M. Rump, Verification of positive definiteness, BIT Numerical Mathematics 46, 2006.
    """
    n, size = len(H), float(np.linalg.norm(H))
    high, step = float(np.linalg.eigvalsh(H)[-1]), n * _EPS * size + float(np.finfo(np.float64).tiny)
    while True:
        high, step = high + step, 4 * step
        shifted = high * np.eye(n) - H
        try:
            np.linalg.cholesky(shifted)
        except np.linalg.LinAlgError:
            continue
        return high + 4 * (n + 4) * _EPS * float(np.trace(shifted).real) + _EPS * size
