"""Signals of one of several models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from typing import Any

import numpy as np

from ..backend import Array, divide, energy, eps, expand, flat, keep, namespace, scaled
from ..structures.signal import fit
from .base import SupportModel, distinct


@dataclass(frozen=True, eq=False)
class Union(SupportModel):
    """Signals that belong to at least one of several models of the same signals.

    The projection takes the best of the models' projections, the first of equals, and is exact where theirs are.

    Parameters
    ----------
    models : sequence of SupportModel
        for example ``(TreeSparse(tree), BlockSparse(blocks))``. The budget is a tuple, one for each model, or one
        number for all.

    Raises
    ------
    TypeError
        When one is no model.
    ValueError
        When there is none, or two are for signals of different shapes.
    """

    models: tuple[SupportModel, ...]

    def __post_init__(self) -> None:
        models = check_models(self.models, "Union")
        shape = next((model.signal_shape for model in models if model.signal_shape is not None), None)
        if shape is not None:
            models = tuple(fit(model, shape) for model in models)
        object.__setattr__(self, "models", models)

    @property
    def ndim(self) -> int:
        return self.models[0].ndim

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return self.models[0].signal_shape

    def _fitted(self, shape: tuple[int, ...]) -> Union:
        return Union(tuple(fit(model, shape) for model in self.models))

    def _each(self, k: Any) -> list[tuple[SupportModel, Any]]:
        """The models with their budgets."""
        one_each = isinstance(k, tuple | list)
        return list(zip(self.models, k if one_each else [k] * len(self.models), strict=True))

    def _best(self, x: Array, masks: list[Array]) -> Array:
        """The mask that keeps most, of each signal."""
        xp, x = namespace(x), scaled(x, self.ndim)
        kept = [_kept(x, mask, self.ndim) for mask in masks]
        best, most = masks[0], kept[0]
        for mask, gain in zip(masks[1:], kept[1:], strict=True):
            better = gain > most * (1 + max(1e-12, 4 * eps(x)))
            best, most = xp.where(expand(better, self.ndim), mask, best), xp.where(better, gain, most)
        return best

    def support(self, x: Array, k: Any) -> Array:
        x = self._signals(x)
        return self._best(x, [model.support(x, budget) for model, budget in self._each(self.check_budget(k))])

    def bound(self, x: Array, k: Any) -> Array:
        x, pairs = self._signals(x), self._each(self.check_budget(k))
        xp, size = namespace(x), scaled(x, self.ndim)
        kept = [_kept(size, model.support(x, budget), self.ndim) for model, budget in pairs]
        limits = [gain / model.bound(x, budget) for gain, (model, budget) in zip(kept, pairs, strict=True)]
        most, limit = reduce(xp.maximum, kept), reduce(xp.maximum, limits)
        return xp.where(limit > 0, divide(most, limit), xp.ones_like(limit))

    def max_nonzeros(self, k: Any) -> int:
        return max(model.max_nonzeros(budget) for model, budget in self._each(k))

    def log_count(self, k: Any, shape: tuple[int, ...] | None = None) -> float:
        """Sum over the models: an upper bound, supports of two models count twice."""
        pairs = self._each(self.check_budget(k))
        return float(np.logaddexp.reduce([model.log_count(budget, shape) for model, budget in pairs]))

    def supports(self, k: Any, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        """Supports of the models one by one, each once, as in `SupportModel`; some may lie in one of another model.

        Those that were given before are remembered.
        """
        shape, pairs = self._one_shape(shape), self._each(self.check_budget(k))
        return distinct(chain.from_iterable([model.supports(budget, shape) for model, budget in pairs]))

    def units(self, shape: tuple[int, ...]) -> Any:
        return tuple(model.units(shape) for model in self.models)

    def support_of_sum(self, x: Array, k: Any, copies: int) -> Array:
        """Mask of the best support of a sum of `copies` members that all belong to the same model."""
        x, pairs = self._signals(x), self._each(self.check_budget(k))
        return self._best(x, [model.support_of_sum(x, budget, copies) for model, budget in pairs])

    def max_nonzeros_of_sum(self, k: Any, copies: int) -> int:
        return max(model.max_nonzeros_of_sum(budget, copies) for model, budget in self._each(k))

    def check_budget(self, k: Any, least: int = 0) -> tuple[Any, ...]:
        if isinstance(k, tuple | list) and len(k) != len(self.models):
            raise TypeError(f"the budget k is a number or a tuple of {len(self.models)}, one for each model, got {k!r}")
        return tuple(model.check_budget(budget, least) for model, budget in self._each(k))


def check_models(models: Any, name: str) -> tuple[SupportModel, ...]:
    """A tuple of models, at least one.

    Raises
    ------
    TypeError, ValueError
        When one is no model, or there is none.
    """
    models = tuple(models) if isinstance(models, tuple | list) else (models,)
    if not models:
        raise ValueError(f"{name} needs at least one model")
    for model in models:
        if not isinstance(model, SupportModel):
            raise TypeError(f"{name} takes models such as Sparse() or BlockSparse(blocks), got {type(model).__name__}")
    return models


def _kept(x: Array, mask: Array, ndim: int) -> Array:
    """Energy of each signal on its mask."""
    return namespace(x).sum(flat(energy(keep(x, mask)), ndim), axis=-1)
