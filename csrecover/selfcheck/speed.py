"""Times of products and recoveries on NumPy and on the backend, side by side, in single precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from ..backend import Array, synchronize, to
from ..experiments import random_signal
from ..models import Sparse
from ..operators import DFT, Wavelet, gaussian
from ..penalties import L1
from ..solvers import cosamp, fista, lambda_max, subspace_pursuit
from .check import Timing

_ENOUGH = 0.3  # seconds that one entry is repeated for; the shortest time counts

Task = tuple[tuple[Any, ...], Callable[..., Any]]  # what is moved to a backend, and the function of it that is timed


def speed(backend: str, *, quick: bool) -> Iterator[Timing]:
    """Time each task at three sizes."""
    for make, sizes in TASKS.items():
        for size in sizes[0 if quick else 1]:
            name, (arguments, function) = make(size)
            host = seconds(function, arguments)
            yield Timing(name, host, None if backend == "numpy" else seconds(function, to(arguments, backend)))


def seconds(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    """Shortest time of a call, the device idle before and done after; the first call, which compiles, is left out."""
    x = arguments[-1]
    times: list[float] = []
    function(*arguments)
    synchronize(x)
    while not times or (sum(times) < _ENOUGH and len(times) < 20):
        start = perf_counter()
        function(*arguments)
        synchronize(x)
        times.append(perf_counter() - start)
    return min(times)


def _normal(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def _dft(n: int) -> tuple[str, Task]:
    return f"DFT of {n}", ((DFT((n,)), _normal(n).astype(np.complex64)), lambda A, x: A @ x)


def _matrix(m: int) -> tuple[str, Task]:
    A = gaussian(m, 4 * m, 0, dtype=np.float32)
    return f"matrix {m} x {4 * m}", ((A, _normal(4 * m)), lambda A, x: A @ x)


def _wavelet(side: int) -> tuple[str, Task]:
    return f"wavelet of {side} x {side}", ((Wavelet((side, side), "db4"), _normal(side, side)), lambda W, x: W @ x)


def _fista(m: int) -> tuple[str, Task]:
    A, y = _measured(m, 4 * m, k=m // 10)
    penalty = L1(0.01 * float(lambda_max(A, y, L1(1.0))))
    return f"FISTA {m} x {4 * m}, 100 iterations", (
        (A, y),
        lambda A, y: fista(A, y, penalty, tol=0.0, max_iter=100),
    )


def _cosamp(m: int) -> tuple[str, Task]:
    k = m // 10
    return f"CoSaMP {m} x {4 * m}, k={k}", (_measured(m, 4 * m, k), lambda A, y: cosamp(A, y, Sparse(), k))


def _batch(count: int) -> tuple[str, Task]:
    A, y = _measured(128, 512, k=12)
    scales = np.linspace(1, 2, count, dtype=np.float32)[:, None]
    return f"subspace pursuit 128 x 512, batch of {count}", (
        (A, scales * y),
        lambda A, y: subspace_pursuit(A, y, Sparse(), 12),
    )


def _measured(m: int, n: int, k: int) -> tuple[Any, Array]:
    A = gaussian(m, n, 0, dtype=np.float32)
    return A, A @ random_signal(Sparse(), n, k, 1, dtype=np.float32)


TASKS: dict[Callable[[int], tuple[str, Task]], tuple[tuple[int, ...], tuple[int, ...]]] = {
    _dft: ((2**8, 2**10, 2**12), (2**16, 2**18, 2**20)),
    _matrix: ((25, 50, 100), (500, 1000, 2000)),
    _wavelet: ((16, 32, 64), (256, 512, 1024)),
    _fista: ((25, 50, 100), (500, 1000, 2000)),
    _cosamp: ((40, 60, 80), (200, 400, 800)),
    _batch: ((2, 4, 8), (16, 64, 256)),
}
