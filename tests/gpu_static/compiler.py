"""The source that CuPy generates for a kernel, and what NVIDIA's compiler says of it for any GPU.

CuPy compiles for the device that it runs on; the functions of its code generator, which this file calls in its place,
are not public and those of CuPy 14.2.
"""

import cupy
import numpy as np
from cupy._core import _carray, _kernel, _scalar, core
from cupy_backends.cuda.libs import nvrtc

ARRAY, INDEXER, SCALAR = 1, 2, 3  # cupy/_core/_kernel.pxd, _ArgKind
HEADERS = "".join(f"#include <{header}>\n" for header in core._cupy_header_list)


def elementwise_source(kernel, dtype, *, scalars=False, ndim=2):
    """CUDA source of an ElementwiseKernel whose template type is `dtype`, all arrays or with numbers of fixed type."""
    types = [parameter.dtype for parameter in kernel.in_params]
    numbers = [scalars and kind not in (None, np.dtype(bool)) for kind in types]
    given = tuple(np.dtype(kind or dtype) for kind in types)
    ins, outs, resolved = kernel._decide_params_type(given, ())
    infos = [
        argument(kind, number and not parameter.raw, ndim)
        for parameter, kind, number in zip(kernel.params, [*ins, *outs], [*numbers, *[False] * len(outs)], strict=False)
    ]
    infos.append(_kernel._ArgInfo(INDEXER, _carray.Indexer, None, ndim, True, True))
    return _kernel._get_elementwise_kernel_code(
        tuple(infos), resolved, kernel.params, kernel.operation, kernel.name, kernel.preamble, **kernel.kwargs
    )


def argument(dtype, number, ndim):
    if number:
        return _kernel._ArgInfo(SCALAR, _scalar.CScalar, np.dtype(dtype), 0, True, True)
    return _kernel._ArgInfo(ARRAY, cupy.ndarray, np.dtype(dtype), ndim, True, True)


def compiled(source, arch):
    """Machine code for sm_`arch`.

    Raises
    ------
    SyntaxError
        With the compiler's message.
    """
    program = nvrtc.createProgram(HEADERS + source, "kernel.cu", (), ())
    options = core.assemble_cupy_compiler_options(("--std=c++17",))
    options += ("--device-as-default-execution-space", "-ftz=true", f"-arch=sm_{arch}")
    try:
        nvrtc.compileProgram(program, options)
        return nvrtc.getCUBIN(program)
    except nvrtc.NVRTCError:
        raise SyntaxError(nvrtc.getProgramLog(program)) from None
    finally:
        nvrtc.destroyProgram(program)
