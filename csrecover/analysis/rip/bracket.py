"""Bracket restricted isometry constants: search from below, certificates from above, enumeration of small families."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tqdm import tqdm

from ...backend import to, to_numpy
from ...models import SupportModel
from ...operators import LinearOperator, as_operator
from ...solvers.problem import check_model
from ..coherence import host_matrix
from .attained import search, settled
from .certified import certified
from .eigenvectors import threads_for
from .estimate import NUMBERS, RIPEstimate
from .exact import exact_constants

_FEW = 20_000  # supports that are enumerated in any case
_LIMIT = 1e6  # of the enumeration, far above what these need
_COLUMNS = 4096  # operators with more columns are not made dense for it
_CLOSED = 1e-9  # relative; a bracket that is narrower is as exact as rounding lets it be
_TRIVIAL = 1.0, math.inf, "trivial", "trivial"


def rip(
    A: Any,
    model: SupportModel,
    k: Any,
    *,
    rng: Any = 0,
    effort: str = "quick",
    certify: bool = True,
    limit: float = _LIMIT,
    progress: bool = False,
) -> RIPEstimate:
    """Bracket the restricted isometry constants of an operator for the signals of a model, and say how.

    L and U are the smallest numbers with 1 - L <= eigenvalues of A_S^H A_S <= 1 + U for all supports S of the model of
    budget k. From below they are bounded by what a search finds (`csrecover.analysis.rip.attained`), which needs
    products with A and A^H alone where A has more than 2048 columns; from above by certificates, on the host
    (`csrecover.analysis.rip.certified`). A family of few supports is enumerated, and the constants are exact.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    model : SupportModel
        for example ``Sparse()`` or ``TreeSparse(tree)``.
    k : int >= 1, or a tuple of budgets
    rng : int or numpy.random.Generator
        of the search.
    effort : "quick", "thorough" or "exact"
        how long to search; "exact" enumerates the supports, with pruning, on the host.
    certify : bool
        whether to bound from above; without, the bounds are the trivial ones: L <= 1, U <= infinity.
    limit : float
        largest number of supports that "exact" enumerates (`csrecover.analysis.rip.exact`).
    progress : bool
        whether to show how the search goes on.

    Returns
    -------
    RIPEstimate
        what is known so far where a keyboard interrupt ended the search; its `complete` is False then.

    Raises
    ------
    TypeError
        When A is no operator or linear over the reals only, the model is none or has no supports, or k is no budget.
    ValueError
        When A is a stack of matrices, the model is for signals of another shape, k is out of range or allows more
        nonzeros than there are measurements, the effort is none of the three, or there are too many supports for
        "exact".
    NotImplementedError
        When the effort is "exact", and the model cannot enumerate its supports.

    References
    ----------
    E. J. Candes and T. Tao, Decoding by linear programming, IEEE Trans. Information Theory 51(12), 2005;
    R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde, Model-based compressive sensing,
    IEEE Trans. Information Theory 56(4), 2010 (constants of models).

    Examples
    --------
    >>> import csrecover as cs
    >>> estimate = cs.rip(cs.gaussian(64, 128, 0), cs.Sparse(), 2)
    >>> estimate.exact
    True
    """
    if effort not in ("quick", "thorough", "exact"):
        raise ValueError(f'effort is "quick", "thorough" or "exact", got {effort!r}')
    A = _checked(A)
    model = check_model(A, model, k)
    k = model.check_budget(k, least=1)
    few = certify and model.log_count(k, A.in_shape) <= math.log(_FEW) and A.size_in <= _COLUMNS
    witnesses: Any = None
    exact, bounds = None, _TRIVIAL
    try:
        with threads_for(A), tqdm(unit=" steps", disable=not progress, delay=1) as bar:
            for witnesses in search(A, model, k, rng, "thorough" if effort == "thorough" and not few else "quick"):
                bar.set_postfix(L=1 - witnesses[0].value, U=witnesses[1].value - 1, refresh=False)
                bar.update()
            if effort == "exact" or (few and _enumerable(model, k, A.in_shape)):
                exact = _exact(A, model, k, witnesses, limit if effort == "exact" else _LIMIT)
            elif certify:
                bounds = certified(A, model, k)
    except KeyboardInterrupt:
        if witnesses is None:
            raise
        return _bracketed(A, witnesses, bounds, complete=False)
    return exact or _bracketed(A, witnesses, bounds)


def _checked(A: Any) -> LinearOperator:
    """A as one operator that has a matrix.

    Raises
    ------
    TypeError, ValueError
        As in `rip`.
    """
    A = as_operator(A)
    if A.batch_shape:
        raise ValueError(f"{A} is a stack of matrices: ask for one of them at a time")
    if A.real_linear and not A.real_input:
        raise TypeError(f"{A} is linear over the reals only and has no matrix: take its adjoint, or its complex form")
    return A


def _enumerable(model: SupportModel, k: Any, shape: tuple[int, ...]) -> bool:
    """Whether the model can enumerate its supports."""
    try:
        next(iter(model.supports(k, shape)), None)
    except NotImplementedError:
        return False
    return True


def _exact(A: LinearOperator, model: SupportModel, k: Any, witnesses: Any, limit: float) -> RIPEstimate:
    """The exact constants."""
    start = [np.flatnonzero(to_numpy(witness.mask)) for witness in witnesses]
    matrix = host_matrix(A)
    gram = matrix.conj().T @ matrix
    found = exact_constants(gram, to(model, "numpy"), k, A.in_shape, limit=limit, start=start)
    L, U, support_L, support_U, visited = found
    visited += sum(witness.visited for witness in witnesses)
    return RIPEstimate(L, U, L, U, True, support_L, support_U, visited, dict.fromkeys(NUMBERS, "exhaustive search"))


def _bracketed(
    A: LinearOperator, witnesses: Any, bounds: tuple[float, float, str, str], complete: bool = True
) -> RIPEstimate:
    """The bracket from the witnesses of a search and certified bounds, which rounding may have put below them."""
    L, U, support_L, support_U, visited, methods = settled(A, *witnesses)
    above = max(L, bounds[0]), max(U, bounds[1])
    closed = max(above[0] - L, above[1] - U) <= _CLOSED * (1 + abs(U))
    methods |= {"certified_L": bounds[2], "certified_U": bounds[3]}
    return RIPEstimate(L, U, *above, closed, support_L, support_U, visited, methods, complete)
