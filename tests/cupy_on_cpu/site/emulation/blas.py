"""cuBLAS: products of matrices and vectors, and systems in a batch."""

import numpy as np

from .calls import DATA_TYPES, Address, Int, Long, provides, provides_each_type
from .memory import columns, lapack, new_handle, pointers, scalar, store, turned, update, vector, view


def product(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
    """C = alpha op(A) op(B) + beta C; a, b and c are pairs of an address and a dtype."""
    left = turned(columns(*a, *((m, k) if transa == 0 else (k, m)), lda), transa)
    right = turned(columns(*b, *((k, n) if transb == 0 else (n, k)), ldb), transb)
    update(columns(*c, m, n, ldc), beta, alpha * (left @ right))


def factor(address, dtype):
    """alpha or beta of a product whose result has this dtype; half precision scales in single."""
    return scalar(address, "f4" if dtype == "f2" else dtype)


@provides_each_type("cublas{}gemm_v2")
def gemm(
    dtype, handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, lda: Int, b: Address, ldb: Int, beta: Address, c: Address, ldc: Int,
):  # fmt: skip
    scales = scalar(alpha, dtype), scalar(beta, dtype)
    product(transa, transb, m, n, k, scales[0], (a, dtype), lda, (b, dtype), ldb, scales[1], (c, dtype), ldc)


@provides_each_type("cublas{}gemmBatched")
def gemm_batched(
    dtype, handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, lda: Int, b: Address, ldb: Int, beta: Address, c: Address, ldc: Int, count: Int,
):  # fmt: skip
    for x, y, z in zip(pointers(a, count), pointers(b, count), pointers(c, count), strict=True):
        gemm(dtype, handle, transa, transb, m, n, k, alpha, x, lda, y, ldb, beta, z, ldc)


@provides_each_type("cublas{}gemmStridedBatched")
def gemm_strided(
    dtype, handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, lda: Int, stride_a: Long, b: Address, ldb: Int, stride_b: Long,
    beta: Address, c: Address, ldc: Int, stride_c: Long, count: Int,
):  # fmt: skip
    size = np.dtype(dtype).itemsize
    for i in range(count):
        x, y, z = a + i * stride_a * size, b + i * stride_b * size, c + i * stride_c * size
        gemm(dtype, handle, transa, transb, m, n, k, alpha, x, lda, y, ldb, beta, z, ldc)


@provides("cublasSgemmEx")
def gemm_half(
    handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, a_type: Int, lda: Int, b: Address, b_type: Int, ldb: Int,
    beta: Address, c: Address, c_type: Int, ldc: Int,
):  # fmt: skip
    a, b, c = (a, DATA_TYPES[a_type]), (b, DATA_TYPES[b_type]), (c, DATA_TYPES[c_type])
    product(transa, transb, m, n, k, scalar(alpha, "f4"), a, lda, b, ldb, scalar(beta, "f4"), c, ldc)


@provides("cublasGemmEx")
def gemm_any(
    handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, a_type: Int, lda: Int, b: Address, b_type: Int, ldb: Int,
    beta: Address, c: Address, c_type: Int, ldc: Int,
):  # fmt: skip
    a, b, c = (a, DATA_TYPES[a_type]), (b, DATA_TYPES[b_type]), (c, DATA_TYPES[c_type])
    product(transa, transb, m, n, k, factor(alpha, c[1]), a, lda, b, ldb, factor(beta, c[1]), c, ldc)


@provides("cublasGemmStridedBatchedEx")
def gemm_any_strided(
    handle: Address, transa: Int, transb: Int, m: Int, n: Int, k: Int, alpha: Address,
    a: Address, a_type: Int, lda: Int, stride_a: Long, b: Address, b_type: Int, ldb: Int, stride_b: Long,
    beta: Address, c: Address, c_type: Int, ldc: Int, stride_c: Long, count: Int,
):  # fmt: skip
    sizes = [np.dtype(DATA_TYPES[kind]).itemsize for kind in (a_type, b_type, c_type)]
    for i in range(count):
        x, y, z = (
            p + i * s * size for p, s, size in zip((a, b, c), (stride_a, stride_b, stride_c), sizes, strict=True)
        )
        gemm_any(handle, transa, transb, m, n, k, alpha, x, a_type, lda, y, b_type, ldb, beta, z, c_type, ldc)


@provides_each_type("cublas{}gemv_v2")
def gemv(
    dtype, handle: Address, trans: Int, m: Int, n: Int, alpha: Address, a: Address, lda: Int,
    x: Address, incx: Int, beta: Address, y: Address, incy: Int,
):  # fmt: skip
    matrix = turned(columns(a, dtype, m, n, lda), trans)
    value = scalar(alpha, dtype) * (matrix @ vector(x, dtype, matrix.shape[1], incx))
    update(vector(y, dtype, matrix.shape[0], incy), scalar(beta, dtype), value)


@provides_each_type("cublas{}dot_v2", "cublas{}dotu_v2")
def dot(dtype, handle: Address, n: Int, x: Address, incx: Int, y: Address, incy: Int, result: Address):
    view(result, dtype, (1,))[0] = vector(x, dtype, n, incx) @ vector(y, dtype, n, incy)


@provides_each_type("cublas{}dotc_v2")
def dotc(dtype, handle: Address, n: Int, x: Address, incx: Int, y: Address, incy: Int, result: Address):
    view(result, dtype, (1,))[0] = vector(x, dtype, n, incx).conj() @ vector(y, dtype, n, incy)


@provides_each_type("cublas{}geam")
def geam(
    dtype, handle: Address, transa: Int, transb: Int, m: Int, n: Int, alpha: Address, a: Address, lda: Int,
    beta: Address, b: Address, ldb: Int, c: Address, ldc: Int,
):  # fmt: skip
    total = np.zeros((m, n), dtype)
    for trans, scale, address, leading in ((transa, alpha, a, lda), (transb, beta, b, ldb)):
        if scalar(scale, dtype) != 0:
            shape = (m, n) if trans == 0 else (n, m)
            total += scalar(scale, dtype) * turned(columns(address, dtype, *shape, leading), trans)
    columns(c, dtype, m, n, ldc)[...] = total


@provides_each_type("cublas{}getrfBatched")
def lu_batched(dtype, handle: Address, n: Int, a: Address, lda: Int, pivots: Address, infos: Address, count: Int):
    rows, states = view(pivots, "i4", (count, n)), vector(infos, "i4", count)
    for i, address in enumerate(pointers(a, count)):
        matrix = columns(address, dtype, n, n, lda)
        matrix[...], places, states[i] = lapack("getrf", dtype)(matrix)
        rows[i] = places + 1


@provides_each_type("cublas{}getrsBatched")
def solve_by_lu_batched(
    dtype, handle: Address, trans: Int, n: Int, nrhs: Int, a: Address, lda: Int, pivots: Address,
    b: Address, ldb: Int, info: Address, count: Int,
):  # fmt: skip
    rows = view(pivots, "i4", (count, n)) - 1
    for places, matrix, right in zip(rows, pointers(a, count), pointers(b, count), strict=True):
        solution = columns(right, dtype, n, nrhs, ldb)
        solution[...], _ = lapack("getrs", dtype)(columns(matrix, dtype, n, n, lda), places, solution, trans=trans)
    store(info, 0)


@provides("cublasCreate_v2", "cublasLtCreate")
def create(handle: Address):
    new_handle(handle)


@provides("cublasGetPointerMode_v2", "cublasGetMathMode")
def get_mode(handle: Address, mode: Address):
    store(mode, 0)


@provides("cublasGetStream_v2")
def get_stream(handle: Address, stream: Address):
    store(stream, 0, Address)


@provides("cublasGetVersion_v2")
def version(handle: Address, number: Address):
    store(number, 130000)


@provides(
    "cublasDestroy_v2",
    "cublasSetMathMode",
    "cublasSetPointerMode_v2",
    "cublasSetStream_v2",
    "cublasSetWorkspace_v2",
)
def nothing():
    """Settings and ends of handles."""
