"""What is left of the weights, and what that is worth."""

from __future__ import annotations

from ..backend import Array, as_float, divide, namespace, real_dtype, to, where_is
from ..penalties.base import positive_number
from ..structures import Blocks, Groups


def accuracy(scores: Array, labels: Array) -> float:
    """Share of the rows of scores, (count, classes), whose largest is at their label, (count,)."""
    xp = namespace(scores)
    right = xp.argmax(scores, axis=-1) == labels
    return int(xp.sum(xp.astype(right, xp.int64))) / labels.shape[0]


def active(weights: Array, blocks: Blocks | Groups) -> Array:
    """Which blocks hold a weight that is not zero: (*batch, *shape) to bool (*batch, count), where the weights live.

    Parameters
    ----------
    weights : array, (*batch, *shape)
    blocks : Blocks or Groups, wherever it lives
    """
    xp = namespace(weights)
    return to(blocks, where_is(weights)).sums(xp.astype(weights != 0, real_dtype(weights))) > 0


def efficiency(dense_seconds: float, pruned_seconds: float, dense_flops: float, pruned_flops: float) -> float:
    """Realised efficiency, the speed-up that was measured over the one that the counts of operations promise.

    ``(dense_seconds / pruned_seconds) / (dense_flops / pruned_flops)``: one where all the work saved is time saved.

    Raises
    ------
    TypeError, ValueError
        When a number is no positive finite real number.
    """
    speedup = positive_number(dense_seconds, "dense_seconds") / positive_number(pruned_seconds, "pruned_seconds")
    return speedup * positive_number(pruned_flops, "pruned_flops") / positive_number(dense_flops, "dense_flops")


def effective_rank(x: Array) -> Array:
    """Exponential of the entropy of the singular values, divided by their sum: (*batch, m, n) to (*batch,).

    At least one and at most the rank, which it is where the nonzero singular values are equal; zero for a zero matrix.
    Centre the columns of x first, if its mean is not to count.

    Raises
    ------
    ValueError
        When x has less than two axes.

    References
    ----------
    O. Roy and M. Vetterli, The effective rank: a measure of effective dimensionality, EUSIPCO 2007.
    """
    x = as_float(x)
    if x.ndim < 2:
        raise ValueError(f"the effective rank is of matrices, (*batch, m, n), got an array of shape {x.shape}")
    xp = namespace(x)
    sizes = xp.linalg.svdvals(x)
    shares = divide(sizes, xp.broadcast_to(xp.sum(sizes, axis=-1, keepdims=True), sizes.shape))
    used = shares > 0
    entropy = -xp.sum(xp.where(used, shares * xp.log(xp.where(used, shares, xp.ones_like(shares))), shares), axis=-1)
    return xp.where(xp.any(used, axis=-1), xp.exp(entropy), xp.zeros_like(entropy))
