"""Cuts the work of a sweep into chunks of about a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .work import Part

_SECONDS = 1.0
_MOST = 500  # trials a chunk


@dataclass(frozen=True, eq=False)
class Pace:
    """Seconds that a trial takes in each cell: as measured last there, else in the nearest cell that was measured."""

    places: np.ndarray
    seconds: np.ndarray

    @classmethod
    def unknown(cls, shape: tuple[int, ...]) -> Pace:
        """Pace on a grid where nothing has been measured."""
        places = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape), axis=-1)
        return cls(places, np.full(len(places), np.nan))

    def measure(self, place: int, seconds: float) -> None:
        """Set the seconds of a trial in a cell."""
        self.seconds[place] = seconds

    def guess(self, place: int) -> float:
        """Seconds of a trial in a cell; a whole chunk's where nothing is known."""
        if np.isnan(self.seconds[place]):
            distances = np.sum(np.abs(self.places - self.places[place]), axis=-1)
            distances = np.where(np.isnan(self.seconds), np.inf, distances)
            nearest = int(np.argmin(distances))
            return float(self.seconds[nearest]) if np.isfinite(distances[nearest]) else _SECONDS
        return float(self.seconds[place])


def chunks(missing: Iterable[Part], pace: Pace, group: int) -> Iterator[list[Part]]:
    """Chunks of about one second and at most 500 trials, of one cell or several, each cut when it is asked for.

    Parameters
    ----------
    missing : iterable of Part
        trials to be made, in whole groups.
    pace : Pace
        read when a chunk is cut, so it may learn meanwhile.
    group : int
        number of trials that must not be parted.
    """
    chunk: list[Part] = []
    seconds, count = 0.0, 0
    for place, cell, numbers in missing:
        while numbers:
            each = pace.guess(place)
            room = min((_SECONDS - seconds) / max(each, 1e-9), _MOST - count) // group
            take = group * max(int(room), 0 if chunk else 1)
            if take:
                chunk.append((place, cell, numbers[:take]))
                made, numbers = len(numbers[:take]), numbers[take:]
                seconds, count = seconds + each * made, count + made
            if numbers:
                yield chunk
                chunk, seconds, count = [], 0.0, 0
    if chunk:
        yield chunk
