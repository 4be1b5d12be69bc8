"""Hard structure: a sparsity model is a family of supports indexed by a budget."""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, final

import numpy as np

from ..backend import Array, all_finite, as_float, device, flat, keep, namespace, on_host, real_dtype, staged
from ..structures.signal import Structured


class Model(Structured, ABC):
    """A set of signals for each budget k, with the nearest member of any signal."""

    @abstractmethod
    def project(self, x: Array, k: Any) -> Array:
        """Nearest member of budget k to each signal, in the Euclidean norm."""

    def _signals(self, x: Any) -> Array:
        """X as an array of signals, checked; on a device, where looking costs a synchronisation, all but its numbers.

        Raises
        ------
        ValueError
            When the shape is not that of signals of this model, or on the host a number is NaN or infinite.
        """
        x = super()._signals(x)
        if on_host(x) and not all_finite(x):
            raise ValueError(f"{self} projects finite signals, got NaN or infinity")
        return x

    def _magnitudes(self, x: Array) -> np.ndarray:
        """|x| of each signal as a row on the host, (signals, n) in double precision.

        Raises
        ------
        ValueError
            When a number is NaN or infinite; now that they are here this is looked at for those of a device, too.
        """
        magnitudes = staged(abs(flat(x, self.ndim))).astype(np.float64)
        if not all_finite(magnitudes):
            raise ValueError(f"{self} projects finite signals, got NaN or infinity")
        return magnitudes.reshape(-1, magnitudes.shape[-1])


class SupportModel(Model):
    """A model given by its supports. An author writes `support`, `max_nonzeros` and `log_count`; projection follows.

    The budget k is an integer, or a tuple of budgets in models that have several parts.
    """

    @abstractmethod
    def support(self, x: Array, k: Any) -> Array:
        """Mask, of the shape of x, of the support of budget k that keeps most of ||x||^2.

        Parameters
        ----------
        x : array, (*batch, *signal)
        k : int >= 0, or a tuple of budgets
            the budget. At most k units are kept, min(k, number of units) where no coefficient is zero; among
            supports that are equal but for rounding the one with the lowest indices is taken.
        """

    @abstractmethod
    def max_nonzeros(self, k: Any) -> int:
        """Largest number of coefficients in a support of budget k."""

    @abstractmethod
    def log_count(self, k: Any, shape: tuple[int, ...] | None = None) -> float:
        """Natural logarithm of the number of supports of budget k that lie in no other, or an upper bound of it.

        Parameters
        ----------
        k : int >= 1, or a tuple of budgets
        shape : tuple of int, optional
            of one signal; needed by models that fit signals of any shape.
        """

    def supports(self, k: Any, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        """The supports of budget k that lie in no other, one by one: sorted flat indices, on the host.

        Each is given once, in no particular order, and made when it is asked for.

        Parameters
        ----------
        k : int >= 0, or a tuple of budgets
        shape : tuple of int, optional
            of one signal; needed by models that fit signals of any shape.

        Raises
        ------
        NotImplementedError
            When the model cannot enumerate its supports.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot enumerate its supports: write supports(k, shape)")

    def bound(self, x: Array, k: Any) -> Array:  # noqa: ARG002
        """Share of the best possible energy that `support` is certain to keep, in (0, 1]: a (*batch,) array.

        One where the projection is exact, as it is unless the model says otherwise.
        """
        x = self._signals(x)
        return namespace(x).ones(x.shape[: x.ndim - self.ndim], dtype=real_dtype(x), device=device(x))

    def units(self, shape: tuple[int, ...]) -> Any:
        """Largest budget that makes a difference, for signals of that shape."""
        return math.prod(shape)

    def support_of_sum(self, x: Array, k: Any, copies: int) -> Array:
        """Mask of the best support among those of sums of `copies` members of budget k.

        Where these have no simple form it is the best of a larger family, which the model names.
        """
        return self.support(x, multiple(k, copies))

    def max_nonzeros_of_sum(self, k: Any, copies: int) -> int:
        """Largest number of coefficients in a mask of `support_of_sum`."""
        return self.max_nonzeros(multiple(k, copies))

    def check_budget(self, k: Any, least: int = 0) -> Any:
        """K as an int (a tuple of budgets in models of several parts), in all at least `least`.

        Raises
        ------
        TypeError, ValueError
            When it is no budget of this model, or too small.
        """
        return check_count(k, least)

    @final
    def project(self, x: Array, k: Any) -> Array:
        """Nearest member of budget k to each signal: x on its best support, zero elsewhere.

        Parameters
        ----------
        x : array, (*batch, *signal)
        k : int >= 0, or a tuple of budgets

        Raises
        ------
        ValueError
            When x has not the shape of a signal, is not finite (on the host), or k is negative.
        """
        x = as_float(x)
        return keep(x, self.support(x, k))

    def _one_shape(self, shape: tuple[int, ...] | None) -> tuple[int, ...]:
        """Shape of one signal: the model's own, or the one given where it has none.

        Raises
        ------
        ValueError
            When there is none, or two that differ.
        """
        own = self.signal_shape
        if own is None and shape is None:
            raise ValueError(f"{self} fits signals of any shape: give shape=, the shape of one signal")
        if own is not None and shape is not None and tuple(shape) != own:
            raise ValueError(f"{self} is for signals of shape {own}, got shape={shape}")
        return own if own is not None else tuple(shape)  # type: ignore[arg-type]


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


def check_counts(k: Any, parts: int, name: str, least: int = 0) -> tuple[int, ...]:
    """K as a tuple of `parts` integers >= 0, at least `least` in all.

    Raises
    ------
    TypeError, ValueError
        When it is no such tuple.
    """
    if not isinstance(k, tuple | list) or len(k) != parts:
        raise TypeError(f"the budget k is a tuple of {parts} integers, one for each {name}, got {k!r}")
    counts = tuple(check_count(each) for each in k)
    if sum(counts) < least:
        raise ValueError(f"the budgets k must be at least {least} in all, got {k}")
    return counts


def multiple(k: Any, copies: int) -> Any:
    """`copies` times a budget, part by part."""
    return tuple(multiple(each, copies) for each in k) if isinstance(k, tuple | list) else copies * k


def exceeds(k: Any, units: Any) -> bool:
    """Whether a budget is larger than another, in any part."""
    if isinstance(k, tuple | list):
        return any(exceeds(each, limit) for each, limit in zip(k, units, strict=True))
    return k > units


def joined(parts: Iterable[np.ndarray]) -> np.ndarray:
    """The indices of disjoint sets together, sorted."""
    return np.sort(np.concatenate([np.empty(0, np.intp), *parts]))


def distinct(supports: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The supports without repetition; it remembers them all."""
    seen = set()
    for support in supports:
        if (key := support.tobytes()) not in seen:
            seen.add(key)
            yield support


def log_choose(n: int, k: int) -> float:
    """Natural logarithm of the binomial coefficient n over k, -inf where there is no such choice."""
    if not 0 <= k <= n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
