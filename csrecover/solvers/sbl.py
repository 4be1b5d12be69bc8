"""Sparse Bayesian learning: each coefficient has a variance, and the likelihood of the measurements decides it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from ..backend import Array, clip, divide, energy
from .base import Progress
from .evidence import Dictionary, Evidence, Prior
from .posterior import infer
from .result import Result


def sbl(
    A: Any,
    y: Any,
    *,
    rule: str = "em",
    noise_variance: Any = None,
    prune: float = 1e-6,
    tol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Sparse Bayesian learning: x_i ~ N(0, v_i), y = A x + e, with the variances v of greatest likelihood.

    The variances, and that of the noise e, minimise -log p(y) = log det S + y^H S^-1 y (halved where y is real, plus a
    constant), with S = noise I + A diag(v) A^H; most of them become zero. x is the posterior mean diag(v) A^H S^-1 y.
    There is no weight to choose. The objective is not convex: the start is the same variance for all coefficients.
    Each iteration solves systems of size m with the dense matrix, O(m^2 n).

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
        made dense: up to 2^25 entries, times the signals of a batch.
    y : array, (*batch, *out_shape)
    rule : str
        how a variance v follows from f = |a_i^H S^-1 y|^2 and s = a_i^H S^-1 a_i. "em": v + v^2 (f - s), expectation
        maximisation, which moves what the measurements do not decide yet but slowly and so ends in poor local minima
        least often; "bound": v sqrt(f / s), the minimum of an upper bound; "mackay": v f / s, the fixed point of the
        condition f = s, without a guarantee. With the first two the objective never rises.
    noise_variance : float or array, (*batch,), optional
        E |e_i|^2; learnt by the same rule where it is not given. Give it if known: what n > m columns can explain tells
        little of the noise.
    prune : float
        a variance that is no larger than this share of the signal's largest becomes zero, and stays so. Where the noise
        is learnt, many small variances that are left explain it as well, and it comes out too small: 1e-3 at a signal
        to noise ratio of 25 dB and 1e-2 at 15 dB prevent that; they also remove true coefficients that small.
    tol : float
        a signal has converged when ||x - previous x|| <= tol ||x||, with tol at least a thousand rounding units.
    max_iter : int
    callback : callable, optional
        called with a `Progress` each iteration, on a device each tenth; a true return value stops.

    Returns
    -------
    Result
        with the `Posterior`; its history has the "objective".

    Raises
    ------
    TypeError
        When the noise variance or prune is no number.
    ValueError
        For wrong shapes, y that is not finite, an unknown rule, a noise variance that is negative, prune outside
        [0, 1); an operator that is a stack, linear over the reals only, or too large to be dense.

    References
    ----------
    D. P. Wipf and B. D. Rao, Sparse Bayesian learning for basis selection, IEEE Trans. Signal Processing 52(8), 2004
    ("em"); M. E. Tipping, Sparse Bayesian learning and the relevance vector machine, Journal of Machine Learning
    Research 1, 2001 ("mackay"); P. Stoica and P. Babu, SPICE and LIKES: two hyperparameter-free methods for
    sparse-parameter estimation, Signal Processing 92(7), 2012 ("bound").
    """
    if rule not in RULES:
        raise ValueError(f"rule is one of {', '.join(map(repr, RULES))}, got {rule!r}")
    return infer(
        A,
        y,
        None,
        partial(_learn, RULES[rule]),
        noise_variance=noise_variance,
        prune=prune,
        tol=tol,
        max_iter=max_iter,
        callback=callback,
    )


def bound(v: Array, f: Array, s: Array) -> Array:
    """The variance w that minimises s w + v^2 f / w, which bounds the objective from above, up to a constant."""
    return v * divide(f, s) ** 0.5


def _em(v: Array, f: Array, s: Array) -> Array:
    return clip(v + v**2 * (f - s), 0)


def _mackay(v: Array, f: Array, s: Array) -> Array:
    return v * divide(f, s)


RULES = {"bound": bound, "em": _em, "mackay": _mackay}


def _learn(rule: Callable[..., Array], dictionary: Dictionary, seen: Evidence) -> Prior:
    """Variances and noise by one of the rules."""
    prior = seen.prior
    fits = energy(divide(seen.mean[..., 0], prior.variances))
    variances = rule(prior.variances, fits, seen.grams[..., 0, 0])
    m = dictionary.blocked.shape[0]
    noise = rule(prior.noise, seen.noise_fit / m, seen.noise_spread / m)
    return replace(prior, variances=variances, noise=noise)
