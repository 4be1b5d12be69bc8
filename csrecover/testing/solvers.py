"""Properties of every recovery solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backend import cast_like, eps, namespace, real_dtype_name, to_numpy
from ..operators import LinearOperator
from ..solvers import Result, Status
from .report import holds, same, untouched, verify

_BATCH = 1e4  # rounding units that a batch may differ by from its signals alone, in thousands
_EVERY = (1, 5, 10)  # iterations between looks: of greedy solvers, of convex ones, on a device


def check_solver(
    solve: Callable[..., Result],
    A: LinearOperator,
    truth: Any,
    *,
    error: float = 1e-4,
    max_look: int = 3,
) -> list[str]:
    """Check that a solver recovers a signal, in batches as alone, keeps dtypes, and says how it ended.

    Parameters
    ----------
    solve : callable
        ``solve(A, y, **options)``, with the structure and the budget already bound.
    A : LinearOperator
        well inside the regime of the solver.
    truth : array, in_shape
        a signal to recover from A @ truth, in the library of A.
    error : float
        relative error to reach.
    max_look : int
        iteration at which a callback stops it.

    Raises
    ------
    ConformanceError
        Naming each property that fails.
    """
    return verify(getattr(solve, "__name__", solve), _SolverProperties(solve, A, truth, error, max_look).properties())


class _SolverProperties:
    def __init__(self, solve, A, truth, error, max_look) -> None:
        self.solve, self.A, self.error, self.max_look = solve, A, error, max_look
        self.truth = cast_like(to_numpy(truth), A._example)
        self.y = A @ self.truth

    def properties(self) -> list:
        return [self.recovers, self.zero, self.batch, self.result, self.callback, self.refuses, self.pure]

    def recovers(self) -> None:
        """recovers: the truth, in the dtype of A @ x"""
        result = self.solve(self.A, self.y)
        holds(
            result.error(self.truth) <= self.error, f"relative error {result.error(self.truth)}, status {result.status}"
        )
        holds(real_dtype_name(result.x) == real_dtype_name(self.y), f"y is {self.y.dtype}, x is {result.x.dtype}")

    def zero(self) -> None:
        """zero: y = 0 gives x = 0, converged"""
        result = self.solve(self.A, 0 * self.y)
        holds(result.x == 0, "x is not zero")
        holds(result.status is Status.CONVERGED, f"status {result.status}")

    def batch(self) -> None:
        """batch: signals together are recovered as one by one, each with its status"""
        xp = namespace(self.y)
        signals = [self.truth, -2 * self.truth, 0 * self.truth, xp.flip(self.truth)]
        ys = xp.stack([self.A @ x for x in signals])
        together = self.solve(self.A, ys)
        holds(together.status.shape == (4,), f"status of shape {np.shape(together.status)}")
        for i in range(4):
            alone = self.solve(self.A, ys[i, ...])
            same(together.x[i, ...], alone.x, f"signal {i}", unit=_BATCH * eps(alone.x))
            holds(
                together.status[i] is alone.status,
                f"signal {i}: {together.status[i]} in the batch, {alone.status} alone",
            )

    def result(self) -> None:
        """result: residual, support and history belong to x"""
        result = self.solve(self.A, self.y)
        residual = float(np.linalg.norm(to_numpy(self.y - self.A @ result.x)))
        scale = float(np.linalg.norm(to_numpy(self.y)))
        holds(
            abs(residual - result.residual_norm) <= 1e-5 * scale, f"residual {residual}, stated {result.residual_norm}"
        )
        off = ~to_numpy(result.support)
        holds(to_numpy(result.x)[off] == 0, "x is not zero outside its support")
        holds({"residual_norm", "change"} <= set(result.history), f"history has {sorted(result.history)}")
        rows = len(result.history["change"])
        holds(1 <= rows <= result.iterations, f"{rows} rows of history, one a look, of {result.iterations} iterations")
        followed = self.solve(self.A, self.y, callback=lambda _: False)  # so that no look is left out
        rows, looks = len(followed.history["change"]), [-(-followed.iterations // every) for every in _EVERY]
        holds(rows in looks, f"{rows} rows of history, one a look was expected: {looks} of {followed.iterations}")
        holds(result.n_apply > 0, "products with A are counted")

    def callback(self) -> None:
        """callback: a true answer stops"""
        seen = []

        def stop(progress: Any) -> bool:
            seen.append(progress.iteration)
            return len(seen) == self.max_look

        result = self.solve(self.A, self.y, callback=stop, tol=0.0)
        wanted = [list(range(every, result.iterations + 1, every)) for every in _EVERY]
        holds(seen in wanted, f"called at {seen} in {result.iterations} iterations")
        ended = len(seen) < self.max_look or result.converged
        holds(ended or result.status is Status.STOPPED, f"status {result.status} after {seen}")

    def refuses(self) -> None:
        """refuses: NaN, and measurements of another shape"""
        for bad in (self.y * float("nan"), self.y[..., :-1]):
            try:
                self.solve(self.A, bad)
            except ValueError:
                continue
            raise AssertionError("bad measurements are accepted")

    def pure(self) -> None:
        """pure: the measurements do not change"""
        untouched(lambda y: self.solve(self.A, y).x, self.y)
