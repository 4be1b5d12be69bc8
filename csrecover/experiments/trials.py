"""One random trial of recovery, as a phase diagram asks for thousands."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..analysis import recovers
from ..backend import Array, namespace, norm, to, to_numpy
from ..models import BlockSparse, Model, SupportModel
from ..operators import LinearOperator, Matrix
from ..operators.base import as_shape
from ..operators.dense import as_dtype, standard_normal
from ..penalties import L1, GroupL2, NonNegativeL1, Penalty
from ..recover import recover
from ..solvers import Result
from ..structures.signal import fit
from .ensembles import DENSE, SIGNALS, TRANSFORMS, draw_operator, draw_signal, model_of

Outcome = Any  # what a sweep counts: a bool, a number, or a dict of names to these


@dataclass(frozen=True, eq=False)
class RecoveryTrial:
    """Draw a random operator and a random structured signal, measure it, and say whether it is recovered.

    ``trial(rng=rng, **cell)`` is a trial of `sweep`. A cell gives `delta` and `rho`, m = round(delta n) measurements
    and signals with about rho m nonzeros, or any field of the trial, which it overrides: m, k, n, snr, ... More than
    that is for a `structure` that is a function.

    Everything is drawn on the host, in double precision, from `rng` alone; operator and measurements are then moved
    to the backend once.

    Parameters
    ----------
    n : int or tuple of int
        length, or shape, of the signals.
    ensemble : str or callable
        "gaussian" or "bernoulli", entries of variance 1/m; "dct", "hadamard" or "dft", m random rows of an orthonormal
        transform whose columns have random signs, times sqrt(n / m); or ``ensemble(m, n, rng)``, which gives an
        operator.
    structure : Model, Penalty or callable
        what is known of the signals, `L1()` by default; or ``structure(cell)``, which gives it for a cell, a dict that
        has n, too.
    signal : str or callable
        law of the nonzero coefficients: "normal"; "signs", of magnitude 1; "uniform", magnitudes uniform in [0, 1] and
        random signs; "nonnegative", the magnitudes of normal ones; or ``signal(shape, k, rng)``, which gives a signal.
    solver : callable or dict of str to callable, optional
        ``solver(A, y, structure, k)``, which gives a Result or the signal; several, by names, are compared on the same
        problems. By default `recover` for a model. For a penalty the default is no solver but the question itself:
        whether the signal is the unique minimiser of the penalty subject to A x = y (`analysis.recovers`). It can be
        one of several: None.
    noise : float, default 0
        standard deviation of independent normal errors of the measurements, E |e_i|^2 = noise^2.
    success : float or callable
        a signal is recovered if ||x - truth||^2 < success ||truth||^2, 1e-4 by default; or ``success(x, truth)``, which
        gives the outcome. The exact question has no use for it.
    snr : float, optional
        in place of noise: 20 log10(||A x|| / ||e||).
    m, k : int, optional
        measurements, and the budget of the model (for a penalty its number of nonzero coefficients or blocks, or the
        rank), where cells do not give them.
    dtype : dtype, default "float64"
        of the signals and of dense matrices; float64 signals measured by a "dft" are known to be real.
    backend : str or device, optional
        where solvers work, as in `to`; the host by default.
    batch_size : int, default 1
        trials that `sweep` hands over at once: solvers get one stack of matrices (batch_size, m, n).

    Raises
    ------
    TypeError
        When a field is of another kind, or there is no exact answer for a penalty.
    ValueError
        When a number is out of range, a word unknown, m or k missing, or the exact question is asked with noise.
    """

    n: int | tuple[int, ...]
    ensemble: str | Callable[..., Any] = "gaussian"
    structure: Model | Penalty | Callable[..., Any] = field(default_factory=L1)
    signal: str | Callable[..., Any] = "normal"
    solver: Callable[..., Any] | dict[str, Callable[..., Any] | None] | None = None
    noise: float = 0.0
    success: float | Callable[..., Any] = 1e-4
    snr: float | None = None
    m: int | None = None
    k: Any = None
    dtype: Any = "float64"
    backend: Any = None
    batch_size: int = 1

    def __post_init__(self) -> None:
        as_shape(self.n)
        object.__setattr__(self, "dtype", as_dtype(self.dtype).name)
        _check_words("ensemble", self.ensemble, (*DENSE, *TRANSFORMS))
        _check_words("signal", self.signal, SIGNALS)
        if not isinstance(self.structure, Model | Penalty) and not callable(self.structure):
            raise TypeError(f"the structure is a model, a penalty or a function, got {type(self.structure).__name__}")
        if not self._solvers:
            raise ValueError("at least one solver was expected, got none: leave it out for the default")
        for name, solver in self._solvers.items():
            if solver is not None and not callable(solver):
                raise TypeError(f"solver {name!r} is a function solver(A, y, structure, k), got {solver!r}")
        if not callable(self.success) and not self.success > 0:
            raise ValueError(f"success is a positive bound of ||x - truth||^2 / ||truth||^2, got {self.success!r}")
        if not 0 <= self.noise < math.inf or (self.noise and self.snr is not None):
            raise ValueError(f"noise is a standard deviation, noise >= 0, or snr is given, got {self.noise!r}")
        if isinstance(self.batch_size, bool) or not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ValueError(f"batch_size is an integer, batch_size >= 1, got {self.batch_size!r}")

    def __call__(self, *, rng: Any, **cell: Any) -> Outcome:
        """Whether one random problem of a cell is solved, or a dict of that for each solver."""
        return self.batch([rng], **cell)[0]

    def batch(self, rngs: Sequence[Any], **cell: Any) -> list[Outcome]:
        """The same for several problems, one for each generator: matrices are stacked for the solvers."""
        task = _Task.of(self, cell)
        problems = [task.draw(np.random.default_rng(rng)) for rng in rngs]
        found = {name: task.outcomes(solver, problems) for name, solver in self._solvers.items()}
        if not isinstance(self.solver, dict):
            return found[""]
        return [dict(zip(found, outcomes, strict=True)) for outcomes in zip(*found.values(), strict=True)]

    @property
    def _solvers(self) -> dict[str, Callable[..., Any] | None]:
        return self.solver if isinstance(self.solver, dict) else {"": self.solver}


_FIELDS = tuple(each.name for each in fields(RecoveryTrial))


def _check_words(name: str, value: Any, words: tuple[str, ...]) -> None:
    if not callable(value) and value not in words:
        raise ValueError(f"{name} is one of {', '.join(words)}, or a function, got {value!r}")


@dataclass(frozen=True, eq=False)
class _Problem:
    """A random problem, on the host."""

    A: LinearOperator
    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class _Task:
    """What the trials of one cell have in common."""

    trial: RecoveryTrial
    shape: tuple[int, ...]
    structure: Model | Penalty
    m: int
    k: Any

    @classmethod
    def of(cls, trial: RecoveryTrial, cell: dict[str, Any]) -> _Task:
        own = {name: cell[name] for name in _FIELDS if name in cell}
        trial = replace(trial, **own) if own else trial
        structure, shape = trial.structure, as_shape(trial.n)
        if not isinstance(structure, Model | Penalty):
            structure = structure({"n": trial.n, **cell})
        elif beyond := sorted(set(cell) - set(own) - {"delta", "rho"}):
            raise ValueError(f"a trial has no {', '.join(beyond)}: give delta, rho, or one of its fields")
        structure = fit(structure, shape)
        m = max(1, round(cell["delta"] * math.prod(shape))) if "delta" in cell else trial.m
        if m is None or m < 1:
            raise ValueError(f"a trial needs a number of measurements m >= 1, or delta = m / n, got m={m}")
        k = max(1, round(cell["rho"] * m / _nonzeros_of_one(structure))) if "rho" in cell else trial.k
        if k is None:
            raise ValueError("a trial needs the budget k, or rho, the number of nonzeros / m")
        if isinstance(structure, NonNegativeL1) and trial.signal in ("normal", "signs", "uniform"):
            raise ValueError(
                f'NonNegativeL1 is for nonnegative signals, got {trial.signal!r}: give signal="nonnegative"'
            )
        return cls(trial, shape, structure, int(m), k)

    def draw(self, rng: np.random.Generator) -> _Problem:
        """Operator, signal and measurements, in this order."""
        trial, dtype = self.trial, np.dtype(self.trial.dtype)
        A = draw_operator(trial.ensemble, self.m, self.shape, rng, dtype)
        if callable(trial.signal):
            x = np.asarray(trial.signal(self.shape, self.k, rng), dtype=dtype)
        else:
            x = draw_signal(model_of(self.structure, self.shape), trial.signal, self.shape, self.k, rng, dtype)
        y = A @ x
        if trial.noise or trial.snr is not None:
            errors = standard_normal(y.shape, rng, y.dtype)
            level = trial.noise
            if trial.snr is not None:
                level = float(np.linalg.norm(y) / np.linalg.norm(errors)) * 10 ** (-trial.snr / 20)
            y = y + y.dtype.type(level) * errors
        return _Problem(A, x, y)

    def outcomes(self, solver: Callable[..., Any] | None, problems: list[_Problem]) -> list[Outcome]:
        """Of one solver, for each problem."""
        if solver is None and isinstance(self.structure, Penalty):
            if self.trial.noise or self.trial.snr is not None:
                raise ValueError("with noise a penalty needs a solver: its minimiser is not the signal")
            return [recovers(each.A, each.x, self.structure).recovered for each in problems]
        if isinstance(self.structure, SupportModel) and self.structure.max_nonzeros(self.k) > self.m:
            return [False] * len(problems)
        solver = recover if solver is None else solver
        matrices = [each.A.matrix for each in problems if isinstance(each.A, Matrix)]
        if len(problems) == 1 or len(matrices) < len(problems):
            return [self._judged(solver, problem) for problem in problems]
        x, y = (np.stack([getattr(each, name) for each in problems]) for name in "xy")
        return self._judged(solver, _Problem(Matrix(np.stack(matrices)), x, y))

    def _judged(self, solver: Callable[..., Any], problem: _Problem) -> Any:
        """Outcome for one problem, or a list of those for a stack."""
        success, backend = self.trial.success, self.trial.backend
        A, y, truth = (to(each, backend) for each in (problem.A, problem.y, problem.x))
        found = solver(A, y, self.structure, self.k)
        x = found.x if isinstance(found, Result) else found
        if not callable(success):
            return (to_numpy(_relative_error(x, truth, len(self.shape))) < success).tolist()
        if truth.ndim == len(self.shape):
            return success(x, truth)
        return [success(x[i, ...], truth[i, ...]) for i in range(truth.shape[0])]


def _relative_error(x: Array, truth: Array, ndim: int) -> Array:
    """||x - truth||^2 / ||truth||^2 of each signal."""
    size = norm(truth, ndim)
    return (norm(x - truth, ndim) / namespace(truth).where(size > 0, size, 1)) ** 2


def _nonzeros_of_one(structure: Model | Penalty) -> float:
    """Coefficients of one unit of the budget, on average."""
    if isinstance(structure, GroupL2 | BlockSparse):
        return math.prod(structure.blocks.shape) / structure.blocks.count
    return structure.max_nonzeros(1) if isinstance(structure, SupportModel) else 1
