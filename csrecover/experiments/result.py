"""What a sweep found."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.fits import fit_transition
from ..analysis.proportions import clopper_pearson, wilson
from . import exports
from .grid import Axes, cells, shape
from .seeding import canonical, plain
from .store import Row, Store

_TEXTS = 10
_INTERVALS = {"wilson": wilson, "clopper_pearson": clopper_pearson}


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """Success counts of trials on a grid. Host arrays.

    Attributes
    ----------
    axes : dict of str to tuple
        values of each axis; of a paired comparison the last one is "solver", the names of the outcomes.
    successes, trials : array of int, shape of the grid
        trials that raised are in neither.
    values : array of float, (*grid, most), or None
        outcomes that are numbers, by the number of the trial; NaN where there is none.
    errors : array of int, shape of the grid
        trials that raised.
    experiment : dict
        plain data: `trial`, `seed` and `success` say what was run, `trials` and `adaptive` how much was asked for,
        `runs` when, with which versions and from which commit, `failures` what trials raised, and how often (the ten
        most frequent), `unfinished` how many trials are still to be made, `selected` (after `select`) the coordinates.
    """

    axes: Axes
    successes: np.ndarray
    trials: np.ndarray
    values: np.ndarray | None
    errors: np.ndarray
    experiment: dict[str, Any]

    def __repr__(self) -> str:
        counts = {"errors": int(self.errors.sum()), "unfinished": self.experiment.get("unfinished", 0)}
        parts = [f"{name}: {len(values)}" for name, values in self.axes.items()]
        parts += [f"{int(self.trials.sum())} trials", *(f"{count} {name}" for name, count in counts.items() if count)]
        return f"Sweep({', '.join(parts)})"

    @classmethod
    def load(cls, path: str | Path) -> Sweep:
        """What a store holds of the grid that was asked for last, complete or not, also while it is being written.

        Raises
        ------
        OSError, ValueError
            When there is no store, or it cannot be read.
        """
        with Store.read(path) as store:
            return collect(store)

    def rate(self) -> np.ndarray:
        """Share of successes in each cell; NaN where there are no trials."""
        return np.where(self.trials > 0, self.successes / np.maximum(self.trials, 1), np.nan)

    def interval(self, confidence: float = 0.95, method: str = "wilson") -> tuple[np.ndarray, np.ndarray]:
        """Confidence interval of the success probability of each cell: its ends, shape of the grid.

        Raises
        ------
        ValueError
            When the method is neither "wilson" nor "clopper_pearson", or the confidence not between 0 and 1.
        """
        if method not in _INTERVALS:
            raise ValueError(f"expected one of the methods {', '.join(_INTERVALS)}, got {method!r}")
        return _INTERVALS[method](self.successes, self.trials, confidence)

    def select(self, **coordinates: Any) -> Sweep:
        """The part of the grid with these values, without their axes: ``select(delta=0.5, solver="l1")``.

        Numbers are matched to nine digits.

        Raises
        ------
        ValueError
            When there is no such axis, or no such value on it.
        """
        at = tuple(self._index(name, coordinates[name]) if name in coordinates else slice(None) for name in self.axes)
        unknown = [name for name in coordinates if name not in self.axes]
        if unknown:
            raise ValueError(f"there is no axis {unknown[0]!r}: the axes are {', '.join(self.axes)}")
        axes = {name: values for name, values in self.axes.items() if name not in coordinates}
        successes, trials, errors = (np.asarray(each[at]) for each in (self.successes, self.trials, self.errors))
        values = None if self.values is None else self.values[at]
        chosen = {name: self.axes[name][each] for name, each in zip(self.axes, at, strict=True) if name in coordinates}
        selected = self.experiment.get("selected", {}) | chosen
        return Sweep(axes, successes, trials, values, errors, self.experiment | {"selected": selected})

    def _index(self, name: str, value: Any) -> int:
        value, values = plain(value, name), self.axes[name]
        found = [i for i, each in enumerate(values) if each == value] or [
            i
            for i, each in enumerate(values)
            if _number(each) and _number(value) and np.isclose(each, value, rtol=1e-9)
        ]
        if not found:
            raise ValueError(f"axis {name!r} has no value {value!r}: it has {', '.join(map(repr, values))}")
        return found[0]

    def fit(self, axis: str | None = None, link: str = "probit", rising: bool | None = None) -> Any:
        """Transition along an axis of numbers, by default the last one that is not "solver".

        `link` and `rising` are those of `fit_transition`.

        Returns
        -------
        TransitionFit, or an array of them, shape of the grid without that axis

        Raises
        ------
        ValueError
            When there is no such axis, or its values are not numbers; and what `fit_transition` raises.
        """
        names = list(self.axes)
        axis = next((name for name in reversed(names) if name != "solver"), "") if axis is None else axis
        if axis not in names:
            raise ValueError(f"there is no axis {axis!r}: the axes are {', '.join(names) or 'none'}")
        x = numbers(self.axes[axis], axis)
        successes, trials = (np.moveaxis(each, names.index(axis), -1) for each in (self.successes, self.trials))
        fits = np.empty(successes.shape[:-1], dtype=object)
        for at in np.ndindex(fits.shape):
            fits[at] = fit_transition(x, successes[at], trials[at], link=link, rising=rising)
        return fits[()]

    def to_xarray(self) -> Any:
        """As an `xarray.Dataset`; needs xarray."""
        return exports.to_xarray(self)

    def to_csv(self, path: str | Path) -> None:
        """Write a table of the cells to a text file."""
        exports.to_csv(self, path)

    def to_parquet(self, path: str | Path) -> None:
        """Write a table of the cells to a Parquet file; needs pyarrow."""
        exports.to_parquet(self, path)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def numbers(values: tuple[Any, ...], axis: str) -> np.ndarray:
    """Values of an axis as an array of float.

    Raises
    ------
    ValueError
        When they are not all finite numbers.
    """
    if not all(map(_number, values)) or not np.all(np.isfinite(np.asarray(values, dtype=float))):
        raise ValueError(f"a transition needs finite numbers, axis {axis!r} has {', '.join(map(repr, values))}")
    return np.asarray(values, dtype=float)


def collect(store: Store) -> Sweep:
    """The grid that was asked for last, with the trials of it that the store holds.

    Raises
    ------
    ValueError
        When nothing has been asked for yet.
    """
    request = store.get("request")
    if request is None:
        raise ValueError(f"{store.path} is an empty store: nothing has been run yet")
    axes: Axes = {name: plain(values) for name, values in request.pop("axes").items()}
    allotted = np.broadcast_to(request.pop("allotted"), math.prod(shape(axes)))
    names, place = store.solvers() or ("",), places(store, axes)
    found, number, solver, success, value = placed(store.trials(), place, allotted)
    cell, size = (found * len(names) + solver).astype(int), len(allotted) * len(names)
    successes, trials = np.bincount(cell, success, size).astype(int), np.bincount(cell, minlength=size)
    values = None
    if not np.all(np.isnan(value)):
        values = np.full((size, allotted.max()), np.nan)
        values[cell, number.astype(int)] = value
    failures = [
        (place[cell], text)
        for cell, number, text in store.failures()
        if place[cell] >= 0 and number < allotted[place[cell]]
    ]
    errors = np.bincount(np.array([cell for cell, _ in failures], dtype=int), minlength=len(allotted))
    experiment = {name: each for name, each in store.get("experiment").items() if name != "axes"}
    circumstances = {
        "runs": store.get("runs", []),
        "failures": dict(Counter(text for _, text in failures).most_common(_TEXTS)),
        "unfinished": int(allotted.sum() - errors.sum()) - int(trials.sum()) // len(names),
    }
    if names != ("",):
        axes["solver"] = names
    return Sweep(
        axes,
        successes.reshape(shape(axes)),
        trials.reshape(shape(axes)),
        values if values is None else values.reshape(*shape(axes), -1),
        np.repeat(errors, len(names)).reshape(shape(axes)),
        experiment | request | circumstances,
    )


def places(store: Store, axes: Axes) -> np.ndarray:
    """Place in a grid (C order) of each cell of a store by its id; -1 of those that are not in it."""
    ids = store.cell_ids()
    found = np.full(len(ids), -1)
    for place, cell in enumerate(cells(axes)):
        found[ids[canonical(cell)]] = place
    return found


def placed(rows: list[Row], place: np.ndarray, allotted: np.ndarray) -> np.ndarray:
    """Rows of the trials that are in a grid and allotted, as columns, the cells by their places."""
    columns = np.array(rows, dtype=float).reshape(-1, 5).T
    columns[0] = place[columns[0].astype(int)]
    inside = columns[:, columns[0] >= 0]
    return inside[:, inside[1] < allotted[inside[0].astype(int)]]
