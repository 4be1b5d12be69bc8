"""Models of up to fourteen coefficients, drawn by hypothesis, against the enumeration of their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csrecover as cs
from csrecover.testing.examples import ModelCase, block_members, sparse_members, tree_case

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


FAMILIES = {
    "sparse": st.builds(sparse_case, SHAPES),
    "blocks": st.builds(block_case, st.integers(1, 14), SEEDS),
    "tree": st.builds(lambda n, seed: tree_case(cs.TreeSparse(cs.Tree(parents(n, seed)))), st.integers(1, 12), SEEDS),
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
