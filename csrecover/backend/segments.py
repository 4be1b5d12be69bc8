"""What the standard lacks: sums over segments, a deterministic top-k, scatter."""

from __future__ import annotations

import math

import numpy as np

from ..kernels import fused
from .dtypes import eps
from .libraries import Array, device, library, namespace

_SHORT = 128  # numbers that NumPy's own sum adds up no better than its einsum, which is three times as fast
_LONG = 2**10  # entries from which a sample pays for itself
_FEW = 12  # entries for each that is wanted
_STRIDE = 16  # of the sample


@fused
def segment_sum(values: Array, labels: Array, count: int) -> Array:
    """Sum of the real values with each label 0 .. count-1 along the last axis: shape (*batch, count)."""
    xp = namespace(values, labels)
    name = library(values)
    batch = values.shape[:-1]
    if name == "numpy":
        signals = math.prod(batch)
        keys = labels if signals == 1 else (np.arange(signals)[:, None] * count + labels).reshape(-1)
        sums = np.bincount(keys, weights=values.reshape(-1), minlength=signals * count)
        return sums.astype(values.dtype, copy=False).reshape((*batch, count))
    if name == "torch":
        return xp.zeros((*batch, count), dtype=values.dtype, device=values.device).index_add_(-1, labels, values)
    if name == "cupy":  # not add.reduceat: CuPy takes it from running sums, which cancel
        sums = xp.zeros((*batch, count), dtype=values.dtype)
        xp.add.at(sums, (..., labels), values)
        return sums
    members = labels[:, None] == xp.arange(count, device=device(values))
    return xp.matmul(values, xp.astype(members, values.dtype))


def row_sums(rows: Array) -> Array:
    """Sum of the numbers along the last axis."""
    if library(rows) == "numpy" and rows.shape[-1] <= _SHORT:
        return np.einsum("...i->...", rows)
    return namespace(rows).sum(rows, axis=-1)


def repeated(values: Array, times: int) -> Array:
    """Each number along the last axis so many times, one after the other."""
    if library(values) == "numpy":
        return np.repeat(values, times, axis=-1)
    xp, shape = namespace(values), values.shape
    copies = xp.broadcast_to(values[..., None], (*shape, times))
    return xp.reshape(copies, (*shape[:-1], shape[-1] * times))


def top_k_mask(gains: Array, k: int) -> Array:
    """Mask of the k largest gains (>= 0) along the last axis; never a zero gain.

    Gains that differ by rounding alone (1e-12 relative in double precision) are ties; among ties the lowest index goes
    first, so that every library gives the same mask.
    """
    xp = namespace(gains)
    n = gains.shape[-1]
    if k <= 0 or n == 0:
        return xp.zeros(gains.shape, dtype=xp.bool, device=device(gains))
    if k >= n:
        return gains > 0
    slack = max(1e-12, 4 * eps(gains))
    if library(gains) == "numpy":
        smallest = _largest(gains, k)
        kept = gains >= smallest * (1 - slack)
        if np.count_nonzero(kept) == gains.size // n * k:  # no ties, in any row
            return kept
    else:
        smallest = xp.sort(gains, axis=-1)[..., n - k, None]
    above, tied = above_and_tied(gains, smallest, slack)
    return first_ties(above, tied, k)


def _largest(gains: np.ndarray, k: int) -> Array:
    """The k-th largest entry along the last axis, kept as an axis of one; a number for a single signal."""
    n = gains.shape[-1]
    if gains.size == n:
        return _largest_of_one(gains.reshape(-1), k)
    if _are_few(k, n):
        levels = [_largest_of_one(row, k) for row in gains.reshape(-1, n)]
        return np.array(levels, gains.dtype).reshape(*gains.shape[:-1], 1)
    if 2 * np.count_nonzero(gains) < gains.size:  # many smallest entries slow the partition down, largest ones do not
        return -np.partition(-gains, k - 1, axis=-1)[..., k - 1, None]
    return np.partition(gains, n - k, axis=-1)[..., n - k, None].copy()  # no view: the rest is let go


def _are_few(k: int, n: int) -> bool:
    """Whether the k largest of n are found faster among those above a level that a sample suggests."""
    return n >= _LONG and _FEW * k <= n


def _largest_of_one(gains: np.ndarray, k: int) -> np.generic:
    """The k-th largest of one row."""
    if _are_few(k, gains.size):
        rank = 2 * k // _STRIDE + _STRIDE // 2
        level = np.partition(gains[::_STRIDE], -rank)[-rank]
        if level > 0 and (above := gains[gains >= level]).size >= k:  # about twice as many as are wanted
            return np.partition(above, -k)[-k]
    if 2 * np.count_nonzero(gains) < gains.size:
        gains = gains[gains > 0]
        if gains.size < k:
            return gains.dtype.type(0)
    return np.partition(gains, -k)[-k]


@fused
def above_and_tied(gains: Array, smallest: Array, slack: float) -> tuple[Array, Array]:
    """Masks of the gains above the smallest that is kept, and of those that equal it within the slack."""
    above = gains > smallest * (1 + slack)
    return above, (gains >= smallest * (1 - slack)) & ~above & (gains > 0)


@fused
def first_ties(above: Array, tied: Array, k: int) -> Array:
    """Mask of k entries along the last axis: all above, and the first of the tied."""
    xp = namespace(above)
    left = k - xp.sum(xp.astype(above, xp.int64), axis=-1, keepdims=True)
    return above | (tied & (xp.cumulative_sum(xp.astype(tied, xp.int64), axis=-1) <= left))


def scatter(values: Array, indices: Array, n: int) -> Array:
    """Array of shape (*batch, n), zero but for out[..., indices] = values; the indices are distinct."""
    xp = namespace(values, indices)
    if library(values) in ("numpy", "cupy", "torch"):
        out = xp.zeros((*values.shape[:-1], n), dtype=values.dtype, device=device(values))
        out[..., indices] = values
        return out
    order = xp.argsort(indices)
    places = xp.arange(n, device=device(values))
    rank = xp.searchsorted(xp.take(indices, order), places)
    rank = xp.where(rank == indices.shape[0], xp.zeros_like(rank), rank)
    source = xp.take(order, rank)
    hit = xp.take(indices, source) == places
    return xp.where(hit, xp.take(values, source, axis=-1), xp.zeros_like(values[..., :1]))
