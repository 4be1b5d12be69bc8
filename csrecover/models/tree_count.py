"""Number of rooted subtrees with exactly k nodes."""

import numpy as np
from scipy.optimize import minimize_scalar

from ..structures.tree import LevelOrder, family_sums
from .base import log_choose

__all__ = ["log_subtrees"]

WORK = 2**28  # multiplications that an exact count may take


def log_subtrees(order: LevelOrder, k: int) -> float:
    """Natural logarithm of the number of closed sets of k nodes, 0 <= k <= n, or of an upper bound of it.

    The sets are counted by their sizes in F(z), the product over the roots of 1 + T_root(z), where a node has
    T_v(z) = z prod over children c of (1 + T_c(z)). For every r > 0 the coefficient of z^k is P(|S| = k) F(r) / r^k for
    the random closed set S whose probability is in proportion to r^|S|. The size of that set is a sum of
    independent ones, one a subtree, which enter with probability T_c(r) / (1 + T_c(r)); equal subtrees are looked at
    once. At the r where F(r) / r^k is least P is not small. Where it takes more than 2^28 operations it is left
    out, which makes the result a bound, larger by about the logarithm of the standard deviation of |S|.
    """
    if k == 0:
        return 0.0
    shape = subtree_shapes(order)
    _, first = np.unique(shape, return_index=True)
    sizes = order.totals(np.ones(order.size, int), np.ones(order.size, bool))
    first = first[np.argsort(sizes[first], kind="stable")]  # of each shape one node, children before their parents

    def bound(log_r):
        return tilted(order, log_r)[: order.levels[0].stop].sum() - k * log_r

    reach = np.log(order.size) + 3
    log_r = minimize_scalar(bound, bounds=(-reach, reach), method="bounded").x
    if (np.minimum(sizes[first], k) ** 2).sum() * 2 > WORK:
        return min(bound(log_r), log_choose(order.size, k))
    children = np.searchsorted(order.parents, np.arange(order.size + 1))
    entering = -np.expm1(-tilted(order, log_r))
    distributions: dict[int, np.ndarray] = {}
    for node in first:
        below = shape[children[node] : children[node + 1]]
        size = entering[node] * np.append(0, together(distributions, below, k))[: k + 1]
        size[0] = 1 - entering[node]
        distributions[shape[node]] = size
    return bound(log_r) + float(np.log(together(distributions, shape[: order.levels[0].stop], k)[k]))


def tilted(order, log_r):
    """log(1 + T_v(r)) of each node."""
    logs = np.full(order.size, float(log_r))
    for level, (heads, starts, children) in zip(order.levels[:0:-1], order.families[::-1], strict=True):
        logs[level] = np.logaddexp(0, logs[level])
        logs[heads] += family_sums(logs[level], starts, children)
    logs[order.levels[0]] = np.logaddexp(0, logs[order.levels[0]])
    return logs


def subtree_shapes(order):
    """Number for each node, equal where the subtrees are equal but for the order of children: 64 bits of a hash."""
    sums = np.ones(order.size, np.uint64)
    for level, (heads, starts, children) in zip(order.levels[:0:-1], order.families[::-1], strict=True):
        sums[level] = mixed(sums[level])
        sums[heads] += family_sums(sums[level], starts, children)
    sums[order.levels[0]] = mixed(sums[order.levels[0]])
    return sums


def mixed(bits):
    """A permutation of the 64-bit numbers that looks random (SplitMix64), so that sums of few hardly ever collide."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def together(distributions, shapes, k):
    """Distribution, up to k, of the size of independent subtrees of these shapes together."""
    total = np.ones(1)
    for shape, count in zip(*np.unique(shapes, return_counts=True), strict=True):
        power = distributions[shape]
        while count:
            total = np.convolve(total, power)[: k + 1] if count & 1 else total
            count >>= 1
            power = np.convolve(power, power)[: k + 1] if count else power
    return total
