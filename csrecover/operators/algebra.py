"""The algebra of operators: adjoints, multiples, sums and products."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from functools import reduce

import numpy as np

from ..backend import Array, as_complex, conj, is_complex, namespace
from .base import LinearOperator
from .elementary import Identity


class Wrapper(LinearOperator, ABC):
    """An operator around another one, of its shapes and with its properties."""

    operator: LinearOperator

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.operator.in_shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.operator.out_shape

    @property
    def unitary(self) -> bool:
        return self.operator.unitary

    @property
    def real_input(self) -> bool:
        return self.operator.real_input

    @property
    def real_output(self) -> bool:
        return self.operator.real_output

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.operator.batch_shape


class Normal(Wrapper, ABC):
    """A^H A of an operator A by a shortcut, which is its own adjoint."""

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.operator.in_shape

    @property
    def H(self) -> LinearOperator:
        return self

    def _adjoint(self, y: Array) -> Array:
        return self._apply(y)


@dataclass(frozen=True, eq=False, repr=False)
class Adjoint(Wrapper):
    """A^H of an operator A."""

    operator: LinearOperator

    @property
    def _arrays(self) -> list[Array]:  # type: ignore[override]  # adjoints are made anew for each product
        return self.operator._arrays

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.operator.out_shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.operator.in_shape

    @property
    def real_input(self) -> bool:
        return self.operator.real_output

    @property
    def real_output(self) -> bool:
        return self.operator.real_input

    @property
    def complex_output(self) -> bool:
        if not self.operator.real_linear:
            return self.operator.complex_output
        return not self.operator.real_input and any(part.H.complex_output for part in self.operator._parts)

    @property
    def H(self) -> LinearOperator:
        return self.operator

    def _apply(self, x: Array) -> Array:
        return self.operator._adjoint(x)

    def _adjoint(self, y: Array) -> Array:
        return self.operator @ y

    def norm(self) -> float:
        return self.operator.norm()

    def __str__(self) -> str:
        return f"{self.operator}, adjoint"


@dataclass(frozen=True, eq=False, repr=False)
class Conjugate(Wrapper):
    """The operator whose matrix has the complex conjugate entries of another one's."""

    operator: LinearOperator

    def conj(self) -> LinearOperator:
        return self.operator

    def _apply(self, x: Array) -> Array:
        return conj(self.operator @ conj(x))

    def _adjoint(self, y: Array) -> Array:
        return conj(self.operator.H @ conj(y))

    def norm(self) -> float:
        return self.operator.norm()

    def __str__(self) -> str:
        return f"{self.operator}, conjugate"


@dataclass(frozen=True, eq=False, repr=False)
class Scaled(Wrapper):
    """A number times an operator."""

    factor: complex
    operator: LinearOperator

    def __post_init__(self) -> None:
        number = complex(self.factor)
        object.__setattr__(self, "factor", number.real if number.imag == 0 else number)

    @property
    def unitary(self) -> bool:
        return self.operator.unitary and abs(self.factor) == 1

    @property
    def complex_output(self) -> bool:
        return isinstance(self.factor, complex) or self.operator.complex_output

    @property
    def real_output(self) -> bool:
        return self.operator.real_output and not isinstance(self.factor, complex)

    def _apply(self, x: Array) -> Array:
        return _times(self.factor, self.operator @ x)

    def _adjoint(self, y: Array) -> Array:
        return self.operator.H @ _times(self.factor.conjugate(), y)

    @property
    def gram(self) -> LinearOperator:
        return abs(self.factor) ** 2 * self.operator.gram

    def norm(self) -> float:
        return abs(self.factor) * self.operator.norm()

    def __str__(self) -> str:
        return f"{self.factor:g} * ({self.operator})"


def _times(factor: complex, x: Array) -> Array:
    return factor * (as_complex(x) if isinstance(factor, complex) else x)


@dataclass(frozen=True, eq=False, repr=False)
class Sum(LinearOperator):
    """Sum of operators of one shape."""

    terms: tuple[LinearOperator, ...]

    def __post_init__(self) -> None:
        for term in self.terms[1:]:
            if (term.in_shape, term.out_shape) != (self.in_shape, self.out_shape):
                raise ValueError(f"operators of different shapes do not add: {self.terms[0]} and {term}")

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.terms[0].in_shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.terms[0].out_shape

    @property
    def real_input(self) -> bool:
        return any(term.real_input for term in self.terms)

    @property
    def real_output(self) -> bool:
        return all(term.real_output for term in self.terms)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(term.batch_shape for term in self.terms))

    def _apply(self, x: Array) -> Array:
        return sum((term @ x for term in self.terms[1:]), start=self.terms[0] @ x)

    def _adjoint(self, y: Array) -> Array:
        total = sum((term.H @ y for term in self.terms[1:]), start=self.terms[0].H @ y)
        return namespace(total).real(total) if self.real_input and is_complex(total) else total


@dataclass(frozen=True, eq=False, repr=False)
class Product(LinearOperator):
    """Product of operators, applied from the right: Product((A, B)) @ x = A @ (B @ x)."""

    factors: tuple[LinearOperator, ...]

    @property
    def in_shape(self) -> tuple[int, ...]:
        return self.factors[-1].in_shape

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.factors[0].out_shape

    @property
    def unitary(self) -> bool:
        return all(factor.unitary for factor in self.factors)

    @property
    def real_input(self) -> bool:
        for factor in reversed(self.factors):
            if factor.real_input or factor.real_output:
                return factor.real_input  # what comes after real output may be anything
        return False

    @property
    def real_output(self) -> bool:
        for factor in self.factors:
            if factor.real_output or factor.complex_output:
                return factor.real_output
        return False

    @property
    def complex_output(self) -> bool:
        for factor in self.factors:
            if factor.complex_output or factor.real_output:
                return factor.complex_output
        return False

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(factor.batch_shape for factor in self.factors))

    def _apply(self, x: Array) -> Array:
        for factor in reversed(self.factors):
            x = factor @ x
        return x

    def _adjoint(self, y: Array) -> Array:
        for factor in self.factors:
            y = factor.H @ y
        return y

    @property
    def H(self) -> LinearOperator:
        return Product(tuple(factor.H for factor in reversed(self.factors))) if self.real_linear else super().H

    @property
    def gram(self) -> LinearOperator:
        if self.unitary:
            return Identity(self.in_shape)
        first, *rest = self.factors
        return reduce(lambda middle, factor: factor.H @ middle @ factor, rest, first.gram)

    def norm(self) -> float:
        """Exact where all factors but one are unitary and that one knows its norm."""
        others = [factor for factor in self.factors if not factor.unitary]
        return others[0].norm() if len(others) == 1 else 1.0 if not others else super().norm()

    def __str__(self) -> str:
        return " @ ".join(f"({factor})" if isinstance(factor, Sum) else str(factor) for factor in self.factors)


def product(left: LinearOperator, right: LinearOperator) -> LinearOperator:
    """Product of two operators; products do not nest and hold no identity."""
    if left.in_shape != right.out_shape:
        raise ValueError(f"operators do not compose: {left} takes {left.in_shape}, {right} gives {right.out_shape}")
    if isinstance(left, Identity) or isinstance(right, Identity):
        return left if isinstance(right, Identity) else right
    return Product((*factors_of(left), *factors_of(right)))


def factors_of(operator: LinearOperator) -> tuple[LinearOperator, ...]:
    """Factors of a product, any other operator alone."""
    return operator.factors if isinstance(operator, Product) else (operator,)


def terms_of(operator: LinearOperator) -> tuple[LinearOperator, ...]:
    """Terms of a sum, any other operator alone."""
    return operator.terms if isinstance(operator, Sum) else (operator,)


def add(left: LinearOperator, right: LinearOperator) -> LinearOperator:
    """Sum of two operators; sums do not nest."""
    return Sum((*terms_of(left), *terms_of(right)))
