"""Kernels that map entries to entries."""

from __future__ import annotations

from functools import cache
from typing import Any

import cupy

REAL = {"float32": "float", "float64": "double", "complex64": "float", "complex128": "double"}  # in C++
_PRECISION = {"float32": "float32", "float64": "float64", "complex64": "float32", "complex128": "float64"}


class Elementwise:
    """One launch on arrays that broadcast; NotImplemented for arguments of other dtypes.

    Parameters
    ----------
    name : str
    inputs, outputs : str
        as for cupy.ElementwiseKernel; T is the dtype of the first input and R the real dtype of its precision.
    real, complex : str, optional
        operation where T is real, or complex; without one, such arrays are left to the plain code.
    """

    def __init__(self, name: str, inputs: str, outputs: str, real: str | None, complex: str | None = None) -> None:
        self.name, self.inputs, self.outputs = f"csrecover_{name}", inputs, outputs
        self.operations = {"f": real, "b": real, "c": complex}  # by the kind of the first dtype
        self._types = [parameter.split()[-2] for parameter in inputs.split(", ")]
        self.kernel = cache(self._kernel)

    def __call__(self, x: cupy.ndarray, *args: Any) -> Any:
        if self.operations.get(x.dtype.kind) is None or not all(map(self._takes(x), self._types, (x, *args))):
            return NotImplemented
        return self.kernel(x.dtype.name)(x, *args)

    def _takes(self, x: cupy.ndarray) -> Any:
        name = x.dtype.name
        dtypes = {"T": name if name in REAL else None, "R": _PRECISION.get(name)}

        def takes(kind: str, value: Any) -> bool:
            if isinstance(value, cupy.ndarray):
                return value.dtype.name == dtypes.get(kind, kind)
            return isinstance(value, (int, float))

        return takes

    def _kernel(self, dtype: str) -> Any:
        """The kernel for first inputs of a dtype, compiled at its first call."""
        real, operation = _PRECISION.get(dtype, dtype), self.operations[cupy.dtype(dtype).kind]
        inputs, outputs = (parameters.replace("R ", f"{real} ") for parameters in (self.inputs, self.outputs))
        preamble = f"typedef {REAL[dtype]} R;" if dtype in REAL else ""
        return cupy.ElementwiseKernel(inputs, outputs, operation, self.name, preamble=preamble)
