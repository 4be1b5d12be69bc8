"""Soft thresholds at a multiple of the noise, and their derivatives: the denoisers of message passing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from ..backend import Array, cast_like, clip, divide, flat, is_complex, keep, namespace, norm
from ..penalties import L1, GroupL2, NonNegativeL1, Penalty
from ..penalties.base import threshold
from ..penalties.chi import minimax_ratio, minimax_threshold
from ..penalties.group import block_norms

_CUT = 2.0  # standard deviations of the energy of a zero unit above its mean, beyond which it tells nothing
_LEAST, _NODES = 1e-4, 257  # least ratio of a table, over the largest, and its entries


@dataclass(frozen=True, eq=False)
class Denoised:
    """A signal denoised, and the derivatives that it takes to go on without bias.

    Attributes
    ----------
    x : array, (*batch, *signal)
    slope : array, (*batch,)
        sum of the derivatives d x_i / d v_i: of real signals the divergence, of complex ones half of it.
    turned : array, (*batch,)
        sum of the derivatives d x_i / d conj(v_i); zero for real signals.
    """

    x: Array
    slope: Array
    turned: Array

    def predicted(self, v: Array, tau: Array, ndim: int, bias: Array) -> Array:
        """Mean-square error that is expected of x: Stein's unbiased estimate, zero at the least, (*batch,).

        ||x - v||^2 / n - tau^2 + 2 bias, where the bias is the mean correlation of x_i with the noise of v_i.
        """
        count = flat(v, ndim).shape[-1]
        return clip(norm(self.x - v, ndim) ** 2 / count - tau**2 + 2 * bias, 0)


@dataclass(frozen=True, eq=False)
class Thresholding:
    """Soft thresholds of the units of a penalty, coefficients or blocks; its weights multiply them.

    The magnitude of a complex coefficient is that of a block of two real ones, each with half of the noise.

    Attributes
    ----------
    penalty : L1, NonNegativeL1 or GroupL2
    size : int
        coefficients of a unit.
    parts : int
        real numbers of a coefficient, one or two.
    """

    penalty: Any
    size: int
    parts: int

    def best(self, ratio: float) -> float:
        """The threshold, in standard deviations of the noise, that is the best at a ratio of what is seen to unknowns.

        Best in the worst case: `minimax_threshold`.
        """
        return minimax_threshold(ratio, self.parts * self.size, self._share) / self.parts**0.5

    def best_up_to(self, most: float, like: Array) -> Callable[[Array], Array]:
        """The same as a function of ratios (*batch,) up to `most`, interpolated between logarithms."""
        units, ratios = self.parts * self.size, np.geomspace(_LEAST * most, most, _NODES)
        largest, smallest = (minimax_threshold(float(ratio), units, self._share) for ratio in ratios[[0, -1]])
        taus = np.linspace(max(smallest, 1e-12), largest, 8 * _NODES)
        found = np.interp(-ratios, -minimax_ratio(taus, units, self._share), taus) / self.parts**0.5
        table, low, high = cast_like(found, like), float(ratios[0]), float(ratios[-1])
        step = float(np.log(high / low)) / (_NODES - 1)

        def best(ratio: Array) -> Array:
            xp = namespace(ratio)
            place = xp.log(clip(ratio, low, high) / low) / step
            before = clip(xp.floor(place), 0.0, float(_NODES - 2))
            index = xp.reshape(xp.astype(before, xp.int64), (-1,))
            left, right = (xp.reshape(xp.take(table, i), place.shape) for i in (index, index + 1))
            return left + (place - before) * (right - left)

        return best

    def variance_ratio(self, v: Array, tau: Array) -> Array:
        """Estimate of the variance of the noise in v over tau^2, (*batch,), between a half and two.

        From the mean energy of the units below a cut that few zero units pass, beside that of noise of variance tau^2
        below the same cut.
        """
        xp, freedom = namespace(v), self.parts * self.size
        cut = freedom + _CUT * (2 * freedom) ** 0.5
        below, density = chi2.cdf(cut, freedom), chi2.pdf(cut, freedom)
        expected = chi2.cdf(cut, freedom + 2) / below
        exponent = 1 - cut * density / below * (cut / (freedom * expected) - 1)  # d log mean / d log variance
        size, unit_ndim = self._sizes(v)
        squares = flat(size**2, unit_ndim) * divide(self.parts * xp.ones_like(tau), tau**2)[..., None]
        kept = squares <= float(cut)
        count = xp.sum(xp.astype(kept, squares.dtype), axis=-1)
        mean = divide(xp.sum(keep(squares, kept), axis=-1), count) / float(freedom * expected)
        return clip(mean, 0.5 ** float(exponent), 2.0 ** float(exponent)) ** float(1 / exponent)

    def _sizes(self, v: Array) -> tuple[Array, int]:
        """Magnitudes of the units, and how many trailing axes they have."""
        penalty = self.penalty
        if isinstance(penalty, GroupL2):
            return block_norms(v, penalty.blocks), 1
        return abs(v), penalty.ndim

    @property
    def _share(self) -> float:
        """Fraction of the zero units that noise can make active."""
        return 0.5 if isinstance(self.penalty, NonNegativeL1) else 1.0

    def __call__(self, v: Array, step: Array) -> Denoised:
        """Denoise v by the threshold step * weight, with a step for each signal, (*batch,)."""
        penalty, ndim = self.penalty, self.penalty.ndim
        xp, grouped = namespace(v), isinstance(penalty, GroupL2)
        size, unit_ndim = self._sizes(v)
        size = clip(v, 0) if isinstance(penalty, NonNegativeL1) else size
        cut = xp.broadcast_to(xp.asarray(threshold(v, step, penalty.weight, unit_ndim), dtype=size.dtype), size.shape)
        active, share = size > cut, divide(cut, size)
        free = self.size - 1 / self.parts
        slope = xp.sum(flat(keep(self.size - free * share, active), unit_ndim), axis=-1)
        turned = xp.zeros_like(slope)
        if is_complex(v):
            per_unit = keep(divide(share, 2 * size**2), active)
            per_entry = penalty.blocks.spread(per_unit) if grouped else per_unit
            turned = xp.sum(flat(per_entry * v**2, ndim), axis=-1)
        return Denoised(penalty.prox(v, step), slope, turned)


def thresholding(penalty: Penalty, *, complex_signals: bool) -> Thresholding:
    """The denoiser of a penalty.

    Raises
    ------
    TypeError
        When the penalty is not one of the three.
    ValueError
        When blocks are of different sizes, or nonnegative signals complex.
    """
    if not isinstance(penalty, L1 | NonNegativeL1 | GroupL2):
        raise TypeError(
            f"message passing takes L1, NonNegativeL1 or GroupL2, whose derivatives are known, got"
            f" {type(penalty).__name__}: use fista"
        )
    size = 1
    if isinstance(penalty, GroupL2):
        size = int(penalty.blocks.sizes[0])
        if (penalty.blocks.sizes != size).any():
            raise ValueError(f"{penalty.blocks}: one threshold fits blocks of one size only, use fista for others")
    if isinstance(penalty, NonNegativeL1) and complex_signals:
        raise ValueError("nonnegative signals are real, and so must be A and y: stack their parts, or use fista")
    return Thresholding(penalty, size, 2 if complex_signals else 1)
