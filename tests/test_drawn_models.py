"""Models of up to fourteen coefficients, drawn by hypothesis, against the enumeration of their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csrecover as cs
from csrecover.testing.enumerations import (
    ModelCase,
    block_members,
    clustered_case,
    cost_case,
    graph_case,
    hierarchical_case,
    joint_case,
    levels_case,
    overlapping_case,
    separated_case,
    sparse_members,
    tree_case,
    windows_case,
)

SEEDS = st.integers(0, 2**31)
SHAPES = st.sampled_from([(1,), (5,), (12,), (14,), (2, 3), (3, 4), (2, 2, 3)])


def labels(n, seed):
    """Labels 0 .. count-1 of n coefficients, each present, in no order."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, n + 1)
    return rng.permutation(np.concatenate([np.arange(count), rng.integers(0, count, n - count)]))


def parents(n, seed):
    """Parents of a forest of n nodes, in no order."""
    rng = np.random.default_rng(seed)
    above = np.array([rng.integers(-1, node) for node in range(n)])
    nodes = rng.permutation(n)
    shuffled = np.empty(n, int)
    shuffled[nodes] = np.where(above < 0, -1, nodes[above])
    return shuffled


def sparse_case(shape):
    return ModelCase(cs.Sparse(ndim=len(shape)), shape, lambda k: sparse_members(k, shape))


def block_case(n, seed):
    drawn = labels(n, seed)
    return ModelCase(cs.BlockSparse(cs.Blocks(drawn)), (n,), lambda k: block_members(drawn, k))


def cost_family(n, seed):
    rng = np.random.default_rng(seed)
    drawn = labels(n, seed)
    return cost_case(drawn, "size" if seed % 2 else rng.integers(1, rng.integers(2, 12), drawn.max() + 1))


def hierarchical_family(n, seed):
    drawn = labels(n, seed) if seed % 3 else np.sort(labels(n, seed))
    return hierarchical_case(cs.Blocks(drawn), 1 + seed % 4)


def levels_family(n, seed):
    drawn = labels(n, seed)
    sizes = np.bincount(drawn)
    few = np.random.default_rng(seed).integers(0, sizes + 2)
    return levels_case(drawn, tuple(tuple(map(int, k)) for k in (0 * sizes, few // 2, few, sizes)))


def joint_family(count, n, seed):
    drawn = labels(n, seed)
    return joint_case(cs.BlockSparse(cs.Blocks(drawn)), count, (n,), lambda k: block_members(drawn, k))


def overlapping_family(n, seed):
    """Any groups, or intervals."""
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 9)
    if seed % 3:
        groups = [rng.choice(n, rng.integers(1, min(n, 6) + 1), replace=False) for _ in range(count)]
    else:
        groups = [np.arange(start, min(n, start + rng.integers(1, 6))) for start in rng.integers(0, n, count)]
    return overlapping_case(groups, (n,))


def loop_free_family(count, seed):
    """Groups that have a coefficient of their own and one in common with the group they hang on in a forest."""
    above = parents(count, seed)
    groups = [[3 * group] for group in range(count)]  # some numbers are in no group
    for group in np.flatnonzero(above >= 0):
        groups[group].append(3 * group + 1)
        groups[above[group]].append(3 * group + 1)
    places = np.random.default_rng(seed).permutation(3 * count)
    return overlapping_case([places[group] for group in groups], (3 * count,))


def graph_family(n, clusters, seed):
    rng = np.random.default_rng(seed)
    joined = rng.random((n, n)) < rng.uniform(0, 0.6)
    return graph_case(cs.Graph(np.argwhere(np.triu(joined, 1)), n), clusters)


GRIDS = st.builds(cs.Graph.grid, st.sampled_from([(7,), (2, 4), (3, 3), (2, 5), (2, 2, 2)]), st.booleans())
FAMILIES = {
    "graph": st.builds(graph_family, st.integers(1, 9), st.integers(1, 3), SEEDS),
    "pixels": st.builds(graph_case, GRIDS, st.integers(1, 3)),
    "block costs": st.builds(cost_family, st.integers(1, 12), SEEDS),
    "hierarchical": st.builds(hierarchical_family, st.integers(1, 10), SEEDS),
    "levels": st.builds(levels_family, st.integers(1, 12), SEEDS),
    "joint": st.builds(joint_family, st.integers(1, 3), st.integers(1, 10), SEEDS),
    "sparse": st.builds(sparse_case, SHAPES),
    "blocks": st.builds(block_case, st.integers(1, 14), SEEDS),
    "tree": st.builds(lambda n, seed: tree_case(cs.TreeSparse(cs.Tree(parents(n, seed)))), st.integers(1, 12), SEEDS),
    "clustered": st.builds(clustered_case, st.integers(1, 13), st.integers(1, 5)),
    "separated": st.builds(separated_case, st.integers(1, 11), st.integers(1, 13)),
    "overlapping": st.builds(overlapping_family, st.integers(1, 14), SEEDS),
    "overlapping, no loop": st.builds(loop_free_family, st.integers(1, 4), SEEDS),
    "windows": st.integers(1, 12).flatmap(lambda n: st.builds(windows_case, st.just(n), st.integers(1, n))),
}

SIGNALS = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "complex": lambda rng, shape: rng.standard_normal(shape) + 1j * rng.standard_normal(shape),
    "ties": lambda rng, shape: rng.integers(-2, 3, shape).astype(float),
    "near ties": lambda rng, shape: 1 + 1e-9 * rng.standard_normal(shape),
    "zeros": lambda rng, shape: rng.standard_normal(shape) * (rng.random(shape) < 0.4),
    "one": lambda rng, shape: (np.arange(np.prod(shape)) == rng.integers(np.prod(shape))).reshape(shape).astype(float),
    "steep": lambda rng, shape: 10.0 ** rng.integers(-12, 12, shape),
    "huge": lambda rng, shape: 1e200 * rng.standard_normal(shape),
    "tiny": lambda rng, shape: 1e-200 * rng.standard_normal(shape),
}


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_model_equals_the_enumeration_of_its_definition(family, data):
    case = data.draw(FAMILIES[family])
    kind, seed = data.draw(st.sampled_from(sorted(SIGNALS))), data.draw(SEEDS)
    k = data.draw(st.sampled_from(case.budgets or range(int(np.prod(case.shape)) + 2)))
    x = SIGNALS[kind](np.random.default_rng(seed), case.shape)
    energies = np.abs(x / np.abs(x).max(initial=1e-300)) ** 2
    mask = case.model.support(x, k)
    members = np.array(list(case.members(k)))
    best = np.max(members.reshape(len(members), -1) @ energies.reshape(-1), initial=0)
    assert energies[mask].sum() >= float(case.model.bound(x, k)) * best * (1 - 1e-12)
    assert (mask <= members).reshape(len(members), -1).all(axis=1).any() or not mask.any()
