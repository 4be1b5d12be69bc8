"""Exact restricted isometry constants against the singular values of every submatrix."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import csrecover as cs
from csrecover.analysis.rip.branching import largest_on_units
from csrecover.analysis.rip.exact import exact_constants, units_of

from .test_drawn_models import FAMILIES

SEEDS = st.integers(0, 2**31)


def unit_columns(matrix):
    return matrix / np.linalg.norm(matrix, axis=0)


def reference(m, n):
    return unit_columns(np.random.default_rng(0).standard_normal((m, n)))


def gram(A):
    return A.conj().T @ A


def brute_force(A, masks):
    """L and U from the eigenvalues of A_S^H A_S for each mask, one by one."""
    spectra = [np.linalg.eigvalsh(gram(A[:, mask.reshape(-1)])) for mask in masks if mask.any()]
    return 1 - min(spectrum[0] for spectrum in spectra), max(spectrum[-1] for spectrum in spectra) - 1


def check(A, found, masks):
    L, U, support_L, support_U, visited = found
    slack = 1e-12 * max(1, np.linalg.norm(A) ** 2)
    least, most = brute_force(A, masks)
    assert pytest.approx(least, abs=slack) == L
    assert pytest.approx(most, abs=slack) == U
    assert 1 - np.linalg.eigvalsh(gram(A[:, support_L]))[0] == pytest.approx(L, abs=slack)
    assert np.linalg.eigvalsh(gram(A[:, support_U]))[-1] - 1 == pytest.approx(U, abs=slack)
    for support in (support_L, support_U):
        assert (np.diff(support) > 0).all()
        assert any(mask.reshape(-1)[support].all() for mask in masks)
    assert visited > 0


MATRICES = {
    "normal": lambda rng, m, n: rng.standard_normal((m, n)) / m**0.5,
    "complex": lambda rng, m, n: rng.standard_normal((m, n)) + 1j * rng.standard_normal((m, n)),
    "unit columns": lambda rng, m, n: unit_columns(rng.standard_normal((m, n))),
    "signs": lambda rng, m, n: rng.choice([-1.0, 1.0], (m, n)),
    "few values": lambda rng, m, n: rng.integers(-1, 2, (m, n)).astype(float),
    "zero": lambda _, m, n: np.zeros((m, n)),
    "orthonormal": lambda rng, m, n: np.linalg.qr(rng.standard_normal((max(m, n), n)))[0],
    "equal columns": lambda rng, m, n: rng.standard_normal((m, 1)) * np.ones(n),
    "columns of all sizes": lambda rng, m, n: rng.standard_normal((m, n)) * 10.0 ** rng.integers(-3, 4, n),
}


@given(data=st.data())
def test_exact_constants_are_those_of_the_enumeration_of_the_definition(data):
    case = data.draw(st.one_of(*FAMILIES.values()))
    budgets = [k for k in case.budgets or range(1, math.prod(case.shape) + 2) if np.any(k)]
    k, kind = data.draw(st.sampled_from(budgets)), data.draw(st.sampled_from(sorted(MATRICES)))
    masks = list(case.members(k))
    if not any(mask.any() for mask in masks):
        return
    A = MATRICES[kind](np.random.default_rng(data.draw(SEEDS)), data.draw(st.integers(1, 16)), math.prod(case.shape))
    check(A, exact_constants(gram(A), case.model, k, case.shape), masks)


@given(
    st.integers(1, 7).flatmap(lambda count: st.tuples(st.just(count), st.integers(1, count))),
    st.integers(1, 3),
    st.sampled_from(sorted(MATRICES)),
    SEEDS,
)
def test_branch_and_bound_finds_the_largest_eigenvalue_from_any_start(counts, largest, kind, seed):
    """Of Hermitian matrices with eigenvalues of both signs, on units of unequal sizes."""
    (count, k), rng = counts, np.random.default_rng(seed)
    units = np.split(rng.permutation(count * largest), np.cumsum(rng.integers(1, largest + 1, count)))[:count]
    n = count * largest
    H = gram(MATRICES[kind](rng, n, n)) - gram(MATRICES[kind](rng, n, n))
    start = rng.permutation(count)[:k]
    unions = [np.concatenate([units[unit] for unit in chosen]) for chosen in combinations(range(count), k)]
    best = max(np.linalg.eigvalsh(H[np.ix_(union, union)])[-1] for union in unions)
    value, support, _ = largest_on_units(H, units, k, start)
    assert value == pytest.approx(best, abs=1e-11 * max(1, np.linalg.norm(H)))
    assert any(sorted(union) == support.tolist() for union in unions)


@pytest.mark.parametrize(
    ("k", "L", "U"),
    [(2, 0.6826, 0.6826), (3, 0.8290, 1.1799), (4, 0.9101, 1.6696), (5, 0.9362, 1.9950), (6, 0.9650, 2.3341)],
)
def test_constants_of_a_gaussian_matrix_of_16_rows_and_24_unit_columns(k, L, U):
    found = exact_constants(gram(reference(16, 24)), cs.Sparse(), k, (24,))
    assert found[:2] == pytest.approx((L, U), abs=5e-5)
    assert found[4] < math.comb(24, k)


def test_the_constant_of_order_two_of_unit_columns_is_their_coherence():
    inner = gram(reference(20, 50))
    coherence = abs(inner - np.diag(np.diag(inner))).max()
    assert exact_constants(inner, cs.Sparse(), 2, (50,))[:2] == pytest.approx((coherence, coherence), rel=1e-12)


def test_constants_grow_with_the_budget_and_do_not_depend_on_signs_or_order():
    A, rng = reference(12, 18), np.random.default_rng(1)
    signs, order = rng.choice([-1, 1], 18), rng.permutation(18)
    constants = [exact_constants(gram(A), cs.Sparse(), k, (18,))[:2] for k in range(1, 6)]
    assert (np.diff(constants, axis=0) >= 0).all()
    turned = exact_constants(gram((A * signs)[:, order]), cs.Sparse(), 4, (18,))
    assert turned[:2] == pytest.approx(constants[3], rel=1e-12)


def test_constants_of_an_orthonormal_matrix_are_zero():
    A = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]
    assert exact_constants(gram(A), cs.Sparse(), 15, (30,), limit=1e8)[:2] == pytest.approx((0, 0), abs=1e-13)


def test_dependent_columns_have_the_constant_one():
    """The lower constant is one if and only if some k columns are dependent."""
    A = np.random.default_rng(0).standard_normal((6, 9))
    A[:, 7] = A[:, 2] - A[:, 5]
    assert exact_constants(gram(A), cs.Sparse(), 3, (9,))[0] == pytest.approx(1, abs=1e-12)
    assert exact_constants(gram(A), cs.Sparse(), 2, (9,))[0] < 1
    assert exact_constants(gram(A), cs.Sparse(), 3, (9,))[2].tolist() == [2, 5, 7]


def test_block_constants_are_below_plain_ones_of_as_many_nonzeros():
    inner = gram(reference(32, 48))
    block = exact_constants(inner, cs.BlockSparse(cs.Blocks.uniform(48, 2)), 2, (48,))
    plain = exact_constants(inner, cs.Sparse(), 4, (48,))
    assert block[0] < plain[0]
    assert block[1] < plain[1]


def test_a_good_start_changes_the_work_and_not_the_constants():
    inner = gram(reference(16, 24))
    cold = exact_constants(inner, cs.Sparse(), 4, (24,))
    warm = exact_constants(inner, cs.Sparse(), 4, (24,), start=(cold[2], cold[3]))
    assert warm[:2] == pytest.approx(cold[:2], rel=1e-12)
    assert warm[4] <= cold[4]


def test_channels_share_the_units_of_their_model():
    inner = cs.BlockSparse(cs.Blocks([0, 1, 0, 2]))
    found = [unit.tolist() for unit in units_of(cs.JointSparse(inner, 2), (2, 4))]
    assert found == [[0, 2, 4, 6], [1, 5], [3, 7]]
    assert units_of(cs.JointSparse(cs.Clustered(2)), (2, 4)) is None
    assert units_of(cs.BlockSparse(cs.Blocks.uniform(4, 2), "size"), (4,)) is None


@pytest.mark.parametrize(
    ("model", "k", "count"),
    [(cs.Sparse(), 30, "2.9e.25"), (cs.Clustered(3), 30, "2.3e.07"), (cs.Sparse(), 500, "2.7e.299")],
)
def test_too_many_supports_are_refused_with_their_number_and_the_time(model, k, count):
    n = 100 if k < 100 else 1000
    with pytest.raises(ValueError, match=rf"up to {count} supports of budget {k}, some .* seconds.*lower k"):
        exact_constants(np.eye(n), model, k, (n,))


def test_a_search_that_takes_too_long_is_given_up():
    with pytest.raises(ValueError, match=r"gave up after .* nodes: raise the limit"):
        exact_constants(gram(reference(16, 24)), cs.Sparse(), 6, (24,), limit=2000)


def test_few_supports_are_enumerated_where_the_search_would_take_longer():
    A = reference(28, 26)
    found = exact_constants(gram(A), cs.Sparse(), 24, (26,))
    assert found[4] == math.comb(26, 24)
    check(A, found, [~np.isin(np.arange(26), out) for out in combinations(range(26), 2)])


def test_a_budget_that_allows_nothing_is_refused():
    blocks = cs.BlockSparse(cs.Blocks.uniform(6, 3), "size")
    with pytest.raises(ValueError, match="allows no coefficient"):
        exact_constants(np.eye(6), blocks, 2, (6,))
    with pytest.raises(ValueError, match="at least 1"):
        exact_constants(np.eye(6), cs.Sparse(), 0, (6,))
