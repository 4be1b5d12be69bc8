"""Degrees of freedom of solutions with an l1 or a group penalty."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import is_array, to_like, to_numpy
from ..operators import LinearOperator
from ..penalties import L1, GroupL2, Penalty


def degrees_of_freedom(A: LinearOperator, penalty: Penalty, x: Any) -> float:
    """Unbiased estimate, under Gaussian noise, of the degrees of freedom of the fit A x at a solution x.

    With the columns A_S of the nonzero blocks it is the trace of A_S (A_S^T A_S + D)^-1 A_S^T, where D has a block
    w_b / ||x_b|| (I - x_b x_b^T / ||x_b||^2) for each block b; for l1 and real signals that is the number of nonzeros,
    where their columns are independent. A complex coefficient counts as a block of its two parts. The columns are made
    dense, on the host.

    Parameters
    ----------
    A : LinearOperator
    penalty : L1 or GroupL2
        with lambda in its weight.
    x : array, in_shape

    Raises
    ------
    TypeError
        For another penalty.

    References
    ----------
    H. Zou, T. Hastie and R. Tibshirani, On the "degrees of freedom" of the lasso, Annals of Statistics 35(5), 2007;
    S. Vaiter, C. Deledalle, G. Peyre, J. Fadili and C. Dossal, The degrees of freedom of partly smooth regularizers,
    Annals of the Institute of Statistical Mathematics 69(4), 2017.
    """
    x = to_numpy(x)
    support = np.flatnonzero(x)
    labels, weights = _blocks(penalty, x)
    columns = to_numpy(A.columns(to_like(support, A._example)))
    values, labels = x.reshape(-1)[support], labels[support]
    if np.iscomplexobj(x):
        columns, values, labels = np.hstack([columns, 1j * columns]), _parts(values), np.tile(labels, 2)
    columns = _parts(columns) if np.iscomplexobj(columns) else columns
    gram = columns.T @ columns
    bent = gram + _curvature(values, labels, weights)
    return float(np.trace(np.linalg.lstsq(bent, gram, rcond=None)[0])) if support.size else 0.0


def _blocks(penalty: Penalty, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label of each coefficient and weight of each label."""
    if isinstance(penalty, L1):
        labels, count = np.arange(x.size), x.size
    elif isinstance(penalty, GroupL2):
        labels, count = to_numpy(penalty.blocks.labels).reshape(-1), penalty.blocks.count
    else:
        raise TypeError(
            f"degrees of freedom are known for L1 and GroupL2, not for {type(penalty).__name__}: choose by"
            ' "discrepancy" or "held-out"'
        )
    weight = to_numpy(penalty.weight) if is_array(penalty.weight) else penalty.weight
    return labels, np.broadcast_to(np.reshape(weight, -1), (count,))


def _parts(values: np.ndarray) -> np.ndarray:
    """Real and imaginary parts, one above the other."""
    return np.concatenate([values.real, values.imag])


def _curvature(values: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Second derivative of the penalty at the nonzero blocks."""
    lengths = np.sqrt(np.bincount(labels, values**2, minlength=len(weights)))[labels]
    unit = values / lengths
    same = labels[:, None] == labels
    return (weights[labels] / lengths) * (np.eye(len(values)) - same * np.outer(unit, unit))
