"""Kernels written in CUDA: each runs by the NumPy function registered under its name, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .counters import record
from .ndarray import ndarray, refuse_others, unwrap

_twins: dict[str, Callable[..., Any]] = {}


def twin(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the NumPy function that does what the kernel of this name does.

    The twin of an elementwise or reduction kernel takes its arguments and gives its results; that of a raw kernel
    takes the arguments of the launch and writes into them.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _twins[name] = function
        return function

    return register


def _launch(name: str, args: Any, kwargs: Any) -> Any:
    if name not in _twins:
        raise NotImplementedError(f"kernels are not modelled; run make test-cupy (or register a twin of {name!r})")
    sources: list[ndarray] = []
    args, kwargs = unwrap(args, sources), unwrap(kwargs, sources)
    refuse_others(source._device for source in sources)
    record("launch", name)
    with np.errstate(all="ignore"):
        out = _twins[name](*args, **kwargs)
    if isinstance(out, tuple):
        return tuple(ndarray._of(np.asarray(item)) for item in out)
    return None if out is None else ndarray._of(np.asarray(out))


class ElementwiseKernel:
    """Kernel that maps entries to entries."""

    def __init__(self, in_params: str, out_params: str, operation: str, name: str = "kernel", **options: Any) -> None:
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _launch(self.name, args, kwargs)


class ReductionKernel(ElementwiseKernel):
    """Kernel that reduces along axes."""

    def __init__(
        self,
        in_params: str,
        out_params: str,
        map_expr: str,
        reduce_expr: str,
        post_map_expr: str,
        identity: Any,
        name: str = "reduce_kernel",
        **options: Any,
    ) -> None:
        self.name = name


class RawKernel:
    """Kernel in plain CUDA, launched on a grid."""

    def __init__(self, code: str, name: str, options: Any = (), **more: Any) -> None:
        self.name = name

    def __call__(self, grid: Any, block: Any, args: Any, *, shared_mem: int = 0) -> None:
        _launch(self.name, args, {})
