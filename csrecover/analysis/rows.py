"""What is known of the rows of an operator: whether those held out from a recovery measure its error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import to_like
from ..operators import (
    DCT,
    DFT,
    Diagonal,
    Kronecker,
    LinearOperator,
    Matrix,
    Permutation,
    Sampling,
    SparseMatrix,
    VStack,
    WalshHadamard,
    as_operator,
)
from ..operators.algebra import Adjoint, Product, Scaled
from ..operators.dense import standard_normal

_REMEDY = "Append 10 to 30 independent Gaussian or +-1 check rows: check_rows(A, 20)"
_MET = 6  # held-out rows that must meet each unknown, on average


@dataclass(frozen=True, eq=False)
class Rows:
    """How the rows a_i of an operator were drawn, as far as the error of a recovery is concerned.

    Attributes
    ----------
    law : "independent" or "orthonormal"
        independent rows of independent entries with mean zero; or rows of an orthonormal transform (of the half
        spectrum of real signals, too), drawn uniformly without replacement.
    gain : float
        E |<a_i, e>|^2 / ||e||^2 of an independent row, the squared norm of an orthonormal one.
    eligible : array of int
        flat indices of the measurements that may be held out; all others are always used.
    total : int
        rows of the whole orthonormal transform; 0 for independent rows.
    density : float
        share of the entries that are not zero.
    scrambled : bool
        whether random signs precede the orthonormal transform, which then spreads every error evenly.

    Raises
    ------
    ValueError
        When one of them is out of range.
    """

    law: str
    gain: float
    eligible: np.ndarray
    total: int = 0
    density: float = 1.0
    scrambled: bool = False

    def __post_init__(self) -> None:
        eligible = np.asarray(self.eligible)
        if self.law not in ("independent", "orthonormal"):
            raise ValueError(f'the law of rows is "independent" or "orthonormal", got {self.law!r}')
        if not 0 < self.gain < math.inf or not 0 < self.density <= 1:
            raise ValueError(f"expected gain > 0 and a density in (0, 1], got {self.gain} and {self.density}")
        if eligible.ndim != 1 or eligible.dtype.kind not in "iu" or np.unique(eligible).size < eligible.size:
            raise ValueError(f"eligible lists distinct integers, the measurements to hold out from, got {eligible!r}")
        if self.orthonormal and self.total < eligible.size:
            raise ValueError(f"{eligible.size} eligible rows are more than the transform has: total={self.total}")
        object.__setattr__(self, "eligible", eligible)

    @property
    def orthonormal(self) -> bool:
        """Whether these are rows without replacement of an orthonormal transform."""
        return self.law == "orthonormal"

    def check_count(self, count: int) -> None:
        """Refuse to hold out so few rows that they say nothing.

        Raises
        ------
        ValueError
            When there are fewer than five, more than are eligible, or a sparse row leaves unknowns unwatched.
        """
        least = 5 if self.density == 1 else max(5, math.ceil(_MET / self.density))
        if count < least:
            rare = "" if self.density == 1 else f" of density {self.density:.3g}"
            raise ValueError(f"{count} held-out rows{rare} bracket nothing: hold out at least {least}")
        if count > len(self.eligible):
            raise ValueError(f"{count} rows cannot be held out: {len(self.eligible)} of this operator are eligible")


def rows_of(A: Any) -> Rows:
    """What an operator's rows are, by how it was made.

    Known are `gaussian`, `bernoulli` and matrices that state their `variance`; rows drawn uniformly
    (`random_rows`, ``Sampling(..., uniform=True)``) of a `DCT`, `DFT` or `WalshHadamard`, or of a `Kronecker` product
    of these; a `VStack` whose last operator is one of independent rows (`check_rows`); multiples of these, and products
    with unitary operators on their right, of transforms only behind random signs (`random_signs`).

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator

    Raises
    ------
    ValueError
        When held-out rows say nothing certain of the error; the message says why and what to do.
    """
    A = as_operator(A)
    if A.batch_shape:
        raise ValueError(f"{A} is a stack: hold out rows for one matrix at a time")
    gain, factors = _factors(A)
    picked = [factor for factor in factors if isinstance(factor, Sampling)]
    leading = next((i for i, factor in enumerate(factors) if not isinstance(factor, Sampling)), len(factors) - 1)
    head, right = factors[leading], factors[leading + 1 :]
    gain *= math.prod(factor.scale**2 for factor in picked)
    if isinstance(head, VStack) and not leading:
        return _last_rows(head, gain, right)
    if not all(_isometric(factor) for factor in right):
        raise ValueError(f"{A}: its rows do not act on the unknowns, but on what {right[-1]} makes of them. {_REMEDY}")
    eligible = np.arange(A.size_out)
    if isinstance(head, Matrix | SparseMatrix):
        return Rows("independent", gain * _variance(head), eligible, density=_density(head))
    if not _flat(head):
        raise _refused(A, "its rows are not exchangeable")
    if not all(factor.uniform or _everything(factor) for factor in factors[:leading] if isinstance(factor, Sampling)):
        raise _refused(
            A, "its rows are not known to be drawn uniformly; if they were, say so: Sampling(..., uniform=True)"
        )
    return Rows("orthonormal", gain, eligible, total=head.size_out, scrambled=_scrambled(A, right))


def check_rows(A: LinearOperator, count: int, rng: Any = 0) -> VStack:
    """The operator with Gaussian rows appended, which `recover` holds out to bracket its error: [A; G].

    The entries of G are N(0, 1/m) for the m rows of A (circular complex ones, E |g|^2 = 1/m, where the measurements are
    complex), so that its rows are of the size of A's where E ||A x||^2 = ||x||^2. Measure with them too: with 10 to 30
    of them the error of a recovery from any operator can be bracketed.

    Parameters
    ----------
    A : LinearOperator
    count : int >= 5
        rows to append.
    rng : int or numpy.random.Generator

    Raises
    ------
    ValueError
        When the count is below 5, or A is a stack of matrices.
    """
    A = as_operator(A)
    if count < 5:
        raise ValueError(f"{count} check rows bracket nothing: append at least 5, better 10 to 30")
    entries = standard_normal((count, A.size_in), np.random.default_rng(rng), A.dtype) / A.size_out**0.5
    rows = Matrix(to_like(entries, A._example), variance=1 / A.size_out)
    return VStack((A, rows @ Sampling(A.in_shape, to_like(np.arange(A.size_in), A._example))))


def _refused(A: LinearOperator, reason: str) -> ValueError:
    return ValueError(
        f"Held-out rows of this operator are not exchangeable with the unseen ones, so they say nothing certain of the "
        f"error ({A}: {reason}). {_REMEDY}"
    )


def _factors(A: LinearOperator) -> tuple[float, list[LinearOperator]]:
    """Squared modulus of the multiples, and the factors of products."""
    if isinstance(A, Scaled):
        gain, factors = _factors(A.operator)
        return abs(A.factor) ** 2 * gain, factors
    if not isinstance(A, Product):
        return 1.0, [A]
    gains, nested = zip(*map(_factors, A.factors), strict=True)
    return math.prod(gains), [factor for factors in nested for factor in factors]


def _last_rows(A: VStack, gain: float, right: list[LinearOperator]) -> Rows:
    """Rows of a stack whose last operator has independent rows; the others are never held out."""
    own = rows_of(A.operators[-1])
    if own.orthonormal or not all(_isometric(factor) for factor in right):
        raise _refused(A, "the last operator of the stack has no independent rows")
    start = A.size_out - A.operators[-1].size_out
    return Rows(own.law, gain * own.gain, start + own.eligible, density=own.density)


def _isometric(A: LinearOperator) -> bool:
    """Whether ||A e|| = ||e|| for every e, but for the scale of a Sampling, which the gain counts."""
    return A.unitary or _everything(A)


def _scrambled(A: LinearOperator, right: list[LinearOperator]) -> bool:
    """Whether random signs follow the transform, before any basis; a basis without them is refused."""
    for factor in right:
        if isinstance(factor, Diagonal) and factor.random:
            return True
        if not isinstance(factor, Diagonal | Permutation | Sampling):
            raise ValueError(
                f"The transform of an error in the basis of {A} may be concentrated in a few rows, which held-out ones "
                f"can miss altogether. Flip signs at random before the transform (random_signs), or append Gaussian "
                f"check rows: check_rows(A, 20)"
            )
    return False


def _everything(A: LinearOperator) -> bool:
    """Whether it picks every entry."""
    return isinstance(A, Sampling) and A.size_out == A.size_in


def _flat(A: LinearOperator) -> bool:
    """Whether it is an orthonormal transform whose rows are spread evenly over the signal."""
    if isinstance(A, Kronecker):
        return all(_flat(part) for part in A.operators)
    if isinstance(A, Adjoint):
        return A.operator.unitary and _flat(A.operator)
    return isinstance(A, DCT | DFT | WalshHadamard)


def _variance(A: Matrix | SparseMatrix) -> float:
    """The variance that a matrix states, of entries drawn independently."""
    if A.variance is None:
        raise _refused(
            A, "nothing is known of its rows; if its entries are independent with mean zero, state their variance=1/m"
        )
    return A.variance


def _density(A: Matrix | SparseMatrix) -> float:
    return A.data.shape[0] / (A.size_out * A.size_in) if isinstance(A, SparseMatrix) else 1.0
