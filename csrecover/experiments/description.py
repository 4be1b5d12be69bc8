"""What was run, as plain data: enough to tell one experiment from another, and to say how they differ."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..backend import is_array, to_numpy
from ..versions import versions


def describe(value: Any) -> Any:
    """A trial, or what it is made of, as what JSON can say.

    Functions and classes go by their qualified names, so an edited function is the same one; lambdas and functions
    inside functions by their code and what they enclose, too (the code is compiled, so it depends on the version of
    Python). Dataclasses go by name and fields, other objects by name and attributes, arrays by a digest.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [describe(each) for each in value]
    if isinstance(value, dict):
        return {str(key): describe(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(repr(describe(each)) for each in value)
    if is_array(value):
        array = np.ascontiguousarray(to_numpy(value))
        return {"array": f"{array.dtype} {array.shape}", "digest": _digest(array.tobytes())}
    return _of_object(value)


def _of_object(value: Any) -> Any:
    if isinstance(value, functools.partial):
        return {"partial": describe(value.func), "args": describe(value.args), "keywords": describe(value.keywords)}
    if isinstance(value, MethodType):
        return {"method": value.__func__.__qualname__, "of": describe(value.__self__)}
    if isinstance(value, FunctionType) and "<" in value.__qualname__:
        contents = [each.cell_contents for each in value.__closure__ or ()]
        enclosed = [describe(each) for each in contents if each is not value]
        defaults = describe([value.__defaults__, value.__kwdefaults__])
        return {"function": _name(value), "code": _code(value.__code__), "encloses": enclosed, "defaults": defaults}
    if hasattr(value, "__qualname__"):
        return _name(value)
    if dataclasses.is_dataclass(value):
        fields = {field.name: describe(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"class": _name(type(value)), **fields}
    if hasattr(value, "__dict__") and not isinstance(value, PurePath):
        return {"class": _name(type(value)), **{name: describe(each) for name, each in vars(value).items()}}
    return str(value)


def _name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _code(code: CodeType) -> str:
    constants = [_code(each) if isinstance(each, CodeType) else repr(describe(each)) for each in code.co_consts]
    return _digest(repr((code.co_code, constants, code.co_names)).encode())


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def differences(there: Any, asked: Any, place: str = "") -> Iterator[str]:
    """Where two descriptions differ, in words."""
    if isinstance(there, dict) and isinstance(asked, dict) and there.get("class") == asked.get("class"):
        for name in dict.fromkeys([*there, *asked]):
            where = f"{place}.{name}" if place else name
            yield from differences(there.get(name, "nothing"), asked.get(name, "nothing"), where)
    elif there != asked:
        yield f"{place} is {there!r} there and {asked!r} here"


def circumstances() -> dict[str, Any]:
    """When and with what something is run: time, versions, and the commit of the Git repository one is in, if any."""
    return {"started": datetime.now(UTC).isoformat(timespec="seconds"), "versions": _versions(), "commit": _commit()}


_versions = functools.cache(versions)


def _commit() -> str | None:
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None
