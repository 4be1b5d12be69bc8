"""What every solver shares: the iterate, and the one loop that draws iterates until every signal has ended."""

from __future__ import annotations

import numbers
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..backend import (
    Array,
    all_finite,
    divide,
    eps,
    expand,
    fetched,
    keep,
    keep_host_memory,
    namespace,
    norm,
    on_host,
    to_like,
)
from ..operators import LinearOperator
from ..operators.algebra import Normal, Wrapper
from .narrowing import Narrowing, joined, split
from .result import Result, Status, plain
from .selections import signals_at

_GROWTH = 1e6  # a merit this many times the first one counts as divergence
_NUMBERS = ("objective", "gap", "residual_norm", "change", "predicted", "effective_noise")
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
    predicted : mean-square error that is expected of x, message passing
    effective_noise : standard deviation of the noise in what x is the denoised form of, message passing
    rows : flat positions in the batch of the signals that x and support are of, on the host; None: all
    """

    x: Array
    change: Array
    residual_norm: Array | None = None
    support: Array | None = None
    objective: Array | None = None
    gap: Array | None = None
    predicted: Array | None = None
    effective_noise: Array | None = None
    rows: np.ndarray | None = None

    def numbers(self) -> dict[str, Array]:
        """The numbers of this iterate, by their key in `Result.history`."""
        named = {name: getattr(self, name) for name in _NUMBERS}
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

    @property
    def _arrays(self) -> list[Array]:  # type: ignore[override]
        return self.operator._arrays

    @cached_property
    def H(self) -> LinearOperator:  # type: ignore[override]  # made once, for all products of a solve
        return super().H

    @cached_property
    def gram(self) -> LinearOperator:  # type: ignore[override]
        return _CountingGram(self)

    def norm(self) -> float:
        return self.operator.norm()

    def _columns(self, indices: np.ndarray) -> Array:
        return self.operator._columns(indices)

    def column_norms(self) -> Array:
        return self.operator.column_norms()

    def todense(self) -> Array:
        return self.operator.todense()

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
            if not all_finite(out):
                raise FloatingPointError(f"the operator gives NaN or infinity: {self.operator}; check its entries")
        return out


@dataclass(frozen=True, eq=False, repr=False)
class _CountingGram(Normal):
    """A^H A of an operator that counts: a product of each kind, by whatever shortcut there is."""

    operator: Counting

    def _apply(self, x: Array) -> Array:
        counting = self.operator
        image = counting._checked(1, counting.operator.gram @ x, counting.in_shape)
        counting.counts[0] += 1
        return image


def accounted(result: Result, counting: Counting, started: float) -> Result:
    """The result with the products counted and the seconds since the solver was called, preparations included."""
    n_apply, n_adjoint = counting.counts
    return replace(result, n_apply=n_apply, n_adjoint=n_adjoint, seconds=time.perf_counter() - started)


class _Code:
    """Status codes: indices of `_ENDED`."""

    RUNNING, CONVERGED, STALLED, DIVERGED, CYCLED, STOPPED = range(6)


_ENDED = np.array(
    [Status.MAX_ITER, Status.CONVERGED, Status.STALLED, Status.DIVERGED, Status.CYCLED, Status.STOPPED], dtype=object
)


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
    has ended is frozen at its best iterate while the others go on, alone where the iterates are `Narrowing`.

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
    keep_host_memory()
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is a status, not a warning
        for iteration, state in enumerate(iterates, start=1):
            if iteration % check_every and iteration < max_iter:
                continue
            state = state() if callable(state) else state
            measured = measure(state)
            merited = merit(state) if merit else measured
            record = record or _Record(merited, float(tol), patience)
            seen = record.look(iteration, state, measured, merited)
            stop = callback is not None and callback(Progress(iteration, state.x, seen))
            if stop or iteration == max_iter or record.ended:
                return record.result(stopped=bool(stop))
            if isinstance(iterates, Narrowing):
                iterates.drop(record.code == _Code.RUNNING)
    if record is None:
        raise ValueError("the iterates ended before the first look: yield at least check_every of them")
    return record.result(stopped=False)


class _Record:
    """The numbers of a run: fetched once a look and judged on the host, the best iterate kept for each signal."""

    def __init__(self, merit: Array, tol: float, patience: int | None) -> None:
        self.tol, self.patience = max(tol, 10 * eps(merit)), np.inf if patience is None else patience
        self.rounding = 4 * eps(merit)
        self.too_much: Any = None
        self.best_merit = np.full(merit.shape, np.inf)
        self.code = np.zeros(merit.shape, dtype=np.int64)
        self.waited = self.code
        self.best: Any = None
        self.settled: list[Iterate] = []
        self.best_numbers: dict[str, np.ndarray] = {}
        self.iterations, self.looks = np.zeros_like(self.code), np.zeros_like(self.code)
        self.history: list[dict[str, np.ndarray]] = []

    @property
    def ended(self) -> bool:
        """Whether every signal has ended."""
        return bool((self.code != _Code.RUNNING).all())

    def look(self, iteration: int, state: Iterate, measure: Array, merit: Array) -> dict[str, np.ndarray]:
        """Take in one iterate; its numbers, on the host."""
        named = state.numbers()
        measured, merited, *seen = fetched([measure, merit, *named.values()])
        numbers = dict(zip(named, seen, strict=True))
        running = self.code == _Code.RUNNING
        better = running & (merited <= self.best_merit * (1 + self.rounding))  # of equals the later is closer
        gained = merited < self.best_merit * (1 - 1e-9)
        self.waited = np.where(gained, 0, self.waited + 1)
        self.best_merit = np.where(better, np.minimum(merited, self.best_merit), self.best_merit)
        if not self.history:
            self.too_much = _GROWTH * np.maximum(merited, 1)
        self.code = np.where(running, self._decide(measured, merited), self.code)
        self._keep(iteration, state, running, better, numbers)
        self.history.append(numbers)
        return numbers

    def _decide(self, measured: np.ndarray, merited: np.ndarray) -> np.ndarray:
        """Status code of each signal by its numbers alone."""
        code = np.where(self.waited >= self.patience, _Code.STALLED, _Code.RUNNING)
        code = np.where(merited <= self.too_much, code, _Code.DIVERGED)  # of NaN, too
        return np.where(measured <= self.tol, _Code.CONVERGED, code)

    def _keep(
        self, iteration: int, state: Iterate, running: np.ndarray, better: np.ndarray, numbers: dict[str, np.ndarray]
    ) -> None:
        """Take over the signals whose iterate is their best so far."""
        self.iterations[running] = iteration
        self.looks[running] += 1
        if better.all():
            self.best, self.best_numbers = state, numbers
        elif not self.history:  # lost from the start: zero is the best finite signal
            self.best, self.best_numbers = replace(state, x=keep(state.x, _mask(better, state.x))), numbers
        elif better.any():
            self.best = self._merged(better, state)
            self.best_numbers = {
                name: np.where(better, value, self.best_numbers[name]) for name, value in numbers.items()
            }

    def _merged(self, better: np.ndarray, state: Iterate) -> Iterate:
        """The best iterate at the signals of `state`, which is better at some; what it has of others is settled."""
        if state.rows is not None:
            if state.rows is not self.best.rows:
                self.best, ended = split(self.best, state.rows, better.shape)
                self.settled.append(ended)
            better = signals_at(better, state.rows, better.shape)
        return state if better.all() else _merge(better, state, self.best)

    def result(self, *, stopped: bool) -> Result:
        """The best iterate of each signal and how it ended."""
        history = {name: np.array([row[name] for row in self.history]) for name in self.history[0]}
        code = np.where((self.code == _Code.RUNNING) & stopped, _Code.STOPPED, self.code)
        for signal in map(tuple, np.argwhere(code == _Code.STALLED)):
            if "residual_norm" in history and _repeats(history["residual_norm"][(slice(self.looks[signal]), *signal)]):
                code[signal] = _Code.CYCLED
        best = joined([*self.settled, self.best], code.shape) if self.settled else self.best
        return Result(
            x=best.x,
            support=best.support if best.support is not None else best.x != 0,
            status=_ENDED[code],
            iterations=plain(self.iterations),
            residual_norm=plain(self.best_numbers["residual_norm"]) if "residual_norm" in self.best_numbers else None,
            gap=plain(self.best_numbers["gap"]) if "gap" in self.best_numbers else None,
            history=history,
        )


def _mask(signals: np.ndarray, x: Array) -> Array:
    """A mask of signals beside the signals x themselves, and made to broadcast against them."""
    return expand(to_like(signals, x), x.ndim - signals.ndim)


def _merge(better: np.ndarray, new: Iterate, old: Iterate) -> Iterate:
    """Signals of the new iterate where it is better, of the old one elsewhere."""
    xp, where = namespace(new.x), _mask(better, new.x)
    support = None if new.support is None else xp.where(where, new.support, old.support)
    return Iterate(xp.where(where, new.x, old.x), new.change, support=support, rows=new.rows)


def _repeats(residuals: np.ndarray) -> bool:
    """Whether the residuals end in a pattern of period two or more, to rounding."""
    tail = residuals[-_LOOKBACK:]
    for period in range(2, len(tail) // 2 + 1):
        last, before = tail[-period:], tail[-2 * period : -period]
        if np.allclose(last, before, rtol=1e-12, atol=0) and np.ptp(last) > 1e-9 * np.max(last):
            return True
    return False
