"""Structured operators against the dense matrices of their definitions."""

import numpy as np
import pytest
import scipy.linalg
import scipy.ndimage

import csrecover as cs

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 2, 8, 64, 2048])
def test_walsh_hadamard_is_the_scaled_hadamard_matrix(n):
    x = RNG.standard_normal((3, n))
    np.testing.assert_allclose(cs.WalshHadamard(n) @ x, x @ scipy.linalg.hadamard(n) / n**0.5, atol=1e-12)


@pytest.mark.parametrize("n", [2, 8, 64])
def test_sequency_order_counts_the_sign_changes(n):
    rows = cs.WalshHadamard(n, order="sequency").todense()
    assert ((rows[:, 1:] * rows[:, :-1]) < 0).sum(axis=1).tolist() == list(range(n))


def test_two_dimensional_walsh_hadamard_is_separable():
    x = RNG.standard_normal((4, 8))
    separable = cs.Kronecker([cs.WalshHadamard(4), cs.WalshHadamard(8)])
    np.testing.assert_allclose(cs.WalshHadamard((4, 8)) @ x, separable @ x, atol=1e-14)


@pytest.mark.parametrize("shape", [(1,), (8,), (9,), (4, 5)])
@pytest.mark.parametrize("complex_", [False, True])
def test_convolution_is_circular(shape, complex_):
    kernel, x = RNG.standard_normal((2, *shape)) + (1j * RNG.standard_normal((2, *shape)) if complex_ else 0)
    expected = sum(kernel[place] * np.roll(x, place, axis=tuple(range(len(shape)))) for place in np.ndindex(*shape))
    np.testing.assert_allclose(cs.Convolution(kernel) @ x, expected, atol=1e-13)


def test_random_convolution_keeps_every_norm_and_has_a_real_kernel():
    A = cs.random_convolution((8, 6), 3)
    assert A.unitary
    assert A.kernel.dtype == np.float64
    x = RNG.standard_normal((8, 6))
    assert np.linalg.norm(A @ x) == pytest.approx(np.linalg.norm(x), rel=1e-13)
    assert not cs.Convolution([0.5, 0.5]).unitary


@pytest.mark.parametrize(("m", "n"), [(1, 1), (1, 4), (4, 1), (5, 3), (3, 5)])
def test_toeplitz_is_the_toeplitz_matrix(m, n):
    column, row = RNG.standard_normal(m), RNG.standard_normal(n)
    np.testing.assert_allclose(cs.toeplitz(column, row).todense(), scipy.linalg.toeplitz(column, row), atol=1e-14)


def test_kronecker_is_the_kronecker_product_on_flattened_signals():
    A, B, third = RNG.standard_normal((2, 3)), RNG.standard_normal((4, 2)), RNG.standard_normal((3, 3))
    separable = cs.Kronecker([cs.Matrix(A), cs.Matrix(B), cs.Matrix(third)])
    np.testing.assert_allclose(separable.todense(), np.kron(np.kron(A, B), third), atol=1e-13)
    assert separable.norm() == pytest.approx(np.linalg.norm(separable.todense(), 2))


def test_stacks_are_the_block_matrices():
    A, B = RNG.standard_normal((2, 3)), RNG.standard_normal((4, 3))
    np.testing.assert_array_equal(cs.VStack([cs.Matrix(A), cs.Matrix(B)]).todense(), np.vstack([A, B]))
    np.testing.assert_array_equal(cs.hstack([cs.Matrix(A.T), cs.Matrix(B.T)]).todense(), np.hstack([A.T, B.T]))
    diagonal = cs.BlockDiagonal([cs.Matrix(A), cs.Matrix(B)])
    np.testing.assert_array_equal(diagonal.todense(), scipy.linalg.block_diag(A, B))
    assert diagonal.norm() == pytest.approx(np.linalg.norm(diagonal.todense(), 2))


def test_gradient_takes_forward_differences_and_knows_its_norm():
    x = RNG.standard_normal((4, 5))
    first, second = cs.Gradient((4, 5)) @ x
    np.testing.assert_array_equal(first, np.diff(x, axis=0, append=x[-1:]))
    np.testing.assert_array_equal(second, np.diff(x, axis=1, append=x[:, -1:]))
    for shape in ((1,), (7,), (4, 5), (2, 3, 4)):
        A = cs.Gradient(shape)
        assert A.norm() == pytest.approx(np.linalg.norm(A.todense(), 2), abs=1e-13)


def test_permutation_reorders_and_its_adjoint_puts_back():
    x = np.arange(6.0).reshape(2, 3)
    A = cs.Permutation((2, 3), [5, 3, 1, 0, 2, 4])
    assert (A @ x).reshape(-1).tolist() == [5, 3, 1, 0, 2, 4]
    np.testing.assert_array_equal(A.H @ (A @ x), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cs.WalshHadamard(12), ValueError, r"power of two, got \(12,\): pad"),
        (lambda: cs.WalshHadamard(8, order="dyadic"), ValueError, "natural.*sequency.*'dyadic'"),
        (lambda: cs.Permutation(4, [0, 1]), ValueError, "permutation of 4 entries was expected, got 2"),
        (lambda: cs.Permutation(3, [0, 1, 1]), ValueError, "distinct"),
        (lambda: cs.Convolution(3.0), ValueError, r"kernel .* got shape \(\)"),
        (lambda: cs.VStack([cs.DCT(4), cs.DCT(5)]), ValueError, "on one signal, got DCT"),
        (lambda: cs.VStack([]), TypeError, "non-empty list of operators"),
        (lambda: cs.Kronecker([cs.DFT(4, real=True)]), ValueError, "no real transforms"),
        (lambda: cs.BlockDiagonal([np.eye(2)]), TypeError, "BlockDiagonal takes .* operators"),
        (lambda: cs.BlockDiagonal([cs.Matrix(np.ones((2, 3, 3)))]), ValueError, "no stacks of matrices"),
    ],
)
def test_structured_operators_say_what_they_expect(call, error, message):
    with pytest.raises(error, match=message):
        call()
