"""What is one signal: the trailing axes that a model or a penalty speaks of."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from ..backend import Array, as_float

S = TypeVar("S", bound="Structured")


class Structured:
    """Common to models and penalties: how many trailing axes make one signal, and which shape if one is fixed.

    A structure that fits signals of any shape carries a dataclass field ``ndim``; one that is tied to coefficients
    overrides ``signal_shape`` instead.
    """

    if TYPE_CHECKING:  # a field or a property; a property here would be a field's default

        @property
        def ndim(self) -> int: ...

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        """Shape of one signal, None where any will do."""
        return None

    def _fitted(self: S, shape: tuple[int, ...]) -> S:
        """The structure for signals of that shape, where it fits signals of any.

        Raises
        ------
        ValueError
            When it has a number of axes of its own, and the shape another.
        """
        if len(shape) == self.ndim:
            return self
        if any(field.name == "ndim" for field in dataclasses.fields(self)):  # type: ignore[arg-type]
            return dataclasses.replace(self, ndim=len(shape))  # type: ignore[type-var]
        raise ValueError(f"{self} is for signals of {self.ndim} axes, got shape {shape}")

    def _signals(self, x: Any) -> Array:
        """X as an array of signals, checked.

        Raises
        ------
        ValueError
            When the trailing axes of x are not those of a signal of this structure.
        """
        x, shape = as_float(x), self.signal_shape
        if x.ndim < self.ndim or (shape is not None and x.shape[x.ndim - self.ndim :] != shape):
            wanted = f"signals of shape {shape}" if shape else f"signals with {self.ndim} axes"
            raise ValueError(f"{self} takes {wanted} (after any batch axes), got an array of shape {x.shape}")
        return x


def expect(structure: Any, kind: type, example: str) -> None:
    """Refuse what is not of the kind that a model or a penalty is made of.

    Raises
    ------
    TypeError
        Saying what was expected, with an example.
    """
    if not isinstance(structure, kind):
        raise TypeError(f"expected {kind.__name__}, for example {example}, got {type(structure).__name__}")


def fit(structure: S, shape: tuple[int, ...]) -> S:
    """The structure for signals of the given shape.

    Raises
    ------
    ValueError
        When it is tied to signals of another shape.
    """
    fitted = structure._fitted(shape) if structure.signal_shape is None else structure
    if fitted.signal_shape not in (None, shape):
        raise ValueError(f"{structure} is for signals of shape {fitted.signal_shape}, the operator's have {shape}")
    return fitted
