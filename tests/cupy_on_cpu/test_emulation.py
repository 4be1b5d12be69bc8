"""The emulated CuPy computes what NumPy and SciPy compute, and refuses by name what is not modelled."""

import subprocess
import sys

import cupy as cp
import cupyx.scipy.fft
import cupyx.scipy.sparse
import numpy as np
import pytest
import scipy.fft
import scipy.sparse
from cupy.cuda.runtime import CUDARuntimeError
from emulation.calls import NotModelledError

RNG = np.random.default_rng(1)
DTYPES = ("float32", "float64", "complex64", "complex128")
TOLERANCE = {"float32": 1e-5, "complex64": 1e-5, "float64": 1e-12, "complex128": 1e-12}


def signals(*shape, dtype="float64"):
    x = RNG.standard_normal(shape)
    return (x + 1j * RNG.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def same(got, expected):
    """Equal numbers in one dtype, for an array of CuPy or a tuple of them."""
    if isinstance(expected, tuple):
        return all(same(*pair) for pair in zip(got, expected, strict=True))
    assert got.dtype == expected.dtype
    tolerance = TOLERANCE.get(str(expected.dtype), 0)
    np.testing.assert_allclose(got.get(), expected, rtol=tolerance, atol=tolerance * (1 + abs(expected).max()))
    return True


def stack(xp, x):
    """Two positive definite matrices."""
    gram = x @ xp.conj(x.T)
    return xp.stack([gram, gram + xp.eye(7, dtype=x.dtype)])


FUNCTIONS = {
    "elementwise": lambda xp, x: xp.exp(-abs(x)) * x + xp.sqrt(abs(x)) / 2,
    "power and where": lambda xp, x: xp.where(abs(x) > 1, x**2, xp.conj(x)),
    "sum": lambda xp, x: xp.sum(x),
    "sum along an axis": lambda xp, x: xp.sum(x, axis=0),
    "mean, largest and its place": lambda xp, x: (xp.mean(x, axis=1), xp.max(abs(x)), xp.argmax(abs(x), axis=1)),
    "cumulative sum": lambda xp, x: xp.cumsum(x, axis=1),
    "take": lambda xp, x: xp.take(x, xp.asarray([3, 0, 3]), axis=1),
    "mask": lambda xp, x: x[abs(x) > 1],
    "nonzero": lambda xp, x: xp.nonzero(abs(x) > 1),
    "indices along an axis": lambda xp, x: xp.take_along_axis(x, xp.argsort(abs(x), axis=1), axis=1),
    "sort": lambda xp, x: xp.sort(abs(x), axis=1),
    "unique": lambda xp, x: xp.unique(xp.round(x.real)),
    "concatenate, roll and flip": lambda xp, x: xp.concatenate([xp.roll(x, 2, axis=1), xp.flip(x, axis=0)]),
    "einsum": lambda xp, x: xp.einsum("ij,kj->ik", x, x),
    "matrix product": lambda xp, x: x @ xp.conj(x.T),
    "matrix times vector": lambda xp, x: x @ x[0, :],
    "product of stacks": lambda xp, x: xp.stack([x, 2 * x]) @ xp.stack([x.T, x.T]),
    "inner product": lambda xp, x: xp.vdot(x[0, :], x[1, :]),
    "singular values": lambda xp, x: xp.linalg.svd(x, full_matrices=False)[1],
    "projection by qr": lambda xp, x: (lambda q: q @ xp.conj(q.T))(xp.linalg.qr(x.T)[0]),
    "eigenvalues": lambda xp, x: xp.linalg.eigh(x @ xp.conj(x.T))[0],
    "cholesky": lambda xp, x: xp.linalg.cholesky(x @ xp.conj(x.T)),
    "solve": lambda xp, x: xp.linalg.solve(x[:, :7] + 9 * xp.eye(7, dtype=x.dtype), x[:, 7:]),
    "inverse": lambda xp, x: xp.linalg.inv(x[:, :7] + 9 * xp.eye(7, dtype=x.dtype)),
    "solve a stack": lambda xp, x: xp.linalg.solve(stack(xp, x), xp.stack([x[:, 7:], x[:, :5]])),
    "cholesky of a stack": lambda xp, x: xp.linalg.cholesky(stack(xp, x)),
    "singular values of a stack": lambda xp, x: xp.linalg.svd(xp.stack([x, x + 1]), full_matrices=False)[1],
    "pseudo-inverses of a stack": lambda xp, x: xp.linalg.pinv(xp.stack([x, x + 1])),
    "norm along an axis": lambda xp, x: xp.linalg.norm(x, axis=1),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_equals_numpy(name, dtype):
    x = signals(7, 12, dtype=dtype)
    assert same(FUNCTIONS[name](cp, cp.asarray(x)), FUNCTIONS[name](np, x))


TRANSFORMS = {
    "fft": (cp.fft.fft, scipy.fft.fft),
    "ifft along the first axis": (lambda x: cp.fft.ifft(x, axis=0), lambda x: scipy.fft.ifft(x, axis=0)),
    "fft2": (cp.fft.fft2, scipy.fft.fft2),
    "orthonormal ifftn": (lambda x: cp.fft.ifftn(x, norm="ortho"), lambda x: scipy.fft.ifftn(x, norm="ortho")),
    "irfft": (lambda x: cp.fft.irfft(x, 22), lambda x: scipy.fft.irfft(x, 22)),
}
REAL_TRANSFORMS = {
    "rfft": (cp.fft.rfft, scipy.fft.rfft),
    "rfftn": (cp.fft.rfftn, scipy.fft.rfftn),
    "dct": (cupyx.scipy.fft.dct, scipy.fft.dct),
    "idct": (cupyx.scipy.fft.idct, scipy.fft.idct),
    "dctn": (cupyx.scipy.fft.dctn, scipy.fft.dctn),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform_equals_scipy(name, dtype):
    ours, reference = TRANSFORMS[name]
    x = signals(5, 12, dtype=dtype)
    assert same(ours(cp.asarray(x)), reference(x))


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("name", REAL_TRANSFORMS)
def test_transform_of_real_signals_equals_scipy(name, dtype):
    ours, reference = REAL_TRANSFORMS[name]
    x = signals(5, 12, dtype=dtype)
    assert same(ours(cp.asarray(x)), reference(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_sparse_products_equal_scipy(dtype):
    matrix = scipy.sparse.random_array((9, 12), density=0.4, rng=2, format="csr", dtype=dtype)
    ours, x, block = cupyx.scipy.sparse.csr_matrix(matrix), signals(12, dtype=dtype), signals(9, 3, dtype=dtype)
    assert same(ours @ cp.asarray(x), matrix @ x)
    assert same(ours.T @ cp.asarray(block), matrix.T @ block)
    assert same(ours.toarray(), matrix.toarray())


def test_duplicate_indices_add_up():
    total = cp.zeros(3)
    cp.add.at(total, cp.asarray([0, 0, 1]), cp.asarray([1.0, 2, 3]))
    assert total.get().tolist() == [3, 3, 0]
    assert cp.bincount(cp.asarray([0, 1, 1, 3]), weights=cp.ones(4)).get().tolist() == [1, 2, 0, 1]


def test_elementwise_kernel():
    soft = cp.ElementwiseKernel("T x, T t", "T y", "T a = abs(x); y = a > t ? x * ((a - t) / a) : T(0)", "soft")
    assert soft(cp.asarray([1.0, -3, 2]), 1.5).get().tolist() == [0, -1.5, 0.5]


def test_reduction_kernel():
    size = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "size")
    assert float(size(cp.asarray([3.0, 4]))) == 5


REVERSE = """
extern "C" __global__ void reverse(const double* x, double* y) {
    extern __shared__ double held[];
    held[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
    __syncthreads();
    y[blockIdx.x * blockDim.x + threadIdx.x] = held[blockDim.x - 1 - threadIdx.x];
}"""


def test_raw_kernel_with_shared_memory_and_a_barrier():
    x, y = cp.arange(128.0), cp.zeros(128)
    cp.RawKernel(REVERSE, "reverse")((2,), (64,), (x, y), shared_mem=64 * 8)
    assert same(y, np.arange(128.0).reshape(2, 64)[:, ::-1].ravel())


WARP_SUM = """
extern "C" __global__ void warp_sum(const float* x, float* y) {
    float sum = x[threadIdx.x];
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffff, sum, step);
    y[threadIdx.x] = sum;
}"""


def test_raw_kernel_with_shuffles():
    x, y = np.arange(64, dtype=np.float32), cp.zeros(64, dtype=np.float32)
    cp.RawKernel(WARP_SUM, "warp_sum")((1,), (64,), (cp.asarray(x), y))
    assert same(y, np.repeat(x.reshape(2, 32).sum(axis=1), 32))


SCALE = "template <class T> __global__ void scale(const T* x, T* y, T a) { y[threadIdx.x] = a * x[threadIdx.x]; }"


def test_raw_module_with_a_template():
    kernel = cp.RawModule(code=SCALE, name_expressions=("scale<float>",)).get_function("scale<float>")
    x, y = np.arange(4, dtype=np.float32), cp.zeros(4, dtype=np.float32)
    kernel((1,), (4,), (cp.asarray(x), y, np.float32(3)))
    assert same(y, 3 * x)


CHANGING_BLOCKS = """
extern "C" __global__ void neighbours(const int* x, int* y) {
    __shared__ int held[1024];
    for (int round = 0; round < 3; round++) {
        held[threadIdx.x] = x[threadIdx.x] + round;
        __syncthreads();
        y[blockIdx.x * blockDim.x + threadIdx.x] = held[(threadIdx.x + 1) % blockDim.x];
        __syncthreads();
    }
}"""


@pytest.mark.parametrize("threads", [1, 40, 1024, 33])
def test_barriers_hold_in_blocks_of_any_size(threads):
    x, y = np.arange(threads, dtype=np.int32), cp.zeros((3, threads), dtype=np.int32)
    cp.RawKernel(CHANGING_BLOCKS, "neighbours")((3,), (threads,), (cp.asarray(x), y))
    assert same(y, np.tile(np.roll(x, -1) + 2, (3, 1)))


def test_fresh_memory_is_poisoned():
    cp.zeros(3)  # given back to the pool at once
    assert cp.isnan(cp.empty(3)).all()


def test_arrays_of_two_devices_do_not_meet():
    with cp.cuda.Device(1):
        elsewhere = cp.ones(3)
    with pytest.raises(ValueError, match="Peer access is unavailable"):
        cp.ones(3) + elsewhere


UNMODELLED = {
    "cusparse": ("cusparseSpGEMM_createDescr", lambda: cupyx.scipy.sparse.eye(3, format="csr") ** 2),
    "cusolver": ("cusolverDnCreateSyevjInfo", lambda: cp.linalg.eigh(cp.ones((2, 3, 3)))),
    "cublas": ("cublasDgetriBatched", lambda: cp.linalg.inv(cp.ones((2, 3, 3)))),
    "runtime": ("cudaDeviceSetLimit", lambda: cp.cuda.runtime.deviceSetLimit(0, 1)),
}


@pytest.mark.parametrize("library", UNMODELLED)
def test_what_is_not_modelled_raises_an_exception_that_names_the_call(library):
    call, use = UNMODELLED[library]
    with pytest.raises((NotModelledError, CUDARuntimeError), match=f"{call} is not modelled by the emulation"):
        use()


def test_random_numbers_are_refused():
    with pytest.raises(NotImplementedError, match="draw on the host"):
        cp.random.default_rng(0)


def test_a_kernel_that_does_not_compile_shows_the_error():
    with pytest.raises(cp.cuda.compiler.CompileException, match="undeclared_name"):
        cp.RawKernel('extern "C" __global__ void wrong() { undeclared_name(); }', "wrong").compile()


def test_an_interpreter_that_used_the_libraries_ends_cleanly():
    code = "import cupy as cp; cp.ones((3, 4)) @ cp.ones(4); cp.linalg.qr(cp.ones((3, 3))); cp.fft.fft(cp.ones(4))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
