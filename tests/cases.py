"""What the property suite runs on: the examples of `csrecover.testing.examples`, and here the corner cases.

A new class joins by one line there; `test_cases.py` fails while it has none.
"""

import numpy as np

import csrecover as cs
from csrecover.testing import examples
from csrecover.testing.enumerations import (
    ModelCase,
    block_members,
    clustered_case,
    cost_case,
    graph_case,
    hierarchical_case,
    joint_case,
    levels_case,
    low_rank_case,
    overlapping_case,
    product_members,
    separated_case,
    sparse_members,
    tree_case,
    tree_members,
    windows_case,
)
from csrecover.testing.examples import SHUFFLED, SolverCase, bind, skipped, sparse_array

__all__ = ["models", "operators", "penalties", "skipped", "solvers", "sparse_members"]

DEPTHS = np.array([0, 1, 1, 2, 2, 2, 2, 2])
GROUPS = [[0, 1, 4], [1, 2, 5], [1, 2, 5], [0, 2, 6], [3, 4, 5, 6], [2, 7], [7]]  # one of them twice
NESTED = [[0, 1, 2, 3, 4, 5], [0, 1, 2], [1], [4, 3], [6, 7], [3, 4]]
PARENTS = np.array([3, -1, 1, 1, 3, 6, -1, 0])  # a forest of two trees, in no order


def operators() -> dict[str, cs.LinearOperator]:
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((5, 8))
    return examples.operators() | {
        "tall matrix": cs.Matrix(dense.T),
        "complex matrix": cs.Matrix(dense + 1j * rng.standard_normal((5, 8))),
        "float32 matrix": cs.Matrix(dense.astype(np.float32)),
        "stack of matrices": cs.Matrix(rng.standard_normal((3, 5, 8))),
        "complex gaussian": cs.gaussian(6, 9, 0, dtype=np.complex64),
        "sampling by mask": cs.Sampling(4, np.array([True, False, True, True])),
        "complex diagonal": cs.Diagonal(np.exp(1j * np.arange(6.0))),
        "dft": cs.DFT(6),
        "real dft, even": cs.DFT(8, real=True),
        "real dft 2-d": cs.DFT((3, 6), real=True),
        "dct": cs.DCT(7),
        "wavelet": cs.Wavelet(16, "sym4"),
        "wavelet, one level": cs.Wavelet(12, "db3", levels=1),
        "wavelet 3-d": cs.Wavelet((2, 4, 2), "haar"),
        "wavelet, windows": cs.Wavelet(192, "db2"),
        "wavelet, windows 2-d": cs.Wavelet((2, 136), "db3", levels=1),
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
        "subsampled dft": cs.random_rows(8, 5, 0) @ cs.DFT(8),
        "subsampled real dft": cs.random_rows(5, 3, 0) @ cs.DFT(8, real=True),
        "walsh-hadamard": cs.WalshHadamard(16),
        "walsh-hadamard, sequency": cs.WalshHadamard((2, 8), order="sequency"),
        "convolution": cs.Convolution(rng.standard_normal(7)),
        "complex convolution": cs.Convolution(rng.standard_normal(6) + 1j),
        "nufft": cs.NUFFT(8, rng.uniform(-7, 7, (6, 1))),
        "nufft 3-d": cs.NUFFT((2, 4, 3), cs.spiral_trajectory(3, 5, turns=2)[:, [0, 1, 1]]),
        "nufft, single": cs.NUFFT((3, 4), cs.radial_trajectory(3, 4).astype(np.float32)),
        "nufft, gram": cs.NUFFT((3, 4), rng.uniform(-4, 4, (14, 2))).gram,
        "coil maps": cs.CoilMaps(rng.standard_normal((3, 2, 4))),
        "gradient": cs.Gradient(6),
        "gradient of one sample": cs.Gradient((1, 3)),
        "vstack of images": cs.VStack([cs.DCT((2, 3)), cs.Gradient((2, 3))]),
        "kronecker of three": cs.Kronecker([cs.DCT((2, 2)), cs.gaussian(2, 3, 1), cs.DFT(2)]),
        "tall float32 sparse matrix": cs.sparse_matrix(sparse_array().T.astype(np.float32)),
        "complex sparse matrix": cs.sparse_matrix((1 + 2j) * sparse_array()),
        "partial unitary": cs.partial_orthogonal(4, 7, 0, dtype=np.complex64),
        "unit columns, matrix-free": cs.unit_columns(cs.random_rows(8, 5, 0) @ cs.DCT(8)),
        "random demodulator, straddling": cs.random_demodulator(5, 12, 0, dtype=np.float32),
        "structurally random, permutation": cs.structurally_random(cs.DCT((2, 4)), 5, 0, scramble="permutation"),
        "gaussian blur": cs.blur((4, 5), 0.8),
        "single-pixel camera, natural": cs.SinglePixel.random(8, 5, 0, order="natural"),
        "cassi, grey mask": cs.CASSI(rng.random((2, 3)), bands=2, step=2),
    }


def models() -> dict[str, ModelCase]:
    halves = np.arange(8) // 2
    square = SHUFFLED.reshape(2, 4)
    tree_and_sparse = product_members(
        lambda k: tree_members(np.array([-1, 0, 0]), k), lambda k: sparse_members(k, (4,))
    )
    return examples.models() | {
        "sparse 2-d": ModelCase(cs.Sparse(ndim=2), (2, 4), lambda k: sparse_members(k, (2, 4))),
        "equal blocks": ModelCase(cs.BlockSparse(cs.Blocks.uniform(8, 2)), (8,), lambda k: block_members(halves, k)),
        "one block": ModelCase(cs.BlockSparse(cs.Blocks.uniform(8, 8)), (8,), lambda k: block_members(0 * halves, k)),
        "blocks 2-d": ModelCase(cs.BlockSparse(cs.Blocks(square)), (2, 4), lambda k: block_members(square, k)),
        "union of one": ModelCase(cs.Union(cs.Sparse(ndim=2)), (2, 4), lambda k: sparse_members(k, (2, 4))),
        "product with a tree": ModelCase(
            cs.Product((cs.TreeSparse(cs.Tree.binary(levels=2)), cs.Sparse()), (3, 4)),
            (7,),
            tree_and_sparse,
            budgets=((0, 0), (1, 1), (1, 2), (2, 2), (3, 3), (3, 4)),
            sums=lambda k, copies: tree_and_sparse((copies * k[0], copies * k[1])),
            lowest_first=False,
        ),
        "blocks by size, 2-d": cost_case(square, "size"),
        "blocks of one divisor": cost_case(halves, [6, 2, 4, 2]),
        "hierarchical, equal blocks": hierarchical_case(cs.Blocks.uniform(8, 4), 2),
        "hierarchical 2-d": hierarchical_case(cs.Blocks(np.sort(square, axis=None).reshape(2, 4)), 3),
        "levels of a wavelet": levels_case(DEPTHS, ((0, 0, 0), (1, 0, 1), (1, 1, 2), (1, 2, 3), (1, 2, 5))),
        "levels 2-d": levels_case(halves.reshape(2, 4), ((0, 0, 0, 0), (0, 1, 0, 2), (1, 1, 1, 2), (2, 2, 3, 2))),
        "joint sparse, one channel": joint_case(cs.Sparse(ndim=2), 1, (2, 3), lambda k: sparse_members(k, (6,))),
        "joint sparse, many channels": joint_case(cs.Sparse(), 5, (3,), lambda k: sparse_members(k, (3,))),
        "forest": tree_case(cs.TreeSparse(cs.Tree(PARENTS))),
        "binary tree": tree_case(cs.TreeSparse(cs.Tree.binary(levels=3))),
        "graph in three pieces": graph_case(cs.Graph([[5, 0], [0, 2], [6, 1], [2, 5], [1, 6]], 7), 2),
        "graph without edges": graph_case(cs.Graph([], (2, 3)), 2),
        "one pixel": graph_case(cs.Graph.grid(1), 1),
        "cube, diagonals": graph_case(cs.Graph.grid((2, 2, 2), diagonal=True), 1),
        "wide matrices": low_rank_case(2, 5),
        "one column": low_rank_case(3, 1),
        "one run": clustered_case(7, 1),
        "more runs than fit": clustered_case(6, 9),
        "separated by one": separated_case(6, 1),
        "separated by more than there is": separated_case(5, 9),
        "intervals, one in another, a gap": overlapping_case([[3, 4, 5], [4], [0, 1], [1, 2, 3], [5, 6]], (8,)),
        "groups without a loop, 2-d": overlapping_case([[0, 7], [7, 2, 3], [3, 4, 6], [0], [1, 5]], (2, 4)),
        "one group": overlapping_case([[2, 4]], (5,)),
        "windows of one": windows_case(6, 1),
        "windows of all": windows_case(5, 5),
    }


def penalties() -> dict[str, tuple[cs.Penalty, tuple[int, ...]]]:
    weights = np.array([0.5, 2.0, 1.0, 0.7])
    return examples.penalties() | {
        "l1": (cs.L1(0.3), (8,)),
        "l1 2-d": (cs.L1(0.3, ndim=2), (2, 4)),
        "equal blocks": (cs.GroupL2(cs.Blocks.uniform(8, 2), 0.4), (8,)),
        "nuclear, tall": (cs.Nuclear(), (5, 2)),
        "nuclear, stack": (cs.Nuclear(0.7, ndim=3), (2, 3, 2)),
        "nuclear and frobenius, stack": (cs.NuclearFrobenius(0.3, 2.0, ndim=3), (2, 3, 2)),
        "total variation, isotropic": (cs.TV(0.5, ndim=2), (2, 2)),
        "equal blocks, weights": (cs.GroupL2(cs.Blocks.uniform(8, 2), weights), (8,)),
        "nonnegative l1, weights": (cs.NonNegativeL1(np.linspace(0.1, 1, 8).reshape(2, 4)), (2, 4)),
        "nonnegative": (cs.NonNegativeL1(0.0), (8,)),
        "elastic net, weights": (cs.ElasticNet(np.linspace(0.1, 1, 8).reshape(2, 4), 2.0), (2, 4)),
        "group linf, equal blocks": (cs.GroupLInf(cs.Blocks.uniform(8, 4), np.array([0.5, 2.0])), (8,)),
        "group linf 2-d": (cs.GroupLInf(cs.Blocks(SHUFFLED.reshape(2, 4)), weights), (2, 4)),
        "sparse group, equal blocks": (cs.SparseGroup(cs.Blocks.uniform(8, 2), 0.3, weights), (8,)),
        "sparse group 2-d": (
            cs.SparseGroup(cs.Blocks(SHUFFLED.reshape(2, 4)), np.linspace(0, 1, 8).reshape(2, 4), 0.3),
            (2, 4),
        ),
        "sparse group, no l1": (cs.SparseGroup(cs.Blocks(SHUFFLED), 0.0, 0.3), (8,)),
        "sparse group, l1 alone": (cs.SparseGroup(cs.Blocks(SHUFFLED), 0.3, 0.0), (8,)),
        "block mcp, single": (cs.BlockMCP(cs.Blocks.uniform(8, 1), 0.7, gamma=200.0, scale=0.5), (8,)),
        "block scad 2-d": (cs.BlockSCAD(cs.Blocks(SHUFFLED.reshape(2, 4)), weights, gamma=200.0), (2, 4)),
        "box without zero": (cs.Box(0.5, np.inf), (8,)),
        "box 2-d": (cs.Box(np.zeros((2, 4)), np.ones((2, 4))), (2, 4)),
        "l2 ball 2-d": (cs.L2Ball(2.0, ndim=2), (2, 4)),
        "simplex 2-d": (cs.Simplex(0.3, ndim=2), (2, 4)),
        "unequal blocks, weights": (cs.GroupL2(cs.Blocks(SHUFFLED.reshape(2, 4)), weights), (2, 4)),
        "binary tree, l2": (cs.TreeL2(cs.Tree.binary(levels=3)), (7,)),
        "binary tree, l-infinity": (cs.TreeLInf(cs.Tree.binary(levels=3), [0.5, 1, 0.3, 0, 0, 0.1, 0]), (7,)),
        "forest, l-infinity": (cs.TreeLInf(cs.Tree(PARENTS), 0.4), (8,)),
        "forest 2-d, l2": (
            cs.TreeL2(cs.Tree(PARENTS.reshape(2, 4)), [[0.5, 1, 0, 0.7], [1.2, 0, 0.3, 2]]),
            (2, 4),
        ),
        "overlapping groups 2-d": (cs.OverlappingGroupL2(cs.Groups(GROUPS, (2, 4)), "sqrt"), (2, 4)),
        "overlapping groups, nested": (cs.OverlappingGroupL2(cs.Groups(NESTED, 8), np.linspace(0.2, 1, 6)), (8,)),
        "overlapping groups, disjoint": (cs.OverlappingGroupL2(cs.Groups.windows(8, 2, 2), 0.3), (8,)),
        "latent groups 2-d": (cs.LatentGroupL2(cs.Groups(GROUPS, (2, 4)), "sqrt"), (2, 4)),
        "latent groups, disjoint": (cs.LatentGroupL2(cs.Groups.windows(8, 2, 2), 0.3), (8,)),
    }


def solvers() -> dict[str, SolverCase]:
    cases = examples.solvers()
    A, plain = cases["iht, sparse"].operator, cases["iht, sparse"].truth
    grouped, rooted = cases["iht, blocks"].truth, cases["iht, tree"]
    dct = cs.random_rows(96, 60, 4) @ cs.DCT(96)
    two_d = cs.random_rows((8, 12), 60, 4) @ cs.DCT((8, 12))
    blocks = cs.Blocks.uniform(96, 4)
    tree = cs.TreeSparse(cs.Wavelet(64, "haar").tree)
    for solver in (cs.iht, cs.cosamp, cs.subspace_pursuit, cs.htp, cs.am_cosamp, cs.recover):
        name = solver.__name__
        cases[f"{name}, dct"] = SolverCase(bind(solver, cs.Sparse(), 6), dct, plain)
        cases[f"{name}, 2-d"] = SolverCase(bind(solver, cs.Sparse(), 6), two_d, plain.reshape(8, 12))
    cases["iht, momentum"] = SolverCase(bind(cs.iht, cs.BlockSparse(blocks), 3, momentum=True), A, grouped)
    cases["htp, fast"] = SolverCase(bind(cs.htp, cs.Sparse(), 6, fast=True), dct, plain)
    cases["cosamp, enlarged once"] = SolverCase(bind(cs.cosamp, cs.Sparse(), 6, enlarge=1), A, plain)
    for solver in (cs.omp, cs.gomp):
        cases[f"{solver.__name__}, blocks"] = SolverCase(bind(solver, cs.BlockSparse(blocks), 3), A, grouped)
        cases[f"{solver.__name__}, dct"] = SolverCase(bind(solver, cs.Sparse(), 6), dct, plain)
        cases[f"{solver.__name__}, 2-d"] = SolverCase(bind(solver, cs.Sparse(), 6), two_d, plain.reshape(8, 12))
        channels, joint = cs.channels(cs.gaussian(30, 48, 0), 2), cs.random_signal(cs.JointSparse(), (2, 48), 5, 0)
        cases[f"{solver.__name__}, channels"] = SolverCase(bind(solver, cs.JointSparse(), 5), channels, joint)
    cases["recover, blocks"] = SolverCase(bind(cs.recover, cs.BlockSparse(blocks), 3), A, grouped)
    cases["recover, tree"] = SolverCase(bind(cs.recover, tree, 8), rooted.operator, rooted.truth)
    for solver in (cs.ista, cs.fista, cs.greedy_fista, cs.pogm, cs.sparsa, cs.recover):
        name, soft = solver.__name__, cs.GroupL2(blocks, 0.1)
        cases[f"{name}, l1"] = SolverCase(bind(solver, cs.L1(0.1), tol=1e-4), A, plain, error=0.3)
        cases[f"{name}, groups"] = SolverCase(bind(solver, soft, tol=1e-4), dct, grouped, error=0.3)
    scaled = {"scale": "0.1 lmax", "tol": 1e-4}
    for name, more in {"backtracking": {"step": "backtracking"}, "monotone": {"monotone": True}}.items():
        cases[f"fista, {name}"] = SolverCase(bind(cs.fista, cs.L1(), **scaled, **more), A, plain, error=0.3)
    cases["ista, backtracking"] = SolverCase(bind(cs.ista, cs.L1(), step="backtracking", **scaled), A, plain, error=0.3)
    sums = [(cs.GroupL2(blocks, 0.1), -1 * cs.Identity(96)), (cs.L1(1e-3), cs.Gradient(96))]
    cases["primal dual, operators"] = SolverCase(bind(cs.primal_dual, sums, tol=1e-3), A, grouped, error=0.3)
    sums = [cs.L1(0.1, ndim=2), cs.L2Ball(9.0, ndim=2)]
    cases["admm, ball, 2-d"] = SolverCase(bind(cs.admm, sums, tol=1e-3), two_d, plain.reshape(8, 12), error=0.3)
    cases["reweighted, l1"] = SolverCase(bind(cs.reweighted, cs.L1(0.1), tol=1e-4), dct, plain, error=0.1)
    cases["amp, groups"] = SolverCase(bind(cs.amp, cs.GroupL2(blocks)), A, grouped)
    cases["vamp, l1"] = SolverCase(bind(cs.vamp, cs.L1()), A, plain)
    cases["vamp, 2-d"] = SolverCase(bind(cs.vamp, cs.L1()), two_d, plain.reshape(8, 12))
    cases["sparsa, mcp"] = SolverCase(bind(cs.sparsa, cs.BlockMCP(blocks, 0.1), tol=1e-6), A, grouped, error=0.1)
    return cases
