"""Hard structure: a sparsity model is a family of supports indexed by a budget."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from typing import Any, final

from ..backend import Array, as_float, keep
from ..structures.signal import Structured


class Model(Structured, ABC):
    """A set of signals for each budget k, with the nearest member of any signal."""

    @abstractmethod
    def project(self, x: Array, k: Any) -> Array:
        """Nearest member of budget k to each signal, in the Euclidean norm."""


class SupportModel(Model):
    """A model given by its supports. An author writes `support` and `max_nonzeros`; projection follows."""

    @abstractmethod
    def support(self, x: Array, k: Any) -> Array:
        """Mask, of the shape of x, of the support of budget k that keeps most of ||x||^2.

        Parameters
        ----------
        x : array, (*batch, *signal)
        k : int >= 0
            the budget. At most k units are kept, min(k, number of units) where no coefficient is zero; among
            supports that are equal but for rounding the one with the lowest indices is taken.
        """

    @abstractmethod
    def max_nonzeros(self, k: Any) -> int:
        """Largest number of coefficients in a support of budget k."""

    def units(self, n: int) -> int:
        """Number of units that a budget is counted in, for signals of n coefficients."""
        return n

    def support_of_sum(self, x: Array, k: Any, copies: int) -> Array:
        """Mask of the best support among those of sums of `copies` members of budget k."""
        return self.support(x, copies * k)

    @final
    def project(self, x: Array, k: Any) -> Array:
        """Nearest member of budget k to each signal: x on its best support, zero elsewhere.

        Parameters
        ----------
        x : array, (*batch, *signal)
        k : int >= 0

        Raises
        ------
        ValueError
            When x has not the shape of a signal or k is negative.
        """
        x = as_float(x)
        return keep(x, self.support(x, k))


def check_count(k: Any, least: int = 0) -> int:
    """K as an int, at least `least`.

    Raises
    ------
    TypeError, ValueError
        When it is not an integer, or too small.
    """
    if isinstance(k, bool) or not isinstance(k, numbers.Integral):
        raise TypeError(f"the budget k is an integer, got {k!r}")
    if k < least:
        raise ValueError(f"the budget k must be at least {least}, got {k}")
    return int(k)
