"""One line for each operator, model, norm and solver: what the property suite runs on.

A new class joins by one line here; `test_cases.py` fails while it has none.
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import scipy.sparse.linalg

import csrecover as cs

SHUFFLED = np.array([2, 0, 1, 1, 0, 2, 2, 3])  # blocks of 2, 2, 3 and 1 coefficients
PARENTS = np.array([3, -1, 1, 1, 3, 6, -1, 0])  # a forest of two trees, in no order


def operators() -> dict[str, cs.LinearOperator]:
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((5, 8))
    return {
        "matrix": cs.Matrix(dense),
        "tall matrix": cs.Matrix(dense.T),
        "complex matrix": cs.Matrix(dense + 1j * rng.standard_normal((5, 8))),
        "float32 matrix": cs.Matrix(dense.astype(np.float32)),
        "stack of matrices": cs.Matrix(rng.standard_normal((3, 5, 8))),
        "gaussian": cs.gaussian(6, 9, 0),
        "complex gaussian": cs.gaussian(6, 9, 0, dtype=np.complex64),
        "bernoulli": cs.bernoulli(6, 9, 0),
        "sampling": cs.Sampling((3, 4), [7, 2, 11]),
        "sampling by mask": cs.Sampling(4, np.array([True, False, True, True])),
        "random rows": cs.random_rows((2, 6), 5, 0),
        "diagonal": cs.Diagonal(rng.standard_normal((3, 2))),
        "complex diagonal": cs.Diagonal(np.exp(1j * np.arange(6.0))),
        "random signs": cs.random_signs(7, 0),
        "dft": cs.DFT(6),
        "dft 2-d": cs.DFT((3, 4)),
        "real dft": cs.DFT(7, real=True),
        "real dft, even": cs.DFT(8, real=True),
        "real dft 2-d": cs.DFT((3, 6), real=True),
        "dct": cs.DCT(7),
        "dct 2-d": cs.DCT((3, 4)),
        "dct 4": cs.DCT(6, type=4),
        "wavelet": cs.Wavelet(16, "sym4"),
        "wavelet 2-d": cs.Wavelet((4, 8), "db2"),
        "wavelet, one level": cs.Wavelet(12, "db3", levels=1),
        "wavelet 3-d": cs.Wavelet((2, 4, 2), "haar"),
        "wavelet, windows": cs.Wavelet(192, "db2"),
        "wavelet, windows 2-d": cs.Wavelet((2, 136), "db3", levels=1),
        "biorthogonal wavelet": cs.BiorthogonalWavelet(16, "bior4.4"),
        "biorthogonal wavelet 2-d": cs.BiorthogonalWavelet((4, 8), "rbio3.1"),
        "adjoint": cs.gaussian(4, 6, 0).H,
        "adjoint of the real dft": cs.DFT((3, 6), real=True).H,
        "product with a real image": cs.DFT(6, real=True).H @ cs.gaussian(4, 5, 0, dtype=np.complex128),
        "real part of a spectrum": cs.DFT(6, real=True) @ cs.DFT(6, real=True).H,
        "sum of real images": 2 * cs.DFT(6, real=True).H - (cs.DCT(6) @ cs.DFT(6, real=True).H),
        "transpose": cs.Matrix(dense + 1j * rng.standard_normal((5, 8))).T,
        "conjugate": (cs.random_rows(8, 5, 0) @ cs.DFT(8)).conj(),
        "restricted": (cs.random_rows(8, 5, 0) @ cs.DCT(8)).restrict([6, 1, 2]),
        "gram": cs.gaussian(4, 6, 0).gram,
        "gram of a convolution": cs.Convolution(rng.standard_normal((3, 4))).gram,
        "scaled": 2.5 * cs.DCT(5),
        "complex multiple": (1 + 2j) * cs.Matrix(dense),
        "sum": cs.DCT(5) + cs.gaussian(5, 5, 0),
        "product": cs.gaussian(4, 8, 0) @ cs.Wavelet(8, "haar").H,
        "subsampled dft": cs.random_rows(8, 5, 0) @ cs.DFT(8),
        "subsampled dct": cs.random_rows((4, 4), 7, 0) @ cs.DCT((4, 4)) @ cs.random_signs((4, 4), 1),
        "subsampled real dft": cs.random_rows(5, 3, 0) @ cs.DFT(8, real=True),
        "walsh-hadamard": cs.WalshHadamard(16),
        "walsh-hadamard 2-d": cs.WalshHadamard((4, 8)),
        "walsh-hadamard, sequency": cs.WalshHadamard((2, 8), order="sequency"),
        "convolution": cs.Convolution(rng.standard_normal(7)),
        "convolution 2-d": cs.Convolution(rng.standard_normal((3, 4))),
        "complex convolution": cs.Convolution(rng.standard_normal(6) + 1j),
        "random convolution": cs.random_convolution((4, 3), 0),
        "toeplitz": cs.toeplitz(rng.standard_normal(4), rng.standard_normal(6)),
        "nufft": cs.NUFFT(8, rng.uniform(-7, 7, (6, 1))),
        "nufft 2-d": cs.NUFFT((3, 4), rng.uniform(-4, 4, (14, 2))),
        "nufft 3-d": cs.NUFFT((2, 4, 3), cs.spiral_trajectory(3, 5, turns=2)[:, [0, 1, 1]]),
        "nufft, single": cs.NUFFT((3, 4), cs.radial_trajectory(3, 4).astype(np.float32)),
        "nufft, gram": cs.NUFFT((3, 4), rng.uniform(-4, 4, (14, 2))).gram,
        "coil maps": cs.CoilMaps(rng.standard_normal((3, 2, 4))),
        "complex coil maps": cs.CoilMaps(cs.birdcage_maps((3, 4), 4)),
        "sense": cs.sense(cs.birdcage_maps((3, 4), 2), cs.variable_density_mask((3, 4), 5, 0)),
        "identity": cs.Identity((2, 3)),
        "permutation": cs.Permutation((2, 3), [3, 0, 5, 1, 4, 2]),
        "random permutation": cs.random_permutation(7, 0),
        "gradient": cs.Gradient(6),
        "gradient 2-d": cs.Gradient((4, 3)),
        "gradient of one sample": cs.Gradient((1, 3)),
        "vstack": cs.VStack([cs.gaussian(3, 8, 0), cs.DCT(8)]),
        "vstack of images": cs.VStack([cs.DCT((2, 3)), cs.Gradient((2, 3))]),
        "hstack": cs.hstack([cs.gaussian(4, 3, 0), cs.Identity(4)]),
        "block diagonal": cs.BlockDiagonal([cs.gaussian(2, 3, 0), cs.DFT(4), cs.Identity((2, 2))]),
        "kronecker": cs.Kronecker([cs.gaussian(2, 3, 0), cs.DCT(4)]),
        "kronecker of three": cs.Kronecker([cs.DCT((2, 2)), cs.gaussian(2, 3, 1), cs.DFT(2)]),
        "from scipy": cs.from_scipy(scipy.sparse.linalg.aslinearoperator(sparse_matrix())),
        "sparse matrix": cs.sparse_matrix(sparse_matrix()),
        "tall float32 sparse matrix": cs.sparse_matrix(sparse_matrix().T.astype(np.float32)),
        "complex sparse matrix": cs.sparse_matrix((1 + 2j) * sparse_matrix()),
        "sparse binary": cs.sparse_binary(6, 9, 3, 0),
        "partial orthogonal": cs.partial_orthogonal(4, 7, 0),
        "partial unitary": cs.partial_orthogonal(4, 7, 0, dtype=np.complex64),
        "unit columns": cs.unit_columns(cs.Matrix(dense)),
        "unit columns, matrix-free": cs.unit_columns(cs.random_rows(8, 5, 0) @ cs.DCT(8)),
        "random demodulator": cs.random_demodulator(4, 12, 0),
        "random demodulator, straddling": cs.random_demodulator(5, 12, 0, dtype=np.float32),
        "structurally random": cs.structurally_random(cs.WalshHadamard(8), 5, 0, dtype=np.float32),
        "structurally random, permutation": cs.structurally_random(cs.DCT((2, 4)), 5, 0, scramble="permutation"),
        "spread spectrum": cs.spread_spectrum((3, 4), 5, 0),
        "blur": cs.blur((5, 6), np.arange(1.0, 7).reshape(2, 3)),
        "gaussian blur": cs.blur((4, 5), 0.8),
        "single-pixel camera": cs.SinglePixel((4, 4), [0, 9, 3, 6]),
        "single-pixel camera, natural": cs.SinglePixel.random(8, 5, 0, order="natural"),
        "cassi": cs.CASSI(rng.integers(0, 2, (3, 4)), bands=3),
        "cassi, grey mask": cs.CASSI(rng.random((2, 3)), bands=2, step=2),
    }


def skipped(name: str, backend: str) -> str | None:
    """Why an operator cannot run on a backend, None where it can."""
    if name == "from scipy" and backend != "numpy":
        return "computes on the host, by what it is"
    if name.startswith("nufft") and backend.startswith("cupy") and not importlib.util.find_spec("cufinufft"):
        return "needs cufinufft"
    return None


def sparse_matrix() -> Any:
    return scipy.sparse.random_array((5, 7), density=0.5, rng=np.random.default_rng(3), format="csr")


@dataclass(frozen=True)
class ModelCase:
    """A model on eight coefficients and the masks of budget k by its definition."""

    model: cs.SupportModel
    shape: tuple[int, ...]
    members: Callable[[int], Iterator[np.ndarray]]


def mask(indices: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(int(np.prod(shape)), dtype=bool)
    out[list(indices)] = True
    return out.reshape(shape)


def sparse_members(k: int, shape: tuple[int, ...] = (8,)) -> Iterator[np.ndarray]:
    return (mask(chosen, shape) for chosen in combinations(range(8), min(k, 8)))


def block_members(labels: np.ndarray, k: int) -> Iterator[np.ndarray]:
    count = labels.max() + 1
    return (np.isin(labels, chosen) for chosen in combinations(range(count), min(k, count)))


def tree_members(parents: np.ndarray, k: int) -> Iterator[np.ndarray]:
    flat = parents.reshape(-1)
    for chosen in combinations(range(flat.size), min(k, flat.size)):
        if all(flat[node] < 0 or flat[node] in chosen for node in chosen):
            yield mask(chosen, parents.shape)


def models() -> dict[str, ModelCase]:
    halves = np.arange(8) // 2
    wavelet = cs.Wavelet((4, 2), "haar").tree
    return {
        "sparse": ModelCase(cs.Sparse(), (8,), sparse_members),
        "sparse 2-d": ModelCase(cs.Sparse(ndim=2), (2, 4), lambda k: sparse_members(k, (2, 4))),
        "equal blocks": ModelCase(cs.BlockSparse(cs.Blocks.uniform(8, 2)), (8,), lambda k: block_members(halves, k)),
        "one block": ModelCase(cs.BlockSparse(cs.Blocks.uniform(8, 8)), (8,), lambda k: block_members(0 * halves, k)),
        "unequal blocks": ModelCase(cs.BlockSparse(cs.Blocks(SHUFFLED)), (8,), lambda k: block_members(SHUFFLED, k)),
        "blocks 2-d": ModelCase(
            cs.BlockSparse(cs.Blocks(SHUFFLED.reshape(2, 4))),
            (2, 4),
            lambda k: block_members(SHUFFLED.reshape(2, 4), k),
        ),
        "forest": ModelCase(cs.TreeSparse(cs.Tree(PARENTS)), (8,), lambda k: tree_members(PARENTS, k)),
        "binary tree": ModelCase(
            cs.TreeSparse(cs.Tree.binary(levels=3)), (7,), lambda k: tree_members(np.array([-1, 0, 0, 1, 1, 2, 2]), k)
        ),
        "wavelet tree": ModelCase(cs.TreeSparse(wavelet), (4, 2), lambda k: tree_members(wavelet.parents, k)),
    }


def norms() -> dict[str, tuple[cs.Norm, tuple[int, ...]]]:
    weights = np.array([0.5, 2.0, 1.0, 0.7])
    return {
        "l1": (cs.L1(0.3), (8,)),
        "l1 2-d": (cs.L1(0.3, ndim=2), (2, 4)),
        "weighted l1": (cs.L1(np.linspace(0.2, 2, 8)), (8,)),
        "equal blocks": (cs.GroupL2(cs.Blocks.uniform(8, 2), 0.4), (8,)),
        "equal blocks, weights": (cs.GroupL2(cs.Blocks.uniform(8, 2), weights), (8,)),
        "unequal blocks": (cs.GroupL2(cs.Blocks(SHUFFLED), "sqrt"), (8,)),
        "unequal blocks, weights": (cs.GroupL2(cs.Blocks(SHUFFLED.reshape(2, 4)), weights), (2, 4)),
    }


@dataclass(frozen=True)
class SolverCase:
    """A solver with its structure bound, an operator and a signal well inside its regime."""

    solve: Callable[..., cs.Result]
    operator: cs.LinearOperator
    truth: np.ndarray
    error: float = 1e-4


def solvers() -> dict[str, SolverCase]:
    blocks = cs.Blocks.uniform(96, 4)
    model, tree = cs.BlockSparse(blocks), cs.Wavelet(64, "haar").tree
    A = cs.gaussian(60, 96, 0)
    plain = cs.random_signal(cs.Sparse(), 96, 6, 1)
    grouped = cs.random_signal(model, 96, 3, 2)
    rooted = cs.random_signal(cs.TreeSparse(tree), 64, 8, 3)
    dct = cs.random_rows(96, 60, 4) @ cs.DCT(96)
    two_d = cs.random_rows((8, 12), 60, 4) @ cs.DCT((8, 12))

    def bind(solver: Callable[..., cs.Result], *arguments: Any, **defaults: Any) -> Callable[..., cs.Result]:
        def solve(A: Any, y: Any, **options: Any) -> cs.Result:
            return solver(A, y, *arguments, **(defaults | options))

        solve.__name__ = solver.__name__
        return solve

    cases = {}
    for solver in (cs.iht, cs.cosamp, cs.subspace_pursuit, cs.recover):
        name = solver.__name__
        cases[f"{name}, sparse"] = SolverCase(bind(solver, cs.Sparse(), 6), A, plain)
        cases[f"{name}, blocks"] = SolverCase(bind(solver, model, 3), A, grouped)
        cases[f"{name}, tree"] = SolverCase(bind(solver, cs.TreeSparse(tree), 8), cs.gaussian(48, 64, 1), rooted)
        cases[f"{name}, dct"] = SolverCase(bind(solver, cs.Sparse(), 6), dct, plain)
        cases[f"{name}, 2-d"] = SolverCase(bind(solver, cs.Sparse(), 6), two_d, plain.reshape(8, 12))
    for solver in (cs.ista, cs.fista, cs.recover):
        name = solver.__name__
        cases[f"{name}, l1"] = SolverCase(bind(solver, cs.L1(0.1), tol=1e-4), A, plain, error=0.3)
        cases[f"{name}, groups"] = SolverCase(bind(solver, cs.GroupL2(blocks, 0.1), tol=1e-4), dct, grouped, error=0.3)
    return cases
