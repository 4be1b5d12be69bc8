"""What benchmarks/operators.py times: an operator, a signal, and the same products by other means."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pywt
import scipy.fft

import csrecover as cs


def unchanged(y: Any) -> Any:
    """What is compared where both sides give the same numbers in the same order."""
    return y


@dataclass(frozen=True)
class Case:
    """Products A @ x and A.H @ y and what they are measured against.

    `forward` and `adjoint` are the yardstick's products, None where there is none; `image` and `back` bring their
    results to ours before the comparison, to the relative accuracy `close`. `fast` says whether compiled kernels run.
    """

    operator: str
    size: str
    A: cs.LinearOperator
    x: np.ndarray
    yardstick: str
    forward: Callable[[np.ndarray], Any] | None
    adjoint: Callable[[np.ndarray], Any] | None = None
    target: float = 1.0
    image: Callable[[Any], Any] = unchanged
    back: Callable[[Any], Any] = unchanged
    close: float = 1e-5
    fast: bool = True


@dataclass(frozen=True)
class Sizes:
    """Sizes of the signals; the toy ones are for tests."""

    long: int = 2**20
    short: int = 1024
    side: int = 1024
    small_side: int = 128
    signals: int = 1000
    batched: int = 4096
    m: int = 1024
    n: int = 2048
    columns: int = 256


TOY = Sizes(long=2**10, short=128, side=32, small_side=16, signals=8, batched=64, m=24, n=48, columns=8)


def draw(shape: Any, dtype: Any) -> np.ndarray:
    """Standard normal numbers of a dtype."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def three_sizes(sizes: Sizes) -> list[tuple[str, int | tuple[int, int], tuple[int, ...]]]:
    """Name, shape of a signal and shape of the array: one long signal, one image, a batch."""
    image = (sizes.side, sizes.side)
    return [
        (f"{sizes.long}", sizes.long, (sizes.long,)),
        (f"{sizes.side} x {sizes.side}", image, image),
        (f"{sizes.signals} signals of {sizes.batched}", sizes.batched, (sizes.signals, sizes.batched)),
    ]


def fourier_cases(sizes: Sizes) -> Iterator[Case]:
    """DFT and DCT against the bare call."""
    for name, shape, whole in three_sizes(sizes):
        one = isinstance(shape, int)
        fft, ifft = (scipy.fft.fft, scipy.fft.ifft) if one else (scipy.fft.fftn, scipy.fft.ifftn)
        dct, idct = (scipy.fft.dct, scipy.fft.idct) if one else (scipy.fft.dctn, scipy.fft.idctn)
        for dtype in (np.complex128, np.float64, np.float32):
            yield Case(
                "DFT", name, cs.DFT(shape), draw(whole, dtype), "scipy.fft",
                lambda x, fft=fft: fft(x, norm="ortho"), lambda y, ifft=ifft: ifft(y, norm="ortho"), target=1.15,
            )  # fmt: skip
        for dtype in (np.float64, np.float32):
            yield Case(
                "DCT", name, cs.DCT(shape), draw(whole, dtype), "scipy.fft",
                lambda x, dct=dct: dct(x, norm="ortho"), lambda y, idct=idct: idct(y, norm="ortho"), target=1.15,
            )  # fmt: skip


def hadamard_cases(sizes: Sizes) -> Iterator[Case]:
    """Walsh-Hadamard against a Fourier transform of the same array (other numbers) and against fht-cpu."""
    for name, shape, whole in three_sizes(sizes):
        fft = scipy.fft.fft if isinstance(shape, int) else scipy.fft.fftn
        A = cs.WalshHadamard(shape)
        for dtype in (np.float64, np.float32):
            x = draw(whole, dtype)
            for fast in (False, True):
                kind = f"WalshHadamard, {'fast' if fast else 'plain'}"
                yield Case(
                    kind, name, A, x, f"scipy.fft.{fft.__name__}", fft, None, 0.4, close=np.inf, fast=fast,
                )  # fmt: skip
                if find_spec("fht_cpu") and isinstance(shape, int):
                    yield Case(
                        kind, name, A, x, "fht-cpu", hadamard_peer(), None, 1.3 if fast else np.inf,
                        lambda y, n=A.size_in: y / n**0.5, fast=fast,
                    )  # fmt: skip


def hadamard_peer() -> Callable[[np.ndarray], np.ndarray]:
    """The transform of fht-cpu, out of place."""
    import fht_cpu

    return lambda x: fht_cpu.fht(x, inplace=False)


def wavelet_cases(sizes: Sizes) -> Iterator[Case]:
    """Wavelet at full depth against PyWavelets, which gives and takes a list of arrays."""
    for target, shapes in ((1.2, (sizes.long, (sizes.side,) * 2)), (1.0, (sizes.short, (sizes.small_side,) * 2))):
        for shape in shapes:
            for dtype in (np.float64, np.float32):
                yield wavelet_case(shape, dtype, target)


def wavelet_case(shape: int | tuple[int, int], dtype: Any, target: float) -> Case:
    """One size."""
    one = isinstance(shape, int)
    analyse, synthesise = (pywt.wavedec, pywt.waverec) if one else (pywt.wavedec2, pywt.waverec2)
    W, x = cs.Wavelet(shape, "db4"), draw(shape, dtype)
    options = {"wavelet": "db4", "mode": "periodization"}
    _, places = pywt.coeffs_to_array(analyse(x, **options, level=W.levels))
    kind = "wavedec" if one else "wavedec2"

    def adjoint(y: np.ndarray) -> Callable[[], np.ndarray]:
        pieces = pywt.array_to_coeffs(y, places, output_format=kind)
        return lambda: synthesise(pieces, **options)

    return Case(
        "Wavelet db4", str(shape) if one else f"{shape[0]} x {shape[1]}", W, x, "PyWavelets",
        lambda x: analyse(x, **options, level=W.levels), Prepared(adjoint), target,
        lambda coefficients: pywt.coeffs_to_array(coefficients)[0],
    )  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """A product whose input takes another form first, which is not timed."""

    prepare: Callable[[np.ndarray], Callable[[], Any]]


def dense_cases(sizes: Sizes) -> Iterator[Case]:
    """Matrix against the bare product; at least 80 % of its speed."""
    for dtype in (np.float64, np.float32, np.complex128):
        matrix = draw((sizes.m, sizes.n), dtype)
        adjoint = matrix.conj()
        batch = draw((sizes.columns, sizes.n), dtype)
        for x, name in ((batch, f"{sizes.columns} signals"), (batch[0], "one signal")):
            yield Case(
                "Matrix", f"{sizes.m} x {sizes.n}, {name}", cs.Matrix(matrix), x, "NumPy @",
                lambda x, a=matrix: x @ a.T, lambda y, a=adjoint: y @ a, target=1.25,
            )  # fmt: skip
