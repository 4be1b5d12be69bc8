"""Properties of every linear operator."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from ..backend import (
    Array,
    arrays_in,
    as_complex,
    eps,
    is_complex,
    mT,
    namespace,
    norm,
    real_dtype_name,
    real_vdot,
    to_like,
    to_numpy,
)
from ..operators import LinearOperator
from .report import draw, holds, same, untouched, verify

_TABLES = 1e-12  # rounding unit of the filter tables of wavelets


def check_operator(A: LinearOperator, *, like: Array | None = None, rng: Any = 0) -> list[str]:
    """Check that an operator keeps its promises: linearity, exact adjoint, batches, dtypes, norm, columns, purity.

    Parameters
    ----------
    A : LinearOperator
        small: its dense matrix is formed.
    like : array, optional
        signals are drawn in the library, on the device and in the precision of this array; by default in those of
        the operator's own arrays, else in double precision NumPy.
    rng : int or numpy.random.Generator

    Returns
    -------
    list of str
        the properties that were checked.

    Raises
    ------
    ConformanceError
        Naming each property that fails.
    """
    return verify(A, _OperatorProperties(A, like, np.random.default_rng(rng)).properties())


class _OperatorProperties:
    def __init__(self, A: LinearOperator, like: Array | None, rng: np.random.Generator) -> None:
        self.A, self.rng = A, rng
        self.like = A._example if like is None else like
        self.unit = eps(self.like)
        self.lead = A.batch_shape
        self.complex_ = (A.complex_output or A.real_linear or is_complex(self.like)) and not A.real_input

    def properties(self) -> list:
        checks = [
            self.shapes, self.linear, self.adjoint, self.batch, self.dtypes, self.pure, self.copies, self.norm_bounds,
            self.composes,
        ]  # fmt: skip
        if not self.lead:
            checks += [self.columns]
        return [*checks, self.isometry] if self.A.unitary else checks

    def x(self, *batch: int) -> Array:
        return draw(self.rng, (*batch, *self.lead, *self.A.in_shape), self.like, complex_=self.complex_)

    def y(self, *batch: int) -> Array:
        shape = (*batch, *self.lead, *self.A.out_shape)
        complex_ = (self.complex_ or self.A.complex_output) and not self.A.real_output
        return draw(self.rng, shape, self.like, complex_=complex_)

    def shapes(self) -> None:
        """shapes: signals give measurements, measurements signals; other shapes are refused"""
        image, back = self.A @ self.x(2), self.A.H @ self.y(2)
        holds(tuple(image.shape) == (2, *self.lead, *self.A.out_shape), f"A @ x has shape {image.shape}")
        holds(tuple(back.shape) == (2, *self.lead, *self.A.in_shape), f"A.H @ y has shape {back.shape}")
        x = self.x()
        same(self.A.H.H @ x, self.A @ x, "A.H.H against A")
        wrong = draw(self.rng, (*self.A.in_shape[:-1], self.A.in_shape[-1] + 1), self.like)
        try:
            self.A @ wrong
        except ValueError:
            return
        raise AssertionError("a signal of another shape is accepted")

    def linear(self) -> None:
        """linear: A (a x + b z) = a A x + b A z"""
        x, z, a, b = self.x(), self.x(), 0.7, (-1.3 + 0.4j if self.complex_ and not self.A.real_linear else -1.3)
        same(self.A @ (a * x + b * z), a * (self.A @ x) + b * (self.A @ z), "linearity", unit=self.unit)
        same(self.A @ (0 * x), 0 * (self.A @ x), "A 0 = 0")

    def adjoint(self) -> None:
        """adjoint: <A x, y> = <x, A^H y>"""
        x, y = self.x(), self.y()
        images = [(self.A @ x, y), (x, self.A.H @ y)]
        turns = (1, 1j) if self.complex_ and not self.A.real_linear else (1,)
        for turn in turns:
            left, right = (
                real_vdot(*(turn * p, q), ndim)
                for (p, q), ndim in zip(images, (len(self.A.out_shape), len(self.A.in_shape)), strict=True)
            )
            size = norm(images[0][0], len(self.A.out_shape)) * norm(y, len(self.A.out_shape))
            holds(
                abs(left - right) <= 100 * max(self.unit, eps(left)) * (size + abs(left)),
                f"<Ax, y> = {left}, <x, A^H y> = {right}",
            )

    def batch(self) -> None:
        """batch: leading axes are signals, none knows of the others"""
        xp = namespace(self.like)
        for operator, signals in ((self.A, self.x(2, 3)), (self.A.H, self.y(2, 3))):
            together = operator @ signals
            for i in range(2):
                one_by_one = xp.stack([operator @ signals[i, j, ...] for j in range(3)])
                same(together[i, ...], one_by_one, "batch against loop", unit=self.unit)

    def dtypes(self) -> None:
        """dtype: the precision is that of the operator's arrays and the signal's, complex only where it must be"""
        own = self.A.precision
        for precision in ("float32", "float64"):
            like = self._empty(precision)
            wanted = "float64" if "float64" in (own, precision) else "float32"
            for operator, shape in ((self.A, self.A.in_shape), (self.A.H, self.A.out_shape)):
                complex_in = operator is not self.A and self.A.complex_output
                out = operator @ draw(self.rng, (*self.lead, *shape), like, complex_=complex_in)
                holds(real_dtype_name(out) == wanted, f"{precision} in, {out.dtype} out, {wanted} expected")
            out = self.A @ draw(self.rng, (*self.lead, *self.A.in_shape), like, complex_=False)
            holds(
                is_complex(out) == self.A.complex_output, f"complex_output is {self.A.complex_output}, got {out.dtype}"
            )

    def _empty(self, precision: str) -> Array:
        """Empty array of a precision, where the signals are."""
        return to_like(np.zeros(0, precision), self.like)

    def pure(self) -> None:
        """pure: using an operator changes neither it nor its argument"""
        before = [to_numpy(array).copy() for array in arrays_in(self.A)]
        untouched(lambda x: self.A @ x, self.x())
        untouched(lambda y: self.A.H @ y, self.y())
        for array, kept in zip(arrays_in(self.A), before, strict=True):
            holds(to_numpy(array) == kept, "an array of the operator has changed")

    def copies(self) -> None:
        """copies: a deep copy and a pickled copy act alike"""
        x = self.x()
        same(copy.deepcopy(self.A) @ x, self.A @ x, "deep copy")
        if isinstance(self.like, np.ndarray):
            same(pickle.loads(pickle.dumps(self.A)) @ x, self.A @ x, "pickled copy")

    def norm_bounds(self) -> None:
        """norm: never below the spectral norm, at most 1.2 times it"""
        stated = self.A.norm()
        holds(isinstance(stated, float), f"norm() gives a {type(stated).__name__}, a float was expected")
        true = self._spectral_norm()
        slack = 1e-5 if self.A.precision == "float32" else 1e-10
        holds(true * (1 - slack) <= stated <= 1.2 * true * (1 + slack), f"norm() is {stated}, the true norm {true}")

    def _spectral_norm(self) -> float:
        n = self.A.size_in
        xp, basis = namespace(self.like), to_like(np.eye(n).reshape(n, *self.A.in_shape), self.like)
        for _ in self.lead:
            basis = xp.stack([basis] * self.lead[0], axis=1)
        images = np.moveaxis(to_numpy(self.A @ basis).reshape(n, *self.lead, -1), 0, -1)
        if self.A.real_linear and not self.A.real_input:
            turned = to_numpy(self.A @ (1j * as_complex(basis))).reshape(n, *self.lead, -1)
            images = np.concatenate([images, np.moveaxis(turned, 0, -1)], axis=-1)
        if self.A.real_linear:
            images = np.concatenate([images.real, images.imag], axis=-2)
        return float(np.linalg.norm(images.astype(np.result_type(images, np.float64)), 2, axis=(-2, -1)).max())

    def columns(self) -> None:
        """columns: the dense matrix, its columns and their norms are those of A on unit vectors"""
        A, xp = self.A, namespace(self.A._example)
        dense = A.todense()
        holds(tuple(dense.shape) == A.shape, f"todense() has shape {dense.shape}, {A.shape} was expected")
        x = draw(self.rng, A.in_shape, A._example, complex_=False)
        image = dense @ xp.astype(xp.reshape(x, (-1,)), dense.dtype)
        size = float(norm(xp.reshape(dense, (-1,)))) * float(norm(xp.reshape(x, (-1,))))
        same(xp.reshape(A @ x, (-1,)), image, "todense() against A @ x", size=size)
        picks = [A.size_in - 1, 0]
        same(A.columns(picks), xp.stack([dense[:, pick] for pick in picks], axis=1), "columns() against todense()")
        same(A.column_norms(), xp.reshape(norm(mT(dense)), A.in_shape), "column_norms()")

    def composes(self) -> None:
        """algebra: products, sums, multiples and the Gram operator act like their parts"""
        A, x = self.A, self.x()
        same(A.gram @ x, A.H @ (A @ x), "gram", unit=max(self.unit, _TABLES if A.unitary else 0))
        same((2.5 * A - A + -A) @ x, 0.5 * (A @ x), "2.5 A - A - A", unit=self.unit)

    def isometry(self) -> None:
        """unitary: A^H A = A A^H = I"""
        x, y = self.x(), self.y()
        same(self.A.H @ (self.A @ x), x, "A^H A x", unit=_TABLES)
        same(self.A @ (self.A.H @ y), y, "A A^H y", unit=_TABLES)
