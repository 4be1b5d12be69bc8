"""What a solver returns: the recovered signal, and how it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ..backend import Array, as_float, norm, to_numpy
from ..operators import LinearOperator


class Status(Enum):
    """How a solver ended, one status a signal; the text says what to do."""

    CONVERGED = "converged to the tolerance"
    STALLED = "the residual stopped falling: normal with noise, else measure more, lower k or try another solver"
    CYCLED = "the iterates repeat: measure more, lower k or try another solver"
    DIVERGED = "the iterates grew without bound, the best one is returned: lower the step or measure more"
    MAX_ITER = "the iterations ran out: raise max_iter or loosen tol"
    AMBIGUOUS = "the residual is small, but chance may be the reason: measure more or lower k"
    INFEASIBLE = "no signal was found that fits to the noise level: measure more, raise the level or k"
    STOPPED = "stopped by the callback"


@dataclass(frozen=True, eq=False)
class Result:
    """A recovered signal and how it was found. For a batch of signals the numbers are arrays, one entry a signal.

    Attributes
    ----------
    x : array, (*batch, *signal)
        the recovered signal, or its coefficients where a basis was given.
    support : bool array of the shape of x
    status : Status, or object array of Status
    iterations : int or array
    residual_norm : float or array, ||y - A x||
    gap : float or array, duality gap of x; None for solvers without one
    history : dict of NumPy arrays
        keys "objective", "gap", "residual_norm", "change", one row a look at the numbers; of `amp` and `vamp` also
        "predicted", the mean-square error expected of x, and "effective_noise".
    n_apply, n_adjoint : int
        products with A and A^H (one for a whole batch), without those of a norm or a dense form.
    seconds : float
    basis : LinearOperator or None
        sparsifying basis, where one was given.
    error_estimate : ErrorEstimate or None
        bracket of ||x - truth||, where rows were held out (`csrecover.analysis.held_out`).
    x_holdout : array of the shape of x, or None
        what was recovered without the held-out rows.
    holdout_estimate : ErrorEstimate or None
        bracket of ||x_holdout - truth||, narrower than that of x.
    solver : str or object array of str, None but for `recover`
        which solver the signal comes from, and what was done to it: "subspace_pursuit, then htp", "fista, debiased".
    budget, scale : number or array, None but for `recover`
        the budget of the model, the multiple of the penalty, where `recover` chose it.
    posterior : Posterior or None
        deviations and variances, of `sbl` and `bsbl`.
    """

    x: Array
    support: Array
    status: Any
    iterations: Any
    residual_norm: Any
    gap: Any
    history: dict[str, np.ndarray]
    n_apply: int = 0
    n_adjoint: int = 0
    seconds: float = 0.0
    basis: LinearOperator | None = field(default=None)
    error_estimate: Any = None
    x_holdout: Array | None = None
    holdout_estimate: Any = None
    solver: Any = None
    budget: Any = None
    scale: Any = None
    posterior: Any = None

    @property
    def converged(self) -> Any:
        """Whether the tolerance was reached (an array for a batch)."""
        reached = np.vectorize(lambda status: status is Status.CONVERGED, otypes=[bool])(self.status)
        return reached if np.ndim(reached) else bool(reached)

    @property
    def signal(self) -> Array:
        """The recovered signal itself: x, or the signal that has the coefficients x in the basis."""
        return self.x if self.basis is None else self.basis.H @ self.x

    def error(self, truth: Array) -> Any:
        """Relative error ||signal - truth|| / ||truth|| of each signal."""
        estimate = self.signal
        ndim = estimate.ndim - np.ndim(self.status)
        truth = as_float(truth)
        error, size = to_numpy(norm(estimate - truth, ndim)), to_numpy(norm(truth, ndim))
        relative = np.where(size > 0, error / np.where(size > 0, size, 1), np.where(error > 0, np.inf, 0))
        return plain(relative.astype(error.dtype))

    def save(self, path: str | Path) -> None:
        """Write the arrays and numbers to an .npz file (no pickle; load with ``numpy.load``)."""
        status = np.vectorize(lambda status: status.name, otypes=[str])(self.status)
        arrays: dict[str, Any] = {
            "x": to_numpy(self.x),
            "signal": to_numpy(self.signal),
            "support": to_numpy(self.support),
            "status": status,
            "iterations": self.iterations,
            "seconds": self.seconds,
        }
        optional = ("residual_norm", "gap", "budget", "scale")
        arrays |= {name: getattr(self, name) for name in optional if getattr(self, name) is not None}
        if self.solver is not None:
            arrays["solver"] = np.asarray(self.solver, str)
        arrays |= {f"history_{name}": values for name, values in self.history.items()}
        if self.posterior is not None:
            arrays |= {f"posterior_{name}": to_numpy(value) for name, value in vars(self.posterior).items()}
        if self.error_estimate is not None:
            arrays["x_holdout"] = to_numpy(self.x_holdout)
            for name in ("error_estimate", "holdout_estimate"):
                arrays |= {f"{name}_{key}": value for key, value in getattr(self, name).numbers().items()}
        np.savez(path, **arrays)

    def __repr__(self) -> str:
        ended = _counted(np.vectorize(lambda status: status.name, otypes=[object])(self.status))
        solver = "" if self.solver is None else f"; {_counted(self.solver)}"
        bracketed = "" if self.error_estimate is None else f"{self.error_estimate}, "
        residual = "unknown" if self.residual_norm is None else f"{np.max(self.residual_norm):.2g}"
        return (
            f"Result({ended}; shape {tuple(self.x.shape)}, {np.max(self.iterations)} iterations, "
            f"residual {residual}, {bracketed}{self.seconds:.3g} s{solver})"
        )


def _counted(texts: Any) -> str:
    """One text, or the texts of a batch with how often each occurs."""
    if not np.ndim(texts):
        return str(texts)
    names, counts = np.unique(np.ravel(texts).astype(str), return_counts=True)
    return ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))


PER_SIGNAL = ("x", "support", "status", "iterations", "residual_norm", "gap", "solver", "budget", "scale")


def lasting(rows: np.ndarray, looks: int) -> np.ndarray:
    """Rows of a history, of which the last one goes on until so many looks."""
    return rows[np.minimum(np.arange(looks), len(rows) - 1)]


def plain(values: Any) -> Any:
    """A Python number for one signal, the array for a batch."""
    return values if np.ndim(values) else np.asarray(values).item()
