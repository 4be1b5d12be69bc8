"""Sum of singular values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..backend import Array, clip, flat, namespace
from .base import Norm, largest_ratio, one_weight, threshold


@dataclass(frozen=True, eq=False)
class Nuclear(Norm):
    """Nuclear norm, the sum of the singular values of a matrix times a weight.

    Its proximal operator is soft thresholding of the singular values, its dual norm the largest of them over the
    weight. A signal of more than two axes is a stack of matrices (the last two axes), whose norms are added.

    Parameters
    ----------
    weight : float, default 1
    ndim : int, default 2
        number of trailing axes that make one signal, two at least; solvers set it.

    Raises
    ------
    TypeError
        When the weight is no number.
    ValueError
        When it is negative or not finite, or ndim is below two.

    References
    ----------
    J.-F. Cai, E. Candes and Z. Shen, A singular value thresholding algorithm for matrix completion,
    SIAM J. Optimization 20(4), 2010 (the proximal operator, Theorem 2.1).
    """

    weight: float = 1.0
    ndim: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", one_weight(self.weight, "the weight"))
        check_matrices(self.ndim)

    def value(self, x: Array) -> Array:
        sigma = singular_values(self._signals(x), self.ndim)
        return self.weight * namespace(sigma).sum(sigma, axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        t = threshold(x, step, self.weight, self.ndim - 1)
        return map_singular_values(lambda sigma: clip(sigma - t, 0), x)

    def dual(self, u: Array) -> Array:
        return largest_ratio(singular_values(self._signals(u), self.ndim), self.weight)


def singular_values(x: Array, ndim: int) -> Array:
    """Singular values of the matrices of each signal: (*batch, *signal) to (*batch, count)."""
    return flat(namespace(x).linalg.svdvals(x), ndim - 1)


def map_singular_values(function: Callable[[Array], Array], x: Array) -> Array:
    """U diag(function(sigma)) V^H of the matrices x = U diag(sigma) V^H; sigma has the shape of x less its last axis.

    Where x is a stack of matrices, `function` takes the singular values of all of them.
    """
    u, sigma, vh = namespace(x).linalg.svd(x, full_matrices=False)
    return (u * function(sigma)[..., None, :]) @ vh


def check_matrices(ndim: int) -> None:
    """Refuse signals that are no matrices.

    Raises
    ------
    ValueError
        When they have fewer than two axes.
    """
    if ndim < 2:
        raise ValueError(f"singular values are of matrices: signals with two axes at least were expected, got {ndim}")
