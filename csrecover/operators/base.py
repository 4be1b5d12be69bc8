"""The linear operator: two shapes and two methods from its author, a whole algebra inherited."""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, final

import numpy as np

from ..backend import (
    Array,
    arrays_in,
    as_float,
    device,
    is_complex,
    is_float,
    mT,
    namespace,
    norm,
    real_dtype_name,
    to_like,
    to_numpy,
)

if TYPE_CHECKING:
    import scipy.sparse.linalg

_COLUMNS_AT_ONCE = 2**22  # entries of the one-hot block that `columns` applies the operator to


def as_shape(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    """Shape given as an int or a tuple of ints, as a tuple of positive ints."""
    sizes: tuple[Any, ...] = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    if not sizes or not all(isinstance(size, numbers.Integral) and int(size) > 0 for size in sizes):
        raise ValueError(f"a shape is a positive int or a tuple of positive ints, got {shape!r}")
    return tuple(int(size) for size in sizes)


class LinearOperator(ABC):
    """Linear map from arrays of `in_shape` to arrays of `out_shape`; extra leading axes are a batch.

    A subclass is a frozen dataclass that gives the two shapes, `_apply` and `_adjoint`; it overrides `norm`,
    `column_norms`, `columns` and the flags below only where it knows better than the general forms.

    Attributes
    ----------
    unitary : bool
        True only where A^H A = A A^H = I: the norm is 1 and least squares are trivial.
    real_input : bool
        True where signals must be real (the half spectrum of real signals): the operator is linear over the reals
        only, and its adjoint refers to the inner product Re <x, y>.
    batch_shape : tuple of int
        Leading axes that the operator itself carries (a stack of matrices, one a signal).
    """

    if TYPE_CHECKING:  # fields or properties, as the author likes; a property here would be a field's default

        @property
        def in_shape(self) -> tuple[int, ...]: ...

        @property
        def out_shape(self) -> tuple[int, ...]: ...

    @abstractmethod
    def _apply(self, x: Array) -> Array:
        """A x for x of shape (*batch, *in_shape)."""

    @abstractmethod
    def _adjoint(self, y: Array) -> Array:
        """A^H y for y of shape (*batch, *out_shape)."""

    @property
    def unitary(self) -> bool:
        return False

    @property
    def real_input(self) -> bool:
        return False

    @property
    def real_output(self) -> bool:
        """Whether complex input gives real output: the adjoint of an operator that takes real signals."""
        return False

    @property
    def real_linear(self) -> bool:
        """Whether the operator is linear over the reals only; its adjoint then refers to Re <x, y>."""
        return self.real_input or self.real_output or any(part.real_linear for part in self._parts)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return ()

    __array_ufunc__ = None  # NumPy leaves array @ operator and array * operator to us

    # --- using it ----------------------------------------------------------------------------------------------------

    @final
    def __matmul__(self, other: Any) -> Any:
        """A @ x for an array x of shape (*batch, *in_shape), A @ B for an operator B."""
        if isinstance(other, LinearOperator):
            return _algebra().product(self, other)
        x = as_float(other)
        self._check(x)
        if self.real_input and is_complex(x):
            raise TypeError(
                f"{self} takes real signals, got {x.dtype}: drop the imaginary part or use its complex form"
            )
        try:
            return self._apply(x)
        except Exception as error:
            error.add_note(f"raised in {self}")  # a composition adds one line for each part on the way
            raise

    def _check(self, x: Array) -> None:
        """Refuse arrays of another shape, library or device."""
        shape = (*self.batch_shape, *self.in_shape)
        if x.shape[max(0, x.ndim - len(shape)) :] != shape:
            raise ValueError(f"{self} @ expects an array of shape {_batched(shape)}, got {x.shape}")
        if self._arrays:
            namespace(self._arrays[0], x)

    @cached_property
    def _arrays(self) -> list[Array]:
        return arrays_in(self)

    @property
    def H(self) -> LinearOperator:
        """The adjoint A^H."""
        return _algebra().Adjoint(self)

    @property
    def T(self) -> LinearOperator:
        """The transpose, without conjugation."""
        return self.H.conj()

    def conj(self) -> LinearOperator:
        """The operator whose matrix has the complex conjugate entries; a real one is its own."""
        return _algebra().Conjugate(self) if self.complex_output else self

    @property
    def gram(self) -> LinearOperator:
        """A^H A, by a shortcut where there is one (unitary parts, convolutions, non-uniform Fourier transforms)."""
        return _algebra().Identity(self.in_shape) if self.unitary else self.H @ self

    def restrict(self, support: Array) -> LinearOperator:
        """The operator on the entries of a signal that a mask of in_shape (or distinct flat indices) picks: A_S.

        Nothing is formed: A.restrict(S) @ z is A @ x with x_S = z and zero elsewhere.
        """
        from .sampling import Sampling

        return self @ Sampling(self.in_shape, support).H

    def __rmul__(self, factor: complex) -> LinearOperator:
        if not isinstance(factor, numbers.Number):
            raise TypeError(f"{self} is scaled by a number, got {type(factor).__name__}; see Diagonal")
        return self if factor == 1 else _algebra().Scaled(factor, self)

    def __neg__(self) -> LinearOperator:
        return -1 * self

    def __add__(self, other: LinearOperator) -> LinearOperator:
        return _algebra().add(self, self._operand(other))

    def __sub__(self, other: LinearOperator) -> LinearOperator:
        return self + -1 * self._operand(other)

    def _operand(self, other: Any) -> LinearOperator:
        """Refuse to compute with what is no operator."""
        if not isinstance(other, LinearOperator):
            raise TypeError(f"{self} does not combine with {type(other).__name__}: wrap an array in Matrix first")
        return other

    __radd__ = __rsub__ = __rmatmul__ = _operand

    # --- knowing it --------------------------------------------------------------------------------------------------

    @property
    def size_in(self) -> int:
        """Number of unknowns n."""
        return math.prod(self.in_shape)

    @property
    def size_out(self) -> int:
        """Number of measurements m."""
        return math.prod(self.out_shape)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n), measurements by unknowns."""
        return self.size_out, self.size_in

    @cached_property
    def _parts(self) -> list[LinearOperator]:
        """The operators that this one is made of."""
        values = [getattr(self, field.name) for field in fields(self)]  # type: ignore[arg-type]  # by contract
        nested = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
        return [part for part in nested if isinstance(part, LinearOperator)]

    @property
    def complex_output(self) -> bool:
        """Whether real signals give complex measurements."""
        return any(is_complex(x) for x in self._arrays) or any(part.complex_output for part in self._parts)

    @property
    def precision(self) -> str | None:
        """'float32' or 'float64' by the operator's own numbers; None where it has none and keeps that of the signal."""
        found = {real_dtype_name(x) for x in self._arrays if is_float(x)} | {part.precision for part in self._parts}
        return max((name for name in found if name), default=None)

    @property
    def dtype(self) -> np.dtype:
        """NumPy dtype of A @ x for a real x of the operator's own precision (double where it has none)."""
        precision = np.dtype(self.precision or "float64")
        return np.result_type(precision, np.complex64) if self.complex_output else precision

    def norm(self) -> float:
        """Spectral norm (not squared): exact where the operator knows it, else an upper estimate.

        The estimate is at most 1.1 times the norm and fails to bound it with probability below 1e-10 (see
        `csrecover.operators.norm`).
        """
        return self._estimated_norm

    @cached_property
    def _estimated_norm(self) -> float:
        from .norm import estimate_norm

        return estimate_norm(self)

    def columns(self, indices: Array) -> Array:
        """Dense (m, len(indices)) array of the columns with the given flat indices, or under a mask of in_shape.

        Raises
        ------
        ValueError
            When an index is out of range, or the operator is a stack of matrices.
        """
        if self.batch_shape:
            raise ValueError(f"{self} is a stack: it has no single set of columns")
        return self._columns(self._column_indices(indices))

    def _column_indices(self, indices: Any) -> np.ndarray:
        """Flat indices on the host, checked."""
        host = to_numpy(indices)
        if host.dtype == bool and host.shape == self.in_shape:
            return np.flatnonzero(host)
        if host.ndim != 1 or (host.size and host.dtype.kind not in "iu"):
            raise ValueError(
                f"columns are given by a list of integers or a mask of shape {self.in_shape}, got {host!r}"
            )
        if host.size and not (host.min() >= 0 and host.max() < self.size_in):
            raise ValueError(f"{self} has columns 0 .. {self.size_in - 1}, got {host.min()} .. {host.max()}")
        return host.astype(np.int64)

    def _columns(self, indices: np.ndarray) -> Array:
        """Columns by products with unit vectors; an operator that has them at hand overrides this."""
        like = self._example
        xp, at_once = namespace(like), max(1, _COLUMNS_AT_ONCE // self.size_in)
        picks, places = to_like(indices, like), xp.arange(self.size_in, device=device(like))
        blocks = []
        for start in range(0, max(1, picks.shape[0]), at_once):
            one_hot = xp.astype(picks[start : min(start + at_once, picks.shape[0]), None] == places, like.dtype)
            images = self @ xp.reshape(one_hot, (-1, *self.in_shape))
            blocks.append(xp.reshape(images, (-1, self.size_out)))
        return mT(xp.concat(blocks, axis=0))

    def column_norms(self) -> Array:
        """Euclidean norm of each column, shape in_shape."""
        xp, at_once = namespace(self._example), max(1, _COLUMNS_AT_ONCE // self.size_in)
        chunks = [range(start, min(start + at_once, self.size_in)) for start in range(0, self.size_in, at_once)]
        return xp.reshape(xp.concat([norm(mT(self.columns(chunk))) for chunk in chunks]), self.in_shape)

    def todense(self) -> Array:
        """The dense (m, n) matrix that acts on flattened signals."""
        return self.columns(range(self.size_in))

    @cached_property
    def _example(self) -> Array:
        """A number in the library, on the device and in the real precision of the operator."""
        home = self._arrays[0] if self._arrays else np.empty(0)
        xp = namespace(home)
        return xp.zeros((), dtype=getattr(xp, self.precision or "float64"), device=device(home))

    def to_scipy(self) -> scipy.sparse.linalg.LinearOperator:
        """The operator on flattened NumPy vectors, for scipy.sparse.linalg."""
        from .interop import to_scipy

        return to_scipy(self)

    def to_pylops(self) -> Any:
        """The operator as a PyLops one, for the solvers of PyLops and PyProximal (extra `interop`)."""
        from .interop import to_pylops

        return to_pylops(self)

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.in_shape} -> {self.out_shape}"

    __repr__ = __str__


class Unitary(LinearOperator, ABC):
    """An operator on signals of one shape with A^H A = A A^H = I: an orthonormal change of basis."""

    @property
    def out_shape(self) -> tuple[int, ...]:
        return self.in_shape

    @property
    def unitary(self) -> bool:
        return True

    def norm(self) -> float:
        return 1.0


def _batched(shape: tuple[int, ...]) -> str:
    return "(*batch, " + ", ".join(map(str, shape)) + ")"


def _algebra() -> ModuleType:
    """The module of adjoints, multiples, sums and products, which are operators themselves."""
    from . import algebra

    return algebra
