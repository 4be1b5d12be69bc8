"""Nuclear norm penalties: against a general convex solver, the definitions of their duals, and in a recovery."""

import cvxpy as cp
import numpy as np
import pytest

import csrecover as cs

from .conftest import FULL

CASES = range(200 if FULL else 20)
PENALTIES = [cs.Nuclear, cs.NuclearFrobenius, cs.NuclearSquaredFrobenius]


def drawn(seed, penalty):
    """A penalty of random weights, a matrix (every second one complex) and a step."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 7, 2))
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if seed % 2 else 0)
    weights = rng.uniform(0.1, 1, 1 if penalty is cs.Nuclear else 2)
    return penalty(*weights), x, float(10 ** rng.uniform(-1, 0.5))


def convex(penalty, z):
    """The penalty as an expression of a convex solver."""
    value = penalty.weight * cp.normNuc(z)
    if isinstance(penalty, cs.NuclearFrobenius):
        value += penalty.frobenius * cp.norm(z, "fro")
    if isinstance(penalty, cs.NuclearSquaredFrobenius):
        value += penalty.frobenius / 2 * cp.sum_squares(z)
    return value


@pytest.mark.parametrize("kind", PENALTIES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", CASES)
def test_prox_is_the_minimiser_that_a_convex_solver_finds(seed, kind):
    penalty, x, step = drawn(seed, kind)
    z = cp.Variable(x.shape, complex=np.iscomplexobj(x))
    problem = cp.Problem(cp.Minimize(convex(penalty, z) + cp.sum_squares(z - x) / (2 * step)))
    problem.solve(solver=cp.CLARABEL)
    p = penalty.prox(x, step)
    np.testing.assert_allclose(p, z.value, atol=1e-4)
    assert penalty.value(p) + np.sum(abs(p - x) ** 2) / (2 * step) == pytest.approx(problem.value, rel=1e-7)


@pytest.mark.parametrize("seed", CASES)
def test_prox_satisfies_its_optimality_condition(seed):
    """p = prox(x) if and only if u = (x - p) / step has dual norm <= 1 and Re <u, p> = value(p)."""
    for kind in (cs.Nuclear, cs.NuclearFrobenius):
        penalty, x, step = drawn(seed, kind)
        p = penalty.prox(x, step)
        u = (x - p) / step
        assert penalty.dual(u) <= 1 + 1e-12
        assert np.vdot(u, p).real == pytest.approx(penalty.value(p), abs=1e-12)
    penalty, x, step = drawn(seed, cs.NuclearSquaredFrobenius)
    p = penalty.prox(x, step)
    u = (x - p) / step - penalty.frobenius * p
    assert np.linalg.norm(u, 2) <= penalty.weight * (1 + 1e-12)
    assert np.vdot(u, p).real == pytest.approx(penalty.weight * np.linalg.norm(p, "nuc"), abs=1e-12)


@pytest.mark.parametrize("seed", CASES)
def test_dual_norm_of_nuclear_plus_frobenius_balances_the_thresholded_singular_values(seed):
    rng = np.random.default_rng(seed)
    sigma = np.repeat(rng.uniform(0, 3, 4), rng.integers(1, 3, 4))
    u = cs.partial_orthogonal(len(sigma), len(sigma), seed).todense() @ np.diag(sigma)
    weight, frobenius = 10 ** rng.uniform(-6, 2, 2)
    t = cs.NuclearFrobenius(weight, frobenius).dual(u)
    left, slope = np.clip(sigma - t * weight, 0, None), weight * len(sigma) ** 0.5 + frobenius
    assert abs(np.linalg.norm(left) - t * frobenius) <= 1e-13 * (t * slope + sigma.max())


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_one_weight_of_zero_leaves_the_other_norm(alpha):
    u = np.random.default_rng(0).standard_normal((4, 3))
    sigma = np.linalg.svd(u, compute_uv=False)
    assert cs.NuclearFrobenius(0, 2.0).dual(u) == pytest.approx(np.linalg.norm(u) / 2, rel=1e-14)
    assert cs.NuclearFrobenius(2.0, 0).dual(u) == pytest.approx(sigma[0] / 2, rel=1e-14)
    assert cs.NuclearFrobenius(2.0, 1e-9).dual(np.eye(3)) == pytest.approx(0.5, rel=1e-8)
    assert cs.NuclearFrobenius(0, 0).dual(u) == np.inf
    np.testing.assert_allclose(
        cs.NuclearSquaredFrobenius(alpha, 0).prox(u, 0.5), cs.Nuclear(alpha).prox(u, 0.5), atol=1e-14
    )


def test_a_stack_of_matrices_adds_their_nuclear_norms_and_shares_one_frobenius_norm():
    x = np.random.default_rng(0).standard_normal((3, 4, 2))
    nuclear = sum(np.linalg.norm(matrix, "nuc") for matrix in x)
    assert cs.Nuclear(0.5, ndim=3).value(x) == pytest.approx(0.5 * nuclear)
    assert cs.NuclearFrobenius(0.5, 2.0, ndim=3).value(x) == pytest.approx(0.5 * nuclear + 2 * np.linalg.norm(x))
    np.testing.assert_allclose(cs.Nuclear(0.5, ndim=3).prox(x, 0.7), cs.Nuclear(0.5).prox(x, 0.7), atol=1e-14)


@pytest.mark.parametrize("kind", PENALTIES, ids=lambda kind: kind.__name__)
def test_zero_is_optimal_from_lambda_max_on(kind):
    u, penalty = np.random.default_rng(1).standard_normal((4, 6)), kind(0.7)
    limit = cs.lambda_max(cs.Identity((4, 6)), u, penalty)
    assert not (1.0001 * limit * penalty).prox(u, 1.0).any()
    assert (0.9999 * limit * penalty).prox(u, 1.0).any()


def test_a_low_rank_matrix_is_recovered_from_gaussian_measurements():
    """Rank 2 of 16 x 16 has 60 degrees of freedom; 170 of 256 measurements. The error is the bias of the weight."""
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((16, 2)) @ rng.standard_normal((2, 16))
    A = cs.gaussian(170, 256, rng) @ cs.Sampling((16, 16), range(256))
    for penalty in (cs.Nuclear(1e-3), cs.NuclearFrobenius(1e-3, 1e-4), cs.NuclearSquaredFrobenius(1e-3, 1e-6)):
        result = cs.fista(A, A @ truth, penalty, tol=1e-6)
        assert result.converged
        assert np.linalg.norm(result.x - truth) <= 1e-3 * np.linalg.norm(truth)
        assert np.linalg.matrix_rank(result.x, tol=1e-2) == 2


def test_wrong_weights_and_shapes_are_refused():
    for kind in PENALTIES:
        with pytest.raises(ValueError, match="two axes"):
            kind(ndim=1)
        with pytest.raises(ValueError, match="not negative"):
            kind(-1.0)
        with pytest.raises(TypeError, match="one number"):
            kind(np.ones(3))
        with pytest.raises(ValueError, match="two axes"):
            cs.fista(cs.DCT(4), np.ones(4), kind())
        with pytest.raises(ValueError, match="2 axes"):
            kind().prox(np.ones(3), 1.0)
    with pytest.raises(TypeError, match="scaled by a number"):
        np.ones(2) * cs.NuclearFrobenius()
