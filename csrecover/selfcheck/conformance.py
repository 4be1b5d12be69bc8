"""The property suite on an example of each class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..backend import Array, to
from ..testing import check_operator, check_penalty, check_solver, examples
from .check import Check, attempt


def conformance(backend: str, dtypes: tuple[str, ...]) -> Iterator[Check]:
    """Each example of an operator, model, penalty and solver keeps its promises, on the backend in the dtypes."""
    for dtype in dtypes:
        like = to(np.empty(0, dtype), backend)
        for name, A in examples.operators().items():
            yield _operator(name, A, backend, dtype, like)
        for name, model in examples.models().items():
            yield _model(name, model, backend, dtype, like)
        for name, penalty in examples.penalties().items():
            yield _penalty(name, penalty, backend, dtype, like)
        for name, solver in examples.solvers().items():
            yield _solver(name, solver, backend, dtype)


def _operator(name, A, backend: str, dtype: str, like: Array) -> Check:
    if reason := examples.skipped(name, backend):
        return Check("operator", name, dtype, None, reason)
    return attempt("operator", name, dtype, lambda: check_operator(to(A, backend), like=like))


def _model(name, case, backend: str, dtype: str, like: Array) -> Check:
    return attempt("model", name, dtype, lambda: case.check(backend, like))


def _penalty(name, case, backend: str, dtype: str, like: Array) -> Check:
    penalty, shape = case
    return attempt("penalty", name, dtype, lambda: check_penalty(to(penalty, backend), shape, like=like))


def _solver(name, case, backend: str, dtype: str) -> Check:
    def check() -> None:
        check_solver(case.solve, *to(case.in_dtype(dtype), backend), error=case.error)

    return attempt("solver", name, dtype, check)
