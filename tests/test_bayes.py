"""Sparse Bayesian learning: in lockstep with the textbook, against Gaussian conditioning, and where it pays."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import csrecover as cs

from . import reference
from .conftest import FULL
from .test_solvers import every_field, every_kind, followed, normal, problem

N = 48
BLOCKS = {
    "equal": cs.Blocks.uniform(N, 4),
    "unequal": cs.Blocks(np.random.default_rng(3).permutation(np.repeat(np.arange(8), [1, 2, 3, 5, 6, 8, 11, 12]))),
    "single": cs.Blocks.uniform(N, 1),
}
every_blocks = pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
SEEDS = range(20 if FULL else 2)


def smooth(blocks, active, correlation, rng, field="real"):
    """Signal whose active blocks are stationary autoregressions."""
    x = normal(rng, blocks.labels.size, field)
    for b in range(blocks.count):
        members = blocks.labels == b
        root = np.linalg.cholesky(reference.correlated(correlation, members.sum()))
        x[members] = root @ x[members] if b in active else 0
    return x


def start(matrix, y):
    """Variance and noise that the solvers start from."""
    energy = np.linalg.norm(y) ** 2
    return energy / np.linalg.norm(matrix) ** 2, 0.01 * energy / y.size


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


def in_lockstep(solver, A, y, steps, *arguments, **options):
    """Result after 25 iterations, each compared with the step of the twin, and the last of these."""
    result, seen = followed(solver, A, y, *arguments, prune=0.0, tol=0.0, max_iter=25, **options)
    for x, objective, step in zip(seen, result.history["objective"], steps, strict=False):
        np.testing.assert_allclose(x, step[0], rtol=0, atol=1e-7)
        assert objective == pytest.approx(step[1], rel=1e-8, abs=1e-8)
    return result, step


@pytest.mark.parametrize("rule", ["bound", "em", "mackay"])
@pytest.mark.parametrize("learn_noise", [True, False])
@every_kind
@every_field
def test_sbl_iterates_are_those_of_the_textbook(rule, learn_noise, kind, field):
    for seed in SEEDS:
        A, matrix, y, _ = problem(kind, field, seed, cs.Sparse(), 5, noise=0.1)
        variance, noise = start(matrix, y)
        twin = reference.sparse_bayes(matrix, y, np.arange(N), variance, noise, rule=rule, learn_noise=learn_noise)
        given = {} if learn_noise else {"noise_variance": noise}
        result, (_, _, v, noise, _) = in_lockstep(cs.sbl, A, y, twin, rule=rule, **given)
        np.testing.assert_allclose(result.posterior.variance, v, rtol=1e-5, atol=1e-9)
        assert result.posterior.noise_variance == pytest.approx(noise, rel=1e-5)


@pytest.mark.parametrize("name", ["equal", "unequal"])
@pytest.mark.parametrize("correlation", [None, 0.7])
@every_field
def test_bsbl_iterates_are_those_of_the_textbook(name, correlation, field):
    blocks = BLOCKS[name]
    for seed in SEEDS:
        A, matrix, y, _ = problem("matrix", field, seed, cs.BlockSparse(blocks), 2, noise=0.1)
        x = smooth(blocks, (1, 4, 6), 0.8, np.random.default_rng(seed), field)
        y = y + matrix @ x
        learnt = {"correlation": 0.0} if correlation is None else {}
        twin = reference.sparse_bayes(matrix, y, blocks.labels, *start(matrix, y), **learnt)
        if correlation is None:
            result, (_, _, v, _, r) = in_lockstep(cs.bsbl, A, y, twin, blocks)
            assert result.posterior.correlation == pytest.approx(r, abs=1e-6)
            np.testing.assert_allclose(result.posterior.variance, v[blocks.labels], rtol=1e-4, atol=1e-9)
        else:
            result = cs.bsbl(A, y, blocks, correlation=correlation, prune=0.0, max_iter=1)
            prior = start(matrix, y)[0] * (blocks.labels[:, None] == blocks.labels)
            places = np.array([np.sum(blocks.labels[:i] == b) for i, b in enumerate(blocks.labels)])
            prior = prior * correlation ** abs(places[:, None] - places)
            S = start(matrix, y)[1] * np.eye(y.size) + matrix @ prior @ matrix.conj().T
            np.testing.assert_allclose(result.x, prior @ matrix.conj().T @ np.linalg.solve(S, y), atol=1e-12)


@every_field
def test_bsbl_with_blocks_of_one_is_sbl(field):
    A, _, y, _ = problem("matrix", field, 0, cs.Sparse(), 5, noise=0.1)
    single, plain = cs.bsbl(A, y, BLOCKS["single"], tol=1e-10), cs.sbl(A, y, rule="bound", tol=1e-10)
    np.testing.assert_allclose(single.x, plain.x, atol=1e-9)
    assert single.posterior.correlation == 0


# --- theorems --------------------------------------------------------------------------------------------------------


def test_the_objective_is_the_negative_log_likelihood_of_the_measurements():
    A, matrix, y, _ = problem("matrix", "real", 0, cs.Sparse(), 5, noise=0.1)
    result = cs.sbl(A, 7 * y, tol=1e-9)
    posterior = result.posterior
    S = posterior.noise_variance * np.eye(y.size) + (matrix * posterior.variance) @ matrix.T
    assert result.history["objective"][-1] == pytest.approx(-multivariate_normal(cov=S).logpdf(7 * y))


@pytest.mark.parametrize("rule", ["bound", "em"])
@every_field
def test_the_objective_of_sbl_never_rises(rule, field):
    for seed in SEEDS:
        A, _, y, _ = problem("matrix", field, seed, cs.Sparse(), 5, noise=0.3)
        history = cs.sbl(A, y, rule=rule, prune=0.0, tol=0.0, max_iter=200).history["objective"]
        assert (np.diff(history) <= 1e-7).all()
        assert history[-1] < history[0] - 1


@every_blocks
@every_field
def test_the_objective_of_bsbl_never_rises_while_it_learns_the_correlation(blocks, field):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        A, _, y, _ = problem("matrix", field, seed, cs.BlockSparse(blocks), 2, noise=0.3)
        y = y + A @ smooth(blocks, (1, 4, 6), 0.9, rng, field)
        history = cs.bsbl(A, y, blocks, prune=0.0, tol=0.0, max_iter=200).history["objective"]
        assert (np.diff(history) <= 1e-7).all()
        assert history[-1] < history[0] - 1


@every_blocks
def test_the_mean_and_the_deviations_are_those_of_gaussian_conditioning(blocks):
    A, matrix, y, _ = problem("matrix", "complex", 1, cs.BlockSparse(blocks), 3, noise=0.1)
    result = cs.bsbl(A, y, blocks, correlation=0.5)
    posterior, labels = result.posterior, blocks.labels
    places = np.array([np.sum(labels[:i] == b) for i, b in enumerate(labels)])
    prior = posterior.variance * (labels[:, None] == labels) * 0.5 ** abs(places[:, None] - places)
    S = posterior.noise_variance * np.eye(y.size) + matrix @ prior @ matrix.conj().T
    gain = prior @ matrix.conj().T @ np.linalg.inv(S)
    np.testing.assert_allclose(result.x, gain @ y, atol=1e-10)
    variance = (prior - gain @ matrix @ prior).diagonal().real
    np.testing.assert_allclose(posterior.deviation**2, variance, atol=1e-9)
    assert (posterior.deviation[~result.support] == 0).all()


@pytest.mark.parametrize("rule", ["bound", "mackay"])
def test_the_variances_that_are_left_are_stationary(rule):
    """The derivative of the objective, s - f with f = |a^H S^-1 y|^2 and s = a^H S^-1 a, is zero where v > 0."""
    for seed in SEEDS:
        A, matrix, y, _ = problem("matrix", "complex", seed, cs.Sparse(), 5, noise=0.3)
        posterior = cs.sbl(A, y, rule=rule, noise_variance=0.09, tol=1e-12, max_iter=20_000).posterior
        S = 0.09 * np.eye(y.size) + (matrix * posterior.variance) @ matrix.conj().T
        f = abs(matrix.conj().T @ np.linalg.solve(S, y)) ** 2
        s = np.sum(matrix.conj() * np.linalg.solve(S, matrix), axis=0).real
        on = posterior.variance > 0
        assert 0 < on.sum() < N
        np.testing.assert_allclose(f[on], s[on], rtol=1e-3)


@every_field
def test_the_answer_scales_with_the_measurements(field):
    A, _, y, _ = problem("matrix", field, 2, cs.Sparse(), 5, noise=0.1)
    one, many = cs.sbl(A, y, rule="bound"), cs.sbl(A, 1e6 * y, rule="bound")
    np.testing.assert_allclose(many.x, 1e6 * one.x, rtol=1e-6)
    assert many.posterior.noise_variance == pytest.approx(1e12 * one.posterior.noise_variance)


def test_each_signal_of_a_batch_has_its_own_posterior():
    blocks = BLOCKS["unequal"]
    A, _, y, _ = problem("matrix", "real", 0, cs.BlockSparse(blocks), 2, noise=0.1)
    y = np.stack([y, 0 * y, A @ smooth(blocks, (0, 7), 0.95, np.random.default_rng(0))])
    together = cs.bsbl(A, y, blocks, noise_variance=np.array([0.01, 0.5, 1e-4]))
    for i, noise in enumerate([0.01, 0.5, 1e-4]):
        alone = cs.bsbl(A, y[i], blocks, noise_variance=noise)
        for name in ("deviation", "variance", "correlation"):
            expected = getattr(alone.posterior, name)
            np.testing.assert_allclose(getattr(together.posterior, name)[i], expected, rtol=1e-6, atol=1e-9)
        assert together.iterations[i] == alone.iterations
    assert (together.posterior.variance[1] == 0).all()


def test_the_posterior_is_saved_with_the_result(tmp_path):
    result = cs.sbl(np.eye(4), np.arange(4.0), noise_variance=0.1)
    result.save(tmp_path / "result.npz")
    with np.load(tmp_path / "result.npz") as saved:
        assert (saved["posterior_deviation"] == result.posterior.deviation).all()
        assert saved["posterior_noise_variance"] == pytest.approx(0.1)


# --- what it learns --------------------------------------------------------------------------------------------------


def test_noise_and_correlation_are_learnt():
    rng, blocks = np.random.default_rng(0), cs.Blocks.uniform(120, 12)
    x = smooth(blocks, range(6), 0.9, rng)
    A = cs.gaussian(300, 120, 1)
    result = cs.bsbl(A, A @ x + 0.05 * rng.standard_normal(300), blocks)
    assert result.posterior.noise_variance == pytest.approx(0.05**2, rel=0.2)
    assert result.posterior.correlation == pytest.approx(0.9, abs=0.05)
    inside = np.abs(result.x - x) <= 2 * result.posterior.deviation
    assert inside[result.support].mean() > 0.9


def test_sbl_recovers_where_l1_fails():
    better = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        A, x = cs.gaussian(40, 100, rng), np.zeros(100)
        x[rng.permutation(100)[:16]] = rng.standard_normal(16)
        y = A @ x
        assert cs.sbl(A, y).error(x) < 1e-3
        better += cs.working_set(A, y, cs.L1(), scale="1e-4 lmax", tol=1e-10).error(x) > 1e-2
    assert better >= 2


def test_bsbl_recovers_correlated_blocks_where_convex_and_greedy_solvers_fail():
    """From fewer measurements than nonzeros, 80, at 25 dB; without the correlation it fails, too."""
    blocks, errors = cs.Blocks.uniform(400, 20), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = smooth(blocks, rng.permutation(20)[:4], 0.95, rng)
        A, noise = cs.gaussian(60, 400, rng), rng.standard_normal(60)
        y = A @ x + noise * (np.linalg.norm(A @ x) / np.linalg.norm(noise) * 10 ** (-25 / 20))
        learnt, without = (cs.bsbl(A, y, blocks, correlation=r, tol=1e-4, max_iter=300) for r in (None, 0.0))
        convex = [cs.fista(A, y, cs.GroupL2(blocks), scale=f"{share} lmax", tol=1e-4) for share in (0.1, 0.01)]
        greedy = cs.block_omp(A, y, cs.BlockSparse(blocks), 3)
        errors.append([min(result.error(x) for result in each) for each in ([learnt], [without], convex, [greedy])])
    learnt, without, convex, greedy = np.median(errors, axis=0)
    assert learnt < 0.3
    assert min(without, convex, greedy) > 0.4


# --- the border ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rule": "newton"}, ValueError, "rule is one of 'bound', 'em', 'mackay'"),
        ({"noise_variance": -1.0}, ValueError, "finite and not negative"),
        ({"noise_variance": [1.0, 2.0]}, ValueError, "number or an array of shape"),
        ({"noise_variance": "low"}, TypeError, "expected float32"),
        ({"prune": 1.0}, ValueError, "share of the largest variance"),
        ({"prune": None}, TypeError, "prune is a number"),
        ({"tol": None}, TypeError, "number tol"),
        ({"max_iter": 0}, ValueError, "max_iter >= 1"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        cs.sbl(np.eye(3), np.ones(3), **options)


@pytest.mark.parametrize(
    ("blocks", "options", "error", "message"),
    [
        ([0, 0, 1], {}, TypeError, "expected Blocks"),
        (cs.Blocks([0, 1]), {}, ValueError, "signals of shape"),
        (cs.Blocks([0, 0, 1]), {"correlation": 1.0}, ValueError, "between -1 and 1"),
        (cs.Blocks([0, 0, 1]), {"correlation": "high"}, TypeError, "None to learn it"),
    ],
)
def test_bad_blocks_and_correlations_are_refused(blocks, options, error, message):
    with pytest.raises(error, match=message):
        cs.bsbl(np.eye(3), np.ones(3), blocks, **options)


def test_operators_that_have_no_affordable_covariance_are_refused():
    with pytest.raises(ValueError, match="stack of matrices"):
        cs.sbl(np.ones((2, 3, 4)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="linear over the reals only"):
        cs.sbl(cs.DFT(8, real=True), np.ones(5, complex))
    with pytest.raises(ValueError, match="solve fewer signals at once"):
        cs.sbl(cs.DCT(2**13), np.ones(2**13))
