"""Certified bounds of restricted isometry constants: never below the true ones, whatever gave them."""

import math
from itertools import combinations

import cvxpy
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import csrecover as cs
from csrecover.analysis.coherence import babel, coherence
from csrecover.analysis.rip.certified import bounds, certified
from csrecover.analysis.rip.circulant import circulant_magnitudes
from csrecover.analysis.rip.eigenvalues import gram_matrix, largest_eigenvalue
from csrecover.analysis.rip.family import Cells, Family, row_sums
from csrecover.analysis.rip.pairs import apart
from csrecover.analysis.rip.relaxation import clip_bound, relaxed_bound
from csrecover.testing.enumerations import (
    clustered_case,
    hierarchical_case,
    joint_case,
    tree_members,
    windows_case,
)
from csrecover.testing.examples import SHUFFLED, models

from .conftest import FULL

PARENTS = np.array([-1, 0, 0, 1, 1, 2, 3, 5])
CASES = {name: case for name, case in models().items() if case.members is not None} | {
    "one in each block": hierarchical_case(cs.Blocks(SHUFFLED), 1),
    "one run": clustered_case(8, 1),
    "tree of channels": joint_case(
        cs.TreeSparse(cs.Tree(PARENTS[:4])), 2, (4,), lambda k: tree_members(PARENTS[:4], k)
    ),
}


def matrix(m, n, seed, complex_entries=False):
    """Gaussian entries of variance 1/m."""
    rng = np.random.default_rng(seed)
    entries = rng.standard_normal((m, n))
    return (entries + 1j * rng.standard_normal((m, n)) if complex_entries else entries) / m**0.5


def unit_columns(m, n, seed=0):
    A = matrix(m, n, seed)
    return A / np.linalg.norm(A, axis=0)


def true_constants(A, members):
    """L and U by the definition."""
    supports = [np.flatnonzero(member) for member in members if member.any()]
    ends = [np.linalg.eigvalsh(A[:, S].conj().T @ A[:, S])[[0, -1]] for S in supports]
    return 1 - min(low for low, _ in ends), max(high for _, high in ends) - 1


@st.composite
def problems(draw):
    case = CASES[draw(st.sampled_from(sorted(CASES)))]
    n = math.prod(case.shape)
    k = draw(st.sampled_from([k for k in case.budgets or range(n + 1) if np.any(k) and any_member(case, k)]))
    m, seed, is_complex = draw(st.integers(2, 24)), draw(st.integers(0, 2**32)), draw(st.booleans())
    sizes = np.exp(np.random.default_rng(seed).normal(0, draw(st.sampled_from([0.0, 0.1, 1.0])), n))
    return case, k, matrix(m, n, seed, is_complex) * sizes


def any_member(case, k):
    return any(member.any() for member in case.members(k))


def shaped(A, shape):
    """The matrix on signals of the shape."""
    return cs.Matrix(A) @ cs.Sampling(shape, np.arange(A.shape[1]))


@settings(max_examples=500 if FULL else 30)
@given(problems())
def test_no_bound_is_below_the_truth(problem):
    case, k, A = problem
    L, U = true_constants(A, case.members(k))
    slack = 1e-13 * np.linalg.norm(A) ** 2  # rounding of the truth
    found = bounds(shaped(A, case.shape), case.model, k)
    for name, (low, high) in found.items():
        assert low >= L - slack, name
        assert high >= U - slack, name
    low, high, below, above = certified(shaped(A, case.shape), case.model, k)
    assert (low, high) == (found[below][0], found[above][1])
    assert (low, high) == tuple(np.min(list(found.values()), axis=0))


@pytest.mark.parametrize("k", range(2, 7))
def test_bounds_of_unit_columns_are_in_order(k):
    A = unit_columns(16, 24)
    found, low = bounds(A, cs.Sparse(), k), 1e-9
    exact = {2: 0.6826, 3: 1.1799, 4: 1.6696, 5: 1.9950, 6: 2.3341}[k]
    U = {name: high for name, (_, high) in found.items()}
    assert exact - 1e-4 <= U["sdp"] <= U["clip"] + low
    assert U["clip"] <= min(U["coherence"], U["norm"]) + low
    assert U["gershgorin"] <= U["coherence"] + low
    assert U["coherence"] == pytest.approx((k - 1) * coherence(A))
    assert U["gershgorin"] == pytest.approx(babel(A, k - 1))
    assert U["norm"] == pytest.approx(np.linalg.norm(A, 2) ** 2 - 1)


def test_constants_of_order_two_are_the_coherence():
    A = unit_columns(20, 40)
    off = abs(A.T @ A - np.eye(40)).max()
    assert certified(A, cs.Sparse(), 2) == (pytest.approx(off), pytest.approx(off), "coherence", "coherence")
    assert bounds(unit_columns(16, 24), cs.Sparse(), 2)["sdp"] == pytest.approx((0.6826, 0.6826), abs=1e-3)


def test_the_hundred_by_two_hundred_case():
    L, U, *methods = certified(cs.gaussian(100, 200, 0), cs.Sparse(), 5)
    assert methods == ["sdp", "sdp"]
    assert U <= 1.5
    assert L <= 0.9  # where the clip bound gives one


def relaxation(H, cells, budget):
    """The semidefinite program, by an interior point method; its blocks off the diagonal are all counted."""
    n = len(H)
    density = cvxpy.Variable((n, n), PSD=True)
    pairs = [(b, c) for b in range(max(cells) + 1) for c in range(max(cells) + 1) if b != c]
    blocks = [density[np.flatnonzero(cells == b)][:, np.flatnonzero(cells == c)] for b, c in pairs]
    sums = sum(cvxpy.normNuc(block) for block in blocks)
    problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.trace(H @ density)), [cvxpy.trace(density) == 1, sums <= budget])
    return problem.solve(solver=cvxpy.CLARABEL)


@pytest.mark.parametrize(("cells", "budget"), [(np.arange(7), 2), (np.array([0, 2, 1, 0, 2, 1, 1]), 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_relaxation_is_solved(cells, budget, sign):
    A = unit_columns(5, 7)
    H = sign * A.T @ A
    value = relaxation(H, cells, budget)
    assert -1e-6 <= relaxed_bound(H, Cells(cells), budget) - value <= 5e-3
    assert clip_bound(H, Cells(cells), budget) >= value - 1e-6


def test_the_largest_eigenvalue_is_not_missed():
    rng = np.random.default_rng(0)
    for n in (1, 2, 30, 100):
        for values in (np.zeros(n), np.full(n, -3.0), rng.standard_normal(n), 10.0 ** rng.uniform(-20, 20, n)):
            basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
            H = (basis * values) @ basis.T
            size = abs(values).max()
            assert -1e-14 * size <= largest_eigenvalue((H + H.T) / 2) - values.max() <= 1e-9 * size + 1e-300
    ones = np.ones((64, 64))
    assert 64 <= largest_eigenvalue(ones) <= 64 + 1e-9
    assert 0 <= largest_eigenvalue(-ones) <= 1e-9


def test_the_error_of_a_gram_matrix_is_bounded():
    A = np.random.default_rng(0).integers(-9, 9, (40, 20)) / 3
    exact = (3 * A).round().astype(int).T @ (3 * A).round().astype(int) / 9
    found, error = gram_matrix(A)
    assert np.linalg.norm(found - exact, 2) <= error <= 1e-9
    assert gram_matrix(A.astype(np.float32))[0].dtype == np.float64


@pytest.mark.parametrize("name", ["wavelet tree", "tree of channels", "separated", "one run", "one in each block"])
def test_coefficients_are_apart_where_no_support_holds_both(name):
    case = CASES[name]
    for k in range(1, 5):
        together = sum(np.outer(flat, flat) for flat in (member.reshape(-1) for member in case.members(k)))
        never = apart(case.model, k, case.shape)
        assert not (never & (together > 0)).any()
        assert k == 1 or (never == (together == 0)).all()
    assert (apart(cs.Windows(3), 1, (8,)) == (sum(np.outer(w, w) for w in windows_case(8, 3).members(1)) == 0)).all()
    assert apart(cs.Sparse(), 2, (8,)) is None


@pytest.mark.parametrize("name", sorted(CASES))
def test_row_sums_are_those_of_the_best_support_that_holds_the_index(name):
    case, n = CASES[name], math.prod(CASES[name].shape)
    values = np.random.default_rng(0).random((n, n))
    values = (values + values.T) * (1 - np.eye(n))
    for k in [k for k in case.budgets or range(1, n) if any_member(case, k)]:
        members = [member.reshape(-1) for member in case.members(k)]
        best = [max((member @ row for member in members if member[i]), default=-np.inf) for i, row in enumerate(values)]
        found = row_sums(values, Family(case.model, k, case.shape))
        assert (found >= np.array(best) - 1e-12).all()
        if name != "overlapping groups":  # whose projection is not always the best
            assert found == pytest.approx(np.array(best), abs=1e-9)


def test_sums_of_many_rows_are_those_of_their_largest_values():
    values = np.random.default_rng(0).random((1024, 1024)) * (1 - np.eye(1024))
    found = row_sums(values, Family(cs.TreeSparse(cs.Wavelet(1024, "haar").tree), 4, (1024,)))
    assert found == pytest.approx(-np.sort(-values, axis=1)[:, :3].sum(axis=1))


def test_structure_lowers_the_bounds():
    """Two blocks of four coefficients, trees of eight, and any eight."""
    A = unit_columns(128, 64)
    plain = bounds(A, cs.Sparse(), 8)["sdp"]
    blocks = bounds(A, cs.BlockSparse(cs.Blocks.uniform(64, 4)), 2)["block sdp"]
    tree = bounds(A, cs.TreeSparse(cs.Wavelet(64, "haar").tree), 8)["sdp"]
    assert max(blocks[0], tree[0]) < plain[0] - 0.05
    assert max(blocks[1], tree[1]) < plain[1] - 0.05


def test_constants_scale_with_the_square_of_the_operator():
    A = matrix(8, 10, 3, complex_entries=True)
    once, twice = bounds(A, cs.Sparse(), 3), bounds(2 * A, cs.Sparse(), 3)
    for name in ("coherence", "gershgorin", "clip", "norm", "sdp"):
        assert 1 - twice[name][0] == pytest.approx(4 * (1 - once[name][0]), abs=1e-3)
        assert 1 + twice[name][1] == pytest.approx(4 * (1 + once[name][1]), rel=1e-3)


def test_more_coefficients_than_measurements_have_the_trivial_bound():
    found = bounds(matrix(3, 9, 0), cs.Sparse(), 4)
    assert min(low for low, _ in found.values()) == 1
    assert certified(matrix(3, 30, 0), cs.Sparse(), 10)[2] == "trivial"


def test_large_operators_are_not_made_dense():
    n = 2**14
    A = cs.random_rows(n, n // 4, 0) @ cs.DCT(n)
    tree = cs.TreeSparse(cs.Wavelet(n, "haar").tree)
    assert certified(A, tree, 200) == (1, pytest.approx(3), "trivial", "norm")
    assert certified(cs.DCT(n), tree, 200) == (pytest.approx(0), pytest.approx(0), "unitary", "unitary")


@pytest.mark.parametrize("signs", [False, True])
def test_the_gram_matrix_of_fourier_samples_is_told_by_one_column(signs, monkeypatch):
    A = cs.random_rows((6, 8), 40, 0) @ cs.DFT((6, 8))
    A = A @ cs.random_signs((6, 8), 1) if signs else A
    expected = bounds(A, cs.Sparse(), 3)
    monkeypatch.setattr("csrecover.analysis.rip.certified._CLIPPED", 10)
    found = bounds(A, cs.Sparse(), 3)
    assert set(found) == {"trivial", "norm", "coherence", "gershgorin"}
    for name, pair in found.items():
        assert pair[1] == pytest.approx(expected[name][1])
        assert name == "norm" or pair[0] == pytest.approx(expected[name][0])
    rows = cs.random_rows(48, 40, 0)
    for other in (rows @ cs.DCT(48), rows @ cs.DFT(48) @ cs.Diagonal(np.arange(1.0, 49)), cs.DFT(48, real=True)):
        assert circulant_magnitudes(other) is None


def test_matrices_too_large_to_decompose_have_the_other_bounds():
    A = cs.Matrix(unit_columns(8, 1100), known_norm=20.0)
    found = bounds(A, cs.Sparse(), 2)
    assert set(found) == {"trivial", "norm", "coherence", "gershgorin"}
    assert found["norm"][1] == pytest.approx(399)


def test_operators_arrays_and_sparse_matrices_are_one():
    A = matrix(6, 9, 0)
    expected = bounds(A, cs.Sparse(), 2)
    for other in (cs.Matrix(A), scipy.sparse.csr_array(A), cs.to(cs.Matrix(A), "array_api_strict")):
        assert bounds(other, cs.Sparse(), 2) == {name: pytest.approx(pair) for name, pair in expected.items()}


def test_real_signals_of_complex_measurements():
    A = cs.random_rows(5, 3, 0) @ cs.DFT(9, real=True)
    dense = cs.to_numpy(A.todense())
    real = np.concatenate([dense.real, dense.imag])
    L, U = true_constants(real, (np.isin(np.arange(9), S) for S in combinations(range(9), 2)))
    low, high, *_ = certified(A, cs.Sparse(), 2)
    assert 0 <= low - L < 0.3
    assert 0 <= high - U < 0.3


def test_wrong_arguments_are_refused():
    A = matrix(4, 6, 0)
    with pytest.raises(TypeError, match="LowRank has no supports"):
        certified(A, cs.LowRank(), 1)
    with pytest.raises(TypeError, match="int is no sparsity model"):
        certified(A, 3, 1)
    with pytest.raises(ValueError, match="at least 1"):
        certified(A, cs.Sparse(), 0)
    with pytest.raises(ValueError, match="stack of matrices"):
        certified(np.ones((2, 4, 6)), cs.Sparse(), 1)
    with pytest.raises(ValueError, match="operator's have"):
        certified(A, cs.BlockSparse(cs.Blocks.uniform(8, 2)), 1)
    with pytest.raises(ValueError, match="allows no coefficient"):
        certified(A, cs.BlockSparse(cs.Blocks.uniform(6, 2), costs="size"), 1)
    with pytest.raises(ValueError, match="NaN or infinite"):
        certified(np.full((4, 6), np.nan), cs.Sparse(), 1)
