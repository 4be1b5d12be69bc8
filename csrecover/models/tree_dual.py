"""Lagrangian dual of the best rooted subtree: the price of a node at which k nodes are worth buying.

For a price lam, the best subtree of any size, max over closed S of w(S) - lam |S|, is one bottom-up pass: a node is
worth g_i = w_i - lam + sum over its children of max(g_c, 0), and the best S is the part of {g > 0} connected to a root.
Every closed S of k nodes satisfies, by induction over the tree,

    w(S) = bound - loss(S),   loss(S) = sum over c with parent in S: [c in S] max(-g_c, 0) + [c not in S] max(g_c, 0)

so the best one has the least loss at size k, and a loss is the price of deciding a node, its parent being in, against
the sign of its gain.
"""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from ..kernels import compiled

__all__ = ["Prices", "forced_prefix", "prices_at_budget"]

EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Prices:
    """The dual at the price that k sits on, or the optimal subtree where the price separates exactly k nodes.

    Parameters
    ----------
    price : float, lam
    bound : float, w(S) <= bound for every closed S of k nodes, with equality for `mask`
    gains : (n,) float, g_i; zero where it is zero up to rounding, infinite where the node is in every solution; or None
    mask : (n,) bool, nodes of an optimal subtree of k nodes, or None
    """

    price: float
    bound: float
    gains: Any
    mask: np.ndarray | None = None

    def neighbours(self, order):
        """Smallest and largest of the subtrees that are best at the price."""
        if self.mask is not None:
            return self.mask, self.mask
        return order.connected(self.gains > 0), order.connected(self.gains >= 0)


def prices_at_budget(order, weights, k, forced):
    """Find the price at which the best subtree passes from less than k to more than k nodes.

    The best subtrees at two prices are two lines lam -> w(S) - lam |S| under the convex, piecewise linear dual
    function. Where they meet is a price between, and the search ends when the best subtree there has k nodes, which
    makes it optimal, or lies on both lines, which makes the price a kink of the dual. Best subtrees are nested, so only
    nodes that the larger has more than the smaller are open. Where their sizes are far apart the price is interpolated.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float >= 0, by position, the largest about 1
    k : int, 0 < k < n
    forced : int
        the first so many nodes are in every solution: at most `forced_prefix`, which makes the bound the tightest.

    Returns
    -------
    Prices
    """
    size, value = forced, weights[:forced].sum()  # of the smaller tree
    if size == k:
        return Prices(np.inf, value, None, np.arange(order.size) < size)
    between = (SweptNodes if compiled("tree") else OpenNodes)(order, weights, size)
    rest = weights[size:].sum()  # w(larger) - w(smaller), without cancellation
    low, high, stalled = 0.0, np.inf, False
    while True:
        lam = secant = rest / between.count
        if size and high < np.inf and not stalled and between.count > size / 2:
            share = log((size + between.count) / k) / log((size + between.count) / size)
            lam = low + (high - low) * min(max(share, 0.02), 0.98)
        count, inside, outside = between.split(lam)
        if size + count == k:
            return Prices(lam, value + inside, None, between.found())
        new, larger = 0 < count < between.count, size + count > k
        if lam == secant and (not new or inside <= lam * count * (1 + 1e-13)):
            break
        if larger:
            stalled = count > 0.7 * between.count
            low, rest = lam, inside
        else:
            stalled = count < 0.3 * between.count
            high, rest = lam, outside
            size, value = size + count, value + inside
        between.narrow(larger)
    bound = value + secant * (k - size)
    return Prices(secant, bound, snapped_gains(order, weights, secant, forced, bound, k))


def forced_prefix(order, k):
    """Size of the chain of single nodes that a tree may begin with, at most k: in every solution of k nodes."""
    alone = [level.stop - level.start == 1 for level in order.levels[:k]]
    return int(np.cumprod(alone).sum())


def snapped_gains(order, weights, lam, forced, bound, k):
    """Gains at a price, those of the size of their rounding error set to zero, so that ties are seen as ties."""
    gains = order.gains(weights - lam)
    gains[:forced] = np.inf
    error = 8 * EPS * order.totals(weights + lam, gains > 0) + 4 * EPS * bound / k
    for _ in range(10):
        snapped = np.where(abs(gains) <= error, 0.0, gains)
        strict, loose = order.connected(snapped > 0), order.connected(snapped >= 0)
        if np.count_nonzero(strict) <= k <= np.count_nonzero(loose):
            break
        error *= 8
    return snapped


class OpenNodes:
    """The nodes that a larger tree has more than a smaller one, both best at their prices.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float
    size : int, the smaller tree is the first positions, the larger one all
    """

    def __init__(self, order, weights, size) -> None:
        self.order, self.weights, self.count = order, weights, order.size - size
        self.positions, self.certain = np.arange(order.size), np.arange(order.size) < size
        self.small, self.open = self.certain.copy(), ~self.certain

    def split(self, lam):
        """Find the best tree at a price between: nodes that it has more than the smaller, their weight, the others'."""
        best = self.order.connected(self.small | (self.order.gains(self.weights - lam) > 0))
        self.best = best & self.open
        return np.count_nonzero(self.best), self.weights[self.best].sum(), self.weights[self.open & ~self.best].sum()

    def narrow(self, larger):
        """Make the tree just found the larger of the two, or the smaller."""
        if larger:
            self.open = self.best
        else:
            self.small, self.open = self.small | self.best, self.open & ~self.best
            self.certain[self.positions[self.best]] = True
        self.count = np.count_nonzero(self.open)
        if self.count < self.order.size // 4:
            self.order, kept = self.order.part(self.open)
            self.positions, self.weights = self.positions[kept], self.weights[kept]
            self.small, self.open = np.zeros(self.count, bool), np.ones(self.count, bool)

    def found(self):
        """Nodes of the tree just found."""
        mask = self.certain.copy()
        mask[self.positions[self.best]] = True
        return mask


class SweptNodes:
    """The twin of `OpenNodes` by compiled sweeps over the nodes that are left."""

    def __init__(self, order, weights, size) -> None:
        self.weights, self.parents = weights, order.parents
        self.kernel: Any = compiled("tree")
        self.open, self.gains = np.arange(size, order.size), np.zeros(order.size + 1)
        self.best = np.zeros(order.size + 1, bool)
        self.best[:size] = self.best[-1] = True
        self.count = order.size - size

    def split(self, lam):
        return self.kernel.split(self.open, lam, self.weights, self.parents, self.gains, self.best)

    def narrow(self, larger):
        self.count = self.kernel.narrow(self.open, self.best, larger)
        self.open = self.open[: self.count]

    def found(self):
        return self.best[:-1]
