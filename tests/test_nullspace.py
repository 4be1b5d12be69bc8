"""Null space property, spark and restricted eigenvalue: bounds hold, witnesses are what they claim to be."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

import csrecover as cs
from csrecover.analysis import nsp, restricted_eigenvalue, spark
from csrecover.analysis.interval import Interval

from .conftest import FULL
from .test_coherence import KINDS, matrix, unit_columns

SEEDS = range(30 if FULL else 4)


def exact_constant(A, k):
    """The null space constant: over all sets of k entries with all signs, a linear program for each."""
    n, best = A.shape[1], 0.0
    for S in map(list, combinations(range(n), k)):
        for signs in product([1, -1], repeat=k - 1):
            gain = np.zeros(n)
            gain[S] = [1, *signs]
            result = linprog(
                -np.r_[gain, -gain], A_ub=np.ones((1, 2 * n)), b_ub=[1], A_eq=np.hstack([A, -A]), b_eq=np.zeros(len(A))
            )
            best = max(best, -result.fun)
    return best


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [1, 2])
def test_the_constant_lies_within_its_bounds(seed, k):
    A = matrix(4, 7, seed=seed)
    found, exact = nsp(A, k), exact_constant(A, k)
    assert found.attained <= exact + 1e-9
    assert found.certified >= exact - 1e-9
    if k == 1:
        assert found.attained == pytest.approx(found.certified)


@pytest.mark.parametrize("complex_entries", KINDS)
@pytest.mark.parametrize("k", [1, 3])
def test_witness_and_multipliers_can_be_checked_again(complex_entries, k):
    A = matrix(6, 10, complex_entries=complex_entries)
    found = nsp(cs.Matrix(A), k)
    assert np.linalg.norm(A @ found.witness) < 1e-12
    assert abs(found.witness).sum() == pytest.approx(1)
    assert np.sort(abs(found.witness))[-k:].sum() == pytest.approx(found.attained)
    rest = abs(np.eye(10) - found.multipliers @ A)
    assert min(np.sort(rest, axis=0)[-k:].sum(axis=0).max(), 1) == pytest.approx(found.certified)


def test_the_polygon_costs_complex_matrices_little():
    found = nsp(matrix(6, 12, complex_entries=True), 1)
    assert found.attained <= found.certified <= found.attained / np.cos(np.pi / 16) + 1e-9


@pytest.mark.parametrize(("m", "n", "alpha", "k"), [(16, 32, 0.2600, 1), (32, 64, 0.1979, 2), (48, 64, 0.1177, 3)])
def test_gaussian_matrices_are_certified_for_more_nonzeros_than_by_coherence(m, n, alpha, k):
    A = unit_columns(np.random.default_rng(0).standard_normal((m, n)))
    found = nsp(A, 1)
    assert found.certified == pytest.approx(alpha, abs=5e-5)
    assert found.certified_k >= k
    assert cs.analysis.coherence(A) > 1 / (2 * 2 - 1)


def test_one_program_for_all_columns_certifies_what_alpha_1_does_not():
    A = unit_columns(np.random.default_rng(0).standard_normal((16, 32)))
    assert 2 * nsp(A, 1).certified > 0.5
    assert nsp(A, 2).holds


@pytest.mark.parametrize("seed", SEEDS)
def test_l1_minimisation_agrees_with_the_verdict(seed):
    A = matrix(6, 9, seed=seed)
    for k in (1, 2, 3):
        found = nsp(A, k)
        failures = [
            S
            for S in combinations(range(9), k)
            for signs in product([1.0, -1.0], repeat=k)
            if not cs.analysis.recovers(A, np.bincount(S, signs, 9), cs.L1())
        ]
        assert not (found.holds and failures)
        if found.holds is False:
            assert failures


def test_equal_columns_refute_and_independent_ones_certify():
    A = matrix(5, 8)
    A[:, 6] = A[:, 2]
    assert nsp(A, 1).holds is False
    assert nsp(A, 1).attained == pytest.approx(0.5)
    square = nsp(matrix(6, 6), 4)
    assert square.holds
    assert square.certified_k == 6
    assert not square.witness.any()
    assert "alpha_k" in repr(square)


def smallest_dependent(A):
    """Spark by looking at all sets of columns."""
    n = A.shape[1]
    sizes = (
        size for size in range(1, n + 1) for S in combinations(range(n), size) if np.linalg.matrix_rank(A[:, S]) < size
    )
    return next(sizes, n + 1)


@pytest.mark.parametrize("seed", range(200 if FULL else 12))
@pytest.mark.parametrize("complex_entries", KINDS)
def test_spark_is_the_size_of_the_smallest_dependent_set(seed, complex_entries):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(2, 6), rng.integers(2, 9)
    A = matrix(m, n, complex_entries=complex_entries, seed=seed)
    for _ in range(rng.integers(0, 3)):  # some columns become combinations of others
        chosen = rng.permutation(n)[: rng.integers(2, 5)]
        A[:, chosen[0]] = A[:, chosen[1:]] @ rng.standard_normal(len(chosen) - 1)
    found = spark(A)
    assert found.exact
    assert found.value == smallest_dependent(A)


def test_spark_of_a_long_search_is_an_interval_with_named_ends():
    A = unit_columns(np.random.default_rng(0).standard_normal((16, 24)))
    found = spark(A, limit=3000)
    assert found.low < 17 == found.high
    assert (found.low_method, found.high_method) == ("enumeration", "rank")
    assert spark(A, limit=0).low < found.low
    with pytest.raises(ValueError, match="use low and high"):
        _ = found.value


def test_spark_of_special_matrices():
    assert spark(np.eye(4)).value == 5
    assert spark(np.eye(3)[:, [0, 1, 1]]).value == 2
    assert spark(np.array([[1.0, 0, 0], [0, 0, 1]])).value == 1
    two_bases = np.hstack([np.eye(9), np.linalg.qr(np.fft.fft(np.eye(9)))[0]])
    assert spark(two_bases).low >= 1 + 1 / cs.analysis.coherence(two_bases) - 1e-9


def cone_minimum(A, k, c0, rng, draws=4000):
    """Least ratio found by drawing in the cone, with a scaling of the tail down to zero."""
    n, least = A.shape[1], np.inf
    for _ in range(draws // 20):
        d = rng.standard_normal((n, 20)) * rng.exponential(size=(n, 20)) ** 2
        order = np.argsort(-abs(d), axis=0)
        head = np.zeros_like(d)
        np.put_along_axis(head, order[:k], np.take_along_axis(d, order[:k], 0), 0)
        room = c0 * abs(head).sum(0) / np.maximum(abs(d - head).sum(0), 1e-300)
        for share in (0, 0.3, 1):
            point = head + np.minimum(room, 1) * share * (d - head)
            least = min(least, (np.linalg.norm(A @ point, axis=0) / np.linalg.norm(head, axis=0)).min())
    return least


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("m", "n", "k", "c0"), [(12, 6, 2, 3.0), (20, 22, 1, 1.0), (9, 8, 1, 3.0), (12, 8, 3, 0.0)])
def test_restricted_eigenvalue_lies_within_its_bounds(seed, m, n, k, c0):
    A = unit_columns(matrix(m, n, seed=seed))
    found = restricted_eigenvalue(A, k, c0=c0)
    assert 0 <= found.low <= found.high
    assert found.low <= cone_minimum(A, k, c0, np.random.default_rng(seed)) + 1e-12
    least = min(np.linalg.svd(A[:, S], compute_uv=False)[-1] for S in combinations(range(n), k))
    assert found.low <= least + 1e-12
    if c0 == 0:
        assert found.high >= least - 1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_the_restricted_eigenvalue_of_order_one(seed):
    """For k = 1 it is the least of n convex problems: min ||a_j + A (p - q)|| over p, q >= 0 of sum at most c0."""
    A, c0 = matrix(4, 5, seed=seed), 1.0
    least = np.inf
    for j in range(5):
        B = np.hstack([np.delete(A, j, 1), -np.delete(A, j, 1)])
        solved = minimize(
            lambda z, a, B: np.sum((a + B @ z) ** 2),
            np.full(8, c0 / 9),
            (A[:, j], B),
            jac=lambda z, a, B: 2 * B.T @ (a + B @ z),
            bounds=[(0, None)] * 8,
            constraints=[{"type": "ineq", "fun": lambda z: c0 - z.sum()}],
            tol=1e-12,
        )
        least = min(least, solved.fun**0.5)
    found = restricted_eigenvalue(A, 1, c0=c0)
    assert found.low <= least + 1e-6
    assert found.high == pytest.approx(least, abs=1e-4)


def test_restricted_eigenvalue_of_special_matrices():
    assert restricted_eigenvalue(2 * np.eye(5), 2).low == pytest.approx(2)
    assert restricted_eigenvalue(2 * np.eye(5), 2).high == pytest.approx(2)
    A = matrix(5, 8)
    A[:, 6] = A[:, 2]
    assert restricted_eigenvalue(A, 1) == Interval(0.0, 0.0, "trivial", "null space")
    assert restricted_eigenvalue(matrix(3, 9), 2).value == 0


def test_bad_input_is_named():
    A = matrix(4, 6)
    with pytest.raises(ValueError, match="6 unknowns"):
        nsp(A, 7)
    with pytest.raises(ValueError, match="at least 1"):
        nsp(A, 0)
    with pytest.raises(ValueError, match="6 unknowns"):
        restricted_eigenvalue(A, 7)
    with pytest.raises(ValueError, match="opening of the cone"):
        restricted_eigenvalue(A, 1, c0=-1.0)
    with pytest.raises(ValueError, match="NaN or infinite"):
        nsp(np.full((2, 3), np.nan), 1)
