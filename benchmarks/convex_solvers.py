"""The group lasso that benchmarks/convex.py times, solved by this package and by others.

Each solver makes solve(weight, tol) -> x of a matrix and measurements; preparations of the data are not timed.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import plainly

import csrecover as cs

SIZE = 10


def lengths(x):
    """Euclidean norm of each group."""
    return np.linalg.norm(x.reshape(-1, SIZE), axis=1)


def safe_step(A):
    """One over a little more than the squared norm, by thirty power iterations."""
    v = np.ones(A.shape[1])
    for _ in range(30):
        v = A.T @ (A @ v)
        v /= np.linalg.norm(v)
    return 1 / (1.05 * np.linalg.norm(A @ v) ** 2)


def working_set(A, y):
    """Working set of this package."""
    penalty = cs.GroupL2(cs.Blocks.uniform(A.shape[1], SIZE))
    return lambda weight, tol: cs.working_set(A, y, weight * penalty, tol=tol).x


def working_set_plain(A, y):
    """The same without compiled code."""
    solve = working_set(A, y)

    def plain(weight, tol):
        return plainly(lambda: solve(weight, tol))

    return plain


def fista(A, y):
    """FISTA with restart of this package."""
    penalty = cs.GroupL2(cs.Blocks.uniform(A.shape[1], SIZE))
    return lambda weight, tol: cs.fista(cs.Matrix(A), y, weight * penalty, tol=tol).x


def textbook(A, y):
    """FISTA with restart as everybody writes it; tol is the relative change."""

    def solve(weight, tol):
        step = safe_step(A)
        x = z = np.zeros(A.shape[1])
        t = 1.0
        for _ in range(10_000):
            v = (z - step * (A.T @ (A @ z - y))).reshape(-1, SIZE)
            size = np.linalg.norm(v, axis=1, keepdims=True)
            new = (v * np.maximum(1 - step * weight / np.maximum(size, 1e-300), 0)).reshape(-1)
            t = 1.0 if (z - new) @ (new - x) > 0 else t
            t_new = (1 + (1 + 4 * t * t) ** 0.5) / 2
            z, t, change = new + (t - 1) / t_new * (new - x), t_new, np.linalg.norm(new - x)
            x = new
            if change <= tol * np.linalg.norm(x):
                return x
        return x

    return solve


def adelie(A, y):
    """Adelie's group elastic net on two threads."""
    import adelie

    m, n = A.shape
    matrix = adelie.matrix.dense(np.asfortranarray(A), n_threads=2)

    def solve(weight, tol):
        state = adelie.grpnet(
            X=matrix,
            glm=adelie.glm.gaussian(y=y),
            groups=np.arange(0, n, SIZE),
            penalty=np.ones(n // SIZE),
            lmda_path=np.atleast_1d(weight) / m,
            intercept=False,
            early_exit=False,
            tol=tol,
            n_threads=2,
            progress_bar=False,
        )
        found = state.betas.toarray()
        return found if np.ndim(weight) else found[-1]

    return solve


def celer(A, y):
    """Celer's GroupLasso."""
    from celer import GroupLasso

    A = np.asfortranarray(A)

    def solve(weight, tol):
        model = GroupLasso(SIZE, alpha=weight / len(y), tol=tol, fit_intercept=False, max_iter=100, max_epochs=50_000)
        return model.fit(A, y).coef_

    return solve


def skglm(A, y):
    """Skglm's GroupBCD."""
    from skglm.datafits import QuadraticGroup
    from skglm.penalties import WeightedGroupL2
    from skglm.solvers import GroupBCD
    from skglm.utils.data import grp_converter
    from skglm.utils.jit_compilation import compiled_clone

    A, count = np.asfortranarray(A), A.shape[1] // SIZE
    indices, pointers = grp_converter(SIZE, A.shape[1])
    datafit = compiled_clone(QuadraticGroup(pointers, indices))
    penalties = {}

    def solve(weight, tol):
        if weight not in penalties:
            penalties[weight] = compiled_clone(WeightedGroupL2(weight / len(y), np.ones(count), pointers, indices))
        return GroupBCD(tol=tol, fit_intercept=False).solve(A, y, datafit, penalties[weight])[0]

    return solve


def spams(A, y):
    """FISTA of SPAMS, which looks at its gap every tenth iteration."""
    from spams import fistaFlat

    A, n = np.asfortranarray(A), A.shape[1]
    start, groups = np.zeros((n, 1), order="F"), np.repeat(np.arange(1, n // SIZE + 1, dtype=np.int32), SIZE)

    def solve(weight, tol):
        options = {"lambda1": weight, "tol": tol, "it0": 10, "max_it": 10_000, "intercept": False, "numThreads": 2}
        kind = {"loss": "square", "regul": "group-lasso-l2", "groups": groups}
        return fistaFlat(np.asfortranarray(y[:, None]), A, start, False, **kind, **options).reshape(-1)

    return solve


def pyproximal(A, y):
    """FISTA of PyProximal on a matrix of PyLops; it keeps the groups as columns."""
    from pylops import MatrixMult
    from pyproximal import L2, L21
    from pyproximal.optimization.primal import ProximalGradient

    n = A.shape[1]
    matrix = MatrixMult(np.ascontiguousarray(A[:, np.arange(n).reshape(-1, SIZE).T.reshape(-1)]))
    matrix.explicit = False  # else it makes an (n, n) matrix that proximal gradient does not need

    def solve(weight, tol):
        options = {"tau": safe_step(A), "niter": 10_000, "acceleration": "fista", "tol": tol}
        found = ProximalGradient(L2(Op=matrix, b=y), L21(SIZE, weight), x0=np.zeros(n), **options)
        return found.reshape(SIZE, -1).T.reshape(-1)

    return solve


OURS = (working_set, working_set_plain, fista)
PEERS = (textbook, adelie, celer, skglm, spams, pyproximal)
