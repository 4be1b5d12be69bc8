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


@dataclass(frozen=True)
class ModelCase:
    """A model on about eight coefficients, the masks of budget k by its definition, and more for `check_model`."""

    model: cs.Model
    shape: tuple[int, ...]
    members: Callable[[Any], Iterator[np.ndarray]] | None
    budgets: tuple[Any, ...] | None = None
    sums: Callable[[Any, int], Iterator[np.ndarray]] | None = None
    lowest_first: bool = True
    draw_member: Callable[[Any, np.random.Generator], np.ndarray] | None = None

    def check(self, backend: Any, like: Any, draws: int = 8) -> list[str]:
        """`check_model` on a library and device, for signals like `like`."""
        names = ("members", "budgets", "sums", "lowest_first", "draw_member")
        options = {name: getattr(self, name) for name in names}
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


def cost_case(labels: np.ndarray, costs: Any) -> ModelCase:
    """Blocks of given costs ("size": those of their sizes); the sums counted are blocks of twice the budget."""
    prices = np.bincount(labels.reshape(-1)) if isinstance(costs, str) else np.array(costs)

    def members(k: int) -> Iterator[np.ndarray]:
        for choice in np.ndindex((2,) * len(prices)):
            chosen = np.array(choice, dtype=bool)
            room = k - prices[chosen].sum()
            if room >= 0 and (chosen | (prices > room)).all():
                yield chosen[labels]

    return ModelCase(
        cs.BlockSparse(cs.Blocks(labels), costs),
        labels.shape,
        members,
        budgets=tuple(range(prices.sum() + 2)),
        sums=lambda k, copies: members(copies * k),
        lowest_first=False,
    )


def hierarchical_case(blocks: cs.Blocks, within: int) -> ModelCase:
    """At most `within` coefficients in each of k blocks."""
    labels = cs.to_numpy(blocks.labels)

    def members(k: int) -> Iterator[np.ndarray]:
        for chosen in combinations(range(blocks.count), min(k, blocks.count)):
            parts = [np.flatnonzero(labels == label) for label in chosen]
            for picks in product(*(combinations(part, min(within, len(part))) for part in parts)):
                yield mask(chain(*picks), labels.shape)

    in_order = bool((np.diff(labels.reshape(-1)) >= 0).all())
    return ModelCase(cs.Hierarchical(blocks, within), labels.shape, members, lowest_first=in_order)


def levels_case(labels: np.ndarray, budgets: tuple[tuple[int, ...], ...]) -> ModelCase:
    """So many coefficients in each level."""

    def members(k: tuple[int, ...]) -> Iterator[np.ndarray]:
        levels = [np.flatnonzero(labels == level) for level in range(len(k))]
        for picks in product(*(combinations(level, min(n, len(level))) for n, level in zip(k, levels, strict=True))):
            yield mask(chain(*picks), labels.shape)

    return ModelCase(cs.Levels(labels), labels.shape, members, budgets=budgets)


def joint_case(
    model: cs.SupportModel, count: int, shape: tuple[int, ...], inner: Callable[[Any], Iterator[np.ndarray]]
) -> ModelCase:
    """Channels that share a member of another model; equal supports are taken in that model's order."""
    size = int(np.prod(shape))
    return ModelCase(
        cs.JointSparse(model, count),
        (count, *shape),
        lambda k: (np.broadcast_to(member.reshape(shape), (count, *shape)) for member in inner(k)),
        budgets=tuple(range(size + 2)),
        lowest_first=False,
    )


def joint_blocks(k: int) -> Iterator[np.ndarray]:
    """Blocks of 1, 2 and 1 coefficients."""
    return block_members(np.array([0, 1, 1, 2]), k)


def clustered_case(n: int, runs: int) -> ModelCase:
    """At most k coefficients in few runs; the sums are those of twice the budget in twice the runs."""

    def members(k: int, copies: int = 1) -> Iterator[np.ndarray]:
        for member in sparse_members(copies * k, (n,)):
            if (np.diff(member, prepend=False) & member).sum() <= copies * runs:
                yield member

    return ModelCase(cs.Clustered(runs), (n,), members, sums=members, lowest_first=False)


def separated_case(n: int, delta: int) -> ModelCase:
    """At most k spikes at a distance, and no room for one more unless there are k."""

    def members(k: int) -> Iterator[np.ndarray]:
        for count in range(min(k, n) + 1):
            for chosen in combinations(range(n), count):
                room = any(all(abs(i - spike) >= delta for spike in chosen) for i in range(n))
                if (np.diff(chosen) >= delta).all() and (count == k or not room):
                    yield mask(chosen, (n,))

    return ModelCase(cs.Separated(delta), (n,), members)


def windows_case(n: int, size: int) -> ModelCase:
    """Unions of k windows that lie in no other."""

    def members(k: int) -> Iterator[np.ndarray]:
        count = n - size + 1
        chosen = combinations(range(count), min(k, count))
        unions = np.unique([mask([i + j for i in starts for j in range(size)], (n,)) for starts in chosen], axis=0)
        within = unions.astype(int) @ ~unions.T == 0
        yield from unions[within.sum(axis=1) == 1]

    return ModelCase(cs.Windows(size), (n,), members)


def overlapping_case(groups: Any, shape: tuple[int, ...]) -> ModelCase:
    """Unions of k groups; equal ones are taken in no particular order."""

    def members(k: int) -> Iterator[np.ndarray]:
        for chosen in combinations(groups, min(k, len(groups))):
            yield mask(chain(*chosen), shape)

    return ModelCase(cs.OverlappingGroups(cs.Groups(groups, shape)), shape, members, lowest_first=False)


def graph_members(edges: Any, shape: tuple[int, ...], clusters: int, k: int) -> Iterator[np.ndarray]:
    """Masks of at most k nodes in at most so many connected pieces, that cannot take one node more."""
    n = int(np.prod(shape))
    neighbours = [{int(a + b - node) for a, b in edges if node in (a, b)} for node in range(n)]

    def fits(nodes: set[int]) -> bool:
        rest, pieces = set(nodes), 0
        while rest:
            reached, pieces = {rest.pop()}, pieces + 1
            while reached:
                reached = neighbours[reached.pop()] & rest | reached
                rest -= reached
        return len(nodes) <= k and pieces <= clusters

    for size in range(min(k, n) + 1):
        for chosen in map(set, combinations(range(n), size)):
            if fits(chosen) and (size == k or not any(fits(chosen | {node}) for node in set(range(n)) - chosen)):
                yield mask(chosen, shape)


def graph_case(graph: cs.Graph, clusters: int) -> ModelCase:
    """Clusters in a graph; the sums are those of twice the budget, and equal supports are in no particular order."""
    edges = cs.to_numpy(graph.edges).tolist()
    return ModelCase(
        cs.GraphClusters(graph, clusters),
        graph.shape,
        lambda k: graph_members(edges, graph.shape, clusters, k),
        sums=lambda k, copies: graph_members(edges, graph.shape, copies * clusters, copies * k),
        lowest_first=False,
    )


def low_rank_case(rows: int, columns: int) -> ModelCase:
    """Matrices of rank k: sums of k outer products."""

    def draw_member(k: int, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((rows, k)) @ rng.standard_normal((k, columns))

    budgets = tuple(range(min(rows, columns) + 2))
    return ModelCase(cs.LowRank(), (rows, columns), None, budgets, draw_member=draw_member)


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
