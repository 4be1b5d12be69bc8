"""Extreme eigenvectors of A_S^H A_S on many supports S at once: from the Gram matrix, or from products alone."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...backend import (
    Array,
    as_complex,
    blas_threads,
    cast_like,
    conj,
    device,
    divide,
    eps,
    flat,
    is_complex,
    keep,
    mT,
    namespace,
    norm,
    real_vdot,
    scatter,
    to_numpy,
)
from ...operators import LinearOperator

_GRAM = 2048  # operators with more columns are known by products alone
_PROBES = 8


@dataclass(frozen=True, eq=False)
class GramSpectra:
    """Eigenvectors of the blocks G_SS of a Gram matrix G, (n, n), for supports of at most `size` coefficients.

    As of `ProductSpectra`, signals are (rows, n), masks too, and the side is 1 for the largest, -1 for the smallest
    eigenvalue.
    """

    G: Array
    size: int

    @property
    def eps(self) -> float:
        """Rounding unit of the operator's numbers."""
        return eps(self.G)

    @cached_property
    def squares(self) -> np.ndarray:
        """||a_j||^2 of each column, on the host."""
        return np.real(np.diagonal(to_numpy(self.G)))

    @cached_property
    def level(self) -> float:
        """Mean ||a_j||^2 of a column."""
        return float(self.squares.mean())

    def signals(self, x: np.ndarray) -> Array:
        """Signals of the host where the operator lives, in its numbers."""
        return namespace(self.G).astype(cast_like(x, self.G), self.G.dtype)

    def product(self, x: Array) -> Array:
        """G x of each signal."""
        return x @ conj(self.G)

    def quotients(self, x: Array) -> Array:
        """x^H G x of each signal."""
        return real_vdot(x, self.product(x))

    def extremes(self, masks: Array, x: Array, side: int) -> Array:  # noqa: ARG002
        """Unit eigenvector of each block, exact but for rounding; x is where a method that iterates begins."""
        xp, (rows, n) = namespace(masks), masks.shape
        places = xp.argsort(xp.astype(~masks, xp.int8), axis=-1, stable=True)[:, : self.size]
        order = xp.arange(places.shape[1], device=device(masks))
        on = order < xp.sum(xp.astype(masks, xp.int64), axis=-1, keepdims=True)
        pairs = places[:, :, None] * n + places[:, None, :]
        blocks = xp.reshape(xp.take(xp.reshape(self.G, (-1,)), xp.reshape(pairs, (-1,))), pairs.shape)
        unused = 0.0 if side > 0 else 2 * float(self.squares.max())  # an eigenvalue that no smaller support wants
        blocks = keep(blocks, on[:, :, None] & on[:, None, :])
        blocks = xp.where((order[:, None] == order) & ~on[:, None, :], xp.full_like(blocks, unused), blocks)
        vectors = xp.linalg.eigh(blocks)[1][..., -1 if side > 0 else 0]
        spots = xp.reshape(places + n * xp.arange(rows, device=device(masks))[:, None], (-1,))
        return xp.reshape(scatter(xp.reshape(keep(vectors, on), (-1,)), spots, rows * n), (rows, n))


@dataclass(frozen=True, eq=False)
class ProductSpectra:
    """Approximate eigenvectors of A_S^H A_S by products with A and A^H, two a step, for all supports together.

    References
    ----------
    A. V. Knyazev, Toward the optimal preconditioned eigensolver: locally optimal block preconditioned conjugate
    gradient method, SIAM J. Scientific Computing 23(2), 2001.
    """

    A: LinearOperator
    steps: int

    @property
    def eps(self) -> float:
        """Rounding unit of the operator's numbers."""
        return eps(self.A._example)

    @cached_property
    def level(self) -> float:
        """Mean ||a_j||^2 of a column, estimated from a few products."""
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (_PROBES, self.A.size_in))
        return float(np.mean(to_numpy(norm(self._images(self.signals(signs)))) ** 2)) / self.A.size_in

    def signals(self, x: np.ndarray) -> Array:
        """Signals of the host where the operator lives, in its numbers."""
        x = cast_like(x, self.A._example)
        return as_complex(x) if self.A.complex_output and not self.A.real_input else x

    def product(self, x: Array) -> Array:
        """A^H A x of each signal."""
        return self._back(self._images(x))

    def quotients(self, x: Array) -> Array:
        """||A x||^2 of each signal."""
        return norm(self._images(x)) ** 2

    def extremes(self, masks: Array, x: Array, side: int) -> Array:
        """Unit vector on each support with a nearly extreme ||A x||, from x by locally optimal conjugate gradients."""
        x = _unit(keep(x, masks))
        image = self._images(x)
        direction, its_image = namespace(x).zeros_like(x), namespace(x).zeros_like(image)
        for _ in range(self.steps):
            slope = keep(self._back(image), masks)
            residual = _unit(_without(slope, x), 100 * self.eps * norm(slope))
            residual = _unit(_without(residual, x))
            basis, images, size = [x, residual], [image, self._images(residual)], norm(direction)
            for known, its in zip(tuple(basis), tuple(images), strict=True):
                overlap = _inner(known, direction)[:, None]
                direction, its_image = direction - overlap * known, its_image - overlap * its
            left = norm(direction)[:, None]
            new = left > self.eps**0.5 * size[:, None]
            basis, images = [*basis, keep(divide(direction, left), new)], [*images, keep(divide(its_image, left), new)]
            x, image, direction, its_image = _rayleigh_ritz(basis, images, side)
        return _unit(x)

    def _images(self, x: Array) -> Array:
        return flat(self.A @ namespace(x).reshape(x, (-1, *self.A.in_shape)), len(self.A.out_shape))

    def _back(self, y: Array) -> Array:
        return flat(self.A.H @ namespace(y).reshape(y, (-1, *self.A.out_shape)), len(self.A.in_shape))


def spectra_of(A: LinearOperator, size: int, steps: int) -> GramSpectra | ProductSpectra:
    """The eigenvectors of an operator on supports of at most `size` coefficients; `steps` where it is large."""
    if A.size_in > _GRAM:
        return ProductSpectra(A, steps)
    dense = A.todense()
    gram = conj(mT(dense)) @ dense
    return GramSpectra(namespace(gram).real(gram) if A.real_input and is_complex(gram) else gram, min(size, A.size_in))


def threads_for(A: LinearOperator) -> AbstractContextManager:
    """Context in which the eigenvectors of an operator are computed on as many BLAS threads as pay."""
    gram = A.size_in**2 if A.size_in <= _GRAM else 0
    return blas_threads(max([gram, *(math.prod(x.shape) for x in A._arrays)]))


def _rayleigh_ritz(basis: list[Array], images: list[Array], side: int) -> tuple[Array, Array, Array, Array]:
    """Best unit vector in the span of three orthonormal ones, or zeros, and its part beyond the first, with images."""
    xp = namespace(*basis)
    gram = xp.stack([xp.stack([_inner(one, other) for other in images], axis=-1) for one in images], axis=-2)
    gram = xp.real(gram) if is_complex(gram) and not is_complex(basis[0]) else gram
    if side < 0:  # a zero among the vectors is no eigenvector
        missing = xp.stack([norm(one) < 0.5 for one in basis], axis=-1)
        worst = 1 + 2 * xp.max(abs(gram), axis=(-2, -1))
        place = xp.arange(3, device=device(gram))
        diagonal = (place[:, None] == place) & missing[:, None, :]
        gram = xp.where(diagonal, xp.astype(worst, gram.dtype)[:, None, None], gram)
    c = xp.linalg.eigh(gram)[1][..., -1 if side > 0 else 0]
    terms = [[c[:, i, None] * each for i, each in enumerate(vectors)] for vectors in (basis, images)]
    (own, *rest), (own_image, *rest_images) = terms
    direction, its_image = sum(rest), sum(rest_images)
    return own + direction, own_image + its_image, direction, its_image


def _inner(x: Array, y: Array) -> Array:
    """<x, y> of each pair of rows."""
    return namespace(x, y).vecdot(x, y)


def _unit(x: Array, least: Array | float = 0.0) -> Array:
    """Rows divided by their norms, zeros where these are not above the least."""
    size = norm(x)
    return keep(divide(x, size[:, None]), (size > least)[:, None])


def _without(x: Array, known: Array) -> Array:
    """Rows less their part along unit vectors."""
    return x - _inner(known, x)[:, None] * known
