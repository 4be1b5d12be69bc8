"""Total variation."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from ..backend import Array, cast_like, device, eps, flat, is_complex, namespace, real_dtype, staged
from .base import Penalty, largest_ratio, one_weight, threshold
from .tv_dual import Variation, denoised, dual_norm
from .tv_line import denoised_lines


@dataclass(frozen=True, eq=False)
class TV(Penalty):
    """Total variation, weight sum_i ||(D x)_i|| of the forward differences D x, zero at the far border (`Gradient`).

    A seminorm: constants are free, so that it has no finite dual norm. The proximal operator of real signals of one
    axis is exact and computed on the host: a taut string, or with the `fast` extra a dynamic program of O(n) steps.
    That of others is found where x is, by accelerated projected gradients on the dual problem, until the duality gap
    is at most tol ||x - mean(x)||^2 / 2: then ||p - p*||^2 <= tol ||x - mean(x)||^2, or rounding allows no more.

    Parameters
    ----------
    weight : float, default 1
    ndim : int, default 1
        number of trailing axes that make one signal; solvers set it.
    isotropic : bool, default True
        the Euclidean norm of the differences along all axes at a sample; otherwise their magnitudes are added.
    tol : float, default 1e-12
        relative duality gap of an iterative proximal point, ten rounding units at the least. Small gaps of isotropic
        images take thousands of iterations: inside a solver 1e-6 often is enough.

    Raises
    ------
    TypeError
        When the weight is no number.
    ValueError
        When it is negative or not finite, ndim is not positive, or tol is not between 0 and 1.

    References
    ----------
    A. Beck and M. Teboulle, Fast gradient-based algorithms for constrained total variation image denoising and
    deblurring problems, IEEE Trans. Image Processing 18(11), 2009 (the dual method; restart and gap are additions);
    P. L. Davies and A. Kovac, Local extremes, runs, strings and multiresolution, Annals of Statistics 29(1), 2001
    (the taut string); N. Johnson, A dynamic programming algorithm for the fused lasso and l0-segmentation,
    J. Computational and Graphical Statistics 22(2), 2013 (its compiled twin).
    """

    weight: float = 1.0
    ndim: int = 1
    isotropic: bool = True
    tol: float = 1e-12

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", one_weight(self.weight, "the weight"))
        if self.ndim < 1:
            raise ValueError(f"a signal has one axis at least, got ndim={self.ndim}")
        if not 0 < self.tol < 1:
            raise ValueError(f"tol is a relative duality gap between 0 and 1, got {self.tol}")

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return self.weight * self._variation(x).value(x)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        batch = x.shape[: x.ndim - self.ndim]
        t = namespace(x).zeros(batch, dtype=real_dtype(x), device=device(x)) + threshold(x, step, self.weight, 0)
        if self.ndim > 1 or is_complex(x):
            return denoised(x, t, self._variation(x), self.tol)
        rows, radius = (staged(numbers).astype(np.float64) for numbers in (x, t))
        return cast_like(denoised_lines(rows.reshape(-1, x.shape[-1]), radius.reshape(-1)).reshape(x.shape), x)

    def zero_weight(self, u: Array) -> Array:
        """Smallest t >= 0 for which z = 0 minimises t value(z) - Re <u, z>, infinite unless u sums to zero.

        Up to ten rounding units of the sum of magnitudes, that is. With one axis it is the largest running sum of u
        over the weight; with more it is an upper bound, about 1e-3 too large at the most.
        """
        u = self._signals(u)
        xp, numbers = namespace(u), flat(u, self.ndim)
        balanced = abs(xp.sum(numbers, axis=-1)) <= 10 * eps(u) * xp.sum(abs(numbers), axis=-1)
        if self.ndim == 1:
            dual = xp.max(abs(xp.cumulative_sum(u, axis=-1)), axis=-1)
        elif not bool(xp.any(balanced)):
            dual = xp.zeros_like(balanced, dtype=real_dtype(u))
        else:
            dual = dual_norm(u, self._variation(u))
        return xp.where(balanced, largest_ratio(dual[..., None], self.weight), xp.full_like(dual, inf))

    def _variation(self, x: Array) -> Variation:
        return Variation(x.shape[x.ndim - self.ndim :], self.isotropic)
