"""Random numbers of a trial: a function of the seed, the cell's values and the trial's number, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

_WORD = 2**32


def plain(value: Any, name: str = "a value") -> Any:
    """A value of a cell as Python's own: NumPy's scalars become numbers, lists become tuples, -0.0 becomes 0.0.

    Raises
    ------
    TypeError
        When it is none of None, bool, int, float, str, and tuples of these.
    ValueError
        When it is not a number (NaN), which equals nothing, itself included.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple | list):
        return tuple(plain(each, name) for each in value)
    if isinstance(value, float):
        if value != value:
            raise ValueError(f"{name} is NaN: give a number, or None where there is none")
        return float(value) + 0.0
    for kind in (bool, int, str):
        if isinstance(value, kind):
            return kind(value)
    if value is None:
        return None
    raise TypeError(
        f"{name} is a {type(value).__name__}: expected a number, text, bool, None or a tuple of these; "
        "have the trial build everything else from them"
    )


def canonical(cell: Mapping[str, Any]) -> str:
    """The one JSON text of a cell: names in order, no spaces, numbers as Python prints them (Infinity included).

    An integer and a float are told apart, 1 from 1.0, as the trial may tell them apart.
    """
    values = {name: plain(cell[name], name) for name in cell}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def trial_rngs(seed: int, cell: Mapping[str, Any], numbers: Iterable[int]) -> Iterator[np.random.Generator]:
    """Generators of trials of one cell: `trial_rng` of each number."""
    digest = hashlib.blake2b(canonical(cell).encode("ascii"), digest_size=16).digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    for number in numbers:
        if not 0 <= number < _WORD:
            raise ValueError(f"trials are numbered from 0 to 2**32 - 1, got {number}")
        yield np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=(*words, number))))


def trial_rng(seed: int, cell: Mapping[str, Any], trial: int) -> np.random.Generator:
    """Generator of one trial: Philox, seeded by (seed, cell, trial) alone.

    The cell enters by the 128-bit BLAKE2b digest of its canonical text, as four words of 32 bits, so that neither its
    place in a grid nor the order of its names matters; words of fixed width keep different trials from one stream.

    Parameters
    ----------
    seed : int
        0 <= seed < 2**128.
    cell : mapping of str to plain values
    trial : int
        0 <= trial < 2**32.

    Raises
    ------
    TypeError, ValueError
        When a value of the cell is not plain, or the trial is out of range.
    """
    return next(trial_rngs(seed, cell, (trial,)))
