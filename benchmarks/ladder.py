"""Solvers side by side: each at its loosest tolerance that is accurate enough, found on a ladder, then all in turns."""

import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import SLOW, once, timed


def prepared(makers: tuple[Callable[..., Any], ...], *problem: Any) -> dict[str, Callable[..., Any] | None]:
    """What makes of a problem solvers, by the names of the functions; None where the package is not installed."""
    solvers: dict[str, Callable[..., Any] | None] = {}
    for maker in makers:
        try:
            solvers[maker.__name__] = maker(*problem)
        except ImportError:
            solvers[maker.__name__] = None
    return solvers


def compiling(work: Callable[[], Any]) -> float:
    """Seconds that the first call of a work takes more than the second; none where a call is slow anyway."""
    first = once(work)
    return max(0.0, first - once(work)) if first < SLOW else 0.0


def loosest(
    solve: Callable[[float], Any], error: Callable[[Any], float], enough: float, powers: range, patience: float = 60
) -> tuple[float, float] | str:
    """Loosest tolerance, to a quarter of a decade, whose answer is accurate enough, and its error; or why none is.

    A ladder of decades 10^-power, then halvings of the last one, up to the last rung or the patience in seconds.
    """
    errors, began = {}, time.perf_counter()

    def reached(power: float) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            errors[power] = float(error(solve(10.0**-power)))
        return errors[power] <= enough

    def late() -> bool:
        return time.perf_counter() - began > patience

    for rung in powers:
        if reached(rung):
            break
        if late():
            return f"not {enough:g} within {patience:g} s"
    else:
        return f"not {enough:g} at any tolerance"
    best = float(rung)
    for part in (0.5, 0.25):
        if rung > powers[0] and not late() and reached(best - part):
            best -= part
    return 10.0**-best, errors[best]


def climbed(
    solvers: dict[str, Callable[[float], Any] | None],
    error: Callable[[Any], float],
    enough: float,
    powers: range,
    repeats: int,
    *,
    peers: list[str],
    unit: str = "s",
) -> list[dict[str, str]]:
    """A row for each solver, its median over that of the best peer; who has no time is named with the reason."""
    found: dict[str, tuple[float, float] | str] = {}
    extra = {}
    for name, solve in solvers.items():
        if solve is None:
            found[name] = "not installed"
            continue
        extra[name] = compiling(partial(solve, 10.0 ** -powers[0]))
        found[name] = loosest(solve, error, enough, powers)
    chosen = {name: partial(solvers[name], at[0]) for name, at in found.items() if not isinstance(at, str)}
    times = timed(chosen, repeats, extra)
    least = min((times[name].median for name in peers if name in times), default=np.nan)
    rows = []
    for name, at in found.items():
        if isinstance(at, str):
            rows.append({"solver": name, "tol": "", "reached": at})
            continue
        cells = {"solver": name, "tol": f"{at[0]:.1e}", "reached": f"{at[1]:.1e}", **times[name].columns(unit)}
        rows.append(cells | {"median / best peer's": f"{times[name].median / least:.2f}"})
    return rows
