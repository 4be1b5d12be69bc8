"""Arrays at raw addresses, and what all models of libraries share."""

import ctypes
import itertools

import numpy as np
from scipy.linalg import get_lapack_funcs

from .calls import Address

_handles = itertools.count(101)


def view(address, dtype, shape, strides=None):
    """Array in place at an address; strides in bytes."""
    plain = np.empty(shape, dtype)
    if plain.size == 0:
        return plain
    strides = plain.strides if strides is None else strides
    length = sum((size - 1) * abs(stride) for size, stride in zip(plain.shape, strides, strict=True)) + plain.itemsize
    return np.ndarray(plain.shape, dtype, (ctypes.c_char * length).from_address(address), strides=strides)


def columns(address, dtype, rows, count, leading):
    """Matrix of `count` columns, `leading` entries from one to the next."""
    size = np.dtype(dtype).itemsize
    return view(address, dtype, (rows, count), (size, size * leading))


def vector(address, dtype, length, step=1):
    return view(address, dtype, (length,), (np.dtype(dtype).itemsize * step,))


def scalar(address, dtype):
    return view(address, dtype, (1,))[0]


def store(address, value, ctype=ctypes.c_int):
    ctype.from_address(address).value = int(value)


def new_handle(address, ctype=Address):
    """Store a number never used before, as a handle or descriptor."""
    handle = next(_handles)
    store(address, handle, ctype)
    return handle


def pointers(address, count):
    return view(address, np.intp, (count,)).tolist()


def real_dtype(dtype):
    return np.empty(0, dtype).real.dtype


def lapack(name, dtype):
    return get_lapack_funcs((name,), dtype=np.dtype(dtype))[0]


def turned(matrix, operation):
    """op(A) of the libraries: 0 the matrix, 1 its transpose, 2 its adjoint."""
    if operation == 0:
        return matrix
    return matrix.T if operation == 1 else matrix.conj().T


def update(out, beta, value):
    """out = value + beta out; where beta is zero, what `out` held does not matter (it may be NaN)."""
    out[...] = value if beta == 0 else value + beta * out
