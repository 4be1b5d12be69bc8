"""Values of a problem file: each is checked against the annotation of the argument that it is for."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

_PLAIN = {
    "bool": "true or false",
    "int": "an integer",
    "float": "a number",
    "str": "a text",
    "tuple[int, int]": "two integers",
    "tuple[int, ...]": "an integer or a list of integers",
    "Array": "a list of numbers or the name of an .npy or .npz file",
    "Any": "a number, a text, a list, or the name of an .npy or .npz file",
}


def alternatives(annotation: Any) -> list[str]:
    """Types of an annotation that a value of a file can have: "float | None" is a number."""
    return [name for name in str(annotation).split(" | ") if name in _PLAIN]


def value_of(value: Any, annotation: Any, place: str, folder: Path) -> Any:
    """A value as the argument that it is for.

    Raises
    ------
    ValueError
        When it is of another type, or a file cannot be read; the message begins with its place.
    """
    wanted = alternatives(annotation)
    for name in wanted:
        if _fits(value, name):
            return _converted(value, name, place, folder)
    raise ValueError(f"{place}: expected {' or '.join(_PLAIN[name] for name in wanted)}, got {value!r}")


def _fits(value: Any, name: str) -> bool:
    if name == "bool" or isinstance(value, bool):
        return name in ("bool", "Any") and isinstance(value, bool)
    if name == "int":
        return isinstance(value, int)
    if name == "float":
        return isinstance(value, int | float) and not math.isnan(value)
    if name == "str":
        return isinstance(value, str)
    if name == "tuple[int, int]":
        return isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    if name == "tuple[int, ...]":
        return all(type(each) is int for each in (value if isinstance(value, list) else [value]))
    if name == "Array":
        return isinstance(value, list) or _is_file(value)
    return isinstance(value, int | float | str | list) and value == value


def _converted(value: Any, name: str, place: str, folder: Path) -> Any:
    if name.startswith("tuple"):
        return tuple(value) if isinstance(value, list) else (value,)
    if name == "float":
        return float(value)
    if name in ("Array", "Any") and _is_file(value):
        return load(value, place, folder)
    if name == "Array":
        return _array(value, place)
    return value


def _is_file(value: Any) -> bool:
    return isinstance(value, str) and (value.endswith((".npy", ".npz")) or ".npz:" in value)


def _array(value: list[Any], place: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{place}: expected rows of equal lengths, got {value!r}") from None
    return _numbers(array, place)


def load(name: str, place: str, folder: Path) -> np.ndarray:
    """Array of numbers in an .npy file, in an .npz file that holds one, or "file.npz:array"; no pickles.

    Raises
    ------
    ValueError
        When the file cannot be read, holds no such array or several, or something else than numbers.
    """
    file, _, entry = name.rpartition(":") if ".npz:" in name else (name, "", "")
    try:
        with (folder / file).open("rb") as opened:
            found = np.load(opened, allow_pickle=False)
            return _numbers(found if isinstance(found, np.ndarray) else _entry(found, file, entry), place)
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ValueError(f"{place}: cannot read {folder / file}: {reason}") from error


def _entry(archive: Any, file: str, entry: str) -> np.ndarray:
    names = archive.files
    if entry in names or (not entry and len(names) == 1):
        return archive[entry or names[0]]
    wanted = f"no array {entry!r}" if entry else f'{len(names)} arrays, write "{file}:name"'
    raise ValueError(f"it holds {wanted}: there are {', '.join(names)}")


def _numbers(array: np.ndarray, place: str) -> np.ndarray:
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{place}: expected numbers, got an array of {array.dtype}")
    return array
