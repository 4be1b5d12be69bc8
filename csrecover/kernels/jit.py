"""How the compiled functions of this folder are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

sums = numba.njit(fastmath={"contract", "reassoc", "nsz"})  # of functions within others: sums in any order


def jit(function: Callable) -> Any:
    """Compile at the first call, without the lock of the interpreter; keep it on disk where there is a place for it."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to write to
        return numba.njit(**options)(function)
