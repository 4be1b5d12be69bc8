"""Exact projection onto rooted subtrees: the closed set of at most k nodes with the largest weight."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..kernels import compiled
from ..structures.tree import LevelOrder
from .tree_core import subtree_from_core
from .tree_dual import Prices, forced_prefix, prices_at_budget
from .tree_table import subtree_by_tables
from .tree_ties import fill, pad, representatives, smallest_loss, tied

__all__ = ["best_subtree", "by_node", "in_reach", "subtree_at"]

PRECISION = 1e-12  # a weight this close to its upper bound, relatively, is optimal
ROUNDS = (  # where nodes times budget are at most the first number, tables of all budgets end the search; else
    (0, 64, None),  # a core of so many nodes, with so many copies of each change of size (None: any)
    (2**18, 1024, 8),
    (2**23, 256, None),
    (2**23, 1024, None),
    (2**23, 4096, 32),
    (2**23, 4096, None),
)
COMPILED_TABLES = 2**19  # the same of tables that compiled code fills before anything else is tried
LAST_TABLES = 2**26  # nodes times budget of tables that fit in memory
WHOLE = 4096  # nodes of a tree that is not worth making smaller
CORE_WORK = 8e7  # table entries that a core of a round may need


def best_subtree(order: LevelOrder, weights: np.ndarray, k: int) -> np.ndarray:
    """Ancestor-closed set of at most k nodes with the largest total weight.

    Exact for every k and all weights, ties and zeros included. The dual problem, which puts a price on nodes, settles
    every k on the concave hull of the best weights and bounds the others from above; between the hull points a few
    decisions differ from those of the price, and cores of growing size find them until the bound is met or no better
    decision remains. Near-linear time but for contrived trees and weights. See Baraniuk, Cevher, Duarte and Hegde,
    "Model-based compressive sensing", IEEE Trans. Information Theory, 2010, and Cartis and Thompson, "An exact tree
    projection algorithm for wavelets", IEEE Trans. Signal Processing, 2015, for the problem.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float64 array, finite and >= 0, by node
    k : int

    Returns
    -------
    (n,) bool array, by node: min(k, m) nodes, m the number of nodes with a nonzero weight at or below them
    """
    top, w, useful = in_reach(order, weights, k)
    if np.count_nonzero(useful) <= k or k == 0:
        return by_node(order, useful & (k > 0))
    return by_node(order, pad(subtree_by_prices(top, w, k), ~useful, k))


def in_reach(order, weights, k):
    """The levels that k nodes can reach, weights by position there, and the nodes worth having.

    The weights are to a scale at which the largest is about 1, and the best k nodes weigh no less. A node is worth
    having when a weight at or below it, at any depth, is not zero.
    """
    w = weights[order.nodes]
    useful = order.gains((w > 0).astype(float)) > 0
    top = order.top(max(k, 1))
    w = w[: top.size]
    return top, np.ldexp(w, -np.frexp(w.max())[1]), useful[: top.size]  # exact, and sums cannot overflow


def by_node(order, mask):
    """The mask of the first positions as one of nodes."""
    out = np.zeros(order.size, bool)
    out[order.nodes[: mask.size]] = mask
    return out


def subtree_by_prices(order: LevelOrder, weights: np.ndarray, k: int) -> np.ndarray:
    """Best closed set of k nodes, 0 < k < n; arrays by position, weights of at most 1."""
    return subtree_at(order, weights, k, prices_at_budget(order, weights, k, forced_prefix(order, k)))


def subtree_at(order: LevelOrder, weights: np.ndarray, k: int, prices: Prices) -> np.ndarray:
    """Best closed set of k nodes, 0 < k < n, from the prices at k."""
    if prices.mask is not None:
        return prices.mask
    default = fill(order, prices.gains, k)
    return Search(order, weights, k, prices.bound, PRECISION * prices.bound, prices.gains, default).optimum()


@dataclass(frozen=True, eq=False)
class Search:
    """Search for the decisions against the default that bring the size to k at the least loss.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float
    k : int
    bound : float, no closed set of k nodes weighs more; its loss is what it lacks
    slack : float, a loss of this size is none
    gains : (n,) float, what deciding a node against the sign of its gain loses, its parent being in
    default : (n,) bool, decisions that lose nothing
    """

    order: LevelOrder
    weights: np.ndarray
    k: int
    bound: float
    slack: float
    gains: np.ndarray
    default: np.ndarray

    @cached_property
    def entry(self):
        """Least loss of a solution that has node i."""
        return self.order.path_sums(np.maximum(-self.gains, 0))

    @cached_property
    def regret(self):
        """Least loss of a solution that decides node i against its gain."""
        return self.entry + np.maximum(self.gains, 0)

    @cached_property
    def change(self):
        """Change of the size when a node is decided against its default, its parent being in."""
        counts = self.order.totals(np.ones(self.order.size, int), self.default)
        return np.where(self.default, -counts, counts)

    def loss(self, mask):
        """Return what a solution lacks to the bound; its rounding error counts as nothing."""
        loss = self.bound - self.weights[mask].sum()
        return loss if loss > self.slack else 0.0

    def optimum(self):
        """Best closed set of k nodes, by cores of growing size or by tables, where few are in doubt among these."""
        best = self.padded()
        table_size = self.order.levels[: self.k][-1].stop * self.k
        if self.loss(best) == 0:
            return best
        if compiled("tree_core") and table_size <= COMPILED_TABLES:
            return self.exhaust(best)
        best = min(best, self.completed(), key=self.loss)
        for tables, size, copies in ROUNDS:
            if self.loss(best) == 0:
                return best
            if (found := self.optimum_in_doubt(best)) is not None:
                return found
            if table_size <= tables:
                return self.exhaust(best)
            best, proven = self.improve(best, size, copies)
            if proven:
                return best
        if table_size <= LAST_TABLES:
            return self.exhaust(best)
        return self.improve(best, self.order.size, work=np.inf)[0]

    @cached_property
    def free(self):
        """Nodes of the default decisions, at no loss."""
        mask = self.order.connected(self.default)
        return mask if np.count_nonzero(mask) <= self.k else np.zeros_like(mask)

    def padded(self):
        """Return the default decisions and the cheapest nodes besides."""
        return pad(self.free, self.entry, self.k)

    def completed(self):
        """Return the default decisions and the best choice from those that lose nothing but do not all fit."""
        mask, room = self.free.copy(), self.k - int(np.count_nonzero(self.free))
        rest = self.order.connected(mask | (self.gains >= 0)) & ~mask
        if not 0 < room < np.count_nonzero(rest) <= self.order.size // 2:
            return self.padded()
        order, nodes = self.order.part(rest)
        mask[nodes] = subtree_by_prices(order, self.weights[nodes], room)
        return mask

    def optimum_in_doubt(self, best):
        """Optimum without the nodes that no better solution decides in another way; None where these are few."""
        limit = self.loss(best) + self.slack
        sure = self.order.connected(self.gains > limit)
        doubt = (self.entry <= limit) & ~sure
        count, k = int(np.count_nonzero(doubt)), self.k - int(np.count_nonzero(sure))
        if self.order.size < WHOLE or not 0 < k < count <= self.order.size // 4:
            return None
        order, nodes = self.order.part(doubt)
        bound = self.bound - self.weights[sure].sum()
        part = Search(order, self.weights[nodes], k, bound, self.slack, self.gains[nodes], self.default[nodes])
        sure[nodes] = part.optimum()
        return min(best, sure, key=self.loss)

    def exhaust(self, best):
        """Return the optimum by tables of every budget; compiled, the core of all nodes is faster."""
        if compiled("tree_core"):
            return self.improve(best, self.order.size, work=np.inf)[0]
        return subtree_by_tables(self.order, self.weights, self.k)

    def improve(self, best, size, copies=None, work=CORE_WORK):
        """Return the better of `best` and the optimum over a core of `size` nodes, and whether it is proven optimal."""
        loss = self.loss(best)
        undecided = np.flatnonzero(self.regret < loss)  # a better solution differs only here
        regret = self.regret[undecided]
        if copies is not None and not tied(regret):
            return best, False
        if copies is not None:
            chosen = representatives(self.change[undecided], regret, copies, size)
        elif len(undecided) > size:
            chosen = np.argpartition(regret, size)[:size]
        else:
            chosen = np.arange(len(undecided))
        core = undecided[chosen]
        lower, found = subtree_from_core(self.order, self.gains, self.default, core, self.k, loss, work)
        if found is not None and self.loss(found) < loss:
            best, loss = found, self.loss(found)
        lower = min(lower, np.delete(regret, chosen).min(initial=np.inf))
        if copies is not None and loss > lower + self.slack:
            lower = max(lower, self.bound_by_ties(loss))
        return best, loss <= lower + self.slack

    def bound_by_ties(self, limit):
        """Lower bound on the loss that sees through ties."""
        undecided = self.regret < limit
        change = self.change[undecided]
        target = self.k - int(np.count_nonzero(self.order.connected(self.default)))
        return smallest_loss(change, abs(self.gains[undecided]), target, limit, CORE_WORK)
