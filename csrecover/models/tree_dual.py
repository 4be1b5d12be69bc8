"""Lagrangian dual of the best rooted subtree: the price of a node at which k nodes are worth buying.

For a price lam, the best subtree of any size, max over closed S of w(S) - lam |S|, is one bottom-up pass: a node is
worth g_i = w_i - lam + sum over its children of max(g_c, 0), and the best S is the part of {g > 0} connected to a root.
Every closed S of k nodes satisfies, by induction over the tree,

    w(S) = bound - loss(S),   loss(S) = sum over c with parent in S: [c in S] max(-g_c, 0) + [c not in S] max(g_c, 0)

so the best one has the least loss at size k, and a loss is the price of deciding a node, its parent being in, against
the sign of its gain.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Prices", "prices_at_budget"]

EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Prices:
    """The dual at the price that k sits on, or the optimal subtree where the price separates exactly k nodes.

    Parameters
    ----------
    bound : float, w(S) <= bound for every closed S of k nodes, with equality for `mask`
    gains : (n,) float, g_i; zero where it is zero up to rounding, infinite where the node is in every solution
    mask : (n,) bool, nodes of an optimal subtree of k nodes, or None
    """

    bound: float
    gains: np.ndarray
    mask: np.ndarray | None = None


def prices_at_budget(order, weights, k):
    """Find the price at which the best subtree passes from less than k to more than k nodes.

    Secant search: the best subtrees at two prices are two lines lam -> w(S) - lam |S| under the convex, piecewise
    linear dual function, and the next price is where they meet. It ends when the best subtree there has k nodes, which
    makes it optimal, or lies on both lines, which makes the price a kink of the dual.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float >= 0, by position, the largest about 1
    k : int, 0 < k < n

    Returns
    -------
    Prices
    """
    forced = forced_prefix(order, k)
    large, small = np.ones(order.size, bool), np.arange(order.size) < forced
    n_large, n_small, value_small = order.size, forced, weights[:forced].sum()
    if forced == k:
        return Prices(value_small, np.full(order.size, np.inf), small)
    between = weights[forced:].sum()  # w(large) - w(small), without cancellation
    while True:
        lam = between / (n_large - n_small)
        gains = order.gains(weights - lam)
        gains[:forced] = np.inf
        best = (order.connected(gains > 0) | small) & large
        size = int(np.count_nonzero(best))
        if size == k:
            return Prices(weights[best].sum(), gains, best)
        above_small = weights[best & ~small].sum()
        on_the_line = above_small <= lam * (size - n_small) * (1 + 1e-13)
        if on_the_line or not n_small < size < n_large:
            break
        if size > k:
            large, n_large, between = best, size, above_small
        else:
            between = weights[large & ~best].sum()
            small, n_small, value_small = best, size, value_small + above_small
    bound = value_small + lam * (k - n_small)
    return Prices(bound, snap_to_zero(order, weights + lam, gains, bound, k))


def forced_prefix(order, k):
    """Size of the chain of single nodes that a tree may begin with, at most k: in every solution of k nodes."""
    alone = [level.stop - level.start == 1 for level in order.levels[:k]]
    return int(np.cumprod(alone).sum())


def snap_to_zero(order, magnitudes, gains, bound, k):
    """Set gains of the size of their rounding error to zero, so that ties are seen as ties."""
    positive = gains > 0
    error = 8 * EPS * order.totals(magnitudes, positive) + 4 * EPS * bound / k
    for _ in range(10):
        snapped = np.where(abs(gains) <= error, 0.0, gains)
        strict, loose = order.connected(snapped > 0), order.connected(snapped >= 0)
        if np.count_nonzero(strict) <= k <= np.count_nonzero(loose):
            break
        error *= 8
    return snapped
