"""The operators that PyLops and SigPy have too."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from operator_cases import Case, Prepared, Sizes, draw

import csrecover as cs


def flattened(product: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], Any]:
    """A product of a library that takes vectors."""
    return lambda x: product(x.reshape(-1))


def pylops_case(name: str, size: str, A: cs.LinearOperator, x: np.ndarray, peer: Any) -> Case:
    """Against an operator of PyLops, both ways."""
    return Case(name, size, A, x, "PyLops", flattened(peer.matvec), flattened(peer.rmatvec))


def sigpy_case(name: str, size: str, A: cs.LinearOperator, x: np.ndarray, peer: Any, **options: Any) -> Case:
    """Against an operator of SigPy, both ways, on arrays of its own shapes."""

    def reshaped(linop: Any) -> Prepared:
        def prepare(x: np.ndarray) -> Callable[[], Any]:
            x = x.reshape(linop.ishape)
            return lambda: linop(x)

        return Prepared(prepare)

    return Case(name, size, A, x, "SigPy", reshaped(peer), reshaped(peer.H), **options)


def pylops_cases(sizes: Sizes) -> Iterator[Case]:
    """Transforms, dense matrices, differences and compositions."""
    import pylops
    from pylops import signalprocessing as processing

    n, side, image = sizes.long, sizes.side, (sizes.side,) * 2
    square, long = f"{side} x {side}", str(n)
    rows = np.sort(np.random.default_rng(0).permutation(n)[: n // 4])
    for dtype in (np.complex128, np.complex64):
        x, picture = draw(n, dtype), draw(image, dtype)
        fourier = processing.FFT(n, norm="ortho", engine="scipy", dtype=dtype)
        yield pylops_case("DFT", long, cs.DFT(n), x, fourier)
        planar = processing.FFT2D(image, norm="ortho", engine="scipy", dtype=dtype)
        yield pylops_case("DFT", square, cs.DFT(image), picture, planar)
        restricted = pylops.Restriction(n, rows, dtype=dtype) @ fourier
        yield pylops_case("subsampled DFT", f"{rows.size} of {n}", cs.Sampling(n, rows) @ cs.DFT(n), x, restricted)
    x, picture = draw(n, float), draw(image, float)
    kernel, blur = draw(n, float), draw(image, float)
    fourier = processing.FFT(n, norm="ortho", engine="scipy", real=True)
    circular = fourier.H @ pylops.Diagonal(np.fft.rfft(kernel)) @ fourier
    yield pylops_case("Convolution", long, cs.Convolution(kernel), x, circular)
    planar = processing.FFT2D(image, norm="ortho", engine="scipy", real=True)
    circular = planar.H @ pylops.Diagonal(np.fft.rfft2(blur)) @ planar
    yield pylops_case("Convolution", square, cs.Convolution(blur), picture, circular)
    yield pylops_case("DCT", long, cs.DCT(n), x, processing.DCT(n))
    W, images = cs.Wavelet(n, "db4"), cs.Wavelet(image, "db4")
    yield pylops_case("Wavelet db4", long, W, x, processing.DWT(n, wavelet="db4", level=W.levels))
    yield pylops_case(
        "Wavelet db4", square, images, picture, processing.DWT2D(image, wavelet="db4", level=images.levels)
    )
    yield pylops_case("Gradient", long, cs.Gradient(n), x, pylops.FirstDerivative(n, kind="forward"))
    yield pylops_case("Gradient", square, cs.Gradient(image), picture, pylops.Gradient(image, kind="forward"))
    yield pylops_case("Diagonal", long, cs.Diagonal(kernel), x, pylops.Diagonal(kernel))
    yield from pylops_dense_cases(sizes)


def pylops_dense_cases(sizes: Sizes) -> Iterator[Case]:
    """Dense matrices, their stacks, sums and Kronecker products."""
    import pylops

    m, n = sizes.m, sizes.n
    a, b = draw((m, n), float), draw((m, n), float)[::-1].copy()
    A, B, first, second = cs.Matrix(a), cs.Matrix(b), pylops.MatrixMult(a), pylops.MatrixMult(b)
    x = draw(n, float)
    yield pylops_case("Matrix", f"{m} x {n}", A, x, first)
    yield pylops_case("VStack", f"2 of {m} x {n}", cs.VStack([A, B]), x, pylops.VStack([first, second]))
    yield pylops_case("sum", f"2 of {m} x {n}", A + B, x, first + second)
    side = sizes.small_side
    a, b = draw((side, 2 * side), float), draw((side, 2 * side), float)
    kronecker = pylops.Kronecker(pylops.MatrixMult(a), pylops.MatrixMult(b))
    A = cs.Kronecker([cs.Matrix(a), cs.Matrix(b)])
    yield pylops_case("Kronecker", f"2 of {side} x {2 * side}", A, draw(A.in_shape, float), kronecker)


def sigpy_cases(sizes: Sizes) -> Iterator[Case]:
    """Its wavelets (zero padded) and convolutions (not circular) are other operators, left out."""
    import sigpy.linop

    n, side, image = sizes.long, sizes.side, (sizes.side,) * 2
    square, long = f"{side} x {side}", str(n)
    for dtype in (np.complex128, np.complex64):
        fourier, planar = (sigpy.linop.FFT(shape, center=False) for shape in ((n,), image))
        yield sigpy_case("DFT", long, cs.DFT(n), draw(n, dtype), fourier)
        yield sigpy_case("DFT", square, cs.DFT(image), draw(image, dtype), planar)
        spectrum = draw(image, dtype)
        filtered = planar.H * sigpy.linop.Multiply(image, spectrum) * planar
        A = cs.DFT(image).H @ cs.Diagonal(spectrum) @ cs.DFT(image)
        yield sigpy_case("filter", square, A, draw(image, dtype), filtered)
    weights, x = draw(n, float), draw(n, float)
    yield sigpy_case("Diagonal", long, cs.Diagonal(weights), x, sigpy.linop.Multiply((n,), weights))
    yield from sigpy_dense_cases(sizes)
    yield Case(  # SigPy's differences are circular: compared away from the border
        "Gradient", square, cs.Gradient(image), draw(image, float), "SigPy",
        sigpy.linop.FiniteDifference(image), None, image=lambda y: np.stack(
            [np.concatenate([y[0, 1:], 0 * y[0, :1]], 0), np.concatenate([y[1, :, 1:], 0 * y[1, :, :1]], 1)]
        ),
    )  # fmt: skip
    if find_spec("finufft"):
        yield sigpy_nufft_case(sizes)


def sigpy_dense_cases(sizes: Sizes) -> Iterator[Case]:
    """Dense matrices, their stacks and sums."""
    import sigpy.linop

    m, n = sizes.m, sizes.n
    a, b = draw((m, n), float), draw((m, n), float)[::-1].copy()
    A, B = cs.Matrix(a), cs.Matrix(b)
    first, second = (sigpy.linop.MatMul((n, 1), matrix) for matrix in (a, b))
    x = draw(n, float)
    yield sigpy_case("Matrix", f"{m} x {n}", A, x, first)
    yield sigpy_case("VStack", f"2 of {m} x {n}", cs.VStack([A, B]), x, sigpy.linop.Vstack([first, second], axis=0))
    yield sigpy_case("sum", f"2 of {m} x {n}", A + B, x, first + second)


def sigpy_nufft_case(sizes: Sizes) -> Case:
    """Images on random points; SigPy counts from the middle of the image, a phase, and is set to four digits."""
    import sigpy.linop

    side = 2 * sizes.small_side
    image, m = (side, side), 2 * side * side
    points = np.random.default_rng(0).uniform(-np.pi, np.pi, (m, 2))
    phase = np.exp(-1j * points.sum(axis=1) * (side // 2))
    peer = sigpy.linop.NUFFT(image, points * side / (2 * np.pi), oversamp=2, width=6)
    A = cs.Diagonal(1 / phase) @ cs.NUFFT(image, points)
    return sigpy_case("NUFFT", f"{side} x {side}, {m} points", A, draw(image, complex), peer, close=1e-3)
