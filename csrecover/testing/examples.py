"""A small example of each operator, model, norm and solver: what `csrecover.selfcheck` runs the property suite on.

A new class or creator joins by one line here; `tests/cases.py` adds the corner cases. Written as users write them.
"""
# mypy: disable-error-code=arg-type
# an int serves as a shape, a list as a tuple

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import scipy.sparse.linalg

import csrecover as cs

from .enumerations import (
    ModelCase,
    block_members,
    clustered_case,
    cost_case,
    graph_case,
    hierarchical_case,
    joint_blocks,
    joint_case,
    levels_case,
    low_rank_case,
    overlapping_case,
    product_members,
    separated_case,
    sparse_members,
    tree_case,
    union_members,
    unions_of,
    windows_case,
)

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
        "check rows": cs.check_rows(cs.DFT((2, 3)), 5),
        "hstack": cs.hstack([cs.gaussian(4, 3, 0), cs.Identity(4)]),
        "block diagonal": cs.BlockDiagonal([cs.gaussian(2, 3, 0), cs.DFT(4), cs.Identity((2, 2))]),
        "kronecker": cs.Kronecker([cs.gaussian(2, 3, 0), cs.DCT(4)]),
        "channels": cs.channels(cs.gaussian(3, 4, 0), 2),
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
        "graph clusters": graph_case(cs.Graph.grid((2, 4)), 2),
        "low rank": low_rank_case(4, 3),
        "blocks by cost": cost_case(SHUFFLED, [3, 1, 2, 2]),
        "hierarchical": hierarchical_case(cs.Blocks(SHUFFLED), 2),
        "levels": levels_case(SHUFFLED, ((0, 0, 0, 0), (1, 0, 0, 1), (1, 0, 2, 1), (1, 2, 2, 1), (2, 3, 3, 1))),
        "joint sparse": joint_case(cs.BlockSparse(cs.Blocks([0, 1, 1, 2])), 2, (4,), joint_blocks),
        "clustered": clustered_case(8, 2),
        "separated": separated_case(8, 3),
        "windows": windows_case(8, 3),
        "overlapping groups": overlapping_case([[0, 1, 4], [1, 2, 5], [0, 2, 6], [3, 4, 5, 6], [2, 7]], (8,)),
    }


def penalties() -> dict[str, tuple[cs.Penalty, tuple[int, ...]]]:
    """An example of each penalty, with the shape of its signals."""
    return {
        "weighted l1": (cs.L1(np.linspace(0.2, 2, 8)), (8,)),
        "unequal blocks": (cs.GroupL2(cs.Blocks(SHUFFLED), "sqrt"), (8,)),
        "nonnegative l1": (cs.NonNegativeL1(0.3), (8,)),
        "elastic net": (cs.ElasticNet(0.3, 0.5), (8,)),
        "group linf": (cs.GroupLInf(cs.Blocks(SHUFFLED), 0.4), (8,)),
        "sparse group": (cs.SparseGroup(cs.Blocks(SHUFFLED), 0.2, "sqrt"), (8,)),
        "block mcp": (cs.BlockMCP(cs.Blocks(SHUFFLED), 1.0, gamma=100.0), (8,)),
        "block scad": (cs.BlockSCAD(cs.Blocks(SHUFFLED), 1.0, gamma=100.0), (8,)),
        "box": (cs.Box(-0.3, np.linspace(0, 1, 8)), (8,)),
        "l2 ball": (cs.L2Ball(0.5), (8,)),
        "simplex": (cs.Simplex(1.5), (8,)),
        "nuclear": (cs.Nuclear(0.7), (3, 4)),
        "nuclear and frobenius": (cs.NuclearFrobenius(0.7, 0.5), (3, 4)),
        "nuclear and squared frobenius": (cs.NuclearSquaredFrobenius(0.7, 0.5), (3, 4)),
        "total variation": (cs.TV(0.5), (6,)),
        "subtrees, l2": (cs.TreeL2(cs.Wavelet((4, 2), "haar").tree, 0.5), (4, 2)),
        "overlapping groups": (cs.OverlappingGroupL2(cs.Groups.windows(8, 4, 2), 0.5), (8,)),
        "latent groups": (cs.LatentGroupL2(cs.Groups.windows(8, 4, 2), 0.5), (8,)),
        "subtrees, l-infinity": (cs.TreeLInf(cs.Wavelet(8, "haar").tree, np.linspace(0.2, 1, 8)), (8,)),
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
    sums = [cs.GroupL2(blocks, 0.05), cs.L1(0.02)]
    cases = {
        "ista, groups": SolverCase(bind(cs.ista, cs.GroupL2(blocks, 0.1), tol=1e-4), dct, grouped, error=0.3),
        "fista, l1": SolverCase(bind(cs.fista, cs.L1(0.1), tol=1e-4), A, plain, error=0.3),
        "greedy fista, l1": SolverCase(bind(cs.greedy_fista, cs.L1(0.1), tol=1e-4), A, plain, error=0.3),
        "pogm, groups": SolverCase(bind(cs.pogm, cs.GroupL2(blocks, 0.1), tol=1e-4), dct, grouped, error=0.3),
        "sparsa, l1": SolverCase(bind(cs.sparsa, cs.L1(0.1), tol=1e-4), A, plain, error=0.3),
        "working set, groups": SolverCase(bind(cs.working_set, cs.GroupL2(blocks, 0.1)), A, grouped, error=0.3),
        "sbl": SolverCase(bind(cs.sbl), A, plain, error=1e-3),
        "bsbl": SolverCase(bind(cs.bsbl, blocks), A, grouped),
        "amp, l1": SolverCase(bind(cs.amp, cs.L1()), A, plain),
        "vamp, groups": SolverCase(bind(cs.vamp, cs.GroupL2(blocks)), dct, grouped),
        "primal dual, groups and l1": SolverCase(bind(cs.primal_dual, sums, tol=1e-3), dct, grouped, error=0.3),
        "admm, groups and l1": SolverCase(bind(cs.admm, sums, tol=1e-3), A, grouped, error=0.3),
        "reweighted, groups": SolverCase(bind(cs.reweighted, cs.GroupL2(blocks, 0.1), tol=1e-4), A, grouped, error=0.1),
        "basis pursuit, l1": SolverCase(bind(cs.basis_pursuit, cs.L1(), tol=1e-3), A, plain, error=1e-2),
        "bpdn, l1": SolverCase(bind(cs.bpdn, cs.L1(), 0.1, tol=1e-3), A, plain, error=0.3),
        "lasso ball, l1": SolverCase(bind(cs.lasso_ball, cs.L1(), 5.0, tol=1e-4), A, plain, error=0.4),
        "dantzig, groups": SolverCase(bind(cs.dantzig, cs.GroupL2(blocks), 0.3, tol=1e-2), dct, grouped, error=0.3),
        "sqrt lasso, groups": SolverCase(bind(cs.sqrt_lasso, cs.GroupL2(blocks), 0.3, tol=1e-2), A, grouped, error=0.3),
        "recover, sparse": SolverCase(bind(cs.recover, cs.Sparse(), 6), A, plain),
    }
    for solver in (cs.iht, cs.cosamp, cs.subspace_pursuit, cs.htp, cs.am_iht, cs.am_cosamp):
        name = solver.__name__
        cases[f"{name}, sparse"] = SolverCase(bind(solver, cs.Sparse(), 6), A, plain)
        cases[f"{name}, blocks"] = SolverCase(bind(solver, model, 3), A, grouped)
        cases[f"{name}, tree"] = SolverCase(bind(solver, rooted, 8), B, cs.random_signal(rooted, 64, 8, 3))
    for solver in (cs.omp, cs.gomp):
        cases[f"{solver.__name__}, sparse"] = SolverCase(bind(solver, cs.Sparse(), 6), A, plain)
    cases["block_omp, blocks"] = SolverCase(bind(cs.block_omp, model, 3), A, grouped)
    return cases
