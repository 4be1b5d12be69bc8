"""Reweighted l1 and group norms: a concave penalty as a sequence of norms."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..backend import Array, divide, expand, flat, is_array, namespace, real_dtype
from ..penalties import L1, GroupL2, Norm, Penalty
from ..penalties.base import check_step, largest_ratio, positive_number, weights_for
from ..penalties.group import block_norms, shrink_blocks
from ..penalties.l1 import soft_threshold
from ..penalties.multiple import MultipleNorm, multiple
from .attempts import named, stopped
from .base import Progress
from .problem import check_penalty, check_problem
from .proximal import fista
from .refit import refitted
from .result import Result
from .scaling import scaled_penalty


def reweighted(
    A: Any,
    y: Any,
    penalty: L1 | GroupL2,
    *,
    scale: float | str = 1.0,
    rounds: int = 4,
    epsilon: float = 0.1,
    debias: bool = False,
    x0: Any = None,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    check_every: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
) -> Result:
    """Recover a sparse signal by norms whose weights follow the last solution: less bias, fewer measurements.

    The first round is `fista` with the penalty itself; in each further one the weight of a coefficient or block of size
    s = |x_i| or ||x_b|| is multiplied by e / (s + e), so that what is large is hardly shrunk, and `fista` goes on from
    there. Each round lowers 0.5 ||A x - y||^2 + sum_i w_i e log(1 + s_i / e), a concave penalty with the slope of the
    norm at zero. Weights are per signal.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    penalty : L1 or GroupL2
    rounds : int, default 4
        the first among them.
    epsilon : float, default 0.1
        e by the largest size in the first solution, for each signal its own.
    debias : bool, default False
        take least squares on the support in place of the last solution where that is safe, as `recover` does.
    scale, x0, tol, max_iter, check_every, callback
        as in `fista`, tol and max_iter of each round. The callback sees all rounds.

    Returns
    -------
    Result
        of the last round, with its gap, to the weights of that round; products and seconds are those of all.

    Raises
    ------
    TypeError
        When the penalty is another one, or a number of another kind.
    ValueError
        As in `fista`, or when rounds or epsilon is not positive.

    References
    ----------
    E. Candes, M. Wakin and S. Boyd, Enhancing sparsity by reweighted l1 minimization, J. Fourier Analysis and
    Applications 14, 2008.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    if not isinstance(check_penalty(A, penalty), (L1, GroupL2)):
        raise TypeError(f"expected L1 or GroupL2, got {type(penalty).__name__}: only their weights are known to follow")
    if not isinstance(rounds, int) or rounds < 1:
        raise ValueError(f"rounds is an integer >= 1, got {rounds!r}")
    epsilon = positive_number(epsilon, "epsilon")
    full = scaled_penalty(check_penalty(A, penalty), scale, A.H @ y)
    options: Any = {"tol": tol, "max_iter": max_iter, "check_every": check_every, "callback": callback}
    result = fista(A, y, full, x0=x0, **options)
    results, level = [result], epsilon * _largest(full, result.x)
    while len(results) < rounds and not stopped(result):
        result = fista(A, y, _followed(full, result.x, level), x0=result.x, **options)
        results.append(result)
    n_apply, n_adjoint = (sum(getattr(each, name) for each in results) for name in ("n_apply", "n_adjoint"))
    if debias:
        result = refitted(A, y, named("reweighted", result))
    return replace(result, n_apply=n_apply, n_adjoint=n_adjoint + 1, seconds=time.perf_counter() - started)


def _sizes(penalty: Penalty, x: Array) -> Array:
    """Sizes of the units of a penalty, (*batch, units)."""
    if isinstance(penalty, MultipleNorm):
        return _sizes(penalty.penalty, x)
    return block_norms(x, penalty.blocks) if isinstance(penalty, GroupL2) else flat(abs(x), penalty.ndim)


def _largest(penalty: Penalty, x: Array) -> Array:
    return namespace(x).max(_sizes(penalty, x), axis=-1, keepdims=True)


def _followed(penalty: Penalty, x: Array, level: Array) -> Penalty:
    """The penalty with the weight of each unit multiplied by level / (size + level)."""
    if isinstance(penalty, MultipleNorm):
        return multiple(_followed(penalty.penalty, x, level), penalty.factor)
    assert isinstance(penalty, (L1, GroupL2))
    sizes = _sizes(penalty, x)
    factors = divide(level + 0 * sizes, sizes + level)
    return Followed(penalty, namespace(x).where(level > 0, factors, 1 + 0 * factors))


@dataclass(frozen=True, eq=False)
class Followed(Norm):
    """An l1 or group norm with further weights, for each signal of a batch its own.

    Parameters
    ----------
    penalty : L1 or GroupL2
    factors : array, (*batch, units), positive
    """

    penalty: L1 | GroupL2
    factors: Array

    @property
    def ndim(self) -> int:
        return self.penalty.ndim

    @property
    def signal_shape(self) -> tuple[int, ...] | None:
        return self.penalty.signal_shape

    @property
    def definite(self) -> bool:
        return self.penalty.definite

    def value(self, x: Array) -> Array:
        x = self._signals(x)
        return namespace(x).sum(self._weights(x) * _sizes(self.penalty, x), axis=-1)

    def prox(self, x: Array, step: Any) -> Array:
        x = self._signals(x)
        check_step(step)
        step = expand(namespace(x, step).astype(step, real_dtype(x)), 1) if is_array(step) else float(step)
        t = step * self._weights(x)
        if isinstance(self.penalty, GroupL2):
            return shrink_blocks(x, t, self.penalty.blocks)
        return soft_threshold(x, namespace(x).reshape(t, (*t.shape[:-1], *x.shape[x.ndim - self.ndim :])))

    def dual(self, u: Array) -> Array:
        u = self._signals(u)
        return largest_ratio(_sizes(self.penalty, u), self._weights(u))

    def _times(self, factor: float) -> Followed:
        return replace(self, penalty=factor * self.penalty)

    def _weights(self, x: Array) -> Array:
        weight = weights_for(x, self.penalty.weight)
        if is_array(weight):
            weight = namespace(weight).reshape(weight, (-1,))
        return weight * weights_for(x, self.factors)
