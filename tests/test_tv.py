"""Total variation: the exact denoiser of one axis, the dual solver, and what both recover."""

import cvxpy as cp
import numpy as np
import pytest

import csrecover as cs
from csrecover import kernels
from csrecover.penalties import tv_line

from .conftest import FULL

CASES = range(200 if FULL else 20)
needs_numba = pytest.mark.skipif(kernels.compiled("tv") is None, reason="numba is not installed")


def line(seed):
    """A signal of one axis: noise, integers with ties, or a random walk; and a threshold."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 200))
    kinds = (rng.standard_normal(n), rng.integers(-2, 3, n).astype(float), np.cumsum(rng.standard_normal(n)))
    return kinds[seed % 3], float(10 ** rng.uniform(-2, 2))


def image(seed):
    """An image with steps and noise, every third one complex, and a threshold."""
    rng = np.random.default_rng(seed)
    x = np.kron(rng.standard_normal((2, 2)), np.ones((2, 3))) + 0.3 * rng.standard_normal((4, 6))
    return x + (1j * rng.standard_normal(x.shape) if seed % 3 == 0 else 0), float(10 ** rng.uniform(-1.5, 0.5))


def differences(shape):
    """Matrices of the forward differences along both axes of an image, zero at the far border."""
    down, right = (np.vstack([np.diff(np.eye(n), axis=0), np.zeros((1, n))]) for n in shape)
    return np.kron(down, np.eye(shape[1])), np.kron(np.eye(shape[0]), right)


def variation(z, isotropic):
    """Total variation of an image by its definition, an expression of the convex solver."""
    steps = [D @ cp.vec(z, order="C") for D in differences(z.shape)]
    down, right = ([cp.real(step), cp.imag(step)] if step.is_complex() else [step] for step in steps)
    return sum(
        cp.sum(cp.norm(cp.vstack(parts), 2, axis=0)) for parts in ([down + right] if isotropic else [down, right])
    )


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("seed", CASES)
def test_running_sums_of_the_residual_certify_the_denoised_line(seed, fast, monkeypatch):
    """u = cumsum(x - p) stays within [-t, t] and ends at 0; it is -t where p jumps up and t where it jumps down."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    monkeypatch.setattr(tv_line, "_WORTH", 0)
    x, t = line(seed)
    p = cs.TV(t).prox(x, 1.0)
    u, jumps = np.cumsum(x - p), np.diff(p)
    size = t + abs(x).sum()
    assert abs(u[-1]) <= 1e-13 * size
    assert (abs(u) <= t + 1e-13 * size).all()
    assert (abs(u[:-1] + t * np.sign(jumps))[abs(jumps) > 1e-13 * size] <= 1e-13 * size).all()


@needs_numba
@pytest.mark.parametrize("seed", CASES)
def test_compiled_jumps_are_those_of_their_plain_twin(seed):
    """Up to ties; so the denoised lines are compared, in batches."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((5, 60)).cumsum(axis=rng.integers(2))
    x -= x.mean(axis=-1, keepdims=True)
    t = np.array([0, *10 ** rng.uniform(-2, 2, 4)])
    np.testing.assert_array_equal(kernels.compiled("tv").jumps(x, t), tv_line.jumps(x, t))


def test_denoised_lines_of_a_worked_example():
    np.testing.assert_allclose(cs.TV(1.0).prox([0, 0, 6, 6, 6.0], 1.0), [0.5, 0.5, 17 / 3, 17 / 3, 17 / 3])
    np.testing.assert_allclose(cs.TV(1.0).prox([0, 4, 0.0], 1.0), [1, 2, 1])
    np.testing.assert_allclose(cs.TV(100.0).prox([1, 2, 6.0], 1.0), [3, 3, 3])


@pytest.mark.parametrize("fast", ["0", "1"])
def test_a_long_line_is_denoised_to_rounding(fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(0)
    x, t = np.repeat(rng.standard_normal(50), 400) + rng.standard_normal(20_000), 5.0
    p = cs.TV().prox(x, t)
    u = np.cumsum(x - p)
    assert abs(u).max() <= t + 1e-9
    assert -np.diff(p) @ u[:-1] == pytest.approx(t * abs(np.diff(p)).sum(), rel=1e-11)


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("seed", CASES)
def test_denoised_image_is_the_minimiser_that_a_convex_solver_finds(seed, isotropic):
    x, t = image(seed)
    z = cp.Variable(x.shape, complex=np.iscomplexobj(x))
    problem = cp.Problem(cp.Minimize(t * variation(z, isotropic) + cp.sum_squares(z - x) / 2))
    problem.solve(solver=cp.CLARABEL)
    penalty = cs.TV(t, ndim=2, isotropic=isotropic)
    p = penalty.prox(x, 1.0)
    np.testing.assert_allclose(p, z.value, atol=1e-4)
    assert penalty.value(p) + np.sum(abs(p - x) ** 2) / 2 == pytest.approx(problem.value, rel=1e-7)


@pytest.mark.parametrize("seed", CASES)
def test_denoised_image_is_optimal_to_the_tolerance(seed):
    """x - p = t u with u a subgradient at p: Re <u, p> = TV(p), and Re <u, z> <= TV(z) for other z."""
    x, t = image(seed)
    rng = np.random.default_rng(seed)
    for isotropic in (True, False):
        penalty = cs.TV(ndim=2, isotropic=isotropic)
        p = penalty.prox(x, t)
        assert np.vdot(x - p, p).real == pytest.approx(t * penalty.value(p), abs=1e-10 * np.sum(abs(x) ** 2))
        others = p + rng.standard_normal((20, *x.shape))
        assert (np.sum((np.conj(x - p) * others).real, axis=(1, 2)) <= t * penalty.value(others) + 1e-10).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_dual_solver_on_one_axis_is_the_taut_string(seed):
    x = np.random.default_rng(seed).standard_normal(30).cumsum()
    for t in (0.1, 1.0, 10.0):
        exact = cs.TV(t).prox(x, 1.0)
        np.testing.assert_allclose(cs.TV(t).prox(x + 0j, 1.0), exact, atol=1e-5)
        for shape in ((30, 1), (1, 30)):
            np.testing.assert_allclose(cs.TV(t, ndim=2).prox(x.reshape(shape), 1.0), exact.reshape(shape), atol=1e-5)


def test_a_line_of_one_phase_and_an_image_of_equal_rows_are_denoised_as_lines():
    x = np.random.default_rng(0).standard_normal(20).cumsum()
    exact = cs.TV(0.5).prox(x, 1.0)
    np.testing.assert_allclose(cs.TV(0.5).prox(np.exp(0.3j) * x, 1.0), np.exp(0.3j) * exact, atol=1e-5)
    np.testing.assert_allclose(cs.TV(0.5, ndim=2).prox(np.stack([x] * 4), 1.0), np.stack([exact] * 4), atol=1e-5)


def test_a_looser_tolerance_is_kept_and_costs_less_accuracy_than_it_allows():
    x, t = image(1)
    exact = cs.TV(t, ndim=2).prox(x, 1.0)
    for tol in (1e-2, 1e-4, 1e-6):
        p = cs.TV(t, ndim=2, tol=tol).prox(x, 1.0)
        assert np.linalg.norm(p - exact) <= tol**0.5 * np.linalg.norm(x - x.mean())


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
def test_single_precision_is_accurate_to_its_rounding(dtype, backend):
    x, t = image(3)
    x = (x.real if dtype is np.float32 else x).astype(dtype)
    for ndim, isotropic in ((1, True), (2, True), (2, False)):
        penalty = cs.TV(t, ndim=ndim, isotropic=isotropic)
        p = cs.to_numpy(penalty.prox(cs.to(x, backend), 1.0))
        assert p.dtype == dtype
        np.testing.assert_allclose(p, penalty.prox(x.astype(np.complex128), 1.0), atol=2e-3)


def test_zero_and_constant_and_large_signals():
    for penalty, shape in ((cs.TV(), (5,)), (cs.TV(ndim=2), (2, 3)), (cs.TV(ndim=2), (1, 1)), (cs.TV(), (1,))):
        for x in (np.zeros(shape), np.full(shape, 3.0), np.full(shape, 3 + 4j)):
            with np.errstate(all="raise"):
                np.testing.assert_allclose(penalty.prox(x, 1.0), x, rtol=1e-15)
                assert penalty.value(x) == 0
        x = np.random.default_rng(0).standard_normal(shape)
        np.testing.assert_allclose((0 * penalty).prox(x, 1.0), x, rtol=1e-14)
    x, t = image(1)
    large = cs.TV(ndim=2).prox(1e200 * x, 1e200 * t)
    np.testing.assert_allclose(large / 1e200, cs.TV(ndim=2).prox(x, t), atol=1e-9)


def test_no_multiple_makes_zero_optimal_unless_the_signal_sums_to_zero():
    x = np.random.default_rng(0).standard_normal((4, 6))
    assert cs.TV(2.0, ndim=2).zero_weight(x) == np.inf
    assert (cs.TV().zero_weight(x) == np.inf).all()
    lines = x - x.mean(axis=-1, keepdims=True)
    limits = cs.TV(2.0).zero_weight(lines)
    np.testing.assert_allclose(limits, abs(np.cumsum(lines, axis=-1)).max(axis=-1) / 2)
    for row, limit in zip(lines, limits, strict=True):
        np.testing.assert_allclose(cs.TV(2.0).prox(row, limit * (1 + 1e-12)), 0, atol=1e-14)
        assert abs(cs.TV(2.0).prox(row, 0.999 * limit)).max() > 1e-5


@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_zero_weight_of_an_image_is_the_least_bound_on_a_field_with_that_divergence(seed, isotropic):
    u, _ = image(3 * seed + 1)
    u -= u.mean()
    q = cp.Variable((2, u.size))
    divergence = sum(D.T @ q[i] for i, D in enumerate(differences(u.shape)))
    bound = cp.max(cp.norm(q, 2, axis=0)) if isotropic else cp.max(cp.abs(q))
    least = cp.Problem(cp.Minimize(bound), [divergence == u.reshape(-1)]).solve(solver=cp.CLARABEL)
    weight = cs.TV(2.0, ndim=2, isotropic=isotropic).zero_weight(np.stack([u, u + 1]))
    assert least / 2 * (1 - 1e-6) <= weight[0] <= least / 2 * (1 + 1e-3)
    assert weight[1] == np.inf


def test_a_piecewise_constant_line_is_recovered():
    """Five pieces of 128 samples from 50 Gaussian measurements; the error is the bias of the weight."""
    rng = np.random.default_rng(1)
    truth = np.repeat(rng.standard_normal(5), [20, 31, 17, 40, 20])
    A = cs.gaussian(50, 128, rng)
    result = cs.fista(A, A @ truth, cs.TV(1e-3), tol=1e-7)
    assert result.converged
    assert np.linalg.norm(result.x - truth) <= 1e-3 * np.linalg.norm(truth)


def test_a_piecewise_constant_image_is_recovered():
    rng = np.random.default_rng(0)
    truth = np.zeros((12, 12))
    truth[2:8, 3:7], truth[6:11, 8:11] = 1, -2
    A = cs.gaussian(90, 144, rng) @ cs.Sampling((12, 12), range(144))
    result = cs.fista(A, A @ truth, cs.TV(1e-3, isotropic=False, tol=1e-8), tol=1e-5)
    assert result.converged
    assert np.linalg.norm(result.x - truth) <= 1e-2 * np.linalg.norm(truth)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        cs.TV(-1.0)
    with pytest.raises(TypeError, match="one number"):
        cs.TV(np.ones(3))
    with pytest.raises(ValueError, match="one axis at least"):
        cs.TV(ndim=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        cs.TV(tol=0)
    with pytest.raises(ValueError, match="2 axes"):
        cs.TV(ndim=2).prox(np.ones(3), 1.0)
