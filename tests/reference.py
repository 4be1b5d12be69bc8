"""Textbook twins of the solvers in plain NumPy, written from the papers: each yields its iterates on a dense matrix.

A sparsity model is a function ``best(v, k)``, the mask of the best support of budget k for v; a penalty is a function
``prox(v, step)``.
"""

import numpy as np

from .tree_oracles import preorder_of

# --- models ----------------------------------------------------------------------------------------------------------


def best_sparse(v, k):
    """The k largest magnitudes."""
    mask = np.zeros(v.size, bool)
    mask[np.argsort(-abs(v), kind="stable")[:k]] = True
    return mask


def best_blocks(labels):
    """The k blocks of most energy."""
    members = labels == np.arange(labels.max() + 1)[:, None]

    def best(v, k):
        chosen = np.argsort(-(members @ abs(v) ** 2), kind="stable")[:k]
        return members[chosen].any(axis=0)

    return best


def best_tree(parents):
    """The rooted subtree of k nodes of most energy: the plain dynamic program over the nodes in preorder."""
    parents = np.asarray(parents).reshape(-1)
    n = parents.size
    preorder, end = preorder_of(parents)

    def best(v, k):
        weights = abs(v) ** 2
        table = [None] * n + [np.zeros(k + 1)]
        for i in reversed(range(n)):
            table[i] = table[end[i]].copy()
            np.maximum(table[i][1:], weights[preorder[i]] + table[i + 1][:-1], out=table[i][1:])
        mask, i, left = np.zeros(n, bool), 0, k
        while i < n and left > 0:
            taken = table[i][left] > table[end[i]][left]
            mask[preorder[i]] = taken
            i, left = (i + 1, left - 1) if taken else (end[i], left)
        return mask

    return best


# --- penalties -------------------------------------------------------------------------------------------------------


def soft(v, t):
    """Soft threshold: the magnitude shrinks by t, the phase stays."""
    return np.where(abs(v) > t, (1 - t / np.where(v == 0, 1, abs(v))) * v, 0)


def group_soft(v, labels, t):
    """Block soft threshold, one t a block: (1 - t_b / ||v_b||)_+ v_b."""
    out = np.zeros_like(v)
    for b, t_b in enumerate(np.broadcast_to(t, (labels.max() + 1,))):
        length = np.linalg.norm(v[labels == b])
        if length > t_b:
            out[labels == b] = (1 - t_b / length) * v[labels == b]
    return out


# --- matrices --------------------------------------------------------------------------------------------------------


def dct_matrix(n):
    """Orthonormal cosine transform of type 2, row by row from its formula."""
    row, column = np.arange(n)[:, None], np.arange(n)
    matrix = np.sqrt(2 / n) * np.cos(np.pi * (column + 0.5) * row / n)
    matrix[0] /= np.sqrt(2)
    return matrix


def least_squares(A, y, support):
    """Minimum-norm least squares solution on a support, zero elsewhere."""
    x = np.zeros(A.shape[1], np.result_type(A, y))
    x[support] = np.linalg.lstsq(A[:, support], y, rcond=None)[0]
    return x


# --- convex solvers --------------------------------------------------------------------------------------------------


def ista(A, y, prox, step, x):
    """Daubechies, Defrise and De Mol, 2004: a gradient step and a proximal step."""
    while True:
        x = prox(x - step * A.conj().T @ (A @ x - y), step)
        yield x


def fista(A, y, prox, step, x, *, restart):
    """Beck and Teboulle, 2009, (4.1)-(4.3).

    With the gradient restart of O'Donoghue and Candes, 2015, (13): t is one again when the generalised gradient z - x
    at the new iterate makes an acute angle with the last move.
    """
    z, t = x, 1.0
    while True:
        x_last, x = x, prox(z - step * A.conj().T @ (A @ z - y), step)
        if restart and np.vdot(z - x, x - x_last).real > 0:
            t = 1.0
        t_last, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
        z = x + (t_last - 1) / t * (x - x_last)
        yield x


# --- greedy solvers --------------------------------------------------------------------------------------------------


def niht(A, y, best, k, *, c=0.01):
    """Blumensath and Davies, 2010, with kappa (1 - c) = 2: every trial is yielded, a rejected one as no move."""
    x = np.zeros(A.shape[1], np.result_type(A, y))
    support = best(A.conj().T @ y, k)
    while True:
        g = A.conj().T @ (y - A @ x)
        on = np.where(support, g, 0)
        mu = np.linalg.norm(on) ** 2 / np.linalg.norm(A @ on) ** 2
        while True:
            step = x + mu * g
            support_new = best(step, k)
            x_new = np.where(support_new, step, 0)
            if (support_new == support).all():
                break
            move = x_new - x
            if mu <= (1 - c) * np.linalg.norm(move) ** 2 / np.linalg.norm(A @ move) ** 2:
                break
            mu /= 2
            yield x
        x, support = x_new, support_new
        yield x


def cosamp(A, y, best, k):
    """Needell and Tropp, 2009, Algorithm 1, with the projections of Baraniuk et al., 2010, Algorithm 1."""
    x, v = np.zeros(A.shape[1], np.result_type(A, y)), y
    while True:
        merged = best(A.conj().T @ v, 2 * k) | (x != 0)
        b = least_squares(A, y, merged)
        x = np.where(best(b, k), b, 0)
        v = y - A @ x
        yield x


def subspace_pursuit(A, y, best, k):
    """Dai and Milenkovic, 2009, Algorithm 1, with the projections of a model and without the stopping rule."""
    support = best(A.conj().T @ y, k)
    while True:
        x = least_squares(A, y, support)
        yield x
        merged = support | best(A.conj().T @ (y - A @ x), k)
        support = best(least_squares(A, y, merged), k)
