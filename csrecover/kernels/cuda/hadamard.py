"""Walsh-Hadamard transform in shared memory."""

from __future__ import annotations

from functools import cache
from typing import Any

import cupy
import numpy as np

from .elementwise import REAL

_TILE = 2**11  # numbers in the shared memory of a block: 16 KiB in double precision
_WIDTH = 2**4  # neighbours that a block takes together where the numbers of a transform lie apart: 128 bytes
_THREADS = 256

# A block transforms the middle axis of (outer, size, inner) numbers. Its tile is `size` rows of `width` neighbours, or,
# where the width is the whole inner axis, as many transforms in a row as fit.
_CODE = """
extern "C" __global__ void csrecover_walsh_hadamard(
    const R* x, R* y, const long long total, const long long inner, const int size, const int bits, const int tile,
    const R scale)
{
    extern __shared__ double memory[];
    R* numbers = reinterpret_cast<R*>(memory);
    const int width = 1 << bits, column = width - 1;
    const long long tiles = inner / width;
    const long long first = tiles == 1 ? (long long)blockIdx.x * tile
                                       : blockIdx.x / tiles * size * inner + blockIdx.x % tiles * width;
    for (int i = threadIdx.x; i < tile; i += blockDim.x) {
        const long long place = first + (i >> bits) * inner + (i & column);
        numbers[i] = place < total ? x[place] : R(0);
    }
    for (int h = width; h < size * width; h *= 2) {
        __syncthreads();
        for (int i = threadIdx.x; i < tile / 2; i += blockDim.x) {
            const int low = 2 * i - (i & (h - 1));
            const R a = numbers[low], b = numbers[low + h];
            numbers[low] = a + b;
            numbers[low + h] = a - b;
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < tile; i += blockDim.x) {
        const long long place = first + (i >> bits) * inner + (i & column);
        if (place < total) y[place] = numbers[i] * scale;
    }
}
"""


@cache
def kernel(dtype: str) -> Any:
    """The kernel for numbers of a real dtype, compiled at its first call."""
    return cupy.RawKernel(f"typedef {REAL[dtype]} R;{_CODE}", "csrecover_walsh_hadamard")


def walsh_hadamard(x: cupy.ndarray) -> Any:
    """A launch for the first 2^11 numbers, one more for each 2^7 that the transform is longer; complex as pairs."""
    n, pair = x.shape[-1], 2 if x.dtype.kind == "c" else 1
    if x.dtype.name not in REAL or x.device != cupy.cuda.Device() or n == 1 or x.size == 0:
        return NotImplemented
    source, image = cupy.ascontiguousarray(x), cupy.empty(x.shape, x.dtype)
    real = x.real.dtype
    source, numbers = source.reshape(-1).view(real), image.reshape(-1).view(real)
    for size, inner in _passes(n, pair):
        width = min(inner, _WIDTH)
        tile = _TILE if width == inner else size * width
        blocks = -(-numbers.size // tile)
        sizes = map(np.int32, (size, width.bit_length() - 1, tile))
        arguments = source, numbers, np.int64(numbers.size), np.int64(inner), *sizes, real.type(size**-0.5)
        memory = tile * real.itemsize
        kernel(real.name)((blocks,), (min(_THREADS, tile // 2),), arguments, shared_mem=memory)
        source = numbers
    return image


def _passes(n: int, inner: int) -> list[tuple[int, int]]:
    """Sizes and strides of the transforms whose Kronecker product is the transform of n entries, `inner` apart."""
    passes, most = [], _TILE // inner
    while n > 1:
        size = min(n, most)
        passes.append((size, inner))
        n, inner, most = n // size, inner * size, _TILE // _WIDTH
    return passes
