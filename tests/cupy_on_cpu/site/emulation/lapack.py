"""cuSOLVER: factorisations, by NumPy and by the LAPACK that SciPy brings."""

import numpy as np

from .calls import DATA_TYPES, Address, Char, Int, Long, provides, provides_each_type
from .memory import columns, lapack, new_handle, pointers, real_dtype, store, vector

WORKSPACE = 64  # any size will do: LAPACK takes its own


def workspace_at(position):
    """Answer to a query of the size of the workspace, which goes to one of the arguments."""

    def query(dtype, *words: Address):
        store(words[position], WORKSPACE)

    return query


provides_each_type("cusolverDn{}gesvd_bufferSize")(workspace_at(3))
provides_each_type(*(f"cusolverDn{{}}{name}_bufferSize" for name in ("potrf", "getrf", "geqrf")))(workspace_at(5))
provides_each_type(*(f"cusolverDn{{}}{name}_bufferSize" for name in ("orgqr", "ungqr")))(workspace_at(7))
provides_each_type("cusolverDn{}gesvdjBatched_bufferSize")(workspace_at(11))


@provides_each_type("cusolverDn{}potrf")
def cholesky(
    dtype, handle: Address, uplo: Int, n: Int, a: Address, lda: Int, work: Address, lwork: Int, info: Address
):  # fmt: skip
    matrix = columns(a, dtype, n, n, lda)
    matrix[...], state = lapack("potrf", dtype)(matrix, lower=uplo == 0, clean=0)
    store(info, state)


@provides_each_type("cusolverDn{}potrfBatched")
def cholesky_batched(dtype, handle: Address, uplo: Int, n: Int, a: Address, lda: Int, infos: Address, count: Int):
    for i, address in enumerate(pointers(a, count)):
        cholesky(dtype, handle, uplo, n, address, lda, 0, 0, infos + 4 * i)


@provides_each_type("cusolverDn{}getrf")
def lu(
    dtype, handle: Address, m: Int, n: Int, a: Address, lda: Int, work: Address, pivots: Address, info: Address
):  # fmt: skip
    matrix = columns(a, dtype, m, n, lda)
    matrix[...], rows, state = lapack("getrf", dtype)(matrix)
    vector(pivots, "i4", min(m, n))[...] = rows + 1
    store(info, state)


@provides_each_type("cusolverDn{}getrs")
def solve_by_lu(
    dtype, handle: Address, trans: Int, n: Int, nrhs: Int, a: Address, lda: Int, pivots: Address,
    b: Address, ldb: Int, info: Address,
):  # fmt: skip
    right, rows = columns(b, dtype, n, nrhs, ldb), vector(pivots, "i4", n) - 1
    right[...], state = lapack("getrs", dtype)(columns(a, dtype, n, n, lda), rows, right, trans=trans)
    store(info, state)


@provides_each_type("cusolverDn{}geqrf")
def qr(
    dtype, handle: Address, m: Int, n: Int, a: Address, lda: Int, tau: Address, work: Address, lwork: Int,
    info: Address,
):  # fmt: skip
    matrix = columns(a, dtype, m, n, lda)
    matrix[...], factors, _, state = lapack("geqrf", dtype)(matrix)
    vector(tau, dtype, factors.size)[...] = factors
    store(info, state)


@provides_each_type("cusolverDn{}orgqr", "cusolverDn{}ungqr")
def q_of_qr(
    dtype, handle: Address, m: Int, n: Int, k: Int, a: Address, lda: Int, tau: Address, work: Address, lwork: Int,
    info: Address,
):  # fmt: skip
    matrix = columns(a, dtype, m, n, lda)
    name = "orgqr" if real_dtype(dtype) == dtype else "ungqr"
    matrix[...], _, state = lapack(name, dtype)(matrix, vector(tau, dtype, k))
    store(info, state)


@provides_each_type("cusolverDn{}gesvd")
def svd(
    dtype, handle: Address, jobu: Char, jobvt: Char, m: Int, n: Int, a: Address, lda: Int, s: Address,
    u: Address, ldu: Int, vt: Address, ldvt: Int, work: Address, lwork: Int, rwork: Address, info: Address,
):  # fmt: skip
    matrix, values = columns(a, dtype, m, n, lda), vector(s, real_dtype(dtype), min(m, n))
    if jobu == ord("N"):
        values[...] = np.linalg.svd(matrix, compute_uv=False)
    else:
        left, values[...], right = np.linalg.svd(matrix, full_matrices=jobu == ord("A"))
        columns(u, dtype, *left.shape, ldu)[...] = left
        columns(vt, dtype, *right.shape, ldvt)[...] = right
    store(info, 0)


@provides_each_type("cusolverDn{}gesvdjBatched")
def svd_batched(
    dtype, handle: Address, jobz: Int, m: Int, n: Int, a: Address, lda: Int, s: Address,
    u: Address, ldu: Int, v: Address, ldv: Int, work: Address, lwork: Int, infos: Address, params: Address, count: Int,
):  # fmt: skip
    size, real = np.dtype(dtype).itemsize, real_dtype(dtype)
    for i in range(count):
        left, values, right = np.linalg.svd(columns(a + i * size * lda * n, dtype, m, n, lda))
        vector(s + i * real.itemsize * values.size, real, values.size)[...] = values
        columns(u + i * size * ldu * m, dtype, m, m, ldu)[...] = left
        columns(v + i * size * ldv * n, dtype, n, n, ldv)[...] = right.conj().T
    vector(infos, "i4", count)[...] = 0


@provides("cusolverDnXsyevd_bufferSize")
def eigh_workspace(
    handle: Address, params: Address, jobz: Int, uplo: Int, n: Long, a_type: Int, a: Address, lda: Long,
    w_type: Int, w: Address, compute_type: Int, on_device: Address, on_host: Address,
):  # fmt: skip
    store(on_device, WORKSPACE, Long)
    store(on_host, WORKSPACE, Long)


@provides("cusolverDnXsyevd")
def eigh(
    handle: Address, params: Address, jobz: Int, uplo: Int, n: Long, a_type: Int, a: Address, lda: Long,
    w_type: Int, w: Address, compute_type: Int, on_device: Address, device_size: Long,
    on_host: Address, host_size: Long, info: Address,
):  # fmt: skip
    matrix = columns(a, DATA_TYPES[a_type], n, n, lda)
    values, matrix[...] = np.linalg.eigh(matrix, "LU"[uplo])
    vector(w, DATA_TYPES[w_type], n)[...] = values
    store(info, 0)


@provides("cusolverDnCreate", "cusolverSpCreate", "cusolverDnCreateParams", "cusolverDnCreateGesvdjInfo")
def create(handle: Address):
    new_handle(handle)


@provides("cusolverGetVersion")
def version(number: Address):
    store(number, 12000)


@provides("cusolverGetProperty")
def part_of_version(part: Int, number: Address):
    store(number, (12, 0, 0)[part])


@provides("cusolverDnDestroy", "cusolverDnDestroyGesvdjInfo", "cusolverDnDestroyParams", "cusolverDnSetStream")
def nothing():
    """Settings and ends of handles."""
