"""Best rooted subtrees of several sizes, which share the search for their prices."""

from dataclasses import replace

import numpy as np

from ..structures.tree import LevelOrder
from .tree_dual import prices_at_budget
from .tree_projection import PRECISION, WHOLE, best_subtree, by_node, in_reach, subtree_at
from .tree_ties import pad

__all__ = ["best_subtrees"]


def best_subtrees(order: LevelOrder, weights: np.ndarray, ks: list[int]) -> dict[int, np.ndarray]:
    """`best_subtree` for each of these k.

    The subtrees that are best at a price are nested. So the price of a k in the middle leaves to the smaller k the
    smallest of its subtrees, and to the larger ones what is not in the largest. A node that this leaves out has, at a
    price that differs by d, a gain of at least d or at most -d, so that its part loses nothing as long as the best
    choice in it loses no more than d; where it loses more, that k is solved by itself.

    Parameters
    ----------
    order : LevelOrder
    weights : (n,) float64 array, finite and >= 0, by node
    ks : list of int >= 0
    """
    if order.size < WHOLE or not ks:
        return {k: best_subtree(order, weights, k) for k in ks}
    top, w, useful = in_reach(order, weights, max(ks))
    several = sorted({k for k in ks if 0 < k < np.count_nonzero(useful)})
    masks = {k: by_node(order, useful & (k > 0)) for k in ks}
    for k, mask in in_part(top, w, several, -np.inf, np.inf).items():
        masks[k] = best_subtree(order, weights, k) if mask is None else by_node(order, pad(mask, ~useful, k))
    return masks


def in_part(order, weights, ks, low, high):
    """Masks by position of the best closed sets of these sizes, None where that may be false outside this part.

    Parameters
    ----------
    order : LevelOrder, of the nodes that a tree best at the price `low` has more than one best at the price `high`
    weights : (n,) float, by position
    ks : list of int, ascending, 0 <= k <= n
    low, high : float
    """
    masks: dict[int, np.ndarray | None] = {k: np.full(order.size, k > 0) for k in ks if k in (0, order.size)}
    ks = [k for k in ks if k not in masks]
    if not ks:
        return masks
    prices = prices_at_budget(order, weights, ks[len(ks) // 2], 0)
    small, large = prices.neighbours(order)
    price, fewest, most = prices.price, np.count_nonzero(small), np.count_nonzero(large)
    for k in (k for k in ks if fewest <= k <= most):
        here = replace(prices, bound=weights[small].sum() + price * (k - fewest))
        mask = subtree_at(order, weights, k, here)
        loss = here.bound - weights[mask].sum()
        masks[k] = mask if loss <= max(PRECISION * here.bound, min(price - low, high - price)) else None
    more = within(order, weights, ~large, [k - most for k in ks if k > most], low, price)
    masks |= {k + most: None if mask is None else mask | large for k, mask in more.items()}
    return masks | within(order, weights, small, [k for k in ks if k < fewest], price, high)


def within(order, weights, kept, ks, low, high):
    """`in_part` for the nodes kept, as masks of all positions."""
    if not ks:
        return {}
    part, nodes = order.part(kept)
    masks = in_part(part, weights[nodes], ks, low, high)
    return {k: None if mask is None else placed(order, nodes, mask) for k, mask in masks.items()}


def placed(order, nodes, mask):
    """The mask of some nodes as one of all."""
    out = np.zeros(order.size, bool)
    out[nodes] = mask
    return out
