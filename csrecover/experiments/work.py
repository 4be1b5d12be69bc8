"""What a worker does: trials of some cells, each with its own random numbers, whoever runs them and when."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np

from ..backend import blas_threads, is_array, to_numpy
from .seeding import trial_rngs

_TEXT = 500  # characters that are kept of what an exception says

Outcome = bool | float | dict[str, bool | float]
Part = tuple[int, dict[str, Any], tuple[int, ...]]
"""Some trials of one cell: place of the cell in the grid, the cell, numbers of the trials."""


@dataclass(frozen=True)
class Failure:
    """A trial that raised: the exception in a line, and where it came from."""

    text: str
    trace: str


@dataclass(frozen=True)
class Done:
    """Trials of one cell that were made: place of the cell, (number, outcome) of each, and how long they took."""

    place: int
    outcomes: list[tuple[int, Outcome | Failure]]
    seconds: float


@dataclass(frozen=True, eq=False)
class Work:
    """Runs chunks of trials, on one BLAS thread, so that numbers do not depend on how many there are.

    A trial with a method `batch` and a `batch_size` above one is called once a group of so many trials.
    """

    trial: Callable[..., Any]
    seed: int

    @property
    def group(self) -> int:
        """Number of trials that are made by one call."""
        return max(1, getattr(self.trial, "batch_size", 1)) if hasattr(self.trial, "batch") else 1

    def __call__(self, chunk: list[Part]) -> list[Done]:
        with blas_threads(entries=0):
            return [self._part(*part) for part in chunk]

    def _part(self, place: int, cell: dict[str, Any], numbers: tuple[int, ...]) -> Done:
        start, rngs, group = time.perf_counter(), trial_rngs(self.seed, cell, numbers), self.group
        made: list[tuple[int, Outcome | Failure]] = []
        for first in range(0, len(numbers), group):
            own = numbers[first : first + group]
            made += zip(own, self._outcomes(cell, list(islice(rngs, group))), strict=True)
        return Done(place, made, time.perf_counter() - start)

    def _outcomes(self, cell: dict[str, Any], rngs: list[np.random.Generator]) -> list[Outcome | Failure]:
        """Outcomes of a group; where one raises, all are failures."""
        try:
            one = self.group == 1
            outcomes = [self.trial(rng=rngs[0], **cell)] if one else list(self.trial.batch(rngs, **cell))  # type: ignore
        except Exception as error:
            text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return [Failure(text[:_TEXT], traceback.format_exc())] * len(rngs)
        if len(outcomes) != len(rngs):
            raise ValueError(f"batch was given {len(rngs)} generators and gave {len(outcomes)} outcomes: give as many")
        return list(map(checked, outcomes))


def checked(outcome: Any) -> Outcome:
    """Outcome of a trial as Python's own numbers.

    Raises
    ------
    TypeError
        When it is no bool, number, or dict of names to these.
    """
    if isinstance(outcome, dict) and outcome and all(isinstance(name, str) and name for name in outcome):
        return {name: _number(each) for name, each in outcome.items()}
    return _number(outcome)


def _number(outcome: Any) -> bool | float:
    if isinstance(outcome, bool | float):
        return outcome if isinstance(outcome, bool) else float(outcome)
    if is_array(outcome) and outcome.ndim == 0:
        outcome = to_numpy(outcome)[()]
    if isinstance(outcome, np.bool_):
        return bool(outcome)
    if isinstance(outcome, Real):
        return float(outcome)
    raise TypeError(
        f"a trial gave {outcome!r} ({type(outcome).__name__}): expected a bool (success or not), a number, or a dict "
        "of names to these"
    )
