"""A small example of each operator, model, norm and solver: what `csrecover.selfcheck` runs the property suite on.

A new class or creator joins by one line here; `tests/cases.py` adds the corner cases. Written as users write them.
"""
# mypy: disable-error-code=arg-type
# an int serves as a shape, a list as a tuple

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, combinations_with_replacement, product
from typing import Any

import numpy as np
import scipy.sparse.linalg

import csrecover as cs

SHUFFLED = np.array([2, 0, 1, 1, 0, 2, 2, 3])  # blocks of 2, 2, 3 and 1 coefficients


def operators() -> dict[str, cs.LinearOperator]:
    """An operator for each public class and each creator, which it is named after."""
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((5, 8))
    return {
        "matrix": cs.Matrix(dense),
        "gaussian": cs.gaussian(6, 9, 0),
        "bernoulli": cs.bernoulli(6, 9, 0),
        "partial orthogonal": cs.partial_orthogonal(4, 7, 0),
        "unit columns": cs.unit_columns(cs.Matrix(dense)),
        "sampling": cs.Sampling((3, 4), [7, 2, 11]),
        "random rows": cs.random_rows((2, 6), 5, 0),
        "diagonal": cs.Diagonal(rng.standard_normal((3, 2))),
        "random signs": cs.random_signs(7, 0),
        "dft 2-d": cs.DFT((3, 4)),
        "real dft": cs.DFT(7, real=True),
        "dct 2-d": cs.DCT((3, 4)),
        "dct 4": cs.DCT(6, type=4),
        "wavelet 2-d": cs.Wavelet((4, 8), "db2"),
        "biorthogonal wavelet": cs.BiorthogonalWavelet(16, "bior4.4"),
        "walsh-hadamard 2-d": cs.WalshHadamard((4, 8)),
        "sum": cs.DCT(5) + cs.gaussian(5, 5, 0),
        "product": cs.gaussian(4, 8, 0) @ cs.Wavelet(8, "haar").H,
        "subsampled dct": cs.random_rows((4, 4), 7, 0) @ cs.DCT((4, 4)) @ cs.random_signs((4, 4), 1),
        "convolution 2-d": cs.Convolution(rng.standard_normal((3, 4))),
        "random convolution": cs.random_convolution((4, 3), 0),
        "toeplitz": cs.toeplitz(rng.standard_normal(4), rng.standard_normal(6)),
        "blur": cs.blur((5, 6), np.arange(1.0, 7).reshape(2, 3)),
        "nufft 2-d": cs.NUFFT((3, 4), rng.uniform(-4, 4, (14, 2))),
        "complex coil maps": cs.CoilMaps(cs.birdcage_maps((3, 4), 4)),
        "sense": cs.sense(cs.birdcage_maps((3, 4), 2), cs.variable_density_mask((3, 4), 5, 0)),
        "identity": cs.Identity((2, 3)),
        "permutation": cs.Permutation((2, 3), [3, 0, 5, 1, 4, 2]),
        "random permutation": cs.random_permutation(7, 0),
        "gradient 2-d": cs.Gradient((4, 3)),
        "vstack": cs.VStack([cs.gaussian(3, 8, 0), cs.DCT(8)]),
        "hstack": cs.hstack([cs.gaussian(4, 3, 0), cs.Identity(4)]),
        "block diagonal": cs.BlockDiagonal([cs.gaussian(2, 3, 0), cs.DFT(4), cs.Identity((2, 2))]),
        "kronecker": cs.Kronecker([cs.gaussian(2, 3, 0), cs.DCT(4)]),
        "from scipy": cs.from_scipy(scipy.sparse.linalg.aslinearoperator(sparse_array())),
        "sparse matrix": cs.sparse_matrix(sparse_array()),
        "sparse binary": cs.sparse_binary(6, 9, 3, 0),
        "random demodulator": cs.random_demodulator(4, 12, 0),
        "structurally random": cs.structurally_random(cs.WalshHadamard(8), 5, 0, dtype=np.float32),
        "spread spectrum": cs.spread_spectrum((3, 4), 5, 0),
        "single-pixel camera": cs.SinglePixel((4, 4), [0, 9, 3, 6]),
        "cassi": cs.CASSI(rng.integers(0, 2, (3, 4)), bands=3),
    }


def skipped(name: str, backend: str) -> str | None:
    """Why an operator cannot run on a backend, None where it can."""
    if name == "from scipy" and backend != "numpy":
        return "computes on the host, by what it is"
    planner = {"numpy": "finufft", "cupy": "cufinufft"}.get(backend.partition(":")[0])
    if name.startswith("nufft") and planner and not importlib.util.find_spec(planner):
        return f"needs {planner}"
    return None


def sparse_array() -> Any:
    """A sparse SciPy array of shape (5, 7)."""
    return scipy.sparse.random_array((5, 7), density=0.5, rng=np.random.default_rng(3), format="csr")


@dataclass(frozen=True)
class ModelCase:
    """A model on about eight coefficients, the masks of budget k by its definition, and more for `check_model`."""

    model: cs.SupportModel
    shape: tuple[int, ...]
    members: Callable[[Any], Iterator[np.ndarray]]
    budgets: tuple[Any, ...] | None = None
    sums: Callable[[Any, int], Iterator[np.ndarray]] | None = None
    lowest_first: bool = True

    def check(self, backend: Any, like: Any, draws: int = 8) -> list[str]:
        """`check_model` on a library and device, for signals like `like`."""
        options = {name: getattr(self, name) for name in ("members", "budgets", "sums", "lowest_first")}
        return cs.check_model(cs.to(self.model, backend), self.shape, like=like, draws=draws, **options)


def mask(indices: Any, shape: tuple[int, ...]) -> np.ndarray:
    """True at the flat indices."""
    out = np.zeros(int(np.prod(shape)), dtype=bool)
    out[list(indices)] = True
    return out.reshape(shape)


def sparse_members(k: int, shape: tuple[int, ...] = (8,)) -> Iterator[np.ndarray]:
    """Masks of k coefficients."""
    n = int(np.prod(shape))
    return (mask(chosen, shape) for chosen in combinations(range(n), min(k, n)))


def block_members(labels: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Masks of k blocks."""
    count = labels.max() + 1
    return (np.isin(labels, chosen) for chosen in combinations(range(count), min(k, count)))


def tree_members(parents: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Masks of k nodes that contain the parent of each."""
    flat = parents.reshape(-1)
    for chosen in combinations(range(flat.size), min(k, flat.size)):
        if all(flat[node] < 0 or flat[node] in chosen for node in chosen):
            yield mask(chosen, parents.shape)


def tree_case(model: cs.TreeSparse) -> ModelCase:
    """A tree model: sums are trees of twice the budget, and equal supports are taken in no particular order."""
    parents = cs.to_numpy(model.tree.parents)
    return ModelCase(
        model,
        parents.shape,
        lambda k: tree_members(parents, k),
        sums=lambda k, copies: tree_members(parents, copies * k),
        lowest_first=False,
    )


def union_members(*families: Callable[[int], Iterator[np.ndarray]]) -> Callable[[Any], Iterator[np.ndarray]]:
    """Masks of any of several families; the budget is one for all, or a tuple with one for each."""

    def members(k: Any) -> Iterator[np.ndarray]:
        budgets = k if isinstance(k, tuple) else (k,) * len(families)
        return chain.from_iterable(family(each) for family, each in zip(families, budgets, strict=True))

    return members


def product_members(*families: Callable[[int], Iterator[np.ndarray]]) -> Callable[[Any], Iterator[np.ndarray]]:
    """Masks of several families side by side."""

    def members(k: tuple[Any, ...]) -> Iterator[np.ndarray]:
        each = [list(family(budget)) for family, budget in zip(families, k, strict=True)]
        return (np.concatenate([part.reshape(-1) for part in parts]) for parts in product(*each))

    return members


def unions_of(members: Callable[[Any], Iterator[np.ndarray]], k: Any, copies: int) -> Iterator[np.ndarray]:
    """Unions of `copies` masks of budget k."""
    return (np.logical_or.reduce(masks) for masks in combinations_with_replacement(list(members(k)), copies))


def models() -> dict[str, ModelCase]:
    """An example of each model."""
    tree = cs.Wavelet((4, 2), "haar").tree
    return {
        "sparse": ModelCase(cs.Sparse(), (8,), sparse_members),
        "unequal blocks": ModelCase(cs.BlockSparse(cs.Blocks(SHUFFLED)), (8,), lambda k: block_members(SHUFFLED, k)),
        "union": ModelCase(
            cs.Union((cs.Sparse(), cs.BlockSparse(cs.Blocks(SHUFFLED)))),
            (8,),
            union_members(sparse_members, lambda k: block_members(SHUFFLED, k)),
            sums=lambda k, copies: chain(
                unions_of(sparse_members, k, copies), unions_of(lambda k: block_members(SHUFFLED, k), k, copies)
            ),
            lowest_first=False,
        ),
        "product": ModelCase(
            cs.Product((cs.BlockSparse(cs.Blocks([0, 1, 1])), cs.Sparse(ndim=2)), (3, (2, 2))),
            (7,),
            product_members(lambda k: block_members(np.array([0, 1, 1]), k), lambda k: sparse_members(k, (4,))),
            budgets=((0, 0), (1, 0), (1, 1), (1, 2), (2, 3), (2, 4), (3, 5)),
        ),
        "wavelet tree": tree_case(cs.TreeSparse(tree)),
    }


def penalties() -> dict[str, tuple[cs.Penalty, tuple[int, ...]]]:
    """An example of each penalty, with the shape of its signals."""
    return {
        "weighted l1": (cs.L1(np.linspace(0.2, 2, 8)), (8,)),
        "unequal blocks": (cs.GroupL2(cs.Blocks(SHUFFLED), "sqrt"), (8,)),
    }


@dataclass(frozen=True)
class SolverCase:
    """A solver with its structure bound, an operator and a signal well inside its regime."""

    solve: Callable[..., cs.Result]
    operator: cs.LinearOperator
    truth: np.ndarray
    error: float = 1e-4

    def in_dtype(self, dtype: str) -> tuple[cs.LinearOperator, np.ndarray]:
        """Operator (its entries, where it is dense) and signal, given phases if the dtype is complex."""
        A, phase = self.operator, np.exp(1j * np.arange(self.truth.size)).reshape(self.truth.shape)
        dense = cs.Matrix(A.matrix.astype(dtype)) if isinstance(A, cs.Matrix) else A
        return dense, (self.truth * (phase if "complex" in dtype else 1)).astype(dtype)


def bind(solver: Callable[..., cs.Result], *arguments: Any, **defaults: Any) -> Callable[..., cs.Result]:
    """``solve(A, y, **options)`` with the other arguments fixed."""

    def solve(A: Any, y: Any, **options: Any) -> cs.Result:
        return solver(A, y, *arguments, **(defaults | options))

    solve.__name__ = solver.__name__
    return solve


def solvers() -> dict[str, SolverCase]:
    """An example of each solver; of the greedy ones with each model."""
    blocks, tree = cs.Blocks.uniform(96, 4), cs.Wavelet(64, "haar").tree
    model, rooted = cs.BlockSparse(blocks), cs.TreeSparse(tree)
    A, B, dct = cs.gaussian(60, 96, 0), cs.gaussian(48, 64, 1), cs.random_rows(96, 60, 4) @ cs.DCT(96)
    plain, grouped = cs.random_signal(cs.Sparse(), 96, 6, 1), cs.random_signal(model, 96, 3, 2)
    cases = {
        "ista, groups": SolverCase(bind(cs.ista, cs.GroupL2(blocks, 0.1), tol=1e-4), dct, grouped, error=0.3),
        "fista, l1": SolverCase(bind(cs.fista, cs.L1(0.1), tol=1e-4), A, plain, error=0.3),
        "recover, sparse": SolverCase(bind(cs.recover, cs.Sparse(), 6), A, plain),
    }
    for solver in (cs.iht, cs.cosamp, cs.subspace_pursuit):
        name = solver.__name__
        cases[f"{name}, sparse"] = SolverCase(bind(solver, cs.Sparse(), 6), A, plain)
        cases[f"{name}, blocks"] = SolverCase(bind(solver, model, 3), A, grouped)
        cases[f"{name}, tree"] = SolverCase(bind(solver, rooted, 8), B, cs.random_signal(rooted, 64, 8, 3))
    return cases
