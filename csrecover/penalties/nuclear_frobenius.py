"""Nuclear norm and Frobenius norm together, the latter squared or not."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from ..backend import Array, clip, device, divide, expand, namespace, norm
from .base import Norm, Penalty, largest_ratio, one_weight, threshold
from .nuclear import check_matrices, map_singular_values, singular_values


@dataclass(frozen=True, eq=False)
class NuclearFrobenius(Norm):
    """Weighted sum of nuclear and Frobenius norm, weight ||X||_* + frobenius ||X||_F.

    The sparse group norm of the singular values. Its proximal operator soft-thresholds them by `weight`, then shrinks
    their Euclidean norm by `frobenius`; its dual norm is the t with ||(sigma - t weight)_+||_2 = t frobenius. A signal
    of more than two axes is a stack of matrices (the last two axes).

    Parameters
    ----------
    weight : float, default 1
        of the nuclear norm.
    frobenius : float, default 1
        weight of the Frobenius norm; ``t * penalty`` scales both.
    ndim : int, default 2
        number of trailing axes that make one signal, two at least; solvers set it.

    Raises
    ------
    TypeError
        When a weight is no number.
    ValueError
        When one is negative or not finite, or ndim is below two.

    See Also
    --------
    NuclearSquaredFrobenius
    """

    weight: float = 1.0
    frobenius: float = 1.0
    ndim: int = 2

    def __post_init__(self) -> None:
        _check(self)

    def _times(self, factor: float) -> NuclearFrobenius:
        return dataclasses.replace(self, weight=factor * self.weight, frobenius=factor * self.frobenius)

    @property
    def definite(self) -> bool:
        return self.weight + self.frobenius > 0

    def value(self, x: Array) -> Array:
        sigma = singular_values(self._signals(x), self.ndim)
        return self.weight * namespace(sigma).sum(sigma, axis=-1) + self.frobenius * norm(sigma)

    def prox(self, x: Array, step: Any) -> Array:
        x, axes = self._signals(x), self.ndim - 1
        nuclear, frobenius = (threshold(x, step, weight, axes) for weight in (self.weight, self.frobenius))

        def shrunk(sigma: Array) -> Array:
            left = clip(sigma - nuclear, 0)
            size = expand(norm(left, axes), axes)
            return left * divide(clip(size - frobenius, 0), size)

        return map_singular_values(shrunk, x)

    def dual(self, u: Array) -> Array:
        sigma = singular_values(self._signals(u), self.ndim)
        if not self.definite:
            return largest_ratio(sigma, 0.0)
        sigma = namespace(sigma).sort(sigma, axis=-1, descending=True)
        top = sigma[..., 0]
        return top * balance(divide(sigma, top[..., None]), self.weight, self.frobenius)


def balance(s: Array, a: float, b: float) -> Array:
    """The t >= 0 with ||(s - t a)_+||_2 = t b, for s >= 0 in descending order and a, b >= 0 that are not both zero.

    The left side falls as t grows and the right side does not, so that s_k > t a where a ||(s - s_k)_+||_2 < b s_k.
    These s_k are the first m; with them t solves a quadratic equation. Every sum is of terms that are not negative.

    Parameters
    ----------
    s : array, (*batch, n)
    a, b : float

    Returns
    -------
    array, (*batch,)
    """
    xp = namespace(s)
    drops = s[..., :-1] - s[..., 1:]
    ranks = xp.arange(1, s.shape[-1], dtype=s.dtype, device=device(s))
    sums = xp.cumulative_sum(ranks * drops, axis=-1)  # sum_i (s_i - s_k)_+
    squares = xp.cumulative_sum(drops * (2 * sums - ranks * drops), axis=-1)  # sum_i (s_i - s_k)_+^2
    counts = a**2 * squares <= b**2 * s[..., 1:] ** 2
    counts = xp.astype(xp.concat([xp.ones_like(s[..., :1], dtype=xp.bool), counts], axis=-1), s.dtype)
    m = xp.sum(counts, axis=-1)
    mean = xp.sum(counts * s, axis=-1) / m
    deviations = xp.sum(counts * (s - mean[..., None]) ** 2, axis=-1)
    energy = deviations + m * mean**2
    root = xp.sqrt(clip(b**2 * energy - a**2 * m * deviations, 0))
    return divide(energy, a * m * mean + root)


@dataclass(frozen=True, eq=False)
class NuclearSquaredFrobenius(Penalty):
    """Nuclear norm and squared Frobenius norm, weight ||X||_* + frobenius / 2 ||X||_F^2.

    The elastic net of the singular values, not a norm. Its proximal operator soft-thresholds them by `weight` and
    divides them by 1 + `frobenius`. A signal of more than two axes is a stack of matrices (the last two axes).

    Parameters
    ----------
    weight : float, default 1
        of the nuclear norm.
    frobenius : float, default 1
        weight of half the squared Frobenius norm; ``t * penalty`` scales both.
    ndim : int, default 2
        number of trailing axes that make one signal, two at least; solvers set it.

    Raises
    ------
    TypeError
        When a weight is no number.
    ValueError
        When one is negative or not finite, or ndim is below two.

    See Also
    --------
    NuclearFrobenius
    """

    weight: float = 1.0
    frobenius: float = 1.0
    ndim: int = 2

    def __post_init__(self) -> None:
        _check(self)

    def _times(self, factor: float) -> NuclearSquaredFrobenius:
        return dataclasses.replace(self, weight=factor * self.weight, frobenius=factor * self.frobenius)

    def value(self, x: Array) -> Array:
        sigma = singular_values(self._signals(x), self.ndim)
        return namespace(sigma).sum(self.weight * sigma + self.frobenius / 2 * sigma**2, axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x, axes = self._signals(x), self.ndim - 1
        nuclear, frobenius = (threshold(x, step, weight, axes) for weight in (self.weight, self.frobenius))
        return map_singular_values(lambda sigma: clip(sigma - nuclear, 0) / (1 + frobenius), x)

    def zero_weight(self, u: Array) -> Array:
        return largest_ratio(singular_values(self._signals(u), self.ndim), self.weight)


def _check(penalty: NuclearFrobenius | NuclearSquaredFrobenius) -> None:
    object.__setattr__(penalty, "weight", one_weight(penalty.weight, "the weight"))
    object.__setattr__(penalty, "frobenius", one_weight(penalty.frobenius, "the weight frobenius"))
    check_matrices(penalty.ndim)
