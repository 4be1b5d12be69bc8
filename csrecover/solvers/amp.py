"""Approximate message passing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..backend import Array, conj, expand, is_complex, norm, real_vdot
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Iterate, Progress, iterate
from .ensemble import Independence, check_independent
from .messages import pass_messages
from .result import Result
from .thresholding import Thresholding


def amp(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Recover a sparse signal from independent random measurements by approximate message passing.

    A gradient step and a soft threshold as in `ista`; but the residual carries a correction (the Onsager term), due to
    which v = x + A^H z is the signal plus white Gaussian noise of the standard deviation ||z|| / sqrt(m). The
    threshold is the multiple of this noise that recovers the least sparse signals, so there is nothing to tune::

        x <- prox(x + A^H z),   z <- y - A x + z div / m

    with div the divergence of the threshold. It converges linearly, at a rate that does not depend on n. One product
    with A and one with A^H an iteration. Of complex signals the threshold is that of magnitudes, and the correction
    has the complex form, for real matrices with its second term, in conj(z).

    Parameters
    ----------
    A : Matrix, SparseMatrix or array
        entries independent with mean zero and one variance, of any size; times unitary operators on the right
        (a basis), times numbers. A matrix that states its `variance`, as those of `gaussian` and `bernoulli`, is taken
        at its word; of others some columns of A^H A are tested.
    y : array, (*batch, *out_shape)
    penalty : L1, NonNegativeL1 or GroupL2 with blocks of one size
        its weights multiply the threshold; ``L1()`` and ``GroupL2(blocks)`` take the best one as it is.
    tol : float
        a signal has converged when its relative change is at most tol.
    max_iter : int
    callback : callable, optional
        called with a `Progress` at each look (every iteration, on a device every tenth); a true return value stops.

    Returns
    -------
    Result
        `history` has, of each x, "effective_noise", the standard deviation of the noise in v, and "predicted", the
        mean-square error ||x - truth||^2 / n that Stein's unbiased estimate reads off it, without knowing the truth or
        the noise level. What state evolution says beforehand: `csrecover.analysis.state_evolution`.

    Raises
    ------
    ValueError
        When A is not of this kind (transforms, correlated entries, columns of different norms, a mean that is not zero,
        stacks of matrices), blocks have different sizes, nonnegative signals are complex; for wrong shapes and numbers
        that are not finite.
    TypeError
        When the penalty is another one.

    References
    ----------
    D. L. Donoho, A. Maleki and A. Montanari, Message-passing algorithms for compressed sensing, PNAS 106(45), 2009;
    M. Bayati and A. Montanari, The dynamics of message passing on dense graphs, with applications to compressed
    sensing, IEEE Trans. Information Theory 57(2), 2011;
    A. Maleki, L. Anitori, Z. Yang and R. G. Baraniuk, Asymptotic analysis of complex LASSO via complex approximate
    message passing (CAMP), IEEE Trans. Information Theory 59(7), 2013.
    """

    def prepared(A: LinearOperator, y: Array) -> Callable[..., Iterator[Iterate]]:  # noqa: ARG001
        return partial(amp_iterates, entries=check_independent(A))

    return pass_messages(prepared, A, y, penalty, tol=tol, max_iter=max_iter, callback=callback)


def amp_iterates(
    A: LinearOperator, y: Array, denoise: Thresholding, x: Array, *, entries: Independence
) -> Iterator[Iterate]:
    """Yield the iterates of AMP from x = 0, without end."""
    (m, n), ndim, image_ndim, gain = A.shape, len(A.in_shape), len(A.out_shape), entries.gain
    z, best = y, denoise.best(m / n)
    while True:
        tau = norm(z, image_ndim) / (m * gain) ** 0.5
        v = x + (A.H @ z) / gain
        denoised = denoise(v, best * tau)
        x_prev, x = x, denoised.x
        onsager = expand(denoised.slope / m, image_ndim) * z
        if is_complex(x):
            onsager = onsager + expand(entries.pseudo * denoised.turned / m, image_ndim) * conj(z)
        bias = real_vdot(z, onsager, image_ndim) / (n * gain)
        residual = y - A @ x
        predicted = denoised.predicted(v, tau, ndim, bias)
        yield iterate(x, x_prev, residual, A, predicted=predicted, effective_noise=tau)
        z = residual + onsager
