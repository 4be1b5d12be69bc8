"""Linear systems (A^H A + rho K) x = b for one K = sum_i L_i^H L_i / ||L_i||^2 and changing rho and b."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..backend import Array, cast_like, clip, conj, divide, eps, expand, flat, mT, namespace, norm, real_vdot
from ..operators import LinearOperator

_DENSE = 512  # unknowns up to which the system is factorised
_CONDITION = 1e-4  # smallest eigenvalue of A^H A / ||A||^2 + K, by its largest, that a factorisation is trusted with
_MAX_CG = 200


@dataclass(frozen=True, eq=False)
class Ridge:
    """The system for some operators L_i, by a factorisation or conjugate gradients.

    Parameters
    ----------
    parts : list of pairs (L_i, 1 / ||L_i||^2)
    factors : arrays (X, a, k), or None
        X^H A^H A X = diag(a) and X^H K X = diag(k), where the system is factorised.
    """

    parts: Sequence[tuple[LinearOperator, float]]
    factors: tuple[Array, Array, Array] | None

    @classmethod
    def of(cls, A: LinearOperator, terms: Sequence[Any], y: Array) -> Ridge:
        """The system of the terms of a sum, in the library and precision of y."""
        parts = [(term.operator, 1 / term.curvature) for term in terms]
        small = A.size_in <= _DENSE and not A.batch_shape
        linear = not any(L.real_linear for L in (A, *(L for L, _ in parts)))
        return cls(parts, _factors(A, parts, y) if small and linear else None)

    def solve(self, A: LinearOperator, right: Array, rho: Array, x: Array, tol: Array) -> Array:
        """The solution, from x on, up to the relative residual tol where it is iterated; rho and tol are (*batch,)."""
        if self.factors is None:
            return self._conjugate_gradients(A, right, rho, x, tol)
        vectors, fit, ridge = self.factors
        xp, ndim = namespace(right), len(A.in_shape)
        right = flat(right, ndim) @ conj(vectors)
        return xp.reshape((right / (fit + rho[..., None] * ridge)) @ mT(vectors), x.shape)

    def _times(self, A: LinearOperator, x: Array, rho: Array) -> Array:
        rho = expand(rho, len(A.in_shape))
        return sum((share * rho * (L.H @ (L @ x)) for L, share in self.parts), start=A.H @ (A @ x))

    def _conjugate_gradients(self, A: LinearOperator, right: Array, rho: Array, x: Array, tol: Array) -> Array:
        xp, ndim = namespace(right), len(A.in_shape)
        residual = right - self._times(A, x, rho)
        direction, square = residual, norm(residual, ndim) ** 2
        enough = (clip(tol, 10 * eps(right)) * norm(right, ndim)) ** 2
        for _ in range(_MAX_CG):
            square = xp.where(square <= enough, xp.zeros_like(square), square)
            if not bool(xp.any(square > 0)):
                break
            image = self._times(A, direction, rho)
            length = expand(divide(square, real_vdot(direction, image, ndim)), ndim)
            x, residual = x + length * direction, residual - length * image
            square, before = norm(residual, ndim) ** 2, square
            direction = residual + expand(divide(square, before), ndim) * direction
        return x


def _factors(A: LinearOperator, parts: Sequence[tuple[LinearOperator, float]], y: Array) -> Any:
    """Vectors that diagonalise A^H A and K at once, by the eigenvectors of their sum; None where it is singular."""
    unit = A.norm() ** 2 or 1.0
    fit = _gram(A, y) / unit
    ridge = sum((share * _gram(L, y) for L, share in parts[1:]), start=parts[0][1] * _gram(parts[0][0], y))
    xp = namespace(y)
    fit, ridge = (xp.astype(gram, xp.result_type(fit, ridge, y), copy=False) for gram in (fit, ridge))
    values, vectors = xp.linalg.eigh(fit + ridge)
    if not bool(values[0] > _CONDITION * values[-1]):
        return None
    whitener = vectors / xp.sqrt(values)
    shares, turns = xp.linalg.eigh(conj(mT(whitener)) @ ridge @ whitener)
    shares = clip(shares, 0, 1)
    return whitener @ turns, unit * (1 - shares), shares


def _gram(L: LinearOperator, y: Array) -> Array:
    dense = cast_like(L.todense(), y)
    return conj(mT(dense)) @ dense
