"""Compiled twins of plain array code: with numba for NumPy arrays (the `fast` extra), with CUDA for CuPy arrays.

A module here imports numba or CuPy and is itself imported by `compiled` alone, at its first use. CSRECOVER_FAST=0 in
the environment leaves everything to the plain code.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any, TypeVar, cast

__all__ = ["FUSED", "compiled", "fused"]

F = TypeVar("F", bound=Callable[..., Any])
FUSED: dict[str, Callable[..., Any]] = {}  # by name; the plain code of each is its __wrapped__


def compiled(name: str) -> ModuleType | None:
    """The module of this folder with the given name; None without its library, or where CSRECOVER_FAST is 0."""
    return None if os.environ.get("CSRECOVER_FAST") == "0" else _module(name)


@cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f".{name}", __name__)
    except ImportError:
        return None


def fused(plain: F) -> F:
    """Decorator of plain array code that has a twin of the same name in `kernels.cuda`, which CuPy arrays go to.

    The twin takes the same arguments, by position, and gives NotImplemented for those that it leaves to the plain code.
    """

    @wraps(plain)
    def function(x: Any, *args: Any) -> Any:
        cuda = compiled("cuda") if _on_cupy(x) else None
        out = NotImplemented if cuda is None else getattr(cuda, plain.__name__)(x, *args)
        return plain(x, *args) if out is NotImplemented else out

    FUSED[plain.__name__] = function
    return cast(F, function)


def _on_cupy(x: Any) -> bool:
    return isinstance(x, getattr(sys.modules.get("cupy"), "ndarray", ()))
