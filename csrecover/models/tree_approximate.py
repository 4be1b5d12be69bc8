"""Approximate projections onto rooted subtrees with guaranteed constants, from the prices alone."""

import numpy as np

from ..structures.tree import LevelOrder
from .tree_dual import prices_at_budget
from .tree_projection import best_subtree, by_node, in_reach

__all__ = ["head_subtree", "tail_subtree"]


def tail_subtree(order: LevelOrder, weights: np.ndarray, k: int, slack: float) -> np.ndarray:
    """Closed set of at most slack k nodes that misses at most slack / (slack - 1) times what the best one of k misses.

    Let the subtrees of k_s <= k <= k_l nodes be best at the price of k; they miss E_s and E_l. Where k_l <= slack k the
    larger is taken: no k nodes miss less. Else the smaller: as the points (k_s, E_s), (k_l, E_l) lie on the lower
    convex hull, any k nodes miss at least (1 - t) E_s with t = (k - k_s) / (k_l - k_s) <= k / k_l < 1 / slack.
    """
    top, w, useful = in_reach(order, weights, k)
    if not 0 < k < np.count_nonzero(useful):
        return by_node(order, useful & (k > 0))
    small, large = prices_at_budget(top, w, k, 0).neighbours(top)
    return by_node(order, large if np.count_nonzero(large) <= slack * k else small)


def head_subtree(order: LevelOrder, weights: np.ndarray, k: int, slack: float) -> np.ndarray:
    """Closed set of at most slack k nodes that keeps at least 1 / (1 + 2 k / q) of what the best one of k keeps.

    Here q = floor(slack k) - d, where d + 1 is the number of levels, or k if that is less. With the notation of
    `tail_subtree`, F for what is kept: the larger where k_l <= slack k, as it keeps no less than any k nodes. Else the
    better of the smaller and of the pieces of the larger, q nodes in a row in preorder with the ancestors of the
    first, which are closed. Of the ceil(k_l / q) <= 2 k_l / q pieces that cover the larger the best keeps
    F_p >= q F_l / (2 k_l), and the k best nodes keep, below the upper concave hull, at most
    F_s + (k / k_l) F_l <= F_s + (2 k / q) F_p. Where q < 1 it is the best subtree of k nodes.
    """
    top, w, useful = in_reach(order, weights, k)
    if not 0 < k < np.count_nonzero(useful):
        return by_node(order, useful & (k > 0))
    length = int(slack * k) - (len(top.levels) - 1)
    if length < 1:
        return best_subtree(order, weights, k)
    small, large = prices_at_budget(top, w, k, 0).neighbours(top)
    if np.count_nonzero(large) <= slack * k:
        return by_node(order, large)
    return by_node(order, max(small, best_piece(top, w, large, length), key=lambda mask: w[mask].sum()))


def best_piece(order, weights, tree, length):
    """The best `length` nodes of a tree in a row in preorder, and the ancestors of the first of them."""
    nodes = np.flatnonzero(tree)
    nodes = nodes[np.argsort(order.preorder[0][nodes])]
    sums = np.append(0, np.cumsum(weights[nodes]))
    first = int((sums[length:] - sums[:-length]).argmax())
    piece = np.zeros(order.size, bool)
    piece[nodes[first : first + length]] = True
    above = order.parents[nodes[first]]
    while above >= 0 and not piece[above]:
        piece[above] = True
        above = order.parents[above]
    return piece
