"""Textbook twins of the best rooted subtree, each written from the definition, and trees to try them on."""

import numpy as np


def is_closed(parents, mask):
    """Whether the parent of every chosen node is chosen."""
    chosen = np.flatnonzero(mask)
    return all(parents[i] < 0 or mask[parents[i]] for i in chosen)


def closed_sets(parents):
    """Every ancestor-closed set of nodes as a row of a bool matrix, found by looking at all 2^n sets."""
    n = len(parents)
    masks = (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)
    return masks[[is_closed(parents, mask) for mask in masks]]


def best_energies(closed, weights):
    """Largest weight of one of these sets with at most k nodes, for k = 0 .. n."""
    best = np.zeros(closed.shape[1] + 1)
    np.maximum.at(best, closed.sum(axis=1), closed @ weights)
    return np.maximum.accumulate(best)


def best_energies_by_table(parents, weights, k):
    """Largest weight of a closed set of at most j nodes, for j = 0 .. k: the plain O(n k) dynamic program.

    Nodes in preorder: take one and go on with the next, or refuse it and jump over its subtree. `table[i]` is the best
    from place i on.
    """
    n = len(parents)
    preorder, end = preorder_of(parents)
    table = [None] * n + [np.zeros(k + 1)]
    for i in reversed(range(n)):
        table[i] = table[end[i]].copy()
        np.maximum(table[i][1:], weights[preorder[i]] + table[i + 1][:-1], out=table[i][1:])
    return table[0]


def preorder_of(parents):
    """Node at each place of the preorder, and the place where its subtree ends."""
    n = len(parents)
    children = [[] for _ in range(n + 1)]
    for i, parent in enumerate(parents):
        children[parent].append(i)  # roots hang on the extra node -1
    preorder, stack = [], children[-1][::-1]
    while stack:
        preorder.append(stack.pop())
        stack += children[preorder[-1]][::-1]
    size = np.ones(n + 1, int)
    for i in reversed(preorder):
        size[parents[i]] += size[i]
    return preorder, [place + size[i] for place, i in enumerate(preorder)]


def random_forest(rng, n, roots=1, depth=1.0):
    """Random recursive forest in shuffled node order; depth near 0 gives paths, large depth gives stars."""
    parents = np.full(n, -1)
    for i in range(roots, n):
        parents[i] = int(i * rng.random() ** depth)
    name = rng.permutation(n)
    shuffled = np.full(n, -1)
    shuffled[name] = np.where(parents < 0, -1, name[parents])
    return shuffled


WEIGHTS = {
    "uniform": lambda rng, n: rng.random(n),
    "gaussian squared": lambda rng, n: rng.standard_normal(n) ** 2,
    "wavelet like": lambda rng, n: rng.standard_normal(n) ** 2 / np.arange(1, n + 1) ** 1.5,
    "log-normal": lambda rng, n: np.exp(4 * rng.standard_normal(n)),
    "equal": lambda _, n: np.full(n, 0.3),
    "zero or one": lambda rng, n: rng.integers(0, 2, n).astype(float),
    "sparse ones": lambda rng, n: (rng.random(n) < 0.1).astype(float),
    "small integers": lambda rng, n: rng.integers(0, 6, n).astype(float),
    "thirds": lambda rng, n: rng.integers(0, 4, n) / 3,
    "quantised": lambda rng, n: np.round(rng.standard_normal(n), 1) ** 2,
    "halving by level": lambda _, n: 0.5 ** np.floor(np.log2(np.arange(1, n + 1))),
    "doubling by level": lambda _, n: 2.0 ** np.floor(np.log2(np.arange(1, n + 1))),
    "leaves only, equal": lambda _, n: (np.arange(n) >= n // 2).astype(float),
    "leaves only, random": lambda rng, n: rng.random(n) * (np.arange(n) >= n // 2),
    "leaves only, integers": lambda rng, n: rng.integers(0, 4, n) * (np.arange(n) >= n // 2).astype(float),
    "one nonzero": lambda rng, n: (np.arange(n) == rng.integers(n)).astype(float),
    "near ties": lambda rng, n: 1 + 1e-9 * rng.random(n),
    "ties but for rounding": lambda rng, n: 1 + 1e-15 * rng.random(n),
}
