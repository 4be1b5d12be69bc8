"""Coherence, its relatives, and Tropp's coefficient, against their definitions and against recovery itself."""

from itertools import combinations

import numpy as np
import pytest

import csrecover as cs
from csrecover.analysis import babel, block_coherence, coherence, erc, sub_coherence, welch_bound

RNG = np.random.default_rng(0)


def matrix(m, n, *, complex_entries=False, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((m, n))
    return A + 1j * rng.standard_normal((m, n)) if complex_entries else A


def unit_columns(A):
    return A / np.linalg.norm(A, axis=0)


KINDS = [pytest.param(False, id="real"), pytest.param(True, id="complex")]


@pytest.mark.parametrize("complex_entries", KINDS)
def test_coherence_is_the_largest_correlation_of_two_columns(complex_entries):
    A = matrix(5, 9, complex_entries=complex_entries)
    largest = max(
        abs(np.vdot(A[:, i], A[:, j])) / np.linalg.norm(A[:, i]) / np.linalg.norm(A[:, j])
        for i, j in combinations(range(9), 2)
    )
    assert coherence(A) == pytest.approx(largest)
    assert coherence(3j * A) == pytest.approx(largest)


def test_coherence_is_the_isometry_constant_of_order_two_of_unit_columns():
    A = unit_columns(np.random.default_rng(0).standard_normal((16, 24)))
    spectra = [np.linalg.eigvalsh(A[:, pair].T @ A[:, pair]) for pair in map(list, combinations(range(24), 2))]
    assert coherence(A) == pytest.approx(max(abs(spectrum - 1).max() for spectrum in spectra))
    assert coherence(A) == pytest.approx(0.6826, abs=5e-5)


@pytest.mark.parametrize("complex_entries", KINDS)
def test_babel_is_the_largest_sum_over_k_columns(complex_entries):
    A = unit_columns(matrix(4, 7, complex_entries=complex_entries))
    gram = abs(A.conj().T @ A)
    for k in range(7):
        sums = [gram[j, list(S)].sum() for S in combinations(range(7), k) for j in range(7) if j not in S]
        assert babel(A, k) == pytest.approx(max(sums))
        assert babel(A, k) <= k * coherence(A) + 1e-12


@pytest.mark.parametrize("labels", [np.arange(12) // 3, np.arange(12) % 4], ids=["consecutive", "interleaved"])
@pytest.mark.parametrize("complex_entries", KINDS)
def test_block_and_sub_coherence_are_those_of_the_definition(labels, complex_entries):
    A, blocks = matrix(8, 12, complex_entries=complex_entries), cs.structures.Blocks(labels)
    parts = [unit_columns(A)[:, labels == b] for b in range(4)]
    between = max(np.linalg.norm(D.conj().T @ E, 2) for D, E in combinations(parts, 2)) / 3
    within = max(abs(np.vdot(D[:, i], D[:, j])) for D in parts for i, j in combinations(range(3), 2))
    assert block_coherence(A, blocks) == pytest.approx(between)
    assert sub_coherence(A, blocks) == pytest.approx(within)


def test_block_coherence_lies_between_zero_and_the_coherence():
    A = matrix(10, 20)
    assert 0 <= block_coherence(A, cs.Blocks.uniform(20, 4)) <= coherence(A)
    assert block_coherence(A, cs.Blocks.uniform(20, 1)) == pytest.approx(coherence(A))
    assert sub_coherence(A, cs.Blocks.uniform(20, 1)) == 0
    assert block_coherence(A, cs.Blocks.uniform(20, 20)) == 0


def test_no_matrix_is_less_coherent_than_the_welch_bound_and_a_simplex_attains_it():
    assert all(coherence(matrix(m, n, seed=n)) >= welch_bound(m, n) for m, n in [(3, 4), (4, 9), (10, 11), (9, 30)])
    simplex = np.linalg.qr(np.eye(4) - 1 / 4)[1][:3]  # three rows, four columns at equal angles
    assert coherence(simplex) == pytest.approx(welch_bound(3, 4)) == pytest.approx(1 / 3)
    assert welch_bound(5, 5) == welch_bound(7, 5) == 0


def test_numbers_of_an_orthonormal_matrix_are_zero():
    basis = np.linalg.qr(matrix(8, 8))[0]
    assert max(coherence(basis), babel(basis, 7), block_coherence(basis, cs.Blocks.uniform(8, 2))) < 1e-14
    assert coherence(basis[:, :1]) == 0
    assert erc(basis, [1, 4]) == pytest.approx(1)


def test_operators_arrays_and_half_spectra_agree():
    A = matrix(6, 8)
    assert coherence(cs.Matrix(A)) == coherence(A)
    half = cs.DFT((8,), real=True)
    rows = half.todense()
    parts = np.concatenate([rows.real, rows.imag])
    assert coherence(half) == pytest.approx(coherence(parts), abs=1e-14)
    with pytest.raises(TypeError, match="linear over the reals only"):
        coherence(half.H)


@pytest.mark.parametrize("complex_entries", KINDS)
def test_erc_is_the_definition_and_takes_masks(complex_entries):
    A, S = matrix(6, 10, complex_entries=complex_entries), [2, 5, 7]
    off = [j for j in range(10) if j not in S]
    sums = [abs(np.linalg.lstsq(A[:, S], A[:, j], rcond=None)[0]).sum() for j in off]
    assert erc(A, S) == pytest.approx(1 - max(sums))
    assert erc(A, np.isin(np.arange(10), S)) == erc(A, S)


def test_matching_pursuit_recovers_all_signs_on_supports_with_a_positive_coefficient():
    A, found = unit_columns(matrix(14, 20)), 0
    for S in list(combinations(range(20), 2))[::7]:
        if erc(A, list(S)) > 0:
            found += 1
            x = np.zeros(20)
            x[list(S)] = RNG.choice([-1, 1], 2) * RNG.uniform(0.1, 10, 2)
            np.testing.assert_allclose(cs.omp(A, A @ x, cs.Sparse(), k=2).x, x, atol=1e-9)
    assert found > 5


def test_bad_input_is_named():
    A, blocks = matrix(4, 6), cs.Blocks.uniform(6, 2)
    zero = A * (np.arange(6) != 3)
    with pytest.raises(ValueError, match="column 3 of the operator is zero"):
        coherence(zero)
    with pytest.raises(ValueError, match="NaN or infinite"):
        coherence(np.where(A > 1, np.nan, A))
    with pytest.raises(ValueError, match="lower k"):
        babel(A, 6)
    with pytest.raises(TypeError, match="expected Blocks"):
        block_coherence(A, 2)
    with pytest.raises(ValueError, match="signals of shape"):
        sub_coherence(matrix(4, 8), blocks)
    with pytest.raises(ValueError, match="blocks of one size"):
        block_coherence(A, cs.structures.Blocks(np.array([0, 0, 0, 0, 1, 1])))
    with pytest.raises(ValueError, match="at least one column"):
        erc(A, [])
    with pytest.raises(ValueError, match="each once"):
        erc(A, [1, 1])
    with pytest.raises(ValueError, match="have rank 2"):
        erc(A[:, [0, 1, 0]], [0, 1, 2])
