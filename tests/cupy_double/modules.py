"""Modules with the names of a real CuPy, and their place in sys.modules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .functions import HOSTS, LIBRARIES, MEMBERS, ufunc
from .ndarray import NUMBERS, accepts, call, ndarray, unsupported

_FOLDER = Path(__file__).parent
_PLAIN = (np.generic, np.dtype, np.finfo, np.iinfo, Exception)  # classes that CuPy takes from NumPy
_SHAPE = {"empty": 0, "eye": 0, "full": 0, "ones": 0, "zeros": 0, "broadcast_to": 1, "reshape": 1}  # place of the shape
_parked: dict[str, ModuleType] = {}  # modules of the double, and those that imported it, while it is not installed


def versions() -> list[str]:
    """Releases that there is a snapshot of, newest first."""
    return sorted((path.stem.removeprefix("cupy-") for path in _FOLDER.glob("cupy-*.json")), reverse=True)


@cache
def snapshot(version: str) -> dict[str, Any]:
    """Names and parameters of a release."""
    return json.loads((_FOLDER / f"cupy-{version}.json").read_text(encoding="utf-8"))


class Unmodelled:
    """A member that CuPy has and the double has not."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{self._path} is not modelled by the double")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"{self._path}.{name} is not modelled by the double")


def member(module: str, name: str, kind: str) -> Any:
    """Member of a module, by the word or the parameters that the snapshot has for it."""
    path = f"{module}.{name}"
    known = MEMBERS.get(path)
    if known is not None and not isinstance(known, dict):
        return _checked(name, known, kind) if kind.startswith("(") else known
    library = LIBRARIES.get(module)
    host = HOSTS.get(path) or getattr(library, name, None)
    if host is None or kind == "module":
        return Unmodelled(path)
    if kind == "class":
        return host if isinstance(host, type) and issubclass(host, _PLAIN) else Unmodelled(path)
    if kind == "value":
        return host
    if kind == "ufunc":
        return ufunc(name, host)
    return _checked(name, _on_arrays(name, host), kind)


def _on_arrays(name: str, host: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing lists of numbers, and shapes that only the device knows."""

    def function(*args: Any, **kwargs: Any) -> Any:
        for arg in args[:1]:
            if isinstance(arg, list) and any(isinstance(item, (list, *NUMBERS)) for item in arg):
                raise unsupported(arg)
        for shape in args[_SHAPE[name] :][:1] if name in _SHAPE else ():
            if any(isinstance(size, ndarray) for size in (shape if isinstance(shape, tuple) else (shape,))):
                raise TypeError("'ndarray' object cannot be interpreted as an integer")
        return call(name, host, args, kwargs)

    return function


def _checked(name: str, function: Callable[..., Any], parameters: str) -> Callable[..., Any]:
    """The function, refusing arguments that the real one does not take."""
    check = accepts(name, parameters)

    def checked(*args: Any, **kwargs: Any) -> Any:
        check(*args, **kwargs)
        return function(*args, **kwargs)

    checked.__name__ = name
    return checked


def build(version: str) -> dict[str, ModuleType]:
    """Modules of the double by name, exactly the public names of the release in each."""
    modules = {}
    for path, members in snapshot(version)["modules"].items():
        modules[path] = ModuleType(path)
        modules[path].__dict__.update({name: member(path, name, kind) for name, kind in members.items()})
    for path, members in MEMBERS.items():
        if isinstance(members, dict):
            modules[path] = ModuleType(path)
            modules[path].__dict__.update(members)
    for path, module in modules.items():
        parent, _, name = path.rpartition(".")
        module.__path__, module.__spec__ = [], ModuleSpec(path, None, is_package=True)
        if parent:
            setattr(modules[parent], name, module)
    modules["cupy"].__version__ = snapshot(version)["version"]
    return modules


def _ours(name: str) -> bool:
    return name.partition(".")[0] in ("cupy", "cupyx") or name.startswith("array_api_compat.cupy")


@contextmanager
def installed(version: str = versions()[0]) -> Iterator[ModuleType]:
    """Context in which `import cupy` gives the double; one release a process, and never in place of a real CuPy."""
    there = sys.modules.get("cupy")
    if there is not None:
        raise RuntimeError(f"CuPy {there.__version__} is loaded already: the double takes the place of none")
    wanted = snapshot(version)
    if _parked and _parked["cupy"].__version__ != wanted["version"]:
        raise RuntimeError(f"the double of CuPy {_parked['cupy'].__version__} was used here: one release a process")
    ndarray.members = wanted["classes"]["cupy.ndarray"]
    _parked.update(_parked or build(version))
    sys.modules.update(_parked)
    try:
        yield sys.modules["cupy"]
    finally:
        _parked.update({name: sys.modules.pop(name) for name in list(sys.modules) if _ours(name)})
