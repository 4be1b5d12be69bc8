"""Different models on the parts of a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, product
from math import prod
from typing import Any

import numpy as np

from ..backend import Array, divide, energy, keep, namespace, scaled
from ..structures.signal import fit
from .base import SupportModel
from .union import check_models


@dataclass(frozen=True, eq=False)
class Product(SupportModel):
    """Signals whose parts, flattened and side by side, each belong to a model of their own.

    For example an image and its outliers, measured by ``hstack([A, Identity(m)])``:
    ``Product((TreeSparse(tree), Sparse()), (tree.shape, m))`` with the budget ``(nodes, outliers)``. The projection is
    exact where those of the models are.

    Parameters
    ----------
    models : sequence of SupportModel
        the budget is a tuple, one for each.
    shapes : sequence of int or tuple of int
        shape of the signals of each.

    Raises
    ------
    TypeError
        When one is no model.
    ValueError
        When there are not as many shapes as models, or a model is for signals of another shape.
    """

    models: tuple[SupportModel, ...]
    shapes: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        models = check_models(self.models, "Product")
        shapes = tuple(tuple(shape) if isinstance(shape, tuple | list) else (shape,) for shape in self.shapes)
        if len(shapes) != len(models):
            raise ValueError(f"expected a shape for each of the {len(models)} models, got {len(shapes)}")
        object.__setattr__(self, "models", tuple(fit(model, s) for model, s in zip(models, shapes, strict=True)))
        object.__setattr__(self, "shapes", shapes)

    @property
    def ndim(self) -> int:
        return 1

    @property
    def signal_shape(self) -> tuple[int, ...]:
        return (sum(prod(shape) for shape in self.shapes),)

    def _parts(self, x: Array) -> list[Array]:
        """The parts of signals, each in its shape."""
        xp, ends = namespace(x), list(accumulate(prod(shape) for shape in self.shapes))
        pieces = [x[..., end - prod(shape) : end] for end, shape in zip(ends, self.shapes, strict=True)]
        return [xp.reshape(piece, (*x.shape[:-1], *s)) for piece, s in zip(pieces, self.shapes, strict=True)]

    def _joined(self, x: Array, k: Any, choose: Callable[[SupportModel, Array, Any], Array]) -> Array:
        """The masks of the parts side by side."""
        x, k = self._signals(x), self.check_budget(k)
        xp = namespace(x)
        masks = [choose(model, part, b) for model, part, b in zip(self.models, self._parts(x), k, strict=True)]
        return xp.concat([xp.reshape(mask, (*x.shape[:-1], -1)) for mask in masks], axis=-1)

    def support(self, x: Array, k: Any) -> Array:
        return self._joined(x, k, lambda model, part, budget: model.support(part, budget))

    def bound(self, x: Array, k: Any) -> Array:
        x, k = self._signals(x), self.check_budget(k)
        xp = namespace(x)
        parts = self._parts(energy(keep(scaled(x, 1), self.support(x, k))))
        kept = [xp.sum(xp.reshape(part, (*x.shape[:-1], -1)), axis=-1) for part in parts]
        bounds = [model.bound(part, b) for model, part, b in zip(self.models, self._parts(x), k, strict=True)]
        limit = sum(gain / bound for gain, bound in zip(kept, bounds, strict=True))
        return xp.where(limit > 0, divide(sum(kept), limit), xp.ones_like(limit))

    def max_nonzeros(self, k: Any) -> int:
        return sum(model.max_nonzeros(budget) for model, budget in zip(self.models, k, strict=True))

    def log_count(self, k: Any, shape: tuple[int, ...] | None = None) -> float:
        self._one_shape(shape)
        each = zip(self.models, self.check_budget(k), self.shapes, strict=True)
        return sum(model.log_count(budget, shape) for model, budget, shape in each)

    def supports(self, k: Any, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        """Supports of the models side by side, one by one, as in `SupportModel`; those of each model are kept."""
        self._one_shape(shape)
        each = zip(self.models, self.check_budget(k), self.shapes, strict=True)
        families = [model.supports(budget, shape) for model, budget, shape in each]
        starts = [0, *accumulate(prod(shape) for shape in self.shapes)][:-1]
        return (
            np.concatenate([start + part for start, part in zip(starts, parts, strict=True)])
            for parts in product(*families)
        )

    def units(self, shape: tuple[int, ...]) -> Any:  # noqa: ARG002
        return tuple(model.units(shape) for model, shape in zip(self.models, self.shapes, strict=True))

    def support_of_sum(self, x: Array, k: Any, copies: int) -> Array:
        return self._joined(x, k, lambda model, part, budget: model.support_of_sum(part, budget, copies))

    def max_nonzeros_of_sum(self, k: Any, copies: int) -> int:
        return sum(model.max_nonzeros_of_sum(budget, copies) for model, budget in zip(self.models, k, strict=True))

    def check_budget(self, k: Any, least: int = 0) -> tuple[Any, ...]:
        if not isinstance(k, tuple | list) or len(k) != len(self.models):
            raise TypeError(f"the budget k is a tuple of {len(self.models)}, one for each model, got {k!r}")
        budgets = tuple(model.check_budget(budget) for model, budget in zip(self.models, k, strict=True))
        if least and not any(_positive(budget) for budget in budgets):
            raise ValueError(f"the budgets k must be at least {least} in all, got {k}")
        return budgets


def _positive(k: Any) -> bool:
    """Whether a budget allows anything."""
    return any(_positive(each) for each in k) if isinstance(k, tuple) else k > 0
