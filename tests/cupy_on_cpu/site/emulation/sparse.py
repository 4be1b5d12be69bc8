"""cuSPARSE: products with matrices in CSR form and conversions from it, by SciPy. Indices are 32 bits, from zero."""

import numpy as np
import scipy.sparse

from .calls import DATA_TYPES, Address, Int, Long, provides
from .memory import columns, new_handle, scalar, store, turned, update, vector

COLUMN_MAJOR = 1

described = {}  # descriptor -> function that gives the matrix or vector


def csr(rows, count, entries, offsets, indices, values, dtype):
    """Matrix in place, shape (rows, count)."""
    parts = vector(values, dtype, entries), vector(indices, "i4", entries), vector(offsets, "i4", rows + 1)
    return scipy.sparse.csr_array(parts, shape=(rows, count))


@provides("cusparseCreateCsr")
def describe_csr(
    descriptor: Address, rows: Long, count: Long, entries: Long, offsets: Address, indices: Address,
    values: Address, offset_type: Int, index_type: Int, base: Int, value_type: Int,
):  # fmt: skip
    dtype = DATA_TYPES[value_type]
    described[new_handle(descriptor)] = lambda: csr(rows, count, entries, offsets, indices, values, dtype)


@provides("cusparseCreateDnVec")
def describe_vector(descriptor: Address, size: Long, values: Address, value_type: Int):
    described[new_handle(descriptor)] = lambda: vector(values, DATA_TYPES[value_type], size)


@provides("cusparseCreateDnMat")
def describe_matrix(
    descriptor: Address, rows: Long, count: Long, leading: Long, values: Address, value_type: Int, order: Int
):  # fmt: skip
    def matrix():
        if order == COLUMN_MAJOR:
            return columns(values, DATA_TYPES[value_type], rows, count, leading)
        return columns(values, DATA_TYPES[value_type], count, rows, leading).T

    described[new_handle(descriptor)] = matrix


@provides("cusparseSpMV_bufferSize")
def vector_product_workspace(
    handle: Address, operation: Int, alpha: Address, a: Address, x: Address, beta: Address, y: Address,
    compute_type: Int, algorithm: Int, size: Address,
):  # fmt: skip
    store(size, 0, Long)


@provides("cusparseSpMV")
def vector_product(
    handle: Address, operation: Int, alpha: Address, a: Address, x: Address, beta: Address, y: Address
):  # fmt: skip
    out = described[y]()
    value = scalar(alpha, out.dtype) * (turned(described[a](), operation) @ described[x]())
    update(out, scalar(beta, out.dtype), value)


@provides("cusparseSpMM_bufferSize")
def matrix_product_workspace(
    handle: Address, operation_a: Int, operation_b: Int, alpha: Address, a: Address, b: Address, beta: Address,
    c: Address, compute_type: Int, algorithm: Int, size: Address,
):  # fmt: skip
    store(size, 0, Long)


@provides("cusparseSpMM")
def matrix_product(
    handle: Address, operation_a: Int, operation_b: Int, alpha: Address, a: Address, b: Address, beta: Address,
    c: Address,
):  # fmt: skip
    out = described[c]()
    product = turned(described[a](), operation_a) @ turned(described[b](), operation_b)
    update(out, scalar(beta, out.dtype), scalar(alpha, out.dtype) * product)


@provides("cusparseCsr2cscEx2_bufferSize")
def transpose_workspace(
    handle: Address, m: Int, n: Int, entries: Int, values: Address, offsets: Address, indices: Address,
    csc_values: Address, csc_offsets: Address, csc_indices: Address, value_type: Int, action: Int, base: Int,
    algorithm: Int, size: Address,
):  # fmt: skip
    store(size, 0, Long)


@provides("cusparseCsr2cscEx2")
def transpose(
    handle: Address, m: Int, n: Int, entries: Int, values: Address, offsets: Address, indices: Address,
    csc_values: Address, csc_offsets: Address, csc_indices: Address, value_type: Int,
):  # fmt: skip
    dtype = DATA_TYPES[value_type]
    matrix = csr(m, n, entries, offsets, indices, values, dtype).tocsc()
    vector(csc_values, dtype, entries)[...] = matrix.data
    vector(csc_offsets, "i4", n + 1)[...] = matrix.indptr
    vector(csc_indices, "i4", entries)[...] = matrix.indices


@provides("cusparseXcsr2coo")
def rows_of_offsets(handle: Address, offsets: Address, entries: Int, m: Int, rows: Address):
    counts = np.diff(vector(offsets, "i4", m + 1))
    vector(rows, "i4", entries)[...] = np.repeat(np.arange(m), counts)


@provides("cusparseXcoo2csr")
def offsets_of_rows(handle: Address, rows: Address, entries: Int, m: Int, offsets: Address):
    vector(offsets, "i4", m + 1)[...] = np.searchsorted(vector(rows, "i4", entries), np.arange(m + 1))


@provides("cusparseSparseToDense_bufferSize")
def dense_workspace(handle: Address, a: Address, b: Address, algorithm: Int, size: Address):
    store(size, 0, Long)


@provides("cusparseSparseToDense")
def dense(handle: Address, a: Address, b: Address):
    described[b]()[...] = described[a]().toarray()


@provides("cusparseDestroySpMat", "cusparseDestroyDnVec", "cusparseDestroyDnMat")
def forget(descriptor: Address):
    del described[descriptor]


@provides("cusparseCreate", "cusparseCreateMatDescr")
def create(handle: Address):
    new_handle(handle)


@provides("cusparseGetVersion")
def version(handle: Address, number: Address):
    store(number, 12700)


@provides(
    "cusparseDestroy",
    "cusparseDestroyMatDescr",
    "cusparseSetMatIndexBase",
    "cusparseSetMatType",
    "cusparseSetPointerMode",
    "cusparseSetStream",
)
def nothing():
    """Settings and ends of handles."""
