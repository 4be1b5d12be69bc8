"""Fourier transforms at non-uniform points: finufft on NumPy, cufinufft on CuPy, the direct sum elsewhere."""

from __future__ import annotations

import importlib
import math
import operator
import threading
from functools import reduce
from typing import Any

from .dtypes import as_complex, real_dtype_name
from .libraries import Array, device, library, namespace
from .signals import flat, mT

_PLANNERS = {"numpy": "finufft", "cupy": "cufinufft"}
_INSTALL = {"finufft": "csrecover[interop]", "cufinufft": "cufinufft"}
_TOLERANCE = {"float32": 1e-6, "float64": 1e-14}  # the smallest that the planners reach
_AT_ONCE = 2**22  # entries of the matrix of exponentials that the direct sum holds


def nonuniform_fourier(points: Array, shape: tuple[int, ...]) -> PlannedFourier | DirectFourier:
    """The transform of signals of the given shape at the points (m, axes), orthonormal scaling.

    `forward` takes x of shape (*batch, *shape) to y_j = n^(-1/2) sum_r x_r exp(-i points_j . r), r the indices from
    zero; `adjoint` takes y of shape (*batch, m) back. Both give complex numbers in the precision of what they take.
    """
    return (PlannedFourier if library(points) in _PLANNERS else DirectFourier)(points, shape)


class PlannedFourier:
    """The transform by finufft or cufinufft; the last plan in each direction is kept, and made anew in copies."""

    def __init__(self, points: Array, shape: tuple[int, ...]) -> None:
        self.points, self.shape = points, shape
        points = _double(points)
        middle = sum(size // 2 * points[:, axis] for axis, size in enumerate(shape))  # where the planners count from
        self._turn = namespace(points).exp(-1j * middle) / math.prod(shape) ** 0.5
        self._plans: dict[int, tuple[Any, Any]] = {}
        self._lock = threading.Lock()  # a plan works in its own memory: one product at a time

    def __reduce__(self) -> Any:
        return PlannedFourier, (self.points, self.shape)

    def forward(self, x: Array) -> Array:
        xp, batch = namespace(x, self.points), x.shape[: x.ndim - len(self.shape)]
        values = self._execute(2, xp.reshape(as_complex(x), (-1, *self.shape)))
        values *= xp.astype(self._turn, values.dtype, copy=False)
        return xp.reshape(values, (*batch, values.shape[-1]))

    def adjoint(self, y: Array) -> Array:
        xp, batch = namespace(y, self.points), y.shape[:-1]
        turned = y * xp.astype(xp.conj(self._turn), as_complex(y).dtype, copy=False)
        return xp.reshape(self._execute(1, xp.reshape(turned, (-1, y.shape[-1]))), (*batch, *self.shape))

    def _execute(self, kind: int, x: Array) -> Array:
        """Transform of type 1 (to the grid, sign +) or 2 (from the grid, sign -) of signals x, shape (count, ...)."""
        xp, key = namespace(x), (x.shape[0], real_dtype_name(x))
        if x.shape[0] == 0:
            shape = self.shape if kind == 1 else self.points.shape[:1]
            return xp.empty((0, *shape), dtype=x.dtype, device=device(x))
        with self._lock:
            if self._plans.get(kind, (None, None))[0] != key:
                self._plans[kind] = key, self._plan(kind, *key)
            return self._plans[kind][1].execute(xp.ascontiguousarray(x))

    def _plan(self, kind: int, count: int, precision: str) -> Any:
        name = library(self.points)
        options = {"gpu_device_id": device(self.points).id} if name == "cupy" else {}
        dtype = "complex64" if precision == "float32" else "complex128"
        plan = _planner(_PLANNERS[name]).Plan(kind, self.shape, count, _TOLERANCE[precision], dtype=dtype, **options)
        xp, points = namespace(self.points), _double(self.points)
        wrapped = points - 2 * math.pi * xp.round(points / (2 * math.pi))  # while it loses nothing
        plan.setpts(*(xp.ascontiguousarray(axis, dtype=getattr(xp, precision)) for axis in wrapped.T))
        return plan


def _double(x: Array) -> Array:
    return namespace(x).astype(x, namespace(x).float64, copy=False)


def _planner(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name} cannot be imported ({error}); install it with: pip install {_INSTALL[name]}"
        ) from error


class DirectFourier:
    """The transform by its definition, for any library: O(m n) operations, the exponentials some rows at a time."""

    def __init__(self, points: Array, shape: tuple[int, ...]) -> None:
        self.points, self.shape = points, shape

    def forward(self, x: Array) -> Array:
        xp, signals = namespace(x, self.points), flat(as_complex(x), len(self.shape))
        return xp.concat([xp.matmul(signals, mT(self._rows(*rows, x))) for rows in self._chunks()], axis=-1)

    def adjoint(self, y: Array) -> Array:
        xp, y = namespace(y, self.points), as_complex(y)
        terms = (xp.matmul(y[..., start:stop], xp.conj(self._rows(start, stop, y))) for start, stop in self._chunks())
        return xp.reshape(reduce(operator.add, terms), (*y.shape[:-1], *self.shape))

    def _chunks(self) -> list[tuple[int, int]]:
        m, at_once = self.points.shape[0], max(1, _AT_ONCE // math.prod(self.shape))
        return [(start, min(start + at_once, m)) for start in range(0, m, at_once)]

    def _rows(self, start: int, stop: int, like: Array) -> Array:
        """Rows of the matrix of the transform, in the complex dtype of `like`."""
        xp, rows, points = namespace(self.points), None, _double(self.points[start:stop, :])
        for axis, size in enumerate(self.shape):
            index = xp.arange(size, dtype=xp.float64, device=device(self.points))
            factor = xp.exp(-1j * as_complex(points[:, axis, None] * index))
            rows = factor if rows is None else xp.reshape(rows[:, :, None] * factor[:, None, :], (stop - start, -1))
        return xp.astype(rows / math.prod(self.shape) ** 0.5, as_complex(like).dtype)
