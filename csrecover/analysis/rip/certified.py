"""Certified bounds of restricted isometry constants: what holds for every support of a model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import blas_threads
from ...models import Model, SupportModel
from ...operators import LinearOperator, as_operator
from ...structures.signal import fit
from .circulant import circulant_magnitudes
from .eigenvalues import gram_matrix, largest_eigenvalue
from .family import Cells, Family, row_sums
from .pairs import apart
from .relaxation import clip_bound, relaxed_bound

_COLUMNS = 4096  # operators with more columns are not made dense
_CLIPPED = 1024  # nor are matrices of more columns decomposed
_RELAXED = 512  # nor those of more columns many times over
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


def certified(A: Any, model: SupportModel, k: Any) -> tuple[float, float, str, str]:
    """Certified bounds of the restricted isometry constants of a model: for each the best of `bounds`.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    model : SupportModel
    k : int >= 1, or a tuple of budgets

    Returns
    -------
    L, U : float
        1 - L <= eigenvalues of A_S^H A_S <= 1 + U, for all supports S of the model of budget k.
    method_L, method_U : str
        names of the methods that gave them.

    Raises
    ------
    TypeError, ValueError
        As in `bounds`.
    """
    found = bounds(A, model, k)
    below = min(found, key=lambda name: found[name][0])
    above = min(found, key=lambda name: found[name][1])
    return found[below][0], found[above][1], below, above


def bounds(A: Any, model: SupportModel, k: Any) -> dict[str, tuple[float, float]]:
    """Certified bounds (L, U) of the restricted isometry constants of a model by each method that applies.

    With G = A^H A and supports of at most s coefficients, U is the least, and L by the same with -G:

    - trivial: L = 1. norm: U = ||A||^2 - 1, and L = 1 - lambda_min(G). unitary: both are zero;
    - coherence: max G_ii + (s - 1) max |G_ij| - 1;
    - gershgorin: max over i of G_ii + sum over j of |G_ij|, the largest sum over a support of the model that holds i
      (the Babel function where any s coefficients are a support), - 1;
    - clip: min over rho of lambda_max(G - C) + (s - 1) rho - 1, where C is G off the diagonal clipped at rho;
    - sdp: the same with the best C, of entries at most rho, that a method of multipliers finds on its way to the
      semidefinite relaxation; C proves the bound, wherever that stops;
    - block coherence, block gershgorin, ...: the same with blocks of G for entries and their spectral norms, where
      supports are made of blocks, or of places that several channels share.

    Entries G_ij for i and j that no support holds both are left out: nodes far apart in a tree, spikes that are near.

    They take the dense matrix, on the host and in double precision, as the operator gives it. Above 512 columns there
    is no relaxation, above 1024 no clip bound, and rows of a DFT are known by one of their columns; of other operators
    of more than 4096 columns there is but the norm, by `A.norm`. What rounding can do is added to all bounds.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    model : SupportModel
    k : int >= 1, or a tuple of budgets

    Returns
    -------
    dict of str to (L, U), infinite where a method gives none.

    Raises
    ------
    TypeError
        When the model is none or has no supports, k is no budget, or A is linear over the reals only though it takes
        complex signals.
    ValueError
        When the model is for signals of another shape, k is too small, or A is a stack of matrices or not finite.

    References
    ----------
    S. Foucart and H. Rauhut, A mathematical introduction to compressive sensing, Birkhaeuser, 2013 (coherence);
    Y. C. Eldar, P. Kuppinger and H. Boelcskei, Block-sparse signals: uncertainty relations and efficient recovery,
    IEEE Trans. Signal Processing 58(6), 2010 (block coherence);
    A. d'Aspremont, L. El Ghaoui, M. I. Jordan and G. R. G. Lanckriet, A direct formulation for sparse PCA using
    semidefinite programming, SIAM Review 49(3), 2007.
    """
    A, supports = _checked(A, model, k)
    found = {"trivial": (1.0, math.inf)}
    if A.unitary:
        return found | {"unitary": (_ROUNDING, _ROUNDING)}
    if A.size_in > _CLIPPED:
        found["norm"] = math.inf, A.norm() ** 2 * (1 + _ROUNDING) - 1
        magnitudes = circulant_magnitudes(A)
        if magnitudes is not None:
            return found | _circulant(magnitudes, supports.most - 1)
        if A.size_in > _COLUMNS:
            return found
    singular = supports.most > A.size_out * (2 if A.real_input else 1)
    with blas_threads(A.size_in**2):
        gram, error = gram_matrix(A)
        error += _ROUNDING * float(np.trace(gram).real)
        upper, *rest = _upper_bounds([gram] if singular else [gram, -gram], supports)
    lower = {} if singular else rest[0]
    return found | {name: (1 + lower.get(name, math.inf) + error, upper[name] + error - 1) for name in upper}


def _upper_bounds(matrices: list[np.ndarray], supports: Family) -> list[dict[str, float]]:
    """Upper bounds of the largest eigenvalue on any support, by method; of Hermitian matrices equal but for signs."""
    n, never = len(matrices[0]), apart(supports.model, supports.k, supports.shape)
    found = [{"norm": largest_eigenvalue(H)} if n <= _CLIPPED else {} for H in matrices]
    if never is not None:
        matrices = [_without(H, never) for H in matrices]
    parts = [("", Cells(np.arange(n)), supports)]
    if supports.cells is not None:
        parts.append(("block ", *supports.cells))
    for prefix, cells, family in parts:
        others, norms = family.most - 1, cells.norms(matrices[0])
        off = norms - np.diag(np.diag(norms))
        sums = row_sums(off, family)
        for H, bounds_of in zip(matrices, found, strict=True):
            diagonal = np.diag(cells.norms(H))
            bounds_of[f"{prefix}coherence"] = float(diagonal.max() + others * off.max() * (1 + 1e-12))
            bounds_of[f"{prefix}gershgorin"] = float(np.max(diagonal + sums))
            if n <= _CLIPPED:
                bounds_of[f"{prefix}clip"] = clip_bound(H, cells, others)
            if n <= _RELAXED:
                bounds_of[f"{prefix}sdp"] = relaxed_bound(H, cells, others, never)
    return found


def _without(H: np.ndarray, never: np.ndarray) -> np.ndarray:
    """H with zeros where two indices are in no support together: no support sees the difference.

    Nor does any see the diagonal at an index that is in none; it becomes that of another one.
    """
    unused, H = np.diag(never), np.where(never, 0.0, H)
    H[unused, unused] = H[~unused, ~unused][0]
    return H


def _circulant(magnitudes: np.ndarray, others: int) -> dict[str, tuple[float, float]]:
    """Bounds for a Gram matrix of such magnitudes in each row, own entry first, and so many others in a support."""
    own, falling = float(magnitudes[0]), np.sort(magnitudes[1:])[::-1]
    rests = {"coherence": others * float(falling[0]), "gershgorin": float(falling[:others].sum())}
    slack = {name: rest + _ROUNDING * (own + rest) for name, rest in rests.items()}
    return {name: (1 - own + rest, own + rest - 1) for name, rest in slack.items()}


def _checked(A: Any, model: Any, k: Any) -> tuple[LinearOperator, Family]:
    """The operator, and the supports of the model for its signals.

    Raises
    ------
    TypeError, ValueError
        As in `bounds`.
    """
    A = as_operator(A)
    if A.batch_shape:
        raise ValueError(f"{A} is a stack of matrices: ask for one of them at a time")
    if not isinstance(model, SupportModel):
        what = "has no supports" if isinstance(model, Model) else "is no sparsity model"
        raise TypeError(f"{type(model).__name__} {what}: take a model such as Sparse() or BlockSparse(blocks)")
    model = fit(model, A.in_shape)
    supports = Family.on_host(model, model.check_budget(k, least=1), A.in_shape)
    if (supports if supports.cells is None else supports.cells[1]).most == 0:
        raise ValueError(f"the budget k={k} of {model} allows no coefficient: raise it")
    return A, supports
