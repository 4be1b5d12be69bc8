"""Compiled twins of plain array code, for NumPy arrays, where numba is installed (the `fast` extra).

A module here imports numba and is itself imported by `compiled` alone, at its first use. CSRECOVER_FAST=0 in the
environment leaves everything to the plain code.
"""

from __future__ import annotations

import importlib
import os
from functools import cache
from types import ModuleType

__all__ = ["compiled"]


def compiled(name: str) -> ModuleType | None:
    """The module of this folder with the given name; None without numba, or where CSRECOVER_FAST is 0."""
    return None if os.environ.get("CSRECOVER_FAST") == "0" else _module(name)


@cache
def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(f".{name}", __name__)
    except ImportError:
        return None
