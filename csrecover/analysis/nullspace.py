"""Null space property: does l1 minimisation recover every sparse signal? Bounds of the constant that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from ..models.base import check_count
from ..operators import as_operator
from .coherence import host_matrix

ROUNDING = 1e-9  # of the bounds; those within it of a limit count as having reached it
_DIRECTIONS = 16  # of the polygon that stands for the unit disk of complex numbers
_STARTS = 4  # null vectors that the search for a larger share goes on from
_STEPS = 10  # linear programs at most from each of them
_JOINT = 64  # largest n for which one linear program bounds all columns together


@dataclass(frozen=True, eq=False)
class NullSpaceProperty:
    """Bounds of alpha_k, the largest share of its l1 norm that a null vector of A can have in k entries.

    l1 minimisation recovers every k-sparse x from A x if and only if alpha_k < 1/2.

    Attributes
    ----------
    k : int
    attained, certified : float
        attained <= alpha_k <= certified.
    certified_k : int
        largest order for which the multipliers certify recovery; it may exceed k.
    witness : array of A.in_shape
        null vector of A with l1 norm one and `attained` in its k largest entries; zero where A has no null space.
    multipliers : array, (n, m)
        Y with k largest entries of |I - Y A| that add up to `certified` at most, in every column.
    """

    k: int
    attained: float
    certified: float
    certified_k: int
    witness: np.ndarray
    multipliers: np.ndarray

    @property
    def holds(self) -> bool | None:
        """Whether alpha_k < 1/2: None where the bounds leave it open. A bound within 1e-9 of 1/2 has reached it."""
        if self.certified < 0.5 - ROUNDING:
            return True
        return False if self.attained >= 0.5 - ROUNDING else None

    def __repr__(self) -> str:
        return f"NullSpaceProperty(k={self.k}, {self.attained:.4f} <= alpha_k <= {self.certified:.4f})"


def nsp(A: Any, k: int) -> NullSpaceProperty:
    """Bounds of the null space constant alpha_k = max { sum of the k largest |x_i| : A x = 0, ||x||_1 <= 1 }.

    alpha_1 takes n linear programs. Null vectors are optimal points of these, made better by linear programs that
    maximise <sign(x_S), x>, S the k largest entries. Any Y gives x = (I - Y A) x on the null space, hence
    alpha_k <= max over columns j of the sum of the k largest |I - Y A|_ij. The multipliers of the n programs are one
    such Y, with which alpha_k <= k alpha_1; where that leaves the property open and n <= 64 one more program finds the
    best Y for k, for real A. The bounds are evaluated from the null vector and from Y, they do not rest on the solver.
    For complex A a polygon of 16 corners stands for the unit disk: this may cost two percent.

    All is done on the host with a dense matrix: some seconds at n = 128, half a minute at n = 200, growing like n^4.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    k : int, from 1 to n

    Returns
    -------
    NullSpaceProperty

    Raises
    ------
    ValueError
        When k is out of range, or A has entries that are not finite.

    References
    ----------
    A. Juditsky and A. Nemirovski, On verifiable sufficient conditions for sparse signal recovery via l1 minimization,
    Mathematical Programming 127(1), 2011; A. Cohen, W. Dahmen and R. DeVore, Compressed sensing and best k-term
    approximation, J. American Mathematical Society 22(1), 2009.
    """
    operator = as_operator(A)
    n = operator.size_in
    if check_count(k, 1) > n:
        raise ValueError(f"k={k} is more than the {n} unknowns: lower k")
    matrix = host_matrix(operator)
    left, sizes, rows = np.linalg.svd(matrix, full_matrices=False)
    rank = int(np.sum(sizes > max(matrix.shape) * np.finfo(float).eps * sizes[0]))
    left, sizes, rows = left[:, :rank], sizes[:rank], rows[:rank]
    if rank == n:
        null, multipliers = np.zeros((1, n)), rows.conj().T
    else:
        program = _Programs(rows)
        solved = [program.maximise(unit) for unit in np.eye(n)]
        null, multipliers = np.array([x for x, _ in solved]), np.array([y for _, y in solved])
        null = _larger_shares(program, null, k) if k > 1 else null
    shares = _largest(abs(null).T, k)
    bound = _bound(multipliers, rows, k)
    if _undecided(shares.max(), bound) and k > 1 and n <= _JOINT and not np.iscomplexobj(rows):
        joint = _joint_multipliers(rows, k)
        bound, multipliers = min((bound, multipliers), (_bound(joint, rows, k), joint), key=lambda pair: pair[0])
    certified = min(bound, 1.0)
    orders = [order for order in range(1, n + 1) if _bound(multipliers, rows, order) < 0.5 - ROUNDING]
    witness = null[int(np.argmax(shares))].reshape(operator.in_shape)
    return NullSpaceProperty(
        k,
        attained=min(float(shares.max()), certified),
        certified=certified,
        certified_k=max(orders, default=0),
        witness=witness,
        multipliers=(multipliers / sizes) @ left.conj().T,
    )


def _undecided(attained: float, certified: float) -> bool:
    """Whether the bounds lie on either side of 1/2."""
    return attained < 0.5 - ROUNDING <= certified


def _largest(sizes: np.ndarray, k: int) -> np.ndarray:
    """Sum of the k largest entries of each column."""
    return np.sort(sizes, axis=0)[-k:].sum(axis=0)


def _bound(multipliers: np.ndarray, rows: np.ndarray, k: int) -> float:
    """The bound of alpha_k that multipliers of the rows give."""
    return float(_largest(abs(np.eye(rows.shape[1]) - multipliers @ rows), k).max())


class _Programs:
    """Linear programs max Re <c, x> subject to rows x = 0, ||x||_1 <= 1, by x = sum over directions of d z_d, z >= 0.

    Parameters
    ----------
    rows : array, (rank, n)
        orthonormal basis of the row space of A.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.rows, self.complex = rows, np.iscomplexobj(rows)
        count = _DIRECTIONS if self.complex else 2
        directions = np.exp(2j * np.pi * np.arange(count) / count)
        self.directions = directions if self.complex else directions.real.round()
        turned = np.concatenate([rows * d for d in self.directions], axis=1)
        self.equations = np.concatenate([turned.real, turned.imag]) if self.complex else turned

    def maximise(self, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A null vector of l1 norm one, and the multipliers y of the rows: |c^H - y rows| is at most the maximum.

        Zeros where the solver fails.
        """
        rank, n = self.rows.shape
        gains = np.concatenate([(c.conj() * d).real for d in self.directions])
        limit = np.ones((1, len(gains)))
        result = linprog(-gains, A_ub=limit, b_ub=[1.0], A_eq=self.equations, b_eq=np.zeros(len(self.equations)))
        if result.x is None or result.status != 0:
            return np.zeros(n, self.rows.dtype), np.zeros(rank, self.rows.dtype)
        x, y = self.directions @ result.x.reshape(-1, n), -result.eqlin.marginals
        x = x - self.rows.conj().T @ (self.rows @ x)
        return x / (np.sum(abs(x)) or 1.0), y[:rank] - 1j * y[rank:] if self.complex else y


def _larger_shares(program: _Programs, null: np.ndarray, k: int) -> np.ndarray:
    """Null vectors with a larger share in k entries than the best of those given, which come first."""
    found = list(null)
    for start in np.argsort(_largest(abs(null).T, k), kind="stable")[-_STARTS:]:
        x, share = null[start], 0.0
        for _ in range(_STEPS):
            order = np.argsort(-abs(x), kind="stable")[:k]
            if abs(x[order]).sum() <= share + ROUNDING:
                break
            share, signs = abs(x[order]).sum(), np.zeros_like(x)
            signs[order] = x[order] / np.where(abs(x[order]) > 0, abs(x[order]), 1)
            x, _ = program.maximise(signs)
            found.append(x)
    return np.array(found)


def _joint_multipliers(rows: np.ndarray, k: int) -> np.ndarray:
    """The real Y with the least bound of alpha_k: one linear program for all columns of E = I - Y rows.

    The sum of the k largest entries of a column is the least k u + sum_i w_i with |E_ij| <= u + w_i, w >= 0.
    """
    rank, n = rows.shape
    products, identity = sp.kron(sp.eye(n), rows.T), np.eye(n).reshape(-1)
    levels, excess = sp.kron(np.ones((n, 1)), sp.eye(n)), sp.eye(n * n)
    nothing, sums = sp.csr_matrix((n * n, 1)), sp.kron(np.ones((1, n)), sp.eye(n))
    limits = sp.vstack(
        [
            sp.hstack([-products, -levels, -excess, nothing]),
            sp.hstack([products, -levels, -excess, nothing]),
            sp.hstack([sp.csr_matrix((n, n * rank)), k * sp.eye(n), sums, -np.ones((n, 1))]),
        ]
    ).tocsr()
    cost = np.zeros(limits.shape[1])
    cost[-1] = 1
    bounds = [(None, None)] * (n * rank) + [(0, None)] * (n + n * n + 1)
    result = linprog(cost, A_ub=limits, b_ub=np.concatenate([-identity, identity, np.zeros(n)]), bounds=bounds)
    return np.zeros((n, rank)) if result.x is None else result.x[: n * rank].reshape(n, rank)
