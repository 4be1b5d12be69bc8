"""The same recoveries on the backend and on NumPy in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np

from ..backend import to, to_numpy
from ..experiments import random_signal
from ..models import BlockSparse, Sparse, SupportModel, TreeSparse
from ..operators import Matrix, Wavelet, gaussian
from ..penalties import L1, GroupL2
from ..solvers import Result, cosamp, fista, iht, subspace_pursuit
from ..structures import Blocks
from .check import Check, described

LIMITS = {"float32": 1e-4, "complex64": 1e-4, "float64": 1e-9, "complex128": 1e-9}
_N, _M = 256, 128


def accuracy(backend: str, dtypes: tuple[str, ...]) -> Iterator[Check]:
    """Each recovery differs from that on NumPy in double precision by less than the limit of its dtype, relatively."""
    for dtype in dtypes:
        for name, recovery in _recoveries().items():
            yield _compared(name, recovery, backend, dtype)


@dataclass(frozen=True)
class _Recovery:
    """A solver with its structure bound; the model and the budget of the signal to recover."""

    solve: Callable[..., Result]
    model: SupportModel
    k: int


def _recoveries() -> dict[str, _Recovery]:
    blocks = Blocks.uniform(_N, 8)
    models: dict[str, tuple[SupportModel, int]] = {
        "plain": (Sparse(), 16),
        "blocks": (BlockSparse(blocks), 4),
        "tree": (TreeSparse(Wavelet((_N,), "haar").tree), 24),
    }
    soft = {"plain": L1(0.1), "blocks": GroupL2(blocks, 0.2)}
    found = {
        f"fista, {name}": _Recovery(partial(fista, penalty=penalty, tol=0.0, max_iter=300), *models[name])
        for name, penalty in soft.items()
    }
    for solver in (iht, cosamp, subspace_pursuit):
        for name, (model, k) in models.items():
            found[f"{solver.__name__}, {name}"] = _Recovery(partial(solver, model=model, k=k, tol=0.0), model, k)
    return found


def _compared(name: str, recovery: _Recovery, backend: str, dtype: str) -> Check:
    start, limit = perf_counter(), LIMITS[dtype]
    try:
        value = _difference(recovery, backend, dtype)
    except Exception as error:  # as in `attempt`
        return Check("accuracy", name, dtype, False, described(error), perf_counter() - start)
    detail = f"differs by {value:.1e} from NumPy in double precision, at most {limit:.0e} is expected"
    known = value if math.isfinite(value) else None
    return Check("accuracy", name, dtype, value <= limit, detail, perf_counter() - start, known, limit)


def _difference(recovery: _Recovery, backend: str, dtype: str) -> float:
    A = gaussian(_M, _N, 0, dtype=dtype)
    y = A @ random_signal(recovery.model, _N, recovery.k, 1, dtype=dtype)
    seen = to_numpy(recovery.solve(*to((A, y), backend)).x)
    double = "complex128" if "complex" in dtype else "float64"
    wanted = recovery.solve(Matrix(A.matrix.astype(double)), y.astype(double)).x
    return float(np.linalg.norm(seen - wanted) / np.linalg.norm(wanted))
