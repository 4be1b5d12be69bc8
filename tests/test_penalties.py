"""Known values of the proximal operators and structures."""

import numpy as np
import pytest

import csrecover as cs


def test_group_soft_threshold_of_a_worked_example():
    penalty = cs.GroupL2(cs.Blocks.uniform(4, 2), weight=3.0)
    np.testing.assert_allclose(penalty.prox([3, 4, 1, 2], 1.0), [1.2, 1.6, 0, 0], rtol=1e-15)


def test_soft_threshold_of_a_worked_example():
    np.testing.assert_allclose(cs.L1(0.3).prox([1.0, -2.0, 0.1, 3j], 1.0), [0.7, -1.7, 0, 2.7j], rtol=1e-15)


def test_group_norm_has_no_hidden_factor_and_sqrt_asks_for_it():
    blocks = cs.Blocks(np.array([0, 1, 1, 1, 1]))
    x = np.array([3.0, 1, 1, 1, 1])
    assert cs.GroupL2(blocks).value(x) == pytest.approx(3 + 2)
    assert cs.GroupL2(blocks, weight="sqrt").value(x) == pytest.approx(3 + 2 * 2)


def test_groups_of_one_are_the_l1_norm():
    x = np.random.default_rng(0).standard_normal(6)
    groups, l1 = cs.GroupL2(cs.Blocks.uniform(6, 1), 0.4), cs.L1(0.4)
    for name, arguments in (("value", (x,)), ("dual", (x,)), ("prox", (x, 0.7))):
        np.testing.assert_allclose(getattr(groups, name)(*arguments), getattr(l1, name)(*arguments), rtol=1e-14)


@pytest.mark.parametrize("step", [np.float64(0.5), np.float32(0.5), 0.5, 1])
def test_numbers_never_raise_a_dtype(step):
    x = np.ones(4, dtype=np.float32)
    for penalty in (
        cs.L1(np.float64(0.1)),
        cs.L1(np.full(4, 0.1)),
        cs.GroupL2(cs.Blocks.uniform(4, 2), np.full(2, 0.1)),
    ):
        assert penalty.prox(x, step).dtype == np.float32


def test_a_zero_weight_leaves_its_coefficients_free():
    penalty = cs.L1(np.array([0.0, 1.0]))
    assert penalty.prox([5.0, 5.0], 2.0).tolist() == [5, 3]
    assert penalty.dual([1.0, 0.0]) == np.inf
    assert penalty.dual([0.0, 2.0]) == 2


def test_equal_blocks_in_order_need_no_index_arrays():
    assert cs.Blocks(np.repeat(np.arange(4), 3)).size == 3
    assert cs.Blocks(np.array([0, 1, 0, 1])).size is None
    assert cs.Blocks.uniform(6, 2).sizes.tolist() == [2, 2, 2]
