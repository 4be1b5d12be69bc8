"""Which theorems promise recovery from an operator: hypotheses certified, refuted, or left open by the bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import to_numpy
from ..models import BlockSparse, Sparse, SupportModel
from ..operators import LinearOperator, as_operator
from ..solvers.problem import check_model
from .coherence import block_coherence, coherence, sub_coherence
from .interval import Interval
from .nullspace import ROUNDING, nsp
from .sums import union_of_members
from .symmetric import symmetric_constant
from .theorems import BLOCK, MODEL, PLAIN, Theorem

_ENTRIES = 2**24  # of a matrix whose coherence is computed
_UNKNOWNS = 128  # of an operator whose null space property is computed


@dataclass(frozen=True)
class Guarantee:
    """A theorem, and what is known of its hypothesis for an operator.

    Attributes
    ----------
    name : str
        of the algorithm that the theorem speaks of, and of the tool where it is not a restricted isometry constant.
    hypothesis : str
    number : Interval
        bounds of the number in the hypothesis.
    limit : float
        that the number must not reach, or not exceed.
    verdict : str
        "certified", by the upper bound of the number; "refuted", by the lower one; "undecided".
    scale : float or None
        c for which the certified constant is that of c A^H A; None for other numbers.
    source : str
    """

    name: str
    hypothesis: str
    number: Interval
    limit: float
    verdict: str
    scale: float | None
    source: str


@dataclass(frozen=True)
class Guarantees:
    """What `guarantees` found, theorem by theorem; it prints as a table.

    Attributes
    ----------
    model : str
    k : int, or a tuple of budgets
    rows : tuple of Guarantee
    """

    model: str
    k: Any
    rows: tuple[Guarantee, ...]

    def __iter__(self) -> Iterator[Guarantee]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Guarantee:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"no theorem {name!r} here: there are {', '.join(row.name for row in self.rows)}")

    def __str__(self) -> str:
        cells = [("theorem", "hypothesis", "number", "verdict", "source")]
        cells += [
            (row.name, f"{row.hypothesis} {row.limit:.4f}", str(row.number), row.verdict, row.source) for row in self
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
        return "\n".join([f"{self.model}, k = {self.k}", *lines])


def guarantees(A: Any, model: SupportModel, k: Any, *, rng: Any = 0, effort: str = "quick") -> Guarantees:
    """Which theorems promise that signals of budget k are recovered from A x, and which can not.

    A hypothesis is certified by a certified bound alone, and refuted by an attained one alone: supports that
    violate it were found. An attained constant never certifies, and between the two it is undecided. A bound within
    1e-9 of a limit has reached it. Refuted is the hypothesis, not the algorithm: theorems ask for far more than
    recovery takes, but for "l1, null space", which is necessary and sufficient.

    The restricted isometry constant is the symmetric one, (lmax - lmin) / (lmax + lmin) of the extreme eigenvalues over
    supports: the least that scaling A can give. l1, CoSaMP and OMP do the same for every scale of A; the theorems of
    IHT and HTP have step one, and hold for A with the constant step `scale`. OMP and BOMP by coherence speak of A with
    its columns normalised. The first seven theorems consider all signals with as many nonzeros as the model allows;
    those of models speak of sums of members, and suppose exact projections (`SupportModel.bound`). Bounds for sums of
    members are certified in a family that holds them all, and attained by sums of members alone. Cai and Zhang, Mo, and
    Eldar and Mishali state their theorems for real A.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
        coherence takes its matrix, on the host, of up to 2^24 entries; the null space property up to 128 unknowns.
    model : SupportModel
    k : int >= 1, or a tuple of budgets
    rng : int or numpy.random.Generator
    effort : str
        "quick", "thorough" or "exact", of `rip`.

    Returns
    -------
    Guarantees

    Raises
    ------
    TypeError, ValueError
        When the model does not fit the operator, or k allows no nonzeros or more than there are measurements.

    References
    ----------
    D. Needell and J. A. Tropp, CoSaMP, Applied and Computational Harmonic Analysis 26(3), 2009;
    T. Blumensath and M. E. Davies, Iterative hard thresholding for compressed sensing, ibid. 27(3), 2009;
    S. Foucart, Hard thresholding pursuit, SIAM J. Numerical Analysis 49(6), 2011;
    T. T. Cai and A. Zhang, Sparse representation of a polytope and recovery of sparse signals and low-rank matrices,
    IEEE Trans. Information Theory 60(1), 2014;
    Q. Mo, A sharp restricted isometry constant bound of orthogonal matching pursuit, arXiv 1501.01708, 2015;
    R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde, Model-based compressive sensing, IEEE Trans. Information
    Theory 56(4), 2010;
    Y. C. Eldar and M. Mishali, Robust recovery of signals from a structured union of subspaces, ibid. 55(11), 2009;
    Y. C. Eldar, P. Kuppinger and H. Boelcskei, Block-sparse signals: uncertainty relations and efficient recovery,
    IEEE Trans. Signal Processing 58(6), 2010;
    J. A. Tropp, Greed is good, IEEE Trans. Information Theory 50(10), 2004;
    A. Cohen, W. Dahmen and R. DeVore, Compressed sensing and best k-term approximation, J. American Mathematical
    Society 22(1), 2009.
    """
    A = as_operator(A)
    model = check_model(A, model, k)
    k = model.check_budget(k, least=1)
    if not union_of_members(model, np.ones(A.in_shape), k, 1).size:
        raise ValueError(f"k={k} allows no nonzeros in {model}: raise k")
    s, plain = model.max_nonzeros(k), Sparse(len(A.in_shape))
    orders = {theorem.copies * s + theorem.more for theorem in PLAIN}
    known = {order: symmetric_constant(A, plain, min(order, A.size_in), 1, rng, effort) for order in sorted(orders)}
    rows = [_judged_rip(theorem, s, *known[theorem.copies * s + theorem.more]) for theorem in PLAIN]
    rows += [_omp_by_coherence(A, s), _l1_by_null_space(A, s)]
    if not isinstance(model, Sparse):
        blocks = isinstance(model, BlockSparse) and model.costs is None
        for theorem in (*MODEL, *(BLOCK,) * blocks):
            rows.append(_judged_rip(theorem, None, *symmetric_constant(A, model, k, theorem.copies, rng, effort)))
        if blocks and model.blocks.sizes.min() == model.blocks.sizes.max():  # type: ignore[attr-defined]
            rows.append(_bomp_by_coherence(A, model, k))
    return Guarantees(str(model), k, tuple(rows))


def _judged_rip(theorem: Theorem, s: int | None, number: Interval, scale: float | None) -> Guarantee:
    """A theorem with its number; s is None where the constant is that of a model."""
    order = theorem.copies * s + theorem.more if s is not None else None
    name = f"delta_{order}" if order is not None else f"delta of sums of {theorem.copies} members"
    limit = theorem.limit if theorem.limit is not None else (order or 1) ** -0.5
    hypothesis = f"{name} {'<' if theorem.strict else '<='}"
    verdict = judge(number, limit, theorem.strict)
    return Guarantee(
        theorem.name, hypothesis, number, limit, verdict, scale if verdict == "certified" else None, theorem.source
    )


def judge(number: Interval, limit: float, strict: bool = True) -> str:
    """Certified by the upper bound of a number, refuted by the lower one, or undecided."""
    if number.high < limit - ROUNDING:
        return "certified"
    return "refuted" if number.low >= limit + (-ROUNDING if strict else ROUNDING) else "undecided"


def _omp_by_coherence(A: LinearOperator, s: int) -> Guarantee:
    """Tropp's condition mu < 1 / (2 s - 1)."""
    number, limit = _measured(A, lambda: coherence(A)), 1 / (2 * s - 1)
    return Guarantee("OMP, coherence", "mu <", number, limit, judge(number, limit), None, "Tropp 2004")


def _bomp_by_coherence(A: LinearOperator, model: Any, k: int) -> Guarantee:
    """Eldar, Kuppinger and Boelcskei's condition k d < (1 / mu_B + d - (d - 1) nu / mu_B) / 2, times mu_B."""
    size = int(model.blocks.sizes[0])
    number = _measured(
        A,
        lambda: (2 * k - 1) * size * block_coherence(A, model.blocks) + (size - 1) * sub_coherence(A, model.blocks),
    )
    hypothesis = f"{(2 * k - 1) * size} mu_B + {size - 1} nu <"
    source = "Eldar, Kuppinger and Boelcskei 2010"
    return Guarantee("BOMP, block coherence", hypothesis, number, 1.0, judge(number, 1.0), None, source)


def _measured(A: LinearOperator, value: Any) -> Interval:
    """A number of the columns, known exactly where the matrix is small enough."""
    if A.size_in * A.size_out > _ENTRIES:
        return Interval(0.0, math.inf, "trivial", "too large")
    if not to_numpy(A.column_norms()).all():
        return Interval(math.inf, math.inf, "zero column", "zero column")
    number = value()
    return Interval(number, number, "columns", "columns")


def _l1_by_null_space(A: LinearOperator, s: int) -> Guarantee:
    """The null space property, which is necessary and sufficient."""
    if A.size_in > _UNKNOWNS:
        number = Interval(0.0, 1.0, "trivial", "too large")
    else:
        constant = nsp(A, s)
        number = Interval(constant.attained, constant.certified, "null vector", "multipliers")
    source = "Cohen, Dahmen and DeVore 2009"
    return Guarantee("l1, null space", f"alpha_{s} <", number, 0.5, judge(number, 0.5), None, source)
