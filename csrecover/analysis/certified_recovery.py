"""Is a signal the unique minimiser of a norm among all with its measurements? Decided, with a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import get_lapack_funcs

from ..backend import is_array, to_numpy
from ..operators import as_operator
from ..penalties import L1, GroupL2, NonNegativeL1, Penalty
from ..structures.signal import fit
from .least_peak import Bracket, least_peak, peak

_BLOCK = 32  # columns that LAPACK reflects at a time
_ROUNDING = 100.0  # units of rounding in the bounds, for columns of condition number 1


@dataclass(frozen=True)
class _Precision:
    """What a precision affords.

    Attributes
    ----------
    dtype : str
    margin : float
        least distance of a bound from one.
    dependent : float
        reciprocal condition number below which columns are not told from linearly dependent ones.
    """

    dtype: str
    margin: float
    dependent: float


_SINGLE, _DOUBLE = _Precision("float32", 1e-2, 1e-5), _Precision("float64", 1e-7, 1e-12)


@dataclass(frozen=True)
class Verdict:
    """Whether a signal is the unique minimiser of a penalty among all signals with its measurements, and why.

    Attributes
    ----------
    recovered : bool
    how : str
        "certificate": a dual certificate was found.
        "descent": a signal with the same measurements and a smaller penalty was found.
        "dependent": the columns of the support are linearly dependent.
        "injective": A has no null space.
        "undecided": the bounds do not tell; not counted as recovered.
    low, high : float
        the largest dual norm off the support that the best certificate has lies between them: below one there is a
        certificate, above one there is none.
    steps : int
        Newton steps; 0 where least squares on the support decide.
    precision : "float32" or "float64"
        in which it was decided.
    """

    recovered: bool
    how: str
    low: float
    high: float
    steps: int
    precision: str

    def __bool__(self) -> bool:
        return self.recovered


def recovers(A: Any, x: Any, penalty: Penalty) -> Verdict:
    """Decide whether x is the unique minimiser of a penalty subject to A z = A x.

    It is, if the columns of its support S are independent and some v has A_S^H v = the gradient of the penalty at x
    and ||A_b^H v|| < w_b for all other units b: a dual certificate. It is not, if there is a direction h, A h = 0, in
    which the penalty falls. The smallest t* of the peak max_b ||A_b^H v|| / w_b tells both apart, and is bounded from
    both sides until one is on the safe side of it: first by the v of least norm, then by an interior point method
    (`least_peak`). So every answer rests on one of the two witnesses. They are sought in single precision, where they
    must hold with a margin of 1e-2, and else in double precision, with one of 1e-7; both grow with the condition number
    of the columns of the support. Instances with t* nearer to one are undecided.

    This is exact recovery of x by the penalty without noise, without a solver: it takes one QR factorisation of the
    columns of the support and a few Newton steps. It happens on the host, with a dense matrix.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    x : array, of A.in_shape
        the support is where it is not zero. If x is complex, so are the signals it is compared with.
    penalty : L1, NonNegativeL1, or GroupL2 with blocks of one size
        with positive weights.

    Returns
    -------
    Verdict
        true where x is the unique minimiser.

    Raises
    ------
    TypeError
        When the penalty is another.
    ValueError
        When the shape of x is not A.in_shape, a weight is zero, the blocks differ in size, or a signal of
        NonNegativeL1 is complex or has negative entries.

    References
    ----------
    J.-J. Fuchs, On sparse representations in arbitrary redundant bases, IEEE Trans. Information Theory 50(6), 2004;
    D. Amelunxen, M. Lotz, M. B. McCoy and J. A. Tropp, Living on the edge: phase transitions in convex programs with
    random data, Information and Inference 3(3), 2014 (null space and descent cone).
    """
    operator = as_operator(A)
    signal = to_numpy(x)
    if signal.shape != operator.in_shape:
        raise ValueError(f"one signal of shape {operator.in_shape} was expected, got an array of shape {signal.shape}")
    penalty = fit(penalty, operator.in_shape)
    columns, units = _real(to_numpy(operator.todense()), signal, *_weights_and_order(penalty, signal))
    one_sided = isinstance(penalty, NonNegativeL1)
    with np.errstate(all="ignore"):
        verdict = _decide(columns, units, one_sided, _SINGLE)
    return verdict if verdict.how != "undecided" else _decide(columns, units, one_sided, _DOUBLE)


def _weights_and_order(penalty: Any, x: np.ndarray) -> tuple[Any, np.ndarray | None, int]:
    """Weight of each coefficient, the coefficients unit by unit (None: as they are), and the size of a unit."""
    if not isinstance(penalty, L1 | NonNegativeL1 | GroupL2):
        raise TypeError(f"expected L1, NonNegativeL1 or GroupL2, got {type(penalty).__name__}: give a solver")
    weight = to_numpy(penalty.weight) if is_array(penalty.weight) else penalty.weight
    if np.min(weight) <= 0:
        raise ValueError("the weights of the penalty are positive here, got zero: leave these coefficients out")
    if isinstance(penalty, GroupL2):
        sizes, labels = penalty.blocks.sizes, to_numpy(penalty.blocks.labels).reshape(-1)
        if sizes.min() < sizes.max():
            raise ValueError(f"blocks of one size were expected, got {penalty.blocks}")
        order = None if penalty.blocks.size else np.argsort(labels, kind="stable")
        return (weight[labels] if np.ndim(weight) else weight), order, int(sizes[0])
    if isinstance(penalty, NonNegativeL1) and (np.iscomplexobj(x) or np.min(x) < 0):
        raise ValueError("the signal has negative or complex entries: NonNegativeL1 is infinite there, take L1")
    return np.reshape(weight, -1) if np.ndim(weight) else weight, None, 1


def _real(
    A: np.ndarray, x: np.ndarray, weight: Any, order: np.ndarray | None, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Real matrix and real signal, unit by unit, that pose the same question with weight one: (m, n), (units, size)."""
    x = x.reshape(-1) * weight
    A = A if np.ndim(weight) == 0 and weight == 1 else A / weight
    if order is not None:
        A, x = A[:, order], x[order]
    if np.iscomplexobj(x):
        A, x, size = np.stack([A, 1j * A], axis=-1).reshape(len(A), -1), np.stack([x.real, x.imag], axis=-1), 2 * size
    if np.iscomplexobj(A):
        A = np.concatenate([A.real, A.imag])
    return A.astype(np.float64, copy=False), x.reshape(-1, size).astype(np.float64, copy=False)


def _decide(A: np.ndarray, x: np.ndarray, one_sided: bool, precision: _Precision) -> Verdict:
    """The answer for units of x, (units, size), consecutive in the columns of A, (m, units * size)."""

    def verdict(how: str, low: float, high: float, steps: int = 0) -> Verdict:
        return Verdict(how in ("certificate", "injective"), how, low, high, steps, precision.dtype)

    m, size = len(A), x.shape[1]
    norms = np.sqrt(np.sum(x * x, axis=1))
    on = norms > 0
    support, others = (np.flatnonzero(np.repeat(part, size)) for part in (on, ~on))
    k = len(support)
    if k == 0:
        return verdict("certificate", 0.0, 0.0)
    if k > m:
        return verdict("dependent", np.inf, np.inf)
    A = A.astype(precision.dtype, copy=False)
    geqrt, gemqrt, trtrs = get_lapack_funcs(("geqrt", "gemqrt", "trtrs"), dtype=A.dtype)
    if A.shape[1] <= m and _condition(geqrt(min(_BLOCK, A.shape[1]), A)[0]) > precision.dependent:
        return verdict("injective", 0.0, 0.0)
    factored, blocks, _ = geqrt(min(_BLOCK, k), A.take(support, axis=1), overwrite_a=True)
    reciprocal = _condition(factored)
    if not reciprocal > precision.dependent:
        return verdict("undecided" if precision is _SINGLE else "dependent", -np.inf, np.inf)
    head = np.zeros((m, 1), A.dtype)
    head[:k, 0] = trtrs(factored[:k], (x[on] / norms[on][:, None]).ravel(), trans=1)[0]
    rest = A.take(others, axis=1)
    c = (gemqrt(factored, blocks, head)[0][:, 0] @ rest).reshape(-1, size)
    margin = max(precision.margin, _ROUNDING * float(np.finfo(A.dtype).eps) / reciprocal)
    bounds = Bracket(-np.inf, peak(c, one_sided), 0)
    if k == m:
        bounds = Bracket(bounds.high, bounds.high, 0)
    elif not bounds.high < 1 - margin:
        rotated, _ = gemqrt(factored, blocks, rest, trans="T", overwrite_c=True)
        B = rotated[k:].T.reshape(len(c), size, m - k)
        bounds = least_peak(c, B, one_sided=one_sided, margin=margin)
    how = "certificate" if bounds.high < 1 - margin else "descent" if bounds.low > 1 + margin else "undecided"
    return verdict(how, bounds.low, bounds.high, bounds.steps)


def _condition(factored: np.ndarray) -> float:
    """Reciprocal condition number of the triangle of a QR factorisation."""
    return float(get_lapack_funcs("trcon", dtype=factored.dtype)(factored[: factored.shape[1]])[0])
