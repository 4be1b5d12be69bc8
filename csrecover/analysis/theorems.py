"""Theorems that promise recovery where a restricted isometry constant is small."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theorem:
    """If the restricted isometry constant of sums of `copies` members (plus `more` columns) is small, so is the error.

    Attributes
    ----------
    name : str
        of the algorithm.
    copies, more : int
    limit : float or None
        of the constant; None for 1 / sqrt(order).
    strict : bool
        whether the constant has to be below the limit, rather than at most that.
    source : str
    """

    name: str
    copies: int
    limit: float | None
    strict: bool
    source: str
    more: int = 0


PLAIN = (
    Theorem("CoSaMP", 4, 0.1, False, "Needell and Tropp 2009"),
    Theorem("IHT", 3, 32**-0.5, True, "Blumensath and Davies 2009"),
    Theorem("HTP", 3, 3**-0.5, True, "Foucart 2011"),
    Theorem("l1", 2, 2**-0.5, True, "Cai and Zhang 2014"),
    Theorem("OMP", 1, None, True, "Mo 2015", more=1),
)
MODEL = (
    Theorem("model-CoSaMP", 4, 0.1, False, "Baraniuk, Cevher, Duarte and Hegde 2010"),
    Theorem("model-IHT", 3, 0.22, False, "Baraniuk, Cevher, Duarte and Hegde 2010"),
)
BLOCK = Theorem("block l1", 2, 2**0.5 - 1, True, "Eldar and Mishali 2009")
