"""Solvers with a model: in lockstep with the papers, their theorems where the constants are computed, starts, noise."""

from functools import partial
from itertools import combinations, islice, pairwise

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers.greedy import iht_iterates
from csrecover.solvers.head_tail import am_cosamp_iterates, am_iht_iterates
from csrecover.solvers.htp import htp_iterates
from csrecover.solvers.least_squares import prepare

from . import reference
from .conftest import FULL
from .test_solvers import MODELS, K, M, N, every_field, every_kind, normal, problem

SOLVERS = {
    "iht": cs.iht,
    "iht, momentum": partial(cs.iht, momentum=True),
    "cosamp": cs.cosamp,
    "cosamp, enlarge 1": partial(cs.cosamp, enlarge=1),
    "subspace pursuit": cs.subspace_pursuit,
    "htp": cs.htp,
    "fast htp": partial(cs.htp, fast=True),
    "am-iht": cs.am_iht,
    "am-cosamp": cs.am_cosamp,
}
EXACT = ["cosamp", "cosamp, enlarge 1", "subspace pursuit", "htp", "am-cosamp"]  # least squares on the support
every_solver = pytest.mark.parametrize("name", SOLVERS)
every_exact = pytest.mark.parametrize("name", EXACT)

# --- in lockstep with the textbook -----------------------------------------------------------------------------------

TWINS = {
    "iht, momentum": (partial(iht_iterates, momentum=True), reference.cgiht),
    "htp": (htp_iterates, reference.htp),
    "htp, step": (partial(htp_iterates, step=0.7), partial(reference.htp, step=0.7)),
    "fast htp": (partial(htp_iterates, fast=True), partial(reference.htp, gradient_steps=3)),
}


def in_lockstep(A, matrix, y, model, k, iterates, twin, atol=1e-9):
    """Compare fifteen iterates."""
    for state, expected in islice(zip(iterates(prepare(A, y), y, model, k, 0 * (A.H @ y)), twin, strict=False), 15):
        np.testing.assert_allclose(state.x, expected, rtol=0, atol=atol)
        assert state.residual_norm == pytest.approx(np.linalg.norm(y - matrix @ expected), abs=1e-9)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("structure", MODELS)
@every_kind
@every_field
def test_iterates_are_those_of_the_textbook(name, structure, kind, field):
    iterates, twin = TWINS[name]
    model, best, k = MODELS[structure]
    for seed in range(4):
        A, matrix, y, _ = problem(kind, field, seed, model, k, noise=0.2)
        in_lockstep(A, matrix, y, model, k, iterates, twin(matrix, y, best, k))


@pytest.mark.parametrize("structure", MODELS)
@every_kind
@every_field
def test_iterates_with_head_and_tail_are_those_of_the_textbook(structure, kind, field):
    """Trees have approximations of their own, the others project exactly.

    Near a minimum rounding decides whether the residual falls, so that iterates agree to its root.
    """
    model, best, k = MODELS[structure]
    head, tail = getattr(model, "head", best), getattr(model, "tail", best)
    for seed in range(4):
        A, matrix, y, _ = problem(kind, field, seed, model, k, noise=0.2)
        for iterates, twin, copies in (
            (am_iht_iterates, reference.am_iht, 2),
            (am_cosamp_iterates, reference.am_cosamp, 1),
        ):
            steps = twin(matrix, y, lambda v, copies=copies: head(v, copies * k), lambda v: tail(v, k))
            in_lockstep(A, matrix, y, model, k, iterates, steps, atol=1e-7)


def test_heads_and_tails_of_a_tree_are_not_its_projections():
    """Else the lockstep test would not see them."""
    model, _, k = MODELS["tree"]
    heads, tails = 0, 0
    for seed in range(20):
        v = np.random.default_rng(seed).standard_normal(N)
        heads += (model.head(v, k) != model.support(v, k)).any()
        tails += (model.tail(v, k) != model.support(v, k)).any()
    assert heads > 0
    assert tails > 0


@pytest.mark.parametrize("structure", MODELS)
def test_momentum_takes_conjugate_steps_and_rejects_some(structure):
    """Else the lockstep test would not see the safeguard."""
    model, _, k = MODELS[structure]
    walks = []
    for seed in range(8):
        A, _, y, _ = problem("matrix", "real", seed, model, k, noise=0.2)
        for momentum in (False, True):
            steps = iht_iterates(A, y, model, k, np.zeros(N), momentum=momentum)
            walks.append([float(state.residual_norm) for state in islice(steps, 15)])
    assert walks[::2] != walks[1::2]
    assert any(len(set(walk)) < 15 for walk in walks[1::2])


# --- theorems --------------------------------------------------------------------------------------------------------


def isometry_constant(matrix, t):
    """Largest deviation from one of the squared singular values of t columns, by enumeration."""
    worst, gram = 0.0, matrix.conj().T @ matrix
    every = np.array(list(combinations(range(matrix.shape[1]), t)))
    for part in np.array_split(every, max(1, len(every) // 4096)):
        values = np.linalg.eigvalsh(gram[part[:, :, None], part[:, None, :]])
        worst = max(worst, abs(values - 1).max())
    return worst


def near_isometry(m, n, seed):
    """The rows 1 .. m of the cosine transform of length n, slightly moved."""
    rows = reference.dct_matrix(n)[1 : m + 1] * (n / m) ** 0.5
    return rows + 2e-3 * np.random.default_rng(seed).standard_normal((m, n))


def random_sparse(rng, n, s):
    """s normal coefficients in random places."""
    x = np.zeros(n)
    x[rng.permutation(n)[:s]] = rng.standard_normal(s)
    return x


@pytest.mark.parametrize(("m", "n", "s"), [(17, 18, 2), (20, 24, 1), (40, 44, 1)])
def test_htp_contracts_the_error_by_the_rate_of_its_theorem(m, n, s):
    """Foucart, 2011: ||x_1 - x|| <= rho ||x_0 - x||, rho = sqrt(2 d_3s^2 / (1 - d_2s^2)) < 1 where d_3s < 1/sqrt(3)."""
    matrix = near_isometry(m, n, 0)
    d2, d3 = isometry_constant(matrix, 2 * s), isometry_constant(matrix, 3 * s)
    rho = (2 * d3**2 / (1 - d2**2)) ** 0.5
    assert d3 < 3**-0.5
    for seed in range(200 if FULL else 40):
        rng = np.random.default_rng(seed)
        x = random_sparse(rng, n, s)
        start = random_sparse(rng, n, s) * 10.0 ** rng.uniform(-2, 2)
        after = cs.htp(matrix, matrix @ x, cs.Sparse(), s, step=1.0, x0=start, max_iter=1, tol=0.0)
        assert np.linalg.norm(after.x - x) <= rho * np.linalg.norm(start - x) + 1e-12
        assert cs.htp(matrix, matrix @ x, cs.Sparse(), s, step=1.0, x0=start).error(x) <= 1e-10


def test_htp_never_raises_the_residual_where_its_step_is_short():
    """Foucart, 2011: so it is where step ||A||^2 < 1; then the supports end in one."""
    for seed in range(10):
        A, matrix, y, _ = problem("matrix", "real", seed, cs.Sparse(), K, noise=0.5)
        result = cs.htp(A, y, cs.Sparse(), K, step=0.99 / np.linalg.norm(matrix, 2) ** 2, tol=0.0)
        assert (np.diff(result.history["residual_norm"]) <= 1e-12).all()
        assert result.status is cs.Status.STALLED
        assert result.history["change"][-1] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("m", "n", "s"), [(59, 60, 1), (63, 64, 1)])
def test_cosamp_halves_the_error_to_the_noise(m, n, s):
    """Needell and Tropp, 2009: ||x_1 - x|| <= ||x_0 - x|| / 2 + 7.5 ||e|| for s-sparse x where d_4s <= 0.1."""
    matrix = near_isometry(m, n, 1)
    quads = isometry_constant(matrix, 4 * s)
    assert quads <= 0.1
    for seed in range(200 if FULL else 40):
        rng = np.random.default_rng(seed)
        x, start = random_sparse(rng, n, s), 10.0 ** rng.uniform(-2, 2) * random_sparse(rng, n, s)
        noise = 10.0 ** rng.uniform(-6, 0) * rng.standard_normal(m)
        after = cs.cosamp(matrix, matrix @ x + noise, cs.Sparse(), s, x0=start, max_iter=1, tol=0.0)
        assert np.linalg.norm(after.x - x) <= np.linalg.norm(start - x) / 2 + 7.5 * np.linalg.norm(noise)


@pytest.mark.parametrize(("m", "n", "s"), [(24, 24, 2), (38, 39, 1)])
def test_subspace_pursuit_recovers_each_support_where_its_theorem_says_so(m, n, s):
    """Dai and Milenkovic, 2009, theorem 1: d_3s <= 0.165."""
    matrix = (
        near_isometry(m, n, 2) if m < n else reference.dct_matrix(n) + 5e-3 * normal(np.random.default_rng(2), (n, n))
    )
    assert isometry_constant(matrix, 3 * s) <= 0.165
    rng = np.random.default_rng(0)
    for support in combinations(range(n), s):
        x = np.zeros(n)
        x[list(support)] = rng.choice([-1, 1], s) * 10.0 ** rng.uniform(-3, 0, s)
        assert cs.subspace_pursuit(matrix, matrix @ x, cs.Sparse(), s, tol=1e-10).error(x) <= 1e-9


@pytest.mark.parametrize("name", ["iht", "iht, momentum", "am-iht"])
@pytest.mark.parametrize("structure", MODELS)
@every_kind
def test_the_residual_never_rises(name, structure, kind):
    model, _, k = MODELS[structure]
    for seed in range(6):
        A, _, y, _ = problem(kind, "complex", seed, model, k, noise=0.5)
        history = SOLVERS[name](A, y, model, k, tol=0.0, max_iter=200).history["residual_norm"]
        assert (np.diff(history) <= 1e-13 * history[0]).all()


def test_momentum_saves_iterations_where_columns_differ_in_size():
    counts = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        matrix, x = rng.standard_normal((80, 100)) * np.logspace(0, -0.3, 100), np.zeros(100)
        x[::10] = 1
        results = [cs.iht(matrix, matrix @ x, cs.Sparse(), 10, momentum=momentum) for momentum in (False, True)]
        assert all(result.error(x) <= 1e-4 for result in results)
        counts.append([result.iterations for result in results])
    plain, fast = np.median(counts, axis=0)
    assert fast <= 0.6 * plain


# --- recovery, family by family --------------------------------------------------------------------------------------

FAMILIES = {
    "sparse": (cs.Sparse(), (128,), 5),
    "blocks": (cs.BlockSparse(cs.Blocks.uniform(128, 4)), (128,), 2),
    "tree": (cs.TreeSparse(cs.Tree.binary(levels=7)), (127,), 6),
    "runs": (cs.Clustered(2), (128,), 6),
    "spikes": (cs.Separated(5), (128,), 5),
    "hierarchical": (cs.Hierarchical(cs.Blocks.uniform(128, 8), 2), (128,), 3),
    "channels": (cs.JointSparse(), (2, 128), 5),
}


@pytest.mark.parametrize("family", FAMILIES)
@every_solver
def test_signals_of_each_family_are_recovered_from_enough_measurements(name, family):
    model, shape, k = FAMILIES[family]
    for seed in range(200 if FULL else 10):
        rng = np.random.default_rng(seed)
        A, x = cs.gaussian(112 if name == "am-iht" else 96, shape[-1], rng), cs.random_signal(model, shape, k, rng)
        A = cs.channels(A, shape[0]) if len(shape) > 1 else A
        result = SOLVERS[name](A, A @ x, model, k)
        assert result.converged, seed
        assert result.error(x) <= 1e-4, seed


def test_clusters_in_a_graph_are_recovered_through_heads_and_tails():
    graph = cs.GraphClusters(cs.Graph.grid((16, 16)), 2)
    A = cs.random_rows((16, 16), 140, 0) @ cs.DCT((16, 16)) @ cs.random_signs((16, 16), 0)
    x = cs.random_signal(graph, (16, 16), 16, 0)
    assert cs.am_cosamp(A, A @ x, graph, 16).error(x) <= 1e-6


# --- starts ----------------------------------------------------------------------------------------------------------


@every_solver
@every_field
def test_a_start_at_the_solution_ends_at_once(name, field):
    for structure in MODELS:
        model, _, k = MODELS[structure]
        A, matrix, _, x = problem("matrix", field, 0, model, k)
        result = SOLVERS[name](A, matrix @ x, model, k, x0=x)
        assert result.converged
        assert result.iterations == 1
        np.testing.assert_allclose(result.x, x, atol=1e-12)


@pytest.mark.parametrize("name", ["cosamp", "cosamp, enlarge 1", "subspace pursuit", "am-cosamp"])
def test_a_start_on_the_right_support_is_enough(name):
    """With as many measurements as unknowns in the merged systems, and none to spare for finding the support."""
    solver, m = SOLVERS[name], 3 * K
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        A, x = cs.gaussian(m, N, rng), random_sparse(rng, N, K)
        y, start = A @ x, np.where(x != 0, 1.0, 0.0)
        assert solver(A, y, cs.Sparse(), K, x0=start).error(x) <= 1e-6
        found += solver(A, y, cs.Sparse(), K).error(x) <= 1e-6
    assert found < 10


@pytest.mark.parametrize("name", ["cosamp", "htp", "fast htp", "am-cosamp"])
@every_field
def test_a_run_goes_on_from_any_of_its_iterates(name, field):
    A, _, y, _ = problem("matrix", field, 1, cs.Sparse(), 8, noise=0.3)
    seen = []
    SOLVERS[name](A, y, cs.Sparse(), 8, tol=0.0, max_iter=5, callback=lambda progress: seen.append(progress.x))
    for before, after in pairwise(seen):
        result = SOLVERS[name](A, y, cs.Sparse(), 8, tol=0.0, max_iter=1, x0=before)
        np.testing.assert_allclose(result.x, after, atol=1e-12)


@every_solver
def test_a_start_outside_the_model_is_projected(name):
    model, _, k = MODELS["blocks"]
    A, _, y, _ = problem("matrix", "real", 2, model, k, noise=0.3)
    start = np.random.default_rng(3).standard_normal(N)
    results = [SOLVERS[name](A, y, model, k, x0=x0, max_iter=3) for x0 in (start, model.project(start, k))]
    np.testing.assert_array_equal(results[0].x, results[1].x)


def test_iht_leaves_a_start_that_is_optimal_on_a_smaller_support():
    A, matrix, _, x = problem("matrix", "real", 0, cs.Sparse(), K)
    start = reference.least_squares(matrix, matrix @ x, abs(x) == abs(x).max())
    for momentum in (False, True):
        assert cs.iht(A, matrix @ x, cs.Sparse(), K, x0=start, momentum=momentum).error(x) <= 1e-4


# --- noise -----------------------------------------------------------------------------------------------------------


@every_solver
def test_a_noise_level_ends_the_run_once_it_is_reached(name):
    saved = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        A, x, noise = cs.gaussian(112, 128, rng), random_sparse(rng, 128, K), 0.05 * rng.standard_normal(112)
        y, level = A @ x + noise, 1.1 * np.linalg.norm(noise)
        full, short = (SOLVERS[name](A, y, cs.Sparse(), K, noise=bound) for bound in (None, level))
        assert short.converged
        assert np.linalg.norm(y - A @ short.x) <= level * (1 + 1e-12)
        assert short.iterations <= full.iterations
        assert short.error(x) <= 3 * level / np.linalg.norm(x)
        saved += full.iterations - short.iterations
    assert saved > 0


@every_solver
def test_a_noise_level_below_the_tolerance_changes_nothing(name):
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K, noise=0)
    results = [SOLVERS[name](A, y, cs.Sparse(), K, noise=bound) for bound in (None, 0.0, 1e-9)]
    assert {result.iterations for result in results} == {results[0].iterations}
    assert all(result.converged for result in results)


@every_solver
def test_a_batch_with_levels_and_starts_is_its_signals_one_by_one(name):
    A, _, y, x = problem("matrix", "complex", 0, cs.Sparse(), K, noise=0.05)
    ys = np.stack([y, 2 * y, A @ x, 0 * y])
    starts = np.stack([0 * x, x, x[::-1], x])
    levels = np.array([0.5, 1e-3, 0.0, 1.0])
    together = SOLVERS[name](A, ys, cs.Sparse(), K, x0=starts, noise=levels)
    for i in range(4):
        alone = SOLVERS[name](A, ys[i], cs.Sparse(), K, x0=starts[i], noise=levels[i])
        np.testing.assert_allclose(together.x[i], alone.x, atol=1e-10)
        assert together.status[i] is alone.status
        assert together.iterations[i] == alone.iterations


@pytest.mark.parametrize("name", ["iht", "cosamp", "subspace pursuit", "htp"])
def test_single_precision_levels_and_starts_stay_single(name):
    A, _, y, x = problem("matrix", "real", 0, cs.Sparse(), K, noise=0.05)
    A, y = cs.Matrix(A.matrix.astype(np.float32)), y.astype(np.float32)
    result = SOLVERS[name](A, y, cs.Sparse(), K, x0=x, noise=0.5)
    assert result.x.dtype == np.float32
    assert result.residual_norm <= 0.5


# --- how it ends -----------------------------------------------------------------------------------------------------


@every_solver
def test_each_ending_is_reached_and_says_what_to_do(name):
    A, _, clean, _ = problem("matrix", "real", 0, cs.Sparse(), K, noise=0)
    noisy = clean + 0.3 * np.random.default_rng(0).standard_normal(M)
    assert SOLVERS[name](A, clean, cs.Sparse(), K).status is cs.Status.CONVERGED
    out = SOLVERS[name](A, noisy, cs.Sparse(), K, max_iter=1).status
    assert out is cs.Status.MAX_ITER
    assert "raise max_iter" in out.value
    stalled = SOLVERS[name](A, noisy, cs.Sparse(), K, max_iter=5000).status
    assert stalled in (cs.Status.STALLED, cs.Status.CYCLED)
    assert "measure more" in stalled.value
    assert SOLVERS[name](A, noisy, cs.Sparse(), K, callback=lambda progress: True).status is cs.Status.STOPPED


def test_htp_in_a_cycle_of_two_supports_says_so():
    """Two columns of cosine 0.9 and a step too long: each estimate sends the next one to the other column."""
    matrix = np.array([[1.0, 0.9], [0.0, 0.19**0.5]])
    result = cs.htp(matrix, np.array([1.0, 1.0]), cs.Sparse(), 1, step=20.0)
    assert result.status is cs.Status.CYCLED
    assert result.residual_norm == pytest.approx(result.history["residual_norm"].min())


@every_solver
def test_bad_starts_levels_and_options_are_refused(name):
    A, _, y, x = problem("matrix", "real", 0, cs.Sparse(), K)
    for options, error, message in (
        ({"x0": x[1:]}, ValueError, "x0 must have shape"),
        ({"x0": np.stack([x, x])}, ValueError, "x0 must have shape"),
        ({"x0": 1j * x}, TypeError, "x0 must be real"),
        ({"x0": np.nan * x}, ValueError, "x0 holds NaN"),
        ({"noise": -1.0}, ValueError, "not negative"),
        ({"noise": np.inf}, ValueError, "finite"),
        ({"noise": np.ones(2)}, ValueError, "one number or have shape"),
        ({"noise": 1j}, TypeError, "a real number"),
        ({"noise": "loud"}, TypeError, "expected float32"),
    ):
        with pytest.raises(error, match=message):
            SOLVERS[name](A, y, cs.Sparse(), K, **options)


def test_options_of_one_solver_are_checked():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    with pytest.raises(ValueError, match="enlarge must be 1 or 2, got 3"):
        cs.cosamp(A, y, cs.Sparse(), K, enlarge=3)
    with pytest.raises(ValueError, match="step must be positive"):
        cs.htp(A, y, cs.Sparse(), K, step=-1.0)
    with pytest.raises(TypeError, match="step is a number"):
        cs.htp(A, y, cs.Sparse(), K, step=[1.0])
