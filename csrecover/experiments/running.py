"""A run of a sweep: what is missing is cut into chunks, sent to workers, and kept as it comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from .chunks import Pace, chunks
from .executors import Pool
from .grid import Axes, cells, shape
from .result import placed, places
from .seeding import canonical
from .store import Row, Store
from .work import Done, Failure, Outcome, Part, Work


@dataclass(frozen=True, eq=False)
class Run:
    """Has trials made that are missing, and keeps them as they come.

    Attributes
    ----------
    store, work, success, on_error
        as in `sweep`.
    cells : list of dict
        of the grid, in C order; `ids` are theirs in the store.
    made : bool array, (cells, numbers)
        which trials need not be made, be they in the store or failed in this run.
    names : list of str
        names of the outcomes, [""] where they have none; empty before the first.
    """

    store: Store
    work: Work
    cells: list[dict[str, Any]]
    ids: list[int]
    made: np.ndarray
    pace: Pace
    names: list[str]
    success: Callable[[float], bool] | None
    on_error: str
    bar: tqdm

    @classmethod
    def of(cls, store: Store, work: Work, axes: Axes, trials: int, **options: Any) -> Run:
        """Run of a grid that goes on from what is in the store."""
        grid = list(cells(axes))
        ids = store.cell_ids(map(canonical, grid))
        made = np.zeros((len(grid), -(-trials // work.group) * work.group), dtype=bool)
        everything = np.full(len(grid), made.shape[1])
        place, number = placed(store.trials(), places(store, axes), everything)[:2].astype(int)
        made[place, number] = True
        own, pace, names = [ids[canonical(cell)] for cell in grid], Pace.unknown(shape(axes)), list(store.solvers())
        return cls(store, work, grid, own, made, pace, names, **options)

    def __call__(self, pool: Pool, allotted: np.ndarray) -> None:
        """Make what is missing of so many trials of each cell."""
        missing = self._missing(allotted)
        if not missing:
            return
        self.bar.total += sum(len(numbers) for _, _, numbers in missing)
        for _, done in pool.run(self.work, chunks(missing, self.pace, self.work.group)):
            self._keep(done)

    def _missing(self, allotted: np.ndarray) -> list[Part]:
        """Whole groups of which a trial is allotted and not made."""
        wanted = ~self.made & (np.arange(self.made.shape[1]) < allotted[:, None])
        groups = wanted.reshape(len(wanted), -1, self.work.group)
        wanted = np.broadcast_to(groups.any(axis=-1, keepdims=True), groups.shape).reshape(wanted.shape)
        return [
            (place, self.cells[place], tuple(np.flatnonzero(wanted[place]).tolist()))
            for place in np.flatnonzero(wanted.any(axis=1)).tolist()
        ]

    def _keep(self, done: list[Done]) -> None:
        """One transaction for each chunk."""
        rows: list[Row] = []
        failures: list[tuple[int, int, Failure]] = []
        for part in done:
            self.pace.measure(part.place, part.seconds / len(part.outcomes))
            for number, outcome in part.outcomes:
                self.made[part.place, number] = True
                if isinstance(outcome, Failure):
                    failures.append((part.place, number, outcome))
                else:
                    rows += self._rows(self.ids[part.place], number, outcome)
        recorded = failures if self.on_error == "record" else []
        self.store.add(rows, [(self.ids[place], number, failure.text) for place, number, failure in recorded])
        self.bar.update(sum(len(part.outcomes) for part in done))
        if failures and self.on_error == "raise":
            place, number, failure = failures[0]
            raise RuntimeError(f"trial {number} of the cell {self.cells[place]} raised {failure.text}\n{failure.trace}")

    def _rows(self, cell: int, number: int, outcome: Outcome) -> list[Row]:
        named = outcome if isinstance(outcome, dict) else {"": outcome}
        if not self.names:
            if isinstance(outcome, dict) and "solver" in self.cells[0]:
                raise ValueError("outcomes with names make an axis 'solver': call the one that is given otherwise")
            self.store.name_solvers(named)
            self.names.extend(named)
        if list(named) != self.names:
            raise ValueError(
                f"all trials must give the same names in the same order, got {self.names} and {list(named)}"
            )
        return [(cell, number, solver, *self._counted(each)) for solver, each in enumerate(named.values())]

    def _counted(self, outcome: bool | float) -> tuple[bool, float | None]:
        if isinstance(outcome, bool):
            return outcome, None
        if self.success is None:
            raise TypeError(
                f"the trial gives numbers ({outcome}): say which count, for example success=lambda error: error < 1e-4"
            )
        return bool(self.success(outcome)), outcome
