"""What every solver shares: the iterate, and the one loop that draws iterates until every signal has ended."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..backend import Array, clip, divide, eps, expand, keep, namespace, norm, on_host, to_numpy
from ..operators import LinearOperator
from ..operators.algebra import Wrapper
from .result import Result, Status, plain

_GROWTH = 1e6  # a merit this many times the first one counts as divergence
_LOOKBACK = 12  # looks at the end of a stalled run that are searched for a repeating pattern


@dataclass(frozen=True, eq=False)
class Iterate:
    """One iterate of a solver; all numbers are (*batch,) arrays and stay on the device.

    Attributes
    ----------
    x : array, (*batch, *signal)
    change : ||x - previous x|| / ||x||
    residual_norm : ||y - A x||, where the solver has it
    support : mask of the shape of x, where the solver has one
    objective : 0.5 ||y - A x||^2 + penalty(x), convex solvers
    gap : duality gap, an upper bound on how far the objective is from its minimum, where the penalty is a norm
    """

    x: Array
    change: Array
    residual_norm: Array | None = None
    support: Array | None = None
    objective: Array | None = None
    gap: Array | None = None

    def numbers(self) -> dict[str, Array]:
        """The numbers of this iterate, by their key in `Result.history`."""
        named = {name: getattr(self, name) for name in ("objective", "gap", "residual_norm", "change")}
        return {name: value for name, value in named.items() if value is not None}


def iterate(x: Array, x_prev: Array, residual: Array, A: LinearOperator, **more: Any) -> Iterate:
    """Iterate with its residual norm and relative change."""
    ndim = len(A.in_shape)
    change = divide(norm(x - x_prev, ndim), norm(x, ndim))
    return Iterate(x, change, norm(residual, len(A.out_shape)), **more)


@dataclass(frozen=True, eq=False)
class Progress:
    """What a callback sees: the iteration, the iterate on its device, the numbers on the host."""

    iteration: int
    x: Array
    numbers: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False, repr=False)
class Counting(Wrapper):
    """An operator that counts its products and checks the first of each kind; solvers wrap the user's in one."""

    operator: LinearOperator
    counts: list[int] = field(default_factory=lambda: [0, 0])

    def __str__(self) -> str:
        return str(self.operator)

    def _apply(self, x: Array) -> Array:
        return self._checked(0, self.operator._apply(x), self.out_shape)

    def _adjoint(self, y: Array) -> Array:
        return self._checked(1, self.operator._adjoint(y), self.in_shape)

    def _checked(self, kind: int, out: Array, shape: tuple[int, ...]) -> Array:
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            if out.shape[out.ndim - len(shape) :] != shape:
                raise ValueError(
                    f"{self.operator} gives an array of shape {out.shape}, (*batch, *{shape}) was expected"
                )
            if not bool(namespace(out).all(namespace(out).isfinite(out))):
                raise FloatingPointError(f"the operator gives NaN or infinity: {self.operator}; check its entries")
        return out


def accounted(result: Result, counting: Counting, started: float) -> Result:
    """The result with the products counted and the seconds since the solver was called, preparations included."""
    n_apply, n_adjoint = counting.counts
    return replace(result, n_apply=n_apply, n_adjoint=n_adjoint, seconds=time.perf_counter() - started)


class _Code:
    """Status codes while the numbers are still on the device."""

    RUNNING, CONVERGED, STALLED, DIVERGED = range(4)


def looks_every(x: Array) -> int:
    """Iterations between looks of a first-order solver: one on the host, ten on a device, where each synchronises."""
    return 1 if on_host(x) else 10


def run(
    iterates: Iterator[Iterate | Callable[[], Iterate]],
    *,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None = None,
    measure: Callable[[Iterate], Array] = lambda state: state.change,
    merit: Callable[[Iterate], Array] | None = None,
    patience: int | None = None,
    check_every: int = 1,
) -> Result:
    """Draw iterates until every signal, or the iterator, has ended; the only loop of the package.

    Every `check_every` iterations it looks at the numbers, with one synchronisation with the device. A signal that
    has ended is frozen at its best iterate while the others go on.

    Parameters
    ----------
    iterates : iterator of Iterate, or of functions that make one
        a function is called at looks only: it saves what is computed for the numbers alone.
    tol : float
        a signal has converged when its measure is at most tol (but not below ten rounding units of its precision).
    max_iter : int
    callback : callable, optional
        called with a `Progress` at each look; a true return value stops.
    measure : callable
        Iterate to (*batch,) array: what is compared with tol; the relative change by default.
    merit : callable, optional
        Iterate to (*batch,) array: what ranks the iterates, relative to the size of the problem (1 is large); by
        default the measure.
    patience : int, optional
        looks without a further decrease after which a signal has stalled; None waits for ever.
    check_every : int

    Raises
    ------
    ValueError
        When tol or max_iter is out of range.
    TypeError
        When tol or max_iter is no number.
    """
    if not isinstance(tol, numbers.Real) or not isinstance(max_iter, numbers.Integral):
        raise TypeError(f"expected a number tol and an integer max_iter, got tol={tol!r}, max_iter={max_iter!r}")
    if max_iter < 1 or not tol >= 0 or check_every < 1:
        given = f"max_iter={max_iter}, tol={tol}, check_every={check_every}"
        raise ValueError(f"expected max_iter >= 1 and check_every >= 1 and tol >= 0, got {given}")
    record = None
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is a status, not a warning
        for iteration, state in enumerate(iterates, start=1):
            if iteration % check_every and iteration < max_iter:
                continue
            state = state() if callable(state) else state
            measured = measure(state)
            merited = merit(state) if merit else measured
            record = record or _Record(state, merited, float(tol), patience)
            seen = record.look(iteration, state, measured, merited)
            stop = callback is not None and callback(Progress(iteration, state.x, seen))
            if stop or iteration == max_iter or record.ended:
                return record.result(stopped=bool(stop))
    if record is None:
        raise ValueError("the iterates ended before the first look: yield at least check_every of them")
    return record.result(stopped=False)


class _Record:
    """The numbers of a run: decided on the device, read once a look, the best iterate kept for each signal."""

    def __init__(self, first: Iterate, merit: Array, tol: float, patience: int | None) -> None:
        xp = namespace(merit)
        self.tol, self.patience = max(tol, 10 * eps(merit)), patience
        self.too_much = _GROWTH * clip(merit, 1)
        self.best_merit = xp.full_like(merit, float("inf"))
        self.code = self.waited = xp.zeros_like(merit)
        self.host_code = np.zeros(merit.shape)
        self.best = first
        self.best_numbers: dict[str, np.ndarray] = {}
        self.iterations = np.zeros(merit.shape, dtype=np.int64)
        self.looks = np.zeros(merit.shape, dtype=np.int64)
        self.history: list[dict[str, np.ndarray]] = []

    @property
    def ended(self) -> bool:
        """Whether every signal has ended."""
        return bool((self.host_code != _Code.RUNNING).all())

    def look(self, iteration: int, state: Iterate, measure: Array, merit: Array) -> dict[str, np.ndarray]:
        """Take in one iterate; its numbers, on the host."""
        xp = namespace(measure)
        running = self.code == _Code.RUNNING
        better = running & (merit <= self.best_merit * (1 + 4 * eps(merit)))  # of equals the later is closer
        gained = merit < self.best_merit * (1 - 1e-9)
        self.waited = xp.where(gained, xp.zeros_like(self.waited), self.waited + 1)
        self.best_merit = xp.where(better & (merit < self.best_merit), merit, self.best_merit)
        code = self._decide(measure, merit)
        self.code = xp.where(running, code, self.code)
        named = {**state.numbers(), "running": running, "better": better, "code": self.code}
        fetched = to_numpy(xp.stack([xp.astype(value, measure.dtype) for value in named.values()]))
        numbers = dict(zip(named, fetched, strict=True))
        self.host_code = numbers.pop("code")
        self._keep(iteration, state, better, numbers)
        self.history.append(numbers)
        return numbers

    def _decide(self, measure: Array, merit: Array) -> Array:
        """Status code of each signal by its numbers alone."""
        xp = namespace(measure)
        code = xp.zeros_like(measure)
        if self.patience is not None:
            code = xp.where(self.waited >= self.patience, xp.full_like(code, _Code.STALLED), code)
        fine = merit <= self.too_much  # false for NaN too
        code = xp.where(~fine, xp.full_like(code, _Code.DIVERGED), code)
        return xp.where(measure <= self.tol, xp.full_like(code, _Code.CONVERGED), code)

    def _keep(self, iteration: int, state: Iterate, better: Array, numbers: dict[str, np.ndarray]) -> None:
        """Take over the signals whose iterate is their best so far."""
        running, improved = numbers.pop("running") != 0, numbers.pop("better") != 0
        if not self.history:
            if not improved.all():  # lost from the start: zero is the best finite signal
                state = replace(state, x=keep(state.x, expand(better, state.x.ndim - better.ndim)))
            improved = np.ones_like(improved)
        self.iterations[running] = iteration
        self.looks[running] += 1
        if improved.all():
            self.best, self.best_numbers = state, dict(numbers)
        elif improved.any():
            self.best = _merge(better, state, self.best)
            self.best_numbers = {
                name: np.where(improved, value, self.best_numbers[name]) for name, value in numbers.items()
            }

    def result(self, *, stopped: bool) -> Result:
        """The best iterate of each signal and how it ended."""
        history = {name: np.stack([row[name] for row in self.history]) for name in self.history[0]}
        ended = {
            _Code.RUNNING: Status.STOPPED if stopped else Status.MAX_ITER,
            _Code.CONVERGED: Status.CONVERGED,
            _Code.STALLED: Status.STALLED,
            _Code.DIVERGED: Status.DIVERGED,
        }
        status = np.vectorize(ended.get, otypes=[object])(self.host_code)
        for signal in np.argwhere(status == Status.STALLED):
            if "residual_norm" in history and _repeats(
                history["residual_norm"][(slice(self.looks[tuple(signal)]), *signal)]
            ):
                status[tuple(signal)] = Status.CYCLED
        best = self.best
        return Result(
            x=best.x,
            support=best.support if best.support is not None else best.x != 0,
            status=status if np.ndim(status) else status.item(),
            iterations=plain(self.iterations),
            residual_norm=plain(self.best_numbers["residual_norm"]) if "residual_norm" in self.best_numbers else None,
            gap=plain(self.best_numbers["gap"]) if "gap" in self.best_numbers else None,
            history=history,
        )


def _merge(better: Array, new: Iterate, old: Iterate) -> Iterate:
    """Signals of the new iterate where it is better, of the old one elsewhere."""
    xp = namespace(new.x)
    where = expand(better, new.x.ndim - better.ndim)
    support = None if new.support is None else xp.where(where, new.support, old.support)
    return Iterate(xp.where(where, new.x, old.x), new.change, support=support)


def _repeats(residuals: np.ndarray) -> bool:
    """Whether the residuals end in a pattern of period two or more, to rounding."""
    tail = residuals[-_LOOKBACK:]
    for period in range(2, len(tail) // 2 + 1):
        last, before = tail[-period:], tail[-2 * period : -period]
        if np.allclose(last, before, rtol=1e-12, atol=0) and np.ptp(last) > 1e-9 * np.max(last):
            return True
    return False
