"""Array libraries: the only room that knows there are several.

Everywhere else a function that computes begins with ``xp = namespace(x)`` and is ordinary array code. NumPy and CuPy
are promised; torch and array-api-strict follow the same path. What the array API standard lacks (orthonormal cosine
transforms, segment sums, a deterministic top-k, scatter) is filled in here, library by library, always with a generic
form in plain array code.
"""

from .devices import device_facts, keep_host_memory, memory_free, memory_held, synchronize, working_on
from .dtypes import (
    as_complex,
    as_float,
    conj,
    dtype_name,
    eps,
    is_complex,
    is_float,
    itemsize,
    real_dtype,
    real_dtype_name,
)
from .libraries import Array, arrays_in, device, frozen, is_array, library, namespace, on_host, where_is
from .moving import cast_like, fetched, staged, to, to_like, to_numpy
from .nufft import nonuniform_fourier
from .parts import on_parts
from .segments import repeated, row_sums, scatter, segment_sum, top_k_mask
from .signals import all_finite, clip, divide, energy, expand, flat, keep, mT, norm, real_vdot, scaled
from .sparse import csr_adjoint, csr_matrix, csr_rows, csr_times
from .systems import blas_threads, in_threads, positive_solver, well_conditioned
from .transforms import dctn, fftn, irfftn, rfftn

__all__ = [
    "Array",
    "all_finite",
    "arrays_in",
    "as_complex",
    "as_float",
    "blas_threads",
    "cast_like",
    "clip",
    "conj",
    "csr_adjoint",
    "csr_matrix",
    "csr_rows",
    "csr_times",
    "dctn",
    "device",
    "device_facts",
    "divide",
    "dtype_name",
    "energy",
    "eps",
    "expand",
    "fetched",
    "fftn",
    "flat",
    "frozen",
    "in_threads",
    "irfftn",
    "is_array",
    "is_complex",
    "is_float",
    "itemsize",
    "keep",
    "keep_host_memory",
    "library",
    "mT",
    "memory_free",
    "memory_held",
    "namespace",
    "nonuniform_fourier",
    "norm",
    "on_host",
    "on_parts",
    "positive_solver",
    "real_dtype",
    "real_dtype_name",
    "real_vdot",
    "repeated",
    "rfftn",
    "row_sums",
    "scaled",
    "scatter",
    "segment_sum",
    "staged",
    "synchronize",
    "to",
    "to_like",
    "to_numpy",
    "top_k_mask",
    "well_conditioned",
    "where_is",
    "working_on",
]
