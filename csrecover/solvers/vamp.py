"""Vector approximate message passing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..backend import Array, clip, expand
from ..operators import LinearOperator
from ..penalties import Penalty
from .base import Iterate, Progress, iterate
from .linear_estimates import LinearEstimate, linear_estimate
from .messages import pass_messages
from .result import Result
from .thresholding import Thresholding


def vamp(
    A: Any,
    y: Any,
    penalty: Penalty,
    *,
    noise: Any = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Recover a sparse signal by vector (orthogonal) approximate message passing, for any singular values of A.

    Where the right singular vectors of A are like random ones, as of rows drawn from a cosine, Fourier or Hadamard
    transform, and of ill-conditioned random matrices. Linear least squares and a soft threshold take turns; each hands
    over what it has learnt beyond its input, so that the other sees the signal plus white Gaussian noise. The threshold
    is that of `amp` for the effective number of measurements, the trace of the least squares' resolution.

    Where A A^H = c I the least squares are one product with A and one with A^H an iteration, else they take the
    singular value decomposition of the dense matrix. Complex signals of a real operator are taken to have phases that
    are spread evenly.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
        its kind is tested on some columns of A^H A; a matrix that states its `variance` is taken at its word.
    noise : float, array (*batch,) or "learn", optional
        norm of the noise, for all signals or for each, zero by default. Message passing takes what is said to be no
        noise for an error of the signal; with less than there is thresholds are too low, and it may not settle.
        "learn": each iteration corrects its variance, by the likelihood of the residual along the singular vectors, or
        where A A^H = c I until the units that are zero have the energy that it predicts.
    y, penalty, tol, max_iter, callback
        as for `amp`.

    Returns
    -------
    Result
        `history` as that of `amp`.

    Raises
    ------
    ValueError
        When A is not of this kind (columns of different norms, columns that resemble each other, as those of low
        frequencies, wavelets or blurs have), or neither has orthogonal rows nor is small enough to be decomposed; and
        as in `amp`.
    TypeError
        When the penalty is another one.

    References
    ----------
    S. Rangan, P. Schniter and A. K. Fletcher, Vector approximate message passing, IEEE Trans. Information Theory
    65(10), 2019; J. Ma and L. Ping, Orthogonal AMP, IEEE Access 5, 2017; A. K. Fletcher, M. Sahraee-Ardakan, S. Rangan
    and P. Schniter, Rigorous dynamics and consistent estimation in arbitrarily conditioned linear systems, NIPS 2017
    (noise that is learnt along with the signal; by likelihood there, which needs its distribution).
    """
    return pass_messages(
        lambda A, y: partial(vamp_iterates, estimate=linear_estimate(A, y, noise)),
        A,
        y,
        penalty,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )


def vamp_iterates(
    A: LinearOperator, y: Array, denoise: Thresholding, x: Array, *, estimate: LinearEstimate
) -> Iterator[Iterate]:
    """Yield the iterates of VAMP from x = 0, without end; s and r are the messages."""
    n, ndim, image_ndim = A.size_in, len(A.in_shape), len(A.out_shape)
    s, residual, best = x, y, denoise.best_up_to(min(A.size_out / n, 1.0), y)
    while True:
        move, image, share, tau = estimate(A, residual)
        r = s + move
        if estimate.learnt:
            estimate = estimate.corrected(residual, partial(denoise.variance_ratio, r, tau))
        denoised = denoise(r, best(share) * tau)
        alpha = clip(denoised.slope / n, 0, 1 - 1 / n)
        x_prev, x = x, denoised.x
        s = r + (x - r) / expand(1 - alpha, ndim)
        residual_of_r, residual = residual - image, y - A @ s
        residual_of_x = residual_of_r + expand(1 - alpha, image_ndim) * (residual - residual_of_r)
        predicted = denoised.predicted(r, tau, ndim, alpha * tau**2)
        yield iterate(x, x_prev, residual_of_x, A, predicted=predicted, effective_noise=tau)
