"""The enumeration of supports against the definitions of the models."""

import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

import csrecover as cs

from .cases import models
from .test_drawn_models import FAMILIES

CASES = {name: case for name, case in models().items() if isinstance(case.model, cs.SupportModel)}
REPEATED = cs.OverlappingGroups | cs.Union  # their enumerations may hold supports that lie in others
COUNTED = cs.Sparse | cs.Clustered | cs.Separated | cs.Windows | cs.TreeSparse | cs.Hierarchical | cs.Levels


def maximal(masks):
    """The sets of indices that lie in no other."""
    sets = {frozenset(np.flatnonzero(mask).tolist()) for mask in masks}
    most = max(map(len, sets))
    return {each for each in sets if len(each) == most or not any(each < other for other in sets)}


def check(case, k):
    supports = list(case.model.supports(k, case.shape))
    assert all(support.dtype == np.intp and (np.diff(support) > 0).all() for support in supports)
    sets = set(map(frozenset, map(np.ndarray.tolist, supports)))
    assert len(sets) == len(supports)
    if isinstance(case.model, REPEATED):
        members = {frozenset(np.flatnonzero(mask).tolist()) for mask in case.members(k)}
        assert maximal(case.members(k)) <= sets <= members
    else:
        assert sets == maximal(case.members(k))
    return len(supports)


def budgets(case):
    return case.budgets or range(math.prod(case.shape) + 2)


@pytest.mark.parametrize("name", CASES)
def test_supports_are_the_maximal_members_each_once(name):
    for k in budgets(CASES[name]):
        check(CASES[name], k)


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_supports_of_drawn_models_are_the_maximal_members(family, data):
    case = data.draw(FAMILIES[family])
    check(case, data.draw(st.sampled_from(budgets(case))))


@pytest.mark.parametrize("name", CASES)
def test_log_count_is_no_less_than_the_number_of_supports(name):
    case = CASES[name]
    for k in list(budgets(case))[1:]:
        count = len(list(case.model.supports(k, case.shape)))
        log_count = case.model.log_count(k, case.shape)
        assert log_count >= math.log(count) - 1e-9
        if isinstance(case.model, COUNTED):
            assert log_count == pytest.approx(math.log(count), abs=1e-9)


@pytest.mark.parametrize(
    ("model", "k", "shape"),
    [
        (cs.Sparse(), 20, (1000,)),
        (cs.BlockSparse(cs.Blocks.uniform(1000, 4)), 20, (1000,)),
        (cs.BlockSparse(cs.Blocks(np.arange(1000) // 7), "size"), 70, (1000,)),
        (cs.TreeSparse(cs.Tree.binary(levels=10)), 200, (1023,)),
        (cs.Clustered(3), 50, (1000,)),
        (cs.Separated(9), 20, (1000,)),
        (cs.Hierarchical(cs.Blocks.uniform(1000, 10), 3), 20, (1000,)),
        (cs.Windows(5), 20, (1000,)),
        (cs.OverlappingGroups(cs.Groups.windows(400, 8, 3)), 9, (400,)),
        (cs.GraphClusters(cs.Graph.grid((3, 40)), 2), 6, (3, 40)),
        (cs.JointSparse(cs.Sparse()), 9, (2, 500)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_first_supports_of_a_large_model_come_at_once(model, k, shape):
    """They are members: an energy on one of them is kept in full."""
    for support in islice(model.supports(k, shape), 3):
        x = np.zeros(math.prod(shape))
        x[support] = 1
        assert support.size
        assert (model.project(x.reshape(shape), k).reshape(-1) == x).all()


def test_clusters_of_a_large_image_come_without_dead_ends():
    grid = cs.Graph.grid((20, 20))
    for support in islice(cs.GraphClusters(grid, 2).supports(30), 500):
        pieces, _ = connected_components(grid.adjacency[support][:, support], directed=False)
        assert (len(support), pieces <= 2) == (30, True)


def test_blocks_are_far_fewer_than_plain_supports():
    """24 coefficients, 8 of them nonzero: 15 supports of two blocks of four, 735471 without structure."""
    assert len(list(cs.BlockSparse(cs.Blocks.uniform(24, 4)).supports(2))) == 15
    assert round(math.exp(cs.Sparse().log_count(8, (24,)))) == 735471


def test_what_cannot_be_enumerated_says_so():
    class Odd(cs.SupportModel):
        support = max_nonzeros = log_count = ndim = None

    with pytest.raises(NotImplementedError, match="Odd cannot enumerate its supports"):
        Odd().supports(2)


@pytest.mark.parametrize("k", [-1, 1.5, True])
@pytest.mark.parametrize("model", [cs.Sparse(), cs.Clustered(2), cs.TreeSparse(cs.Tree.binary(levels=2))])
def test_a_budget_that_is_none_is_refused_before_the_first_support(model, k):
    with pytest.raises((TypeError, ValueError), match="the budget k"):
        model.supports(k, (3,))


def test_models_of_any_shape_want_one():
    with pytest.raises(ValueError, match="give shape="):
        cs.Sparse().supports(2)
    with pytest.raises(ValueError, match="got shape="):
        cs.BlockSparse(cs.Blocks.uniform(8, 2)).supports(2, (6,))
