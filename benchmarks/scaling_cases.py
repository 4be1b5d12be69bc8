"""What benchmarks/scaling.py times against n and against the number of signals, and how its time should grow."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pywt
import scipy.fft
from gpu_model import dense, fista, fourier
from scaling_model import CONSTANT, Form, Term
from tree_penalties import spams_prox

import csrecover as cs

OURS, PLAIN = "csrecover", "without numba"
MEASURED = 4  # n / m of the solvers
SPARSITY = 128  # n / k
BLOCK = 8
RUNS = 4
ITERATIONS = 50
BATCHED = 128, 512, 8  # m, n, k of the signals of a batch

LINEAR = Form(CONSTANT, Term("n", float))
TRANSFORM = Form(CONSTANT, Term("n log2 n", lambda n: n * math.log2(n)))
QUADRATIC = Form(CONSTANT, Term("n^2", lambda n: float(n) ** 2))
PER_SIGNAL = Form(CONSTANT, Term("signals", float))


@dataclass(frozen=True)
class Curve:
    """Something whose time is measured against one size, which is at most `most`.

    `at(size)` gives the call that is timed, `form` is its cost model. From the size `switch[0]` on the program does
    something else, which `switch[1]` names.
    """

    subject: str
    what: str
    by: str
    at: Callable[[int], Callable[[], Any]]
    form: Form
    most: int = 2**22
    switch: tuple[int, str] | None = None
    against: str = "n"


def draw(*shape: int) -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(0).standard_normal(shape)


def pair(operator: Callable[[int], Any]) -> Callable[[int], Callable[[], Any]]:
    """A product and the one with the adjoint."""

    def at(n: int) -> Callable[[], Any]:
        A, x = operator(n), draw(n)
        return lambda: A.H @ (A @ x)

    return at


def on_signal(function: Callable[[np.ndarray], Any]) -> Callable[[int], Callable[[], Any]]:
    """A function of one signal."""

    def at(n: int) -> Callable[[], Any]:
        x = draw(n)
        return lambda: function(x)

    return at


def operators() -> Iterator[Curve]:
    """Each transform and its adjoint."""

    def wavelets(n: int) -> Callable[[], Any]:
        options, levels, x = {"wavelet": "db4", "mode": "periodization"}, depth(n), draw(n)
        return lambda: pywt.waverec(pywt.wavedec(x, level=levels, **options), **options)

    def peer(what: str, by: str, function: Callable[[np.ndarray], Any]) -> Curve:
        return Curve("operators", what, by, on_signal(function), TRANSFORM)

    yield Curve("operators", "DCT", OURS, pair(cs.DCT), TRANSFORM)
    yield peer("DCT", "scipy.fft", lambda x: scipy.fft.idct(scipy.fft.dct(x)))
    yield Curve("operators", "DFT", OURS, pair(cs.DFT), TRANSFORM)
    yield peer("DFT", "scipy.fft", lambda x: scipy.fft.ifft(scipy.fft.fft(x)))
    for by in (OURS, PLAIN):
        yield Curve("operators", "Hadamard", by, pair(cs.WalshHadamard), TRANSFORM)
        yield Curve("operators", "wavelet db4", by, pair(lambda n: cs.Wavelet(n, "db4", depth(n))), LINEAR)
    yield Curve("operators", "wavelet db4", "PyWavelets", wavelets, LINEAR)
    if find_spec("fht_cpu"):
        import fht_cpu

        yield peer("Hadamard", "fht-cpu", lambda x: fht_cpu.fht(fht_cpu.fht(x, inplace=False)))


def depth(n: int) -> int:
    """Levels of a wavelet transform that PyWavelets calls useful."""
    return pywt.dwt_max_level(n, "db4")


def budget(n: int) -> int:
    """Nonzeros of a signal of that length."""
    return max(1, n // SPARSITY)


def projection(
    model: Callable[[int], Any], k: Callable[[int], int] = budget, length: Callable[[int], int] = int
) -> Callable[[int], Callable[[], Any]]:
    """The projection onto a model, of a signal that decays from level to level of a binary tree."""

    def at(n: int) -> Callable[[], Any]:
        chosen, x = model(n), decaying(length(n))
        return lambda: chosen.project(x, k(n))

    return at


def decaying(n: int, signals: tuple[int, ...] = ()) -> np.ndarray:
    """Normal numbers that decay as wavelet coefficients do."""
    return draw(*signals, n) * 0.6 ** np.floor(np.log2(np.arange(1, n + 1)))


def tree_of(n: int) -> cs.Tree:
    """The complete binary tree of n - 1 nodes."""
    return cs.Tree.binary(n.bit_length() - 1)


def projections() -> Iterator[Curve]:
    """The models; k is a share of n."""
    subject = "projections"
    blocks, runs = lambda n: cs.BlockSparse(cs.Blocks.uniform(n, BLOCK)), lambda _: cs.Clustered(RUNS)
    table = (2**15, "the table is made twice, in parts")  # n k (runs + 1) beyond 2^25 bytes
    yield Curve(subject, "k largest", OURS, projection(lambda _: cs.Sparse()), LINEAR)
    yield Curve(subject, "k largest", "np.argpartition", on_signal(lambda x: largest(x, budget(x.size))), LINEAR)
    yield Curve(subject, "blocks", OURS, projection(blocks, lambda n: max(1, budget(n) // BLOCK)), LINEAR)
    for by, longest in ((OURS, 2**22), (PLAIN, 2**20)):
        tree = projection(lambda n: cs.TreeSparse(tree_of(n)), length=lambda n: n - 1)
        yield Curve(subject, "tree", by, tree, LINEAR, most=longest)
    for by, longest in ((OURS, 2**16), (PLAIN, 2**14)):
        yield Curve(subject, "runs", by, projection(runs), QUADRATIC, most=longest, switch=table)


def largest(x: np.ndarray, k: int) -> np.ndarray:
    """The k largest entries of a signal, zero elsewhere."""
    out, kept = np.zeros_like(x), np.argpartition(abs(x), x.size - k)[-k:]
    out[kept] = x[kept]
    return out


def proxes() -> Iterator[Curve]:
    """The proximal operators."""
    subject, step = "proxes", 0.5

    def of(penalty: Callable[[int], Any], length: Callable[[int], int] = int) -> Callable[[int], Callable[[], Any]]:
        def at(n: int) -> Callable[[], Any]:
            chosen, x = penalty(n), draw(length(n))
            return lambda: chosen.prox(x, step)

        return at

    def spams_tree(n: int) -> Callable[[], Any]:
        return spams_prox(tree_of(n), draw(n - 1), step, "tree-l2")[0]

    for by in (OURS, PLAIN):
        yield Curve(subject, "l1", by, of(lambda _: cs.L1()), LINEAR)
        yield Curve(subject, "groups", by, of(lambda n: cs.GroupL2(cs.Blocks.uniform(n, BLOCK))), LINEAR)
        tree = of(lambda n: cs.TreeL2(tree_of(n)), lambda n: n - 1)
        yield Curve(subject, "tree", by, tree, LINEAR)
    yield Curve(subject, "l1", "NumPy", on_signal(lambda x: x - np.clip(x, -step, step)), LINEAR)
    if find_spec("spams"):
        yield Curve(subject, "tree", "SPAMS", spams_tree, LINEAR, most=2**20)


def solvers() -> Iterator[Curve]:
    """Recovery from a quarter of the entries of a DCT."""
    subject = "solvers"

    def of(solve: Callable[..., Any]) -> Callable[[int], Callable[[], Any]]:
        def at(n: int) -> Callable[[], Any]:
            k = budget(n)
            A = cs.random_rows(n, n // MEASURED, 0) @ cs.DCT(n)
            y = A @ cs.random_signal(cs.Sparse(), n, k, 0)
            return lambda: solve(A, y, k)

        return at

    products = (2**13, "conjugate gradients")  # m n beyond 2^22: the matrix is not made
    yield Curve(subject, "iht, 20 iterations", OURS, of(iht), TRANSFORM)
    yield Curve(subject, "htp", OURS, of(htp), TRANSFORM, switch=products)
    flops = counted(lambda n: fista(fourier(n // MEASURED, n, 1, 8), n // MEASURED, n, 1, 8))
    yield Curve(subject, f"fista, {ITERATIONS} iterations", OURS, of(l1), flops)


def counted(steps: Callable[[int], list[Any]]) -> Form:
    """The model of gpu_model.py for so many iterations: their launches (here calls) and their operations."""

    def total(part: str) -> Callable[[int], float]:
        return lambda size: ITERATIONS * sum(getattr(step, part) for step in steps(size))

    return Form(Term("calls", total("launches")), Term("flops", total("flops")))


def iht(A: Any, y: Any, k: int) -> Any:
    """A fixed number of iterations."""
    return cs.iht(A, y, cs.Sparse(), k, tol=0, max_iter=20)


def htp(A: Any, y: Any, k: int) -> Any:
    """To convergence."""
    return cs.htp(A, y, cs.Sparse(), k)


def l1(A: Any, y: Any, k: int) -> Any:  # noqa: ARG001  # as the others
    """A fixed number of iterations of FISTA."""
    return cs.fista(A, y, cs.L1(0.02), tol=0, max_iter=ITERATIONS)


def batches() -> Iterator[Curve]:
    """Many signals that share one Gaussian matrix, or one model."""
    subject, (m, n, k) = "batch", BATCHED
    A = cs.gaussian(m, n, 0)
    threads = (2**21 // (m * n), "BLAS threads")

    def of(solve: Callable[..., Any]) -> Callable[[int], Callable[[], Any]]:
        def at(signals: int) -> Callable[[], Any]:
            y = np.stack([A @ cs.random_signal(cs.Sparse(), n, k, seed) for seed in range(signals)])
            return lambda: solve(A, y, k)

        return at

    def projected(model: Any, length: int) -> Callable[[int], Callable[[], Any]]:
        def at(signals: int) -> Callable[[], Any]:
            x = decaying(length, (signals,))
            return lambda: model.project(x, k)

        return at

    flops = counted(lambda signals: fista(dense(m, n, signals, 8), m, n, signals, 8))
    options: dict[str, Any] = {"against": "signals", "most": 1024}
    yield Curve(subject, "htp", OURS, of(htp), PER_SIGNAL, **options)
    yield Curve(subject, f"fista, {ITERATIONS} iterations", OURS, of(l1), flops, switch=threads, **options)
    yield Curve(subject, "projection: k largest", OURS, projected(cs.Sparse(), n), PER_SIGNAL, **options)
    tree = cs.TreeSparse(tree_of(n))
    yield Curve(subject, "projection: tree", OURS, projected(tree, n - 1), PER_SIGNAL, **options)


SUBJECTS = (operators, projections, proxes, solvers, batches)
