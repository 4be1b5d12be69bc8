"""Operators from and to SciPy, PyLops and PyProximal, with the real packages."""

import builtins

import numpy as np
import pylops
import pyproximal
import pytest
import scipy.sparse.linalg

import csrecover as cs

A = cs.random_rows(96, 48, 0) @ cs.DCT(96)
TRUTH = cs.random_signal(cs.Sparse(), 96, 5, 1)
Y = A @ TRUTH
WEIGHT = 0.01


@pytest.fixture(scope="module")
def optimum():
    return cs.fista(A, Y, cs.L1(WEIGHT), tol=1e-12, max_iter=20000).x


def test_fista_of_pylops_finds_our_optimum_with_our_operator(optimum):
    x, *_ = pylops.optimization.sparsity.fista(A.to_pylops(), Y, niter=3000, eps=2 * WEIGHT, tol=1e-14)
    np.testing.assert_allclose(x, optimum, atol=1e-6)


def test_proximal_gradient_of_pyproximal_finds_our_optimum_with_our_operator(optimum):
    fit, penalty = pyproximal.L2(Op=A.to_pylops(), b=Y), pyproximal.L1(sigma=WEIGHT)
    x = pyproximal.optimization.primal.ProximalGradient(
        fit, penalty, x0=np.zeros(96), tau=1 / A.norm() ** 2, niter=3000, acceleration="fista"
    )
    np.testing.assert_allclose(x, optimum, atol=1e-6)


def test_our_fista_takes_an_operator_of_pylops(optimum):
    theirs = pylops.MatrixMult(A.todense())
    for operator in (theirs, cs.from_pylops(theirs)):
        np.testing.assert_allclose(cs.fista(operator, Y, cs.L1(WEIGHT), tol=1e-12).x, optimum, atol=1e-6)


@pytest.mark.parametrize(
    "theirs",
    [
        pylops.MatrixMult(np.arange(6.0).reshape(2, 3)),
        pylops.MatrixMult(np.arange(6).reshape(2, 3) * 1j, dtype="complex128"),
        pylops.signalprocessing.FFT2D(dims=(4, 3), norm="ortho"),
        pylops.signalprocessing.FFT(8, real=True),
        pylops.Restriction(7, [5, 1]),
        pylops.FirstDerivative((3, 4), axis=0),
        pylops.Identity(4, dtype="float32"),
    ],
    ids=lambda operator: type(operator).__name__,
)
def test_operators_of_pylops_keep_our_promises(theirs):
    operator = cs.from_pylops(theirs)
    assert cs.check_operator(operator)
    assert (operator.in_shape, operator.out_shape) == (tuple(theirs.dims), tuple(theirs.dimsd))


def test_a_real_fourier_transform_of_pylops_takes_real_signals_only():
    with pytest.raises(TypeError, match="takes real signals"):
        cs.from_pylops(pylops.signalprocessing.FFT(8, real=True)) @ np.ones(8, dtype=complex)


@pytest.mark.parametrize("operator", [cs.DCT((3, 4)), cs.DFT(6), cs.DFT(6, real=True), cs.gaussian(4, 6, 0)], ids=str)
def test_pylops_gets_our_shapes_and_products(operator):
    theirs = operator.to_pylops()
    assert (theirs.dims, theirs.dimsd) == (operator.in_shape, operator.out_shape)
    x = np.random.default_rng(0).standard_normal(operator.in_shape)
    np.testing.assert_array_equal(theirs @ x, operator @ x)
    y = operator @ x
    np.testing.assert_array_equal(theirs.H @ y, operator.H @ y)


@pytest.mark.parametrize(
    "operator", [cs.gaussian(30, 50, 0), cs.random_rows((5, 10), 30, 0) @ cs.DCT((5, 10))], ids=str
)
def test_scipy_solves_with_our_operators(operator):
    theirs, dense = operator.to_scipy(), operator.todense()
    y = np.random.default_rng(0).standard_normal(30)
    least = np.linalg.lstsq(dense, y, rcond=None)[0]
    np.testing.assert_allclose(
        scipy.sparse.linalg.lsqr(theirs, y, atol=1e-13, btol=1e-13, iter_lim=500)[0], least, atol=1e-8
    )
    np.testing.assert_allclose(
        scipy.sparse.linalg.lsmr(theirs, y, atol=1e-13, btol=1e-13, maxiter=500)[0], least, atol=1e-8
    )
    found = scipy.sparse.linalg.svds(theirs, k=3, return_singular_vectors=False, rng=0)
    np.testing.assert_allclose(np.sort(found), np.linalg.svd(dense)[1][2::-1], rtol=1e-10)
    np.testing.assert_allclose(theirs.matmat(np.eye(50)), dense, atol=1e-14)
    np.testing.assert_allclose(theirs.rmatmat(np.eye(30)), dense.T, atol=1e-14)


class Products:
    shape, dtype = (2, 3), np.dtype(float)
    matrix = np.arange(6.0).reshape(2, 3)

    def matvec(self, x):
        return self.matrix @ x

    def rmatvec(self, y):
        return self.matrix.T @ y


def test_any_object_with_products_is_an_operator():
    operator = cs.from_scipy(Products())
    assert cs.check_operator(operator)
    np.testing.assert_array_equal(operator.todense(), Products.matrix)
    assert cs.fista(Products(), np.ones(2), cs.L1(0.1)).converged


def test_what_has_no_products_is_refused():
    with pytest.raises(TypeError, match=r"PyLops operator.*got ndarray"):
        cs.from_pylops(np.eye(3))
    with pytest.raises(TypeError, match="got str"):
        cs.from_scipy("a matrix")
    with pytest.raises(ValueError, match="stack of matrices"):
        cs.Matrix(np.ones((2, 3, 4))).to_scipy()


def test_without_pylops_the_error_says_what_to_install(monkeypatch):
    load = builtins.__import__

    def refuse(name, *rest):
        if name == "pylops":
            raise ImportError("no such package")
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install csrecover\[interop\]"):
        cs.DCT(4).to_pylops()
