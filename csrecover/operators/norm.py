"""Upper estimates of a spectral norm from products alone."""

from __future__ import annotations

import math

import numpy as np

from ..backend import as_complex, cast_like, divide, expand, namespace, norm, real_vdot, to_numpy
from .base import LinearOperator
from .elementary import Identity

_EXCESS = 1.1  # the estimate is at most this many times the true norm
_FAILURE = 1e-10  # probability that it is below the true norm
_SMALL = 256  # operators with a side this short are decomposed exactly,
_DENSE = 2**22  # unless they have more entries than this


def estimate_norm(operator: LinearOperator) -> float:
    """Spectral norm of an operator, or slightly more: never less, at most 1.1 times the true value.

    Lanczos iteration on the smaller of A^H A and A A^H from a random start. After j steps the largest Ritz value t
    of an N x N matrix satisfies t >= (1 - e) lambda_max but with probability 1.648 sqrt(N) exp(-(2 j - 1) sqrt(e))
    (Kuczynski and Wozniakowski, SIAM J. Matrix Anal. Appl. 13(4), 1992, Theorem 4.2); j is chosen so that this is
    below 1e-10 for 1 / sqrt(1 - e) = 1.1, and sqrt(t / (1 - e)) is returned. Small operators are decomposed exactly.
    """
    m, n = operator.shape
    if min(m, n) <= _SMALL and m * n <= _DENSE and not operator.batch_shape:
        return _exact_norm(operator)
    deficit = 1 - 1 / _EXCESS**2
    size = min(m, n) * math.prod(operator.batch_shape)
    steps = math.ceil((math.log(1.648 * math.sqrt(size) / _FAILURE) / math.sqrt(deficit) + 1) / 2)
    wide = m < n and not operator.real_linear
    most = 2 * min(m, n) if operator.real_linear else min(m, n)
    ritz = _largest_ritz_value(operator.H if wide else operator, min(steps, most))
    return math.sqrt(max(ritz, 0.0) / (1 - deficit))


def _exact_norm(operator: LinearOperator) -> float:
    """Largest singular value of the dense matrix, rounded up."""
    if operator.real_linear:  # a real matrix that acts on real and imaginary parts
        dense = to_numpy(operator.todense())
        if not operator.real_input:
            dense = np.concatenate([dense, to_numpy((operator @ (1j * Identity(operator.in_shape))).todense())], axis=1)
        dense = np.concatenate([dense.real, dense.imag])
    else:
        dense = to_numpy((operator if operator.size_in <= operator.size_out else operator.H).todense())
    dense = dense.astype(np.result_type(dense, np.float64), copy=False)
    if not np.isfinite(dense).all():
        raise FloatingPointError(f"the operator gives NaN or infinity: {operator}; check its entries")
    largest = float(np.abs(dense).max()) or 1.0  # entries of any size square safely
    dense = dense / largest
    gram = dense.conj().T @ dense if dense.shape[1] <= dense.shape[0] else dense @ dense.conj().T
    return largest * math.sqrt(max(np.linalg.eigvalsh(gram)[-1], 0.0)) * (1 + 1e-12)


def _largest_ritz_value(operator: LinearOperator, steps: int) -> float:
    """Largest Ritz value of A^H A after some Lanczos steps from a random start (the largest over a stack)."""
    ndim = len(operator.in_shape)
    start = np.random.default_rng(0).standard_normal((*operator.batch_shape, *operator.in_shape))
    v = cast_like(start, operator._example)
    if (operator.complex_output or operator.real_linear) and not operator.real_input:
        v = as_complex(v)
    v = v / expand(norm(v, ndim), ndim)
    xp = namespace(v)
    v_prev, beta = xp.zeros_like(v), xp.zeros_like(norm(v, ndim))
    gram, alphas, betas = operator.gram, [], []
    for _ in range(steps):
        w = gram @ v - expand(beta, ndim) * v_prev
        alphas.append(real_vdot(v, w, ndim))
        w = w - expand(alphas[-1], ndim) * v
        beta = norm(w, ndim)
        betas.append(beta)
        v_prev, v = v, divide(w, expand(beta, ndim))
    step = np.arange(steps)
    tridiagonal = np.zeros((*operator.batch_shape, steps, steps))
    tridiagonal[..., step, step] = to_numpy(xp.stack(alphas, axis=-1))
    tridiagonal[..., step[1:], step[:-1]] = to_numpy(xp.stack(betas, axis=-1))[..., :-1]
    return float(np.linalg.eigvalsh(tridiagonal).max())
