"""NVIDIA's compiler takes every kernel of csrecover in every dtype, for GPUs from Turing to Blackwell."""

import importlib
import pkgutil

import numpy as np
import pytest
from cupy_backends.cuda.libs import nvrtc

from csrecover.kernels import cuda
from csrecover.kernels.cuda import hadamard
from csrecover.kernels.cuda.elementwise import REAL, Elementwise

from .compiler import compiled, elementwise_source

ARCHITECTURES = [75, 80, 90, 120]
ELF = b"\x7fELF"


def elementwise():
    """(name, dtype, kernel) of every elementwise kernel in every dtype that it has an operation for."""
    for module in pkgutil.iter_modules(cuda.__path__):
        for kernel in vars(importlib.import_module(f"{cuda.__name__}.{module.name}")).values():
            if isinstance(kernel, Elementwise):
                for dtype in ["bool"] if kernel.inputs.startswith("bool") else REAL:
                    if kernel.operations[np.dtype(dtype).kind]:
                        yield kernel.name, dtype, kernel


def sources():
    """CUDA source of every kernel by its name and dtype."""
    for name, dtype, kernel in elementwise():
        arrays, numbers = (
            elementwise_source(kernel.kernel(dtype), dtype, scalars=scalars) for scalars in (False, True)
        )
        yield pytest.param(arrays, id=f"{name}-{dtype}")
        if numbers != arrays:
            yield pytest.param(numbers, id=f"{name}-{dtype}-numbers")
    for dtype in ("float32", "float64"):
        yield pytest.param(hadamard.kernel(dtype).code, id=f"{hadamard.kernel(dtype).name}-{dtype}")


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("source", list(sources()))
def test_a_kernel_compiles(source, arch):
    assert compiled(source, arch).startswith(ELF)


def test_the_compiler_knows_the_architectures():
    assert set(ARCHITECTURES) <= set(nvrtc.getSupportedArchs())


def test_an_error_is_told_in_the_words_of_the_compiler():
    with pytest.raises(SyntaxError, match=r"identifier .*missing.* is undefined"):
        compiled('extern "C" __global__ void f(float* x) { x[0] = missing; }', 90)
