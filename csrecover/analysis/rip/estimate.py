"""A bracket of the restricted isometry constants of an operator, which says how each of its ends is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...operators import as_operator
from .attained import eigenvalues_on

NUMBERS = "attained_L", "attained_U", "certified_L", "certified_U"


@dataclass(frozen=True, eq=False)
class RIPEstimate:
    """Bracket of the restricted isometry constants L and U of an operator for a sparsity model and a budget.

    They are the smallest numbers with 1 - L <= eigenvalues of A_S^H A_S <= 1 + U for all supports S of the model; then
    (1 - L) ||x||^2 <= ||A x||^2 <= (1 + U) ||x||^2 for all its signals. Either can be negative where columns are far
    from unit norm.

    Attributes
    ----------
    attained_L, attained_U : float
        lower bounds of L and U, attained on the witnesses. They can refute a hypothesis of a theorem, never verify it.
    certified_L, certified_U : float
        upper bounds of L and U; infinite where there is none.
    exact : bool
        whether the attained constants are known to be L and U.
    support_L, support_U : array of int
        witnesses: sorted flat indices of supports of the model.
    n_supports : int
        supports looked at, with repetitions.
    methods : dict of str
        how each of the four numbers was found; keys "attained_L", "attained_U", "certified_L", "certified_U".
    complete : bool
        False where the search was interrupted.

    References
    ----------
    J. D. Blanchard, C. Cartis and J. Tanner, Compressed sensing: how sharp is the restricted isometry property?,
    SIAM Review 53(1), 2011 (asymmetric constants).
    """

    attained_L: float
    attained_U: float
    certified_L: float
    certified_U: float
    exact: bool
    support_L: np.ndarray
    support_U: np.ndarray
    n_supports: int
    methods: dict[str, str]
    complete: bool = True

    @property
    def interval(self) -> tuple[float, float]:
        """Between which numbers the symmetric constant delta = max(L, U) lies."""
        return max(self.attained_L, self.attained_U), max(self.certified_L, self.certified_U)

    @property
    def delta(self) -> float:
        """The symmetric constant max(L, U), where it is known exactly.

        Raises
        ------
        AttributeError
            When it is not.
        """
        if not self.exact:
            low, high = self.interval
            raise AttributeError(f"delta is only known to lie between {low:.4g} and {high:.4g}: use interval")
        return self.interval[0]

    @property
    def scale(self) -> float:
        """The c for which the attained constants of sqrt(c) A are symmetric: 2 / (2 - L + U); infinite for A = 0."""
        total = 2 - self.attained_L + self.attained_U
        return 2 / total if total > 0 else math.inf

    @property
    def rescaled(self) -> tuple[float, float]:
        """Between which numbers the least symmetric constant of all multiples of A lies: (L + U) / (2 - L + U)."""
        return _rescaled(self.attained_L, self.attained_U), _rescaled(self.certified_L, self.certified_U)

    def check(self, A: Any) -> tuple[float, float]:
        """L and U on the witnesses, computed anew from the columns of A, on the host in double precision.

        Parameters
        ----------
        A : LinearOperator, array or SciPy operator

        Raises
        ------
        ValueError
            When A has not the columns of the witnesses.
        """
        A = as_operator(A)
        return 1 - eigenvalues_on(A, self.support_L)[0], eigenvalues_on(A, self.support_U)[1] - 1

    def save(self, path: str | Path) -> None:
        """Write the numbers and witnesses to an .npz file (no pickle; load with ``numpy.load``)."""
        others = "exact", "support_L", "support_U", "n_supports", "complete"
        arrays: dict[str, Any] = {name: getattr(self, name) for name in (*NUMBERS, *others)}
        arrays |= {f"method_{name}": method for name, method in self.methods.items()}
        np.savez(path, **arrays)

    def __str__(self) -> str:
        count = f"{self.n_supports} supports" + ("" if self.complete else ", interrupted")
        if self.exact:
            return (
                f"L = {self.attained_L:.4g}, U = {self.attained_U:.4g}, exact ({self.methods['attained_L']}; {count})"
            )
        return f"{self._bracket('L')}, {self._bracket('U')} ({count})"

    def _bracket(self, end: str) -> str:
        """Bracket of one constant, rounded outwards, with the names of the methods."""
        low, high = getattr(self, f"attained_{end}"), getattr(self, f"certified_{end}")
        ways = f"attained by {self.methods[f'attained_{end}']}, certified by {self.methods[f'certified_{end}']}"
        return f"{_down(low):.4g} <= {end} <= {-_down(-high):.4g} ({ways})"

    def __repr__(self) -> str:
        return f"RIPEstimate({self})"


def _rescaled(L: float, U: float) -> float:
    """(lambda_max - lambda_min) / (lambda_max + lambda_min) for eigenvalues from 1 - L to 1 + U, at least zero."""
    least, most = max(1 - L, 0.0), 1 + U
    return 1.0 if math.isinf(most) else (most - least) / (most + least) if most > 0 else 0.0


def _down(number: float) -> float:
    """The number rounded down to four digits, whatever their place."""
    if number == 0 or math.isinf(number):
        return number
    unit = 10.0 ** (math.floor(math.log10(abs(number))) - 3)
    return math.floor(number / unit) * unit
