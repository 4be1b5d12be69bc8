"""The front door: which solver, which budget, which scale, and what it may call converged."""

import math

import numpy as np
import pytest

import csrecover as cs
from csrecover.penalties.indicator import Indicator
from csrecover.solvers.chance import log_chance, told_apart

from . import cases
from .conftest import FULL

N = 256
TREE = cs.TreeSparse(cs.Wavelet(N, "haar").tree)
BLOCKS = cs.Blocks.uniform(N, 8)
CHAIN = ("subspace_pursuit", "subspace_pursuit, then htp", "subspace_pursuit, then cosamp")


def problem(model, m, k, seed, *, noise=0.0, n=N):
    """A Gaussian operator, a signal of the model, its measurements and the norm of the noise in them."""
    rng = np.random.default_rng(seed)
    A, x, e = cs.gaussian(m, n, rng), cs.random_signal(model, n, k, rng), rng.standard_normal(m)
    e = e * noise * np.linalg.norm(A @ x) / np.linalg.norm(e)
    return A, x, A @ x + e, np.linalg.norm(e)


# --- several solvers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "m", "k"), [(TREE, 60, 30), (cs.Sparse(), 66, 20), (cs.BlockSparse(BLOCKS), 58, 5)])
def test_other_solvers_rescue_signals_that_subspace_pursuit_leaves(model, m, k):
    rescued = 0
    for seed in range(40):
        A, x, y, _ = problem(model, m, k, seed)
        first, result = cs.subspace_pursuit(A, y, model, k), cs.recover(A, y, model, k)
        assert result.solver in CHAIN
        assert result.residual_norm <= first.residual_norm
        assert (result.solver == CHAIN[0]) == np.array_equal(result.x, first.x)
        if result.error(x) <= 1e-6:
            assert result.status is cs.Status.CONVERGED
            rescued += first.error(x) > 0.1
        else:
            assert first.error(x) > 1e-6
    assert rescued >= 1


def test_only_the_signals_that_failed_are_solved_again_and_each_is_as_alone():
    A = problem(cs.Sparse(), 66, 20, 3)[0]
    signals = np.stack([cs.random_signal(cs.Sparse(), N, k, seed) for seed, k in enumerate([5, 20, 20, 5, 20, 20])])
    y = (A @ signals).reshape(3, 2, -1)
    result, alone = cs.recover(A, y, cs.Sparse(), 20), [cs.recover(A, each, cs.Sparse(), 20) for each in A @ signals]
    assert len(set(result.solver.ravel())) >= 2
    assert result.x.shape == (3, 2, N)
    np.testing.assert_allclose(result.x.reshape(6, N), [each.x for each in alone], atol=1e-9)
    for name in ("status", "solver", "iterations"):
        assert list(getattr(result, name).ravel()) == [getattr(each, name) for each in alone]
    for place, each in zip(np.ndindex(3, 2), alone, strict=True):
        rows = each.history["residual_norm"]
        np.testing.assert_allclose(result.history["residual_norm"][(slice(len(rows)), *place)], rows, atol=1e-12)
    first = cs.subspace_pursuit(A, y, cs.Sparse(), 20)
    assert (result.x[first.converged] == first.x[first.converged]).all()
    assert "subspace_pursuit, then" in repr(result)


def test_several_solvers_run_on_every_backend(backend):
    A, _, y, _ = problem(cs.Sparse(), 66, 20, 3)
    y = np.stack([y, A @ cs.random_signal(cs.Sparse(), N, 5, 0), y[::-1]])
    host = cs.recover(A, y, cs.Sparse(), 20)
    there = cs.recover(cs.to(A, backend), cs.to(y, backend), cs.Sparse(), 20)
    assert list(there.converged) == list(host.converged)
    np.testing.assert_allclose(cs.to_numpy(there.x)[host.converged], host.x[host.converged], atol=1e-8)


def test_a_stack_of_matrices_is_solved_again_together():
    operator = cs.Matrix(np.stack([cs.gaussian(28, 60, seed).matrix for seed in range(3)]))
    signals = np.stack([[cs.random_signal(cs.Sparse(), 60, 9, 3 * i + j) for j in range(3)] for i in range(8)])
    y = operator @ signals
    first, result = cs.subspace_pursuit(operator, y, cs.Sparse(), 9), cs.recover(operator, y, cs.Sparse(), 9)
    assert (result.residual_norm <= first.residual_norm).all()
    assert (result.error(signals) <= 1e-6).sum() > (first.error(signals) <= 1e-6).sum()


def test_a_callback_that_stops_a_solver_stops_those_after_it():
    A, _, y, _ = problem(cs.Sparse(), 40, 20, 0)
    seen = []
    result = cs.recover(A, y, cs.Sparse(), 20, callback=lambda progress: seen.append(progress.iteration) or True)
    assert seen == [1]
    assert result.status is cs.Status.STOPPED


@pytest.mark.parametrize("name", cases.models())
def test_every_model_is_recovered_from_as_many_measurements_as_coefficients(name):
    case = cases.models()[name]
    A = cs.gaussian(2 * math.prod(case.shape), math.prod(case.shape), 0) @ _flatten(case.shape)
    k = 1 if case.budgets is None else case.budgets[len(case.budgets) // 2]
    if not isinstance(case.model, cs.SupportModel):
        with pytest.raises(TypeError, match="LowRank has no supports"):
            cs.recover(A, A @ np.ones(case.shape), case.model, k)
        return
    x = cs.random_signal(case.model, case.shape, k, 0)
    result = cs.recover(A, A @ x, case.model, k)
    assert result.converged
    assert result.error(x) <= 1e-8
    if isinstance(case.model.units(case.shape), int):
        assert cs.recover(A, A @ x, case.model, noise=1e-9).error(x) <= 1e-6


def _flatten(shape):
    """The coefficients of a signal as a vector."""
    return cs.Sampling(shape, np.arange(math.prod(shape)))


# --- what may be called converged ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "s"), [(8, 2), (9, 1), (6, 5)])
@pytest.mark.parametrize("field", ["real", "complex"])
def test_the_chance_of_a_fit_bounds_its_frequency(m, s, field):
    """One support, measurements in random directions; for one complex unknown it is the distribution itself."""
    rng, model = np.random.default_rng(0), cs.BlockSparse(cs.Blocks.uniform(2 * m, 2 * m))
    draws = [rng.standard_normal((20_000, m)) + (1j * rng.standard_normal((20_000, m)) if field == "complex" else 0)]
    y = draws[0]
    relative = np.linalg.norm(y[:, s:], axis=1) / np.linalg.norm(y, axis=1)
    model = _Fixed(s)
    for level in (0.2, 0.5, 0.8):
        bound = math.exp(log_chance(cs.gaussian(m, 2 * m, 0, dtype=y.dtype), y, model, 1, level))
        frequency = np.mean(relative <= level)
        assert frequency <= bound + 4 * (bound / 20_000) ** 0.5 + 1e-9
        if 2 * s == (2 if field == "complex" else 4):
            assert bound == pytest.approx(frequency, rel=0.3, abs=5e-4)


class _Fixed:
    """One support of that size."""

    def __init__(self, size):
        self.size = size

    def max_nonzeros(self, k):
        return self.size

    def log_count(self, k, shape):
        return 0.0


def test_as_many_unknowns_as_measurements_tell_nothing():
    A = cs.gaussian(20, 50, 0)
    y = np.random.default_rng(1).standard_normal(20)
    result = cs.recover(A, y, cs.Sparse(), 20)
    assert result.residual_norm <= 1e-10
    assert result.status is cs.Status.AMBIGUOUS
    assert not told_apart(A, y, cs.Sparse(), 19, 1e-6)
    assert told_apart(A, y, cs.Sparse(), 8, 1e-6)
    assert told_apart(cs.gaussian(50, 50, 0), y, cs.Sparse(), 50, 1e-6)  # there is one solution at most


OUTSIDE = [(cs.Sparse(), 48, 36), (TREE, 48, 36), (cs.BlockSparse(BLOCKS), 48, 4), (cs.Sparse(), 48, 24)]


@pytest.mark.parametrize("how", ["k and noise", "noise", "holdout"])
def test_what_has_converged_outside_the_regime_is_seldom_wrong(how):
    draws = 200 if FULL else 40
    wrong = 0
    for seed in range(draws):
        model, m, k = OUTSIDE[seed % len(OUTSIDE)]
        A, x, y, noise = problem(model, m, k, seed, noise=0.01)
        options = {"holdout": True} if how == "holdout" else {"noise": noise}
        result = cs.recover(A, y, model, None if how == "noise" else k, **options)
        wrong += result.converged and result.error(x) > 0.1
    assert wrong <= 0.02 * draws


# --- noise and unknown budgets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.05])
@pytest.mark.parametrize(("model", "k"), [(cs.Sparse(), 12), (TREE, 20), (cs.BlockSparse(BLOCKS), 5)])
def test_the_budget_that_the_noise_gives_is_the_true_one(model, k, level):
    budgets = []
    for seed in range(30 if FULL else 7):
        A, x, y, noise = problem(model, 110, k, seed, noise=level)
        result = cs.recover(A, y, model, noise=noise)
        assert result.converged
        assert result.residual_norm <= max(noise, 1e-6 * np.linalg.norm(y))
        assert result.error(x) <= 0.3
        budgets.append(result.budget)
    assert abs(np.median(budgets) - k) <= 1 + (level > 0)


def test_the_budget_is_the_smallest_that_fits():
    A, _, y, noise = problem(cs.Sparse(), 110, 12, 0, noise=0.02)
    result = cs.recover(A, y, cs.Sparse(), noise=noise)
    assert cs.recover(A, y, cs.Sparse(), result.budget, noise=noise).converged
    assert not cs.recover(A, y, cs.Sparse(), result.budget - 1, noise=noise).converged


def test_signals_of_a_batch_have_each_its_budget_and_noise():
    A = cs.gaussian(110, N, 0)
    signals = np.stack([cs.random_signal(cs.Sparse(), N, k, k) for k in (3, 17, 6, 1)]).reshape(2, 2, N)
    noise = np.array([[0.0, 0.1], [0.2, 0.0]])
    e = np.random.default_rng(0).standard_normal((2, 2, 110))
    y = A @ signals + noise[..., None] * e / np.linalg.norm(e, axis=-1, keepdims=True)
    result = cs.recover(A, y, cs.Sparse(), noise=noise, max_memory=2e5)
    assert result.converged.all()
    for place in np.ndindex(2, 2):
        alone = cs.recover(A, y[place], cs.Sparse(), noise=noise[place])
        assert result.budget[place] == alone.budget
        np.testing.assert_allclose(result.x[place], alone.x, atol=1e-9)


def test_a_signal_that_no_sensible_budget_fits_is_infeasible():
    A, _, _, _ = problem(cs.Sparse(), 40, 4, 0)
    y = np.random.default_rng(0).standard_normal((2, 40))
    y[1] = A @ cs.random_signal(cs.Sparse(), N, 3, 0)
    result = cs.recover(A, y, cs.Sparse(), noise=0.01)
    assert list(result.status) == [cs.Status.INFEASIBLE, cs.Status.CONVERGED]
    assert result.residual_norm[0] > 0.01
    assert not told_apart(A, y, cs.Sparse(), 2 * result.budget[0] + 1, 0.01 / np.linalg.norm(y[0]))


def test_held_out_rows_find_the_budget_and_bracket_the_error():
    A, x, y, _ = problem(cs.Sparse(), 120, 12, 0, noise=0.02)
    result = cs.recover(A, y, cs.Sparse(), holdout=True)
    assert 8 <= result.budget <= 30
    assert result.error(x) * np.linalg.norm(x) <= result.error_estimate.high
    same = cs.recover(A, y, cs.Sparse(), result.budget, holdout=True, rng=0)
    np.testing.assert_array_equal(same.x, result.x)
    assert same.budget is None


# --- penalties -------------------------------------------------------------------------------------------------------

WEIGHTED = {
    "l1": cs.L1(0.1),
    "groups": cs.GroupL2(BLOCKS, "sqrt"),
    "elastic net": cs.ElasticNet(1.0, 0.1),
    "nonnegative": cs.NonNegativeL1(),
    "tree": cs.TreeL2(TREE.tree),
    "variation": cs.TV(),
}


@pytest.mark.parametrize("name", WEIGHTED)
@pytest.mark.parametrize("level", [0.02, 0.3])
def test_the_discrepancy_principle_takes_the_largest_scale_within_the_noise(name, level):
    A, _, y, noise = problem(TREE, 120, 20, 0, noise=level)
    result = cs.recover(A, y, WEIGHTED[name], noise=noise)
    assert result.converged
    assert 0.99 * noise <= result.residual_norm <= noise
    assert np.linalg.norm(y - A @ result.x) == pytest.approx(result.residual_norm, rel=1e-6)
    larger = cs.recover(A, y, WEIGHTED[name], scale=1.1 * result.scale)
    assert larger.residual_norm > noise
    again = cs.recover(A, y, WEIGHTED[name], scale=result.scale, tol=1e-8)
    assert again.residual_norm == pytest.approx(noise, rel=0.03)


@pytest.mark.parametrize("operator", ["matrix", "transform"])
def test_signals_of_a_batch_have_each_its_scale(operator, backend):
    A = cs.gaussian(60, 128, 0) if operator == "matrix" else cs.random_rows(128, 60, 0) @ cs.DCT(128)
    rng = np.random.default_rng(0)
    y = np.stack([A @ cs.random_signal(cs.Sparse(), 128, 6, seed) for seed in range(3)] + [np.zeros(60)])
    e = rng.standard_normal(y.shape)
    noise = np.array([0.1, 0.5, 1e3, 0.1])
    y[:2] += (noise[:, None] * e / np.linalg.norm(e, axis=1, keepdims=True))[:2]
    result = cs.recover(*cs.to((A, y), backend), cs.L1(), noise=noise)
    assert (0.99 * noise[:2] <= result.residual_norm[:2]).all()
    assert (result.residual_norm <= noise).all()
    assert not np.any(cs.to_numpy(result.x)[2:])  # zero is within the noise
    assert result.scale[2] == pytest.approx(float(cs.lambda_max(A, y[2], cs.L1())))
    assert result.converged.all()


def test_a_noise_level_below_the_least_residual_is_infeasible():
    A = cs.gaussian(40, 20, 0)
    y = np.random.default_rng(0).standard_normal(40)
    least = np.linalg.norm(y - A @ np.linalg.lstsq(A.matrix, y, rcond=None)[0])
    assert cs.recover(A, y, cs.L1(), noise=0.9 * least).status is cs.Status.INFEASIBLE
    assert cs.recover(A, y, cs.L1(), noise=1.1 * least).converged


def test_a_residual_that_jumps_ends_within_the_noise():
    A, _, y, noise = problem(cs.BlockSparse(BLOCKS), 120, 5, 0, noise=0.1)
    result = cs.recover(A, y, cs.BlockMCP(BLOCKS, 1.0, gamma=100.0), noise=noise)
    assert result.solver == "sparsa"
    assert result.residual_norm <= noise


@pytest.mark.parametrize("name", cases.penalties())
def test_every_penalty_goes_to_a_solver_that_is_for_it(name):
    penalty, shape = cases.penalties()[name]
    A = cs.gaussian(2 * math.prod(shape), math.prod(shape), 0) @ _flatten(shape)
    y = A @ np.random.default_rng(0).standard_normal(shape)
    result = cs.recover(A, y, penalty, max_iter=500)
    assert result.solver == ("fista" if penalty.convex else "sparsa")
    assert result.x.shape == shape
    noise = 0.5 * np.linalg.norm(y)
    if isinstance(penalty, Indicator):
        with pytest.raises(TypeError, match="has no weight"):
            cs.recover(A, y, penalty, noise=noise)
        return
    bounded = cs.recover(A, y, penalty, noise=noise, max_iter=500)
    assert bounded.residual_norm <= noise or bounded.status is cs.Status.INFEASIBLE


# --- debiasing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("operator", ["matrix", "transform"])
def test_debiasing_is_least_squares_on_the_support(field, operator, backend):
    dtype = np.complex128 if field == "complex" else np.float64
    A = cs.gaussian(100, N, 0, dtype=dtype) if operator == "matrix" else cs.random_rows(N, 100, 0) @ cs.DCT(N)
    x = cs.random_signal(cs.Sparse(), N, 8, 1, dtype=dtype)
    y = A @ x + 0.02 * np.random.default_rng(2).standard_normal(100)
    y = np.stack([y, 0 * y])
    plain = cs.recover(A, y, cs.L1(), scale="0.3 lmax")
    result = cs.recover(*cs.to((A, y), backend), cs.L1(), scale="0.3 lmax", debias=True)
    support = cs.to_numpy(plain.support)[0]
    expected = np.linalg.lstsq(A.todense()[:, support], y[0], rcond=None)[0]
    np.testing.assert_allclose(cs.to_numpy(result.x)[0][support], expected, atol=1e-8)
    assert not np.any(cs.to_numpy(result.x)[0][~support])
    assert not np.any(cs.to_numpy(result.x)[1])
    assert result.error(cs.to(np.stack([x, 0 * x]), backend))[0] < 0.7 * plain.error(np.stack([x, 0 * x]))[0]
    assert result.residual_norm[0] == pytest.approx(np.linalg.norm(y[0] - A.todense()[:, support] @ expected))
    assert all(name.endswith(", debiased") for name in result.solver)
    assert np.isnan(result.gap).all()


def test_debiasing_is_left_out_where_it_is_not_safe():
    A, _, y, _ = problem(cs.Sparse(), 60, 25, 0, noise=0.1)
    many = cs.recover(A, y, cs.L1(), scale="0.001 lmax", debias=True)
    assert np.sum(many.support) > 30
    np.testing.assert_array_equal(many.x, cs.recover(A, y, cs.L1(), scale="0.001 lmax").x)
    assert many.solver == "working_set, not debiased: unsafe"
    twins = np.concatenate([A.matrix[:, :1], A.matrix[:, :1] + 1e-4 * A.matrix[:, 1:2], A.matrix[:, 2:]], axis=1)
    flat = cs.ElasticNet(1.0, 1e-3)
    alike = cs.recover(twins, A.matrix[:, 0], flat, scale="0.5 lmax", debias=True)
    assert alike.support[:2].all()
    assert alike.solver == "fista, not debiased: unsafe"


# --- results and errors ----------------------------------------------------------------------------------------------


def test_a_result_says_and_saves_what_was_done(tmp_path):
    A, _, y, noise = problem(cs.Sparse(), 110, 5, 0, noise=0.02)
    result = cs.recover(A, y, cs.Sparse(), noise=noise)
    assert repr(result).endswith("; subspace_pursuit)")
    result.save(tmp_path / "one.npz")
    batch = cs.recover(A, np.stack([y, y]), cs.L1(), noise=noise, debias=True)
    assert repr(batch).endswith("; working_set, debiased 2)")
    batch.save(tmp_path / "two.npz")
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "two.npz") as two:
        assert (one["solver"], one["budget"]) == ("subspace_pursuit", 5)
        assert list(two["solver"]) == ["working_set, debiased"] * 2
        np.testing.assert_array_equal(two["scale"], batch.scale)
    assert cs.fista(A, y, cs.L1()).solver is None


HALVES = cs.Product((cs.Sparse(), cs.Sparse()), (10, 10))
STACK = cs.Matrix(np.ones((2, 4, 20)))
A20, Y20 = cs.gaussian(12, 20, 0), np.ones(12)


@pytest.mark.parametrize(
    ("kind", "match", "call"),
    [
        (
            ValueError,
            "needs a budget: .*; to find it give noise=.* or holdout=True",
            lambda: cs.recover(A20, Y20, cs.Sparse()),
        ),
        (ValueError, "debias belongs to a penalty", lambda: cs.recover(A20, Y20, cs.Sparse(), 2, debias=True)),
        (ValueError, "holdout belongs to a model", lambda: cs.recover(A20, Y20, cs.L1(), holdout=True)),
        (ValueError, "give one of noise and scale=0.5", lambda: cs.recover(A20, Y20, cs.L1(), noise=1, scale=0.5)),
        (ValueError, "noise level of a penalty is positive, got 0", lambda: cs.recover(A20, Y20, cs.L1(), noise=0)),
        (ValueError, "noise must be finite and not negative", lambda: cs.recover(A20, Y20, cs.Sparse(), noise=-1)),
        (
            ValueError,
            r"noise must be one number or have shape \(\)",
            lambda: cs.recover(A20, Y20, cs.L1(), noise=[1, 2]),
        ),
        (TypeError, "noise is a real number", lambda: cs.recover(A20, Y20, cs.L1(), noise=1j)),
        (TypeError, "Box has no weight", lambda: cs.recover(A20, Y20, cs.Box(0, 1), noise=1)),
        (TypeError, "several parts, which are not searched for: give k", lambda: cs.recover(A20, Y20, HALVES, noise=1)),
        (ValueError, "stack of matrices", lambda: cs.recover(STACK, np.ones((2, 4)), cs.Sparse(), noise=1)),
        (ValueError, "stack of matrices", lambda: cs.recover(STACK, np.ones((2, 4)), cs.L1(), noise=1)),
        (ValueError, "stack of matrices", lambda: cs.recover(STACK, np.ones((2, 4)), cs.L1(), debias=True)),
    ],
)
def test_arguments_that_do_not_fit_are_refused(kind, match, call):
    with pytest.raises(kind, match=match):
        call()
