"""The l1 problems that benchmarks/convex.py times, solved by others.

Each peer makes solve(tol) -> x of measurements, a weight and a number of iterations: for one signal of an operator of
norm one, for many, in rows, of a matrix.
"""

import logging

import numpy as np


def spgl1(A, y, *_):
    """Basis pursuit of SPGL1, of a matrix or an operator; it has no weight and no number of iterations."""
    from scipy.sparse.linalg import LinearOperator
    from spgl1 import spg_bp

    adjoint = A.T if isinstance(A, np.ndarray) else A.H
    B = LinearOperator(A.shape, matvec=lambda v: A @ np.ravel(v), rmatvec=lambda v: adjoint @ np.ravel(v), dtype=float)
    return lambda tol: spg_bp(B, y, opt_tol=tol, bp_tol=tol, verbosity=0)[0]


def pylops(A, y, weight, iterations):
    """FISTA of PyLops, whose penalty is twice as heavy, at a step of one."""
    from pylops.optimization.sparsity import fista

    logging.getLogger("pylops").setLevel("ERROR")  # it warns when it ends
    return lambda tol: fista(A.to_pylops(), y, niter=iterations, eps=2 * weight, alpha=1.0, tol=tol)[0]


def pyproximal(A, y, weight, iterations):
    """FISTA of PyProximal at a step of one."""
    from pyproximal import L1, L2
    from pyproximal.optimization.primal import ProximalGradient

    f, g, start = L2(Op=A.to_pylops(), b=y), L1(weight), np.zeros(A.shape[1])
    options = {"tau": 1.0, "niter": iterations, "acceleration": "fista"}
    return lambda tol: ProximalGradient(f, g, start, tol=tol, **options)


def spams(A, ys, weight, iterations):
    """FISTA of SPAMS, which looks for its step."""
    from spams import fistaFlat

    matrix, signals = np.asfortranarray(A), np.asfortranarray(ys.T)
    start = np.zeros((A.shape[1], len(ys)), order="F")
    options = {"loss": "square", "regul": "l1", "it0": 2 * iterations, "max_it": iterations, "numThreads": 2}
    return lambda _: fistaFlat(signals, matrix, start, False, lambda1=weight, tol=0.0, intercept=False, **options).T


def sigpy(A, ys, weight, iterations):
    """FISTA of SigPy at a known step."""
    from sigpy.app import LinearLeastSquares
    from sigpy.linop import MatMul
    from sigpy.prox import L1Reg

    shape = (A.shape[1], len(ys))

    def solve(_):
        options = {"alpha": 1 / np.linalg.eigvalsh(A @ A.T)[-1], "max_iter": iterations, "show_pbar": False}
        return LinearLeastSquares(MatMul(shape, A), ys.T, proxg=L1Reg(shape, weight), **options).run().T

    return solve
