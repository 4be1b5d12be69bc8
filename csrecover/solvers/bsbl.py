"""Block sparse Bayesian learning: blocks with a variance each, and neighbours inside them that are correlated."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, cast_like, clip, conj, divide, energy, mT, namespace
from ..structures import Blocks
from ..structures.signal import expect
from .base import Progress
from .evidence import Dictionary, Evidence, Prior, powers, real
from .posterior import infer
from .result import Result
from .sbl import bound

_MOST = 0.99  # largest correlation that is learnt
_STEPS = np.concatenate([[0.0], *([2.0**-j, -(2.0**-j)] for j in range(10))])  # of artanh r that are tried


def bsbl(
    A: Any,
    y: Any,
    blocks: Blocks,
    *,
    correlation: float | None = None,
    noise_variance: Any = None,
    prune: float = 1e-6,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Block sparse Bayesian learning, bound optimisation: x_b ~ N(0, v_b T(r)) with T(r)_jk = r^|j - k|.

    The variances v, one a block, the correlation r of neighbours, one for all blocks, and the noise variance minimise
    -log p(y), as in `sbl`; x is the posterior mean. Blocks whose coefficients resemble their neighbours are recovered
    from far fewer measurements than by their sparsity alone. Each iteration minimises an upper bound of the objective
    that touches it, over v and the noise exactly and over r on a grid about the last one, so that it never rises.
    Real and complex signals alike have a real r. The other parameters, the result and its errors are those of `sbl`.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
        made dense: up to 2^25 entries, times the signals of a batch, with blocks filled up to the longest.
    y : array, (*batch, *out_shape)
    blocks : Blocks
        of any sizes.
    correlation : float, optional
        r in (-1, 1), where it is known; 0 for blocks without correlation. Learnt in [-0.99, 0.99] otherwise.

    Raises
    ------
    TypeError
        When blocks are none, or the correlation is no number.
    ValueError
        When the blocks are for signals of another shape, or the correlation is outside (-1, 1).

    References
    ----------
    Z. Zhang and B. D. Rao, Extension of SBL algorithms for the recovery of block sparse signals with intra-block
    correlation, IEEE Trans. Signal Processing 61(8), 2013 (BSBL-BO; here the noise and the correlation are moved by the
    same bound as the variances).
    """
    expect(blocks, Blocks, "Blocks.uniform(n, size)")
    if correlation is not None and not isinstance(correlation, numbers.Real):
        raise TypeError(f"correlation is a number, or None to learn it, got {correlation!r}")
    if correlation is not None and not -1 < correlation < 1:
        raise ValueError(f"correlation must lie between -1 and 1, got {correlation}")
    return infer(
        A,
        y,
        blocks,
        partial(_learn, correlation is None),
        correlation=float(correlation or 0),
        noise_variance=noise_variance,
        prune=prune,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )


def _learn(learn_correlation: bool, dictionary: Dictionary, seen: Evidence) -> Prior:
    """Minimise the bound sum_b [v_b tr(G_b T(r)) + x_b^H T(r)^-1 x_b / v_b], and that of the noise.

    The best variances are sqrt of the ratio of the two terms, and leave twice the sum of the roots of their products.
    """
    prior, xp = seen.prior, namespace(seen.mean)
    r = prior.correlation
    terms = partial(_terms, *_sums(dictionary, seen))
    if learn_correlation and dictionary.units.width > 1:
        steps = cast_like(_STEPS, r)
        tried = clip(xp.tanh(xp.atanh(r)[..., None] + steps), -_MOST, _MOST)
        spreads, fits = terms(tried)
        bounds = xp.sum((spreads * fits) ** 0.5, axis=-1)
        r = xp.max(xp.where(bounds == xp.min(bounds, axis=-1, keepdims=True), tried, -xp.ones_like(tried)), axis=-1)
    spreads, fits = terms(r[..., None])
    return replace(
        prior,
        variances=divide(fits, spreads)[..., 0, :] ** 0.5,
        noise=bound(prior.noise, seen.noise_fit, seen.noise_spread),
        correlation=r,
    )


def _sums(dictionary: Dictionary, seen: Evidence) -> tuple[Array, Array, Array, Array]:
    """Of each block: the sums of G along its diagonals, and of |x_j|^2, of the inner ones, of Re conj(x_j) x_(j+1)."""
    xp, x, width = namespace(seen.mean), seen.mean, dictionary.units.width
    diagonals = [xp.sum(xp.linalg.diagonal(seen.grams, offset=lag), axis=-1) for lag in range(width)]
    lags = xp.stack([diagonals[0], *(2 * each for each in diagonals[1:])], axis=-1)
    squares = energy(x)
    inner = xp.sum(squares * cast_like(dictionary.inner, squares), axis=-1)
    products = xp.sum(real(conj(x[..., :-1]) * x[..., 1:]), axis=-1)
    return lags, xp.sum(squares, axis=-1), inner, products


def _terms(lags: Array, squares: Array, inner: Array, products: Array, r: Array) -> tuple[Array, Array]:
    """tr(G_b T(r)) and x_b^H T(r)^-1 x_b at correlations (*batch, K): two arrays (*batch, K, count)."""
    spreads = powers(r, lags.shape[-1]) @ mT(lags)
    r = r[..., None]
    fits = squares[..., None, :] + r**2 * inner[..., None, :] - 2 * r * products[..., None, :]
    return clip(spreads, 0), clip(fits / (1 - r**2), 0)
