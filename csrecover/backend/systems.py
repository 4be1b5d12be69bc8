"""Small dense systems, and the threads that products run on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import cache
from typing import Any

import numpy as np
import scipy.linalg
from threadpoolctl import ThreadpoolController

from .dtypes import eps
from .libraries import Array, library, namespace
from .signals import mT

_SMALL_PRODUCT = 2**21  # entries of a matrix below which BLAS threads cost more than they save


def blas_threads(entries: int) -> AbstractContextManager:
    """Context in which products with a matrix of so many entries run on as many BLAS threads as pay (one, if small)."""
    return _ONE_THREAD if entries < _SMALL_PRODUCT else nullcontext()


def in_threads(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """Call a function for each item, on as many threads as BLAS may use now: for calls that release Python's lock."""
    count = min(_threads(), len(items)) if len(items) > 1 else 1

    def in_turn(part: Sequence[Any]) -> None:
        for item in part:
            function(item)

    if count < 2:
        in_turn(items)
        return
    with ThreadPoolExecutor(count) as pool:  # which warnings NumPy gives is a matter of the context
        parts = [pool.submit(copy_context().run, in_turn, items[i::count]) for i in range(count)]
    for part in parts:
        part.result()


class _OneThread(AbstractContextManager):
    """One BLAS thread from the first entry, of any Python thread, to the last exit: contexts may overlap."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._limit = _threadpools().limit(limits=1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.restore_original_limits()


_ONE_THREAD = _OneThread()


def _threads() -> int:
    """How many threads BLAS may use now."""
    return max((each.num_threads for each in _threadpools().lib_controllers), default=1)


@cache
def _threadpools() -> ThreadpoolController:
    return ThreadpoolController()


def positive_solver(gram: Array) -> tuple[Callable[[Array], Array], float] | None:
    """Solver of gram @ x = b, b one vector, for a Hermitian positive definite matrix; None close to singular.

    With it the smallest pivot (or eigenvalue) by the largest, about the inverse of the condition number.
    """
    worst = eps(gram) ** 0.5
    if library(gram) == "numpy":
        potrf, potrs = _cholesky(gram.dtype)
        factor, failed = potrf(gram, lower=True, clean=False)
        pivots = np.real(np.diagonal(factor))
        low, high = pivots.min() ** 2, pivots.max() ** 2
        if failed or not low > worst * high:
            return None
        return lambda b: potrs(factor, b, lower=True)[0], float(low / high)
    xp = namespace(gram)
    values, vectors = xp.linalg.eigh(gram)
    if not bool(values[0] > worst * values[-1]):
        return None
    ease = float(values[0] / values[-1])
    return lambda b: vectors @ ((xp.conj(mT(vectors)) @ b) / xp.astype(values, vectors.dtype)), ease


def well_conditioned(grams: Array) -> bool:
    """Whether each Hermitian matrix of a batch is positive definite to half precision; synchronises with the device."""
    xp = namespace(grams)
    try:
        factors = xp.linalg.cholesky(grams)
    except Exception as error:  # each library has its own; CuPy gives NaN instead
        if "LinAlgError" not in type(error).__name__:
            raise
        return False
    pivots = xp.real(xp.linalg.diagonal(factors)) ** 2
    return bool(xp.all(xp.min(pivots, axis=-1) > eps(grams) ** 0.5 * xp.max(pivots, axis=-1)))


@cache
def _cholesky(dtype: np.dtype) -> Any:
    return scipy.linalg.get_lapack_funcs(("potrf", "potrs"), dtype=dtype)
