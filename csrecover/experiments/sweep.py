"""Sweeps: random trials on a grid, which resume, scale out, and give the same numbers however they are run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

from ..backend import blas_threads
from .adaptive import default_target, next_round
from .description import circumstances, describe
from .executors import opened
from .grid import Axes, checked_axes, shape
from .result import Sweep, collect, numbers
from .running import Run
from .store import Store
from .work import Work


def sweep(
    trial: Callable[..., Any],
    axes: Mapping[str, Iterable[Any]],
    *,
    trials: int,
    seed: int = 0,
    executor: Any = None,
    store: str | os.PathLike | None = None,
    adaptive: bool | float = False,
    success: Callable[[float], bool] | None = None,
    on_error: str = "record",
    progress: bool = True,
) -> Sweep:
    """Success rates of random trials on a grid.

    The random numbers of a trial depend on the seed, the values of its cell and its number, and on nothing else: the
    counts are the same bit for bit on any number of workers, after any interruption, and where the grid or the number
    of trials has grown meanwhile.

    Parameters
    ----------
    trial : callable
        ``trial(rng=rng, **cell)``, with a `numpy.random.Generator` and one value of each axis, gives a bool (success or
        not), a number, or a dict of names to these: several solvers on one random problem. Where it has a method
        ``batch(rngs, **cell)``, which gives a list, and a `batch_size` above one, that is called for so many trials at
        once. Workers get a pickled copy.
    axes : dict of str to sequence
        the grid: values are numbers, texts, bools, None, or tuples of these.
    trials : int
        number of trials of each cell; if adaptive, the largest.
    seed : int
        0 <= seed < 2**128.
    executor : None, int, concurrent.futures.Executor, dask.distributed.Client, or str
        where trials are run: in this process; in so many processes of this machine; there; at the address of a dask
        scheduler.
    store : path, optional
        file that finished trials are kept in, a few seconds of each worker's time behind at most. A sweep of the same
        trial, seed, success and names of axes goes on from it; trials that raised are tried again. Functions are told
        apart by their names, not by what is in them.
    adaptive : bool or float
        whether trials go where they tell most of the 50 % point along the last axis, until the half-width of its 95 %
        interval is below a target: the number given; if True, a quarter of the median step of that axis, but no less
        than a hundredth of its range.
    success : callable, optional
        ``success(value)``: whether a number counts as success. Needed where trials give numbers.
    on_error : "record" or "raise"
        what to do where a trial raises: count it in `errors` and not as a trial (`experiment["failures"]` tells what
        was raised), or stop.
    progress : bool
        whether to show a progress bar.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        When an argument or an outcome is not understood, or the store holds another experiment.
    OSError
        When the store cannot be read or written, another run writes to it (BlockingIOError), or no dask scheduler
        answers (ConnectionError).
    RuntimeError
        When a trial raises and `on_error` is "raise", or workers are lost for good. What was finished is kept.
    """
    grid = checked_axes(axes)
    _check(trial, trials, seed, success, on_error)
    experiment = {"axes": sorted(grid), "trial": describe(trial), "seed": int(seed), "success": describe(success)}
    request = {"axes": grid, "trials": int(trials), "adaptive": _target(grid, adaptive)}
    with (
        Store.open(store, experiment) as kept,
        opened(executor) as pool,
        tqdm(total=0, unit=" trials", disable=not progress, delay=1, mininterval=0.5) as bar,
    ):
        run = Run.of(kept, Work(trial, int(seed)), grid, int(trials), success=success, on_error=on_error, bar=bar)
        _note_circumstances(kept)
        allotted = np.zeros(len(run.cells), dtype=int)
        while True:
            further = _further(kept, request, allotted, run.work.group)
            if not further.any():
                return collect(kept)
            allotted = allotted + further
            kept.put("request", request | {"allotted": _short(allotted)})
            run(pool, allotted)


def phase_transition(
    trial: Callable[..., Any], deltas: Iterable[float], rhos: Iterable[float], **options: Any
) -> Sweep:
    """Sweep over the undersampling delta = m / n and the sparsity rho = k / m.

    Parameters
    ----------
    trial : callable
        ``trial(rng=rng, delta=delta, rho=rho)``, as in `sweep`.
    deltas, rhos : sequence of float
        between 0 and 1.
    **options
        of `sweep`.

    Returns
    -------
    Sweep
        axes "delta" and "rho".

    Raises
    ------
    ValueError
        When a delta or rho is not between 0 and 1; and what `sweep` raises.
    """
    axes = checked_axes({"delta": deltas, "rho": rhos})
    for name, values in axes.items():
        if not np.all((numbers(values, name) > 0) & (numbers(values, name) <= 1)):
            raise ValueError(f"{name} is a ratio, 0 < {name} <= 1, got {', '.join(map(repr, values))}")
    return sweep(trial, axes, **options)


def _further(store: Store, request: dict[str, Any], allotted: np.ndarray, group: int) -> np.ndarray:
    """Trials of each cell in the next round, in whole groups: decided from the counts of all rounds before."""
    most, axes = request["trials"], request["axes"]
    if not request["adaptive"]:
        return most - allotted
    solvers = (*shape(axes), -1)
    successes = trials = np.zeros((*shape(axes), 1), dtype=int)
    if allotted.any():
        found = collect(store)
        successes, trials = found.successes.reshape(solvers), found.trials.reshape(solvers)
    last = list(axes)[-1]
    options = {"target": request["adaptive"], "most": most, "attempted": allotted.reshape(shape(axes))}
    with blas_threads(entries=0):
        rounds = [
            next_round(numbers(axes[last], last), successes[..., i], trials[..., i], **options)
            for i in range(trials.shape[-1])
        ]
    wanted = np.max(rounds, axis=0).reshape(-1)
    whole = -(-(allotted + wanted) // group) * group
    return np.where(wanted > 0, np.minimum(whole, most) - allotted, 0)


def _short(allotted: np.ndarray) -> int | list[int]:
    return int(allotted[0]) if np.all(allotted == allotted[0]) else allotted.tolist()


def _note_circumstances(store: Store) -> None:
    """Add this run to the runs of a store, unless versions and commit are those of the one before."""
    runs, now = store.get("runs", []), circumstances()
    if not runs or runs[-1] | {"started": ""} != now | {"started": ""}:
        store.put("runs", [*runs, now])


def _target(axes: Axes, adaptive: bool | float) -> bool | float:
    """Half-width at which an adaptive sweep ends; False where it is not adaptive."""
    if adaptive is False:
        return False
    last = list(axes)[-1]
    x = numbers(axes[last], last)
    if len(x) < 2:
        raise ValueError(f"an adaptive sweep looks for a transition along its last axis, but {last!r} has one value")
    if adaptive is True:
        return default_target(x)
    if not isinstance(adaptive, int | float | np.number) or not adaptive > 0:
        raise ValueError(f"adaptive is True, False or the half-width wanted, a positive number, got {adaptive!r}")
    return float(adaptive)


def _check(trial: Any, trials: Any, seed: Any, success: Any, on_error: Any) -> None:
    if not callable(trial) and not hasattr(trial, "batch"):
        raise TypeError(f"a trial is a function trial(rng=..., **cell), got {type(trial).__name__}")
    for name, value, least, most in (("trials", trials, 1, 2**32), ("seed", seed, 0, 2**128 - 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise TypeError(f"{name} is an integer, got {value!r}")
        if not least <= value <= most:
            raise ValueError(f"{name} is between {least} and {most:.3g}, got {value}")
    if success is not None and not callable(success):
        raise TypeError(f"success is a function of a number, for example lambda error: error < 1e-4, got {success!r}")
    if on_error not in ("record", "raise"):
        raise ValueError(f'on_error is "record" or "raise", got {on_error!r}')
