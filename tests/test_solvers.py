"""The solvers in lockstep with their textbook twins, against the theorems about them, and on headline numbers."""

import dataclasses
from itertools import islice

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers.greedy import cosamp_iterates, iht_iterates, subspace_pursuit_iterates
from csrecover.solvers.least_squares import _conjugate_gradients, least_squares_on, prepare

from . import reference

N, M, K = 48, 30, 5
LABELS = np.random.default_rng(7).permutation(np.arange(N) % 16)  # shuffled blocks of three
TREE = cs.Tree(np.append((np.arange(N - 1) + 1) // 2 - 1, 11))  # a binary tree, and one node more
MODELS = {
    "sparse": (cs.Sparse(), reference.best_sparse, K),
    "blocks": (cs.BlockSparse(cs.Blocks(LABELS)), reference.best_blocks(LABELS), 2),
    "tree": (cs.TreeSparse(TREE), reference.best_tree(TREE.parents), K),
}
GREEDY = {
    "iht": (cs.iht, iht_iterates, reference.niht),
    "cosamp": (cs.cosamp, cosamp_iterates, reference.cosamp),
    "subspace_pursuit": (cs.subspace_pursuit, subspace_pursuit_iterates, reference.subspace_pursuit),
}
every_greedy = pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit], ids=lambda f: f.__name__)
every_convex = pytest.mark.parametrize("solver", [cs.ista, cs.fista], ids=lambda f: f.__name__)
every_field = pytest.mark.parametrize("field", ["real", "complex"])
every_kind = pytest.mark.parametrize("kind", ["matrix", "dct"])


def normal(rng, shape, field="real"):
    """Standard normal numbers, real or complex."""
    return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if field == "complex" else 0)


def operator(kind, field, rng, m=M, n=N):
    """Operator of a kind and its matrix, from the formula."""
    if kind == "matrix":
        matrix = normal(rng, (m, n), field) / m**0.5
        return cs.Matrix(matrix), matrix
    rows = np.sort(rng.permutation(n)[:m])
    return cs.Sampling(n, rows, (n / m) ** 0.5) @ cs.DCT(n), reference.dct_matrix(n)[rows] * (n / m) ** 0.5


def problem(kind, field, seed, model, k, noise=0.02):
    """Operator, its matrix, noisy measurements of a signal of the model, and the signal."""
    rng = np.random.default_rng(seed)
    A, matrix = operator(kind, field, rng)
    x = cs.random_signal(model, N, k, rng, dtype=complex if field == "complex" else float)
    return A, matrix, matrix @ x + noise * normal(rng, M, field), x


def each(solver):
    """Options for a look at each iteration; greedy solvers look at each on the host."""
    return {"check_every": 1} if solver in (cs.ista, cs.fista) else {}


def followed(solver, A, y, *arguments, **options):
    """Result of a solver and the iterates that its callback saw."""
    seen = []
    result = solver(A, y, *arguments, callback=lambda progress: seen.append(progress.x), **options)
    return result, seen


def relative(x, y):
    """||x - y|| / ||y||."""
    return np.linalg.norm(x - y) / np.linalg.norm(y)


def objective(matrix, y, value, x):
    """0.5 ||y - A x||^2 + value(x), from the definition."""
    return 0.5 * np.linalg.norm(y - matrix @ x) ** 2 + value(x)


# --- in lockstep with the textbook -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GREEDY)
@pytest.mark.parametrize("structure", MODELS)
@every_kind
@every_field
def test_greedy_iterates_are_those_of_the_textbook(name, structure, kind, field):
    _, iterates, twin = GREEDY[name]
    model, best, k = MODELS[structure]
    for seed in range(4):
        A, matrix, y, _ = problem(kind, field, seed, model, k, noise=0.2)
        steps = zip(iterates(prepare(A, y), y, model, k, 0 * (A.H @ y)), twin(matrix, y, best, k), strict=False)
        for state, expected in islice(steps, 15):
            np.testing.assert_allclose(state.x, expected, rtol=0, atol=1e-9)
            assert state.residual_norm == pytest.approx(np.linalg.norm(y - matrix @ expected), abs=1e-9)


@pytest.mark.parametrize("name", ["cosamp", "subspace_pursuit"])
@every_field
def test_greedy_iterates_by_conjugate_gradients_are_those_of_the_textbook(name, field):
    _, iterates, twin = GREEDY[name]
    for seed in range(3):
        A, matrix, y, _ = problem("dct", field, seed, cs.Sparse(), K, noise=0.2)
        steps = zip(
            iterates(A, y, cs.Sparse(), K, 0 * (A.H @ y)), twin(matrix, y, reference.best_sparse, K), strict=False
        )
        for state, expected in islice(steps, 10):
            np.testing.assert_allclose(state.x, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", GREEDY)
def test_greedy_solver_walks_the_iterates_of_its_generator(name):
    solver, iterates, _ = GREEDY[name]
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    _, seen = followed(solver, A, y, cs.Sparse(), K, tol=0.0, max_iter=6)
    for x, state in zip(seen, iterates(prepare(A, y), y, cs.Sparse(), K, np.zeros(N)), strict=False):
        np.testing.assert_array_equal(x, state.x)


def test_iht_rejects_a_step_on_some_of_the_problems():
    """Else the lockstep test would not see the halving."""
    stayed = 0
    for seed in range(4):
        A, _, y, _ = problem("matrix", "real", seed, cs.Sparse(), K, noise=0.2)
        stayed += sum(float(state.change) == 0 for state in islice(iht_iterates(A, y, cs.Sparse(), K, np.zeros(N)), 15))
    assert stayed > 0


UNEQUAL = np.random.default_rng(8).permutation(np.repeat(np.arange(5), [2, 6, 10, 10, 20]))
SIZES = np.bincount(UNEQUAL)
WEIGHTS = np.linspace(0.5, 2, N)
PENALTIES = {
    "l1": (cs.L1(0.05), lambda v, step: reference.soft(v, 0.05 * step), lambda x: 0.05 * abs(x).sum()),
    "weighted l1": (
        cs.L1(0.05 * WEIGHTS),
        lambda v, step: reference.soft(v, 0.05 * WEIGHTS * step),
        lambda x: 0.05 * (WEIGHTS * abs(x)).sum(),
    ),
    "groups": (
        cs.GroupL2(cs.Blocks(LABELS), 0.1),
        lambda v, step: reference.group_soft(v, LABELS, 0.1 * step),
        lambda x: 0.1 * sum(np.linalg.norm(x[b == LABELS]) for b in range(16)),
    ),
    "groups by size": (
        cs.GroupL2(cs.Blocks(UNEQUAL), 0.02 * SIZES**0.5),
        lambda v, step: reference.group_soft(v, UNEQUAL, 0.02 * step * SIZES**0.5),
        lambda x: 0.02 * SIZES**0.5 @ [np.linalg.norm(x[b == UNEQUAL]) for b in range(5)],
    ),
}


@pytest.mark.parametrize("method", ["ista", "fista", "fista without restart"])
@pytest.mark.parametrize("name", PENALTIES)
@every_kind
@every_field
def test_convex_iterates_are_those_of_the_textbook(method, name, kind, field):
    penalty, prox, value = PENALTIES[name]
    for seed in range(3):
        A, matrix, y, _ = problem(kind, field, seed, cs.Sparse(), K)
        start = 0.1 * normal(np.random.default_rng(seed + 100), N, field)
        step = 1 / np.linalg.norm(matrix, 2) ** 2
        if method == "ista":
            twin, solver, more = reference.ista(matrix, y, prox, step, start), cs.ista, {}
        else:
            restart = method == "fista"
            twin = reference.fista(matrix, y, prox, step, start, restart=restart)
            solver, more = cs.fista, {"restart": restart}
        result, seen = followed(solver, A, y, penalty, x0=start, step=step, tol=0.0, max_iter=40, check_every=1, **more)
        for x, expected, stated in zip(seen, twin, result.history["objective"], strict=False):
            np.testing.assert_allclose(x, expected, rtol=0, atol=1e-9)
            assert stated == pytest.approx(objective(matrix, y, value, expected), rel=1e-10)
        assert len(seen) >= 30  # all of them, but where the gap is zero to rounding before


# --- theorems: convex ------------------------------------------------------------------------------------------------


def ill_conditioned(seed, decay=2):
    """Matrix of norm one, of singular values from 1 down to 10^-decay, and measurements of ones."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    right = np.linalg.qr(rng.standard_normal((60, 40)))[0]
    matrix = left * np.logspace(0, -decay, 40) @ right.T
    return matrix, matrix @ (np.arange(60) % 6 == 0)


@pytest.mark.parametrize("name", PENALTIES)
@every_kind
@every_field
def test_ista_never_raises_the_objective(name, kind, field):
    for seed in range(4):
        A, matrix, y, _ = problem(kind, field, seed, cs.Sparse(), K, noise=0.5)
        start = 10 * normal(np.random.default_rng(seed), N, field)
        for step in (None, 0.3 / np.linalg.norm(matrix, 2) ** 2):
            history = cs.ista(A, y, PENALTIES[name][0], x0=start, step=step, tol=0.0, max_iter=60).history["objective"]
            assert (np.diff(history) <= 1e-13 * history[0]).all()


def test_fista_obeys_the_bound_of_beck_and_teboulle_and_ista_does_not():
    """F(x_k) - F* <= 2 L ||x_0 - x*||^2 / (k + 1)^2, with F* certified by the gap of a long run."""
    penalty = cs.L1(1e-6)
    ratios = {"ista": [], "fista": []}
    for seed in range(2):
        matrix, y = ill_conditioned(seed)
        best = cs.fista(matrix, y, penalty, tol=1e-15, max_iter=100_000)
        lowest = best.history["objective"].min()
        assert best.gap <= 1e-9 * lowest
        start = np.random.default_rng(seed).standard_normal(60) * (seed > 0)
        for solver, more in ((cs.ista, {}), (cs.fista, {"restart": False})):
            result = solver(matrix, y, penalty, x0=start, step=1.0, tol=0.0, max_iter=200, check_every=1, **more)
            history = result.history["objective"]
            bound = 2 * np.linalg.norm(start - best.x) ** 2 / np.arange(2, len(history) + 2) ** 2
            ratios[solver.__name__].append(((history - lowest) / bound).max())
    assert max(ratios["fista"]) <= 1 + 1e-9
    assert max(ratios["ista"]) > 1


def test_restart_reaches_a_small_gap_in_fewer_iterations():
    matrix, y = ill_conditioned(3)
    slow, fast = (cs.fista(matrix, y, cs.L1(1e-3), restart=r, tol=1e-9, max_iter=30_000) for r in (False, True))
    assert fast.converged
    assert fast.iterations < 0.7 * slow.iterations


@every_convex
@pytest.mark.parametrize("name", PENALTIES)
@every_field
def test_gap_bounds_the_suboptimality_and_is_never_negative(solver, name, field):
    penalty, _, value = PENALTIES[name]
    for seed in range(3):
        A, matrix, y, _ = problem("matrix", field, seed, cs.Sparse(), K, noise=0.3)
        unit = 0.5 * np.linalg.norm(y) ** 2
        long = cs.fista(A, y, penalty, tol=1e-14, max_iter=20_000)
        lowest = objective(matrix, y, value, long.x)
        assert long.gap <= 1e-12 * unit
        result, seen = followed(solver, A, y, penalty, tol=0.0, max_iter=150)
        for x, gap in zip(seen, result.history["gap"], strict=True):
            assert gap >= max(objective(matrix, y, value, x) - lowest - 1e-13 * unit, 0)


@pytest.mark.parametrize("name", PENALTIES)
@every_kind
def test_duality_gap_is_valid_at_any_point_and_tight_at_the_minimum(name, kind):
    penalty, _, value = PENALTIES[name]
    rng = np.random.default_rng(5)
    for seed in range(5):
        A, matrix, y, _ = problem(kind, "complex", seed, cs.Sparse(), K)
        unit = 0.5 * np.linalg.norm(y) ** 2
        minimum = cs.fista(A, y, penalty, tol=1e-14, max_iter=20_000).x
        assert 0 <= cs.duality_gap(A, y, penalty, minimum) <= 1e-9 * unit
        lowest = objective(matrix, y, value, minimum)
        for x in (np.zeros(N), minimum + 1e-3 * normal(rng, N), *rng.standard_normal((20, N)), 1e6 * minimum):
            gap = cs.duality_gap(A, y, penalty, x)
            assert gap >= objective(matrix, y, value, x) - lowest - 1e-12 * unit


@every_field
def test_duality_gap_is_that_of_the_best_feasible_multiple_of_the_residual(field):
    """D(u) = 0.5 ||y||^2 - 0.5 ||y - u||^2 is maximised over u = s r with ||A^H u||_inf <= lambda, by definition."""
    for seed in range(5):
        A, matrix, y, _ = problem("matrix", field, seed, cs.Sparse(), K)
        minimum = cs.fista(A, y, cs.L1(0.1), tol=1e-10, max_iter=20_000).x
        for share in np.linspace(0, 2, 41):
            residual = y - matrix @ (share * minimum)
            bound = 0.1 / abs(matrix.conj().T @ residual).max()
            s = np.clip(np.vdot(residual, y).real / np.linalg.norm(residual) ** 2, -bound, bound)
            dual = 0.5 * np.linalg.norm(y) ** 2 - 0.5 * np.linalg.norm(y - s * residual) ** 2
            primal = 0.5 * np.linalg.norm(residual) ** 2 + 0.1 * abs(share * minimum).sum()
            assert cs.duality_gap(A, y, cs.L1(0.1), share * minimum) == pytest.approx(primal - dual, abs=1e-12)


def test_duality_gap_of_a_batch_is_that_of_its_signals():
    A, _, y, x = problem("dct", "real", 0, cs.Sparse(), K)
    ys, xs = np.stack([y, 2 * y, 0 * y]), np.stack([x, 0 * x, x])
    penalty = cs.L1(0.05)
    expected = [cs.duality_gap(A, y, penalty, x) for y, x in zip(ys, xs, strict=True)]
    np.testing.assert_allclose(cs.duality_gap(A, ys, penalty, xs), expected, rtol=1e-12)


@every_field
@every_kind
def test_lambda_max_is_the_dual_norm_of_the_correlations(kind, field):
    A, matrix, y, _ = problem(kind, field, 3, cs.Sparse(), K)
    correlations = matrix.conj().T @ y
    lengths = np.sqrt(np.bincount(LABELS, abs(correlations) ** 2))
    weights = np.linspace(1, 2, 16)
    for penalty, expected in (
        (cs.L1(), abs(correlations).max()),
        (cs.L1(0.5), 2 * abs(correlations).max()),
        (cs.L1(WEIGHTS), (abs(correlations) / WEIGHTS).max()),
        (cs.GroupL2(cs.Blocks(LABELS)), lengths.max()),
        (cs.GroupL2(cs.Blocks(LABELS), "sqrt"), lengths.max() / 3**0.5),
        (cs.GroupL2(cs.Blocks(LABELS), weights), (lengths / weights).max()),
    ):
        assert cs.lambda_max(A, y, penalty) == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(cs.lambda_max(A, np.stack([y, -3 * y]), penalty), [expected, 3 * expected])


@every_convex
@every_field
def test_solution_is_zero_from_lambda_max_on_and_not_just_below(solver, field):
    for seed, penalty in enumerate((cs.L1(), cs.L1(WEIGHTS), cs.GroupL2(cs.Blocks(LABELS), "sqrt"))):
        A, _, y, _ = problem("matrix", field, seed, cs.Sparse(), K)
        largest = float(cs.lambda_max(A, y, penalty))
        for factor in (1 + 1e-12, 1.5, 100):
            result = solver(A, y, factor * largest * penalty, tol=1e-12)
            assert result.converged
            assert not result.x.any()
            assert not result.support.any()
        assert solver(A, y, 0.999 * largest * penalty, tol=1e-12).x.any()


@every_convex
def test_minimum_satisfies_the_optimality_conditions(solver):
    """A^H (y - A x) is a subgradient: of size lambda and along x on the support, at most lambda elsewhere."""
    for field in ("real", "complex"):
        A, matrix, y, _ = problem("matrix", field, 0, cs.Sparse(), K)
        result = solver(A, y, cs.L1(0.1), tol=1e-14, max_iter=50_000)
        slope, on = matrix.conj().T @ (y - matrix @ result.x), result.x != 0
        np.testing.assert_allclose(slope[on], 0.1 * result.x[on] / abs(result.x[on]), atol=1e-6)
        assert (abs(slope[~on]) <= 0.1 + 1e-6).all()


@every_convex
def test_one_product_with_A_and_one_with_its_adjoint_an_iteration(solver):  # noqa: N802
    A, _, y, _ = problem("dct", "real", 0, cs.Sparse(), K, noise=0.3)
    for iterations in (10, 40):
        result = solver(A, np.stack([y, -y]), cs.L1(1e-3), tol=0.0, max_iter=iterations)
        assert result.iterations.tolist() == [iterations] * 2
        assert iterations <= result.n_apply <= iterations + 2
        assert iterations <= result.n_adjoint <= iterations + 2


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Watched(cs.LinearOperator):
    """An operator that counts for itself how often it is asked; its norm is known beforehand."""

    operator: cs.LinearOperator
    calls: list = dataclasses.field(default_factory=lambda: [0, 0])

    @property
    def in_shape(self):
        return self.operator.in_shape

    @property
    def out_shape(self):
        return self.operator.out_shape

    def _apply(self, x):
        self.calls[0] += 1
        return self.operator @ x

    def _adjoint(self, y):
        self.calls[1] += 1
        return self.operator.H @ y

    def norm(self):
        return self.operator.norm()


def test_stated_products_are_those_that_the_operator_was_asked_for():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)

    for solver, arguments in ((cs.fista, (cs.L1(0.1),)), (cs.ista, (cs.L1(0.1),)), (cs.iht, (cs.Sparse(), K))):
        watched = Watched(A)
        result = solver(watched, y, *arguments)
        assert abs(watched.calls[0] - result.n_apply) <= 1
        assert abs(watched.calls[1] - result.n_adjoint) <= 1


@every_convex
def test_warm_start_at_the_minimum_is_finished_at_once(solver):
    A, _, y, _ = problem("dct", "complex", 0, cs.Sparse(), K)
    cold = solver(A, y, cs.L1(0.05), tol=1e-13, max_iter=100_000)
    warm = solver(A, y, cs.L1(0.05), tol=1e-8, x0=cold.x, check_every=1)
    assert cold.iterations > 20
    assert warm.iterations <= 2
    assert relative(warm.x, cold.x) <= 1e-4


@every_convex
def test_minimum_does_not_depend_on_the_start_or_on_the_step(solver):
    A, matrix, y, _ = problem("matrix", "real", 4, cs.Sparse(), K)
    expected = solver(A, y, cs.L1(0.1), tol=1e-13, max_iter=50_000).x
    for start, share in ((np.arange(N), None), (-np.ones(N), 0.5)):
        step = None if share is None else share / np.linalg.norm(matrix, 2) ** 2
        found = solver(A, y, cs.L1(0.1), x0=start, step=step, tol=1e-13, max_iter=50_000)
        assert relative(found.x, expected) <= 1e-5


# --- theorems: greedy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", MODELS)
@every_field
def test_iht_never_raises_the_residual(structure, field):
    model, _, k = MODELS[structure]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        matrix = normal(rng, (M, N), field) * np.logspace(0, seed % 4, N)
        residuals = cs.iht(matrix, normal(rng, M, field), model, k, max_iter=150).history["residual_norm"]
        assert (np.diff(residuals) <= 1e-12 * residuals[0]).all()


@every_greedy
@pytest.mark.parametrize("structure", MODELS)
@every_kind
@every_field
def test_greedy_recovery_is_exact_well_inside_the_regime(solver, structure, kind, field):
    model, _, _ = MODELS[structure]
    k = 1 if structure == "blocks" else 3
    for seed in range(10):
        A, _, y, x = problem(kind, field, seed, model, k, noise=0)
        result = solver(A, y, model, k, tol=1e-12)
        assert result.converged
        assert result.error(x) <= 1e-10
        assert not (x[~result.support]).any()


@every_greedy
def test_solution_stays_in_the_model(solver):
    model, best, k = MODELS["tree"]
    for seed in range(10):
        A, _, y, _ = problem("matrix", "real", seed, model, k, noise=1.0)
        result = solver(A, y, model, k)
        support = result.support
        assert support.sum() <= k
        assert (best(support * 1.0, k) == support).all()
        assert not result.x[~support].any()


@every_greedy
def test_result_is_the_iterate_of_the_smallest_residual(solver):
    for seed in range(5):
        A, matrix, y, _ = problem("matrix", "real", seed, cs.Sparse(), 8, noise=1.0)
        result, seen = followed(solver, A, y, cs.Sparse(), 8)
        residuals = [np.linalg.norm(y - matrix @ x) for x in seen]
        assert result.residual_norm == pytest.approx(min(residuals), rel=1e-12)
        np.testing.assert_allclose(result.history["residual_norm"], residuals, rtol=1e-10)
        np.testing.assert_array_equal(result.x, seen[int(np.argmin(result.history["residual_norm"]))])


# --- theorems: least squares -----------------------------------------------------------------------------------------


def solved(A, y, support, path):
    """Least squares on a support: densely on the host or a device, or by conjugate gradients."""
    A = A if isinstance(A, cs.LinearOperator) else cs.Matrix(A)
    if path == "conjugate gradients":
        return _conjugate_gradients(A, y, support)
    if path == "dense, on a device":
        A, y, support = cs.to((A, y, support), "array_api_strict:device1")
    most = int(cs.to_numpy(support).sum(axis=-1).max())
    return cs.to_numpy(least_squares_on(prepare(A, y), y, support, most))


every_path = pytest.mark.parametrize("path", ["dense", "dense, on a device", "conjugate gradients"])


@every_path
@pytest.mark.parametrize("size", [1, 7, M, 41, N])
@pytest.mark.parametrize(("of_matrix", "of_y"), [("real",) * 2, ("real", "complex"), ("complex",) * 2])
def test_least_squares_is_the_minimum_norm_solution(path, size, of_matrix, of_y):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        spread = 1.0 if size == M else 0.3  # a square random matrix may be hard for any method
        matrix = np.linalg.qr(normal(rng, (N, N), of_matrix))[0][:M] + spread * (size != M) * normal(rng, (M, N)) / M
        y = normal(rng, M, of_y)
        support = np.isin(np.arange(N), rng.permutation(N)[:size])
        x = solved(matrix, y, support, path)
        assert relative(x, reference.least_squares(matrix, y, support)) <= 1e-8
        assert not x[~support].any()


@every_path
@pytest.mark.parametrize("fault", ["zero columns", "duplicates", "opposite duplicates", "low rank", "low rank, wide"])
def test_least_squares_of_dependent_columns_has_minimum_norm(path, fault):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        matrix = rng.standard_normal((20, 6)) @ rng.standard_normal((6, 9))
        if fault == "zero columns":
            matrix = rng.standard_normal((20, 9)) * (np.arange(9) % 3 > 0)
        elif "duplicates" in fault:
            half = rng.standard_normal((20, 6))
            matrix = np.concatenate([half, (-1 if "opposite" in fault else 1) * half[:, :3]], axis=1)
        elif fault == "low rank, wide":
            matrix = matrix.T
        y = rng.standard_normal(matrix.shape[0])
        x = solved(matrix, y, np.ones(matrix.shape[1], bool), path)
        assert relative(x, np.linalg.lstsq(matrix, y, rcond=None)[0]) <= 1e-8, f"seed {seed}"


@every_path
def test_least_squares_of_a_zero_matrix_or_an_empty_support_is_zero(path):
    everywhere = np.ones(4, bool)
    assert not solved(np.zeros((3, 4)), np.ones(3), everywhere, path).any()
    assert not solved(np.zeros((5, 4)), np.ones(5), everywhere, path).any()
    assert not solved(np.eye(3, 4), np.ones(3), ~everywhere, path).any()
    assert not solved(np.eye(3, 4), np.zeros(3), everywhere, path).any()


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6, 1e8])
@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
def test_dense_least_squares_is_accurate_for_ill_conditioned_columns(condition, shape):
    """To condition * 1e-14, what backward stable methods give, with a factor of a hundred to spare."""
    rank = min(shape)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        left, right = (np.linalg.qr(rng.standard_normal((size, rank)))[0] for size in shape)
        matrix = left * np.logspace(0, -np.log10(condition), rank) @ right.T
        y = matrix @ rng.standard_normal(shape[1])
        x = solved(matrix, y, np.ones(shape[1], bool), "dense")
        limit = max(condition * 1e-12, 1e-10)
        assert relative(x, np.linalg.lstsq(matrix, y, rcond=None)[0]) <= limit


@every_path
def test_least_squares_for_real_signals_takes_real_and_imaginary_part(path):
    A = cs.DFT(16, real=True)
    rng = np.random.default_rng(0)
    y, support = normal(rng, 9, "complex"), rng.random(16) < 0.6
    matrix = np.fft.rfft(np.eye(16), axis=0, norm="ortho") * np.r_[1, [2**0.5] * 7, 1][:, None]
    stacked = np.concatenate([matrix.real, matrix.imag])
    expected = reference.least_squares(stacked, np.concatenate([y.real, y.imag]), support)
    x = solved(A, y, support, path)
    np.testing.assert_allclose(x, expected, atol=1e-10)
    assert x.dtype == np.float64


@every_greedy
def test_real_signals_are_recovered_from_the_half_spectrum(solver):
    x = cs.random_signal(cs.Sparse(), 32, 3, 1)
    for A in (cs.DFT(32, real=True), cs.random_rows(17, 12, 0) @ cs.DFT(32, real=True)):
        result = solver(A, A @ x, cs.Sparse(), 3, tol=1e-12)
        assert result.x.dtype == np.float64
        assert result.error(x) <= 1e-10


@every_path
def test_least_squares_of_a_batch_is_that_of_its_signals(path):
    rng = np.random.default_rng(0)
    matrix, ys, supports = rng.standard_normal((M, N)), rng.standard_normal((2, 3, M)), rng.random((2, 3, N)) < 0.3
    supports[1, 1] = False
    together = solved(matrix, ys, supports, path)
    for place in np.ndindex(2, 3):
        expected = reference.least_squares(matrix, ys[place], supports[place])
        np.testing.assert_allclose(together[place], expected, atol=1e-8)


def test_operators_too_large_to_be_dense_are_solved_by_conjugate_gradients():
    A = cs.random_rows(2**13, 2**10, 0) @ cs.DCT(2**13)
    assert prepare(A, np.zeros(2**10)) is A
    x = cs.random_signal(cs.Sparse(), 2**13, 20, 1)
    for solver in (cs.cosamp, cs.subspace_pursuit):
        assert solver(A, A @ x, cs.Sparse(), 20, tol=1e-12).error(x) <= 1e-10


# --- invariances -----------------------------------------------------------------------------------------------------


def settled(solver):
    """How well x is known: iht picks it by a residual that is flat there, ||r||^2 = min + ||A (x - x*)||^2."""
    return 1e-7 if solver is cs.iht else 1e-9


@every_greedy
@pytest.mark.parametrize("factor", [-3.0, 1e-30, 1e30, 1j])
def test_greedy_solution_scales_with_the_measurements(solver, factor):
    for seed in range(3):
        A, _, y, _ = problem("matrix", "complex", seed, cs.Sparse(), K, noise=0.3)
        once, scaled = solver(A, y, cs.Sparse(), K), solver(A, factor * y, cs.Sparse(), K)
        assert relative(scaled.x, factor * once.x) <= settled(solver)
        assert (scaled.status, scaled.iterations) == (once.status, once.iterations)


@every_convex
@pytest.mark.parametrize("factor", [1e-30, 0.1, 1e30])
def test_convex_solution_scales_with_measurements_and_lambda(solver, factor):
    for seed in range(3):
        A, _, y, _ = problem("matrix", "real", seed, cs.Sparse(), K, noise=0.3)
        once, scaled = solver(A, y, cs.L1(0.1)), solver(A, factor * y, cs.L1(factor * 0.1))
        assert relative(scaled.x, factor * once.x) <= 1e-9
        assert scaled.gap == pytest.approx(factor**2 * once.gap, rel=1e-3)
        assert (scaled.status, abs(scaled.iterations - once.iterations) <= 1) == (once.status, True)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@every_kind
def test_single_precision_stays_single(kind, dtype):
    A, _, y, x = problem(kind, "complex" if dtype == "complex64" else "real", 0, cs.Sparse(), 3, noise=0)
    A, y = A if kind == "dct" else cs.Matrix(A.matrix.astype(dtype)), y.astype(dtype)
    for solver, arguments, error in (
        *((solver, (cs.Sparse(), 3), 1e-5) for solver, _, _ in GREEDY.values()),
        *((solver, (cs.L1(1e-3),), 0.02) for solver in (cs.ista, cs.fista)),
        (cs.recover, (cs.Sparse(), 3), 1e-5),
    ):
        result, seen = followed(solver, A, y, *arguments, tol=1e-5)
        assert {str(x.dtype) for x in (*seen, result.x, result.signal)} == {dtype}
        assert result.error(x) <= error


CONVEX_CASES = [(solver, (cs.L1(0.05),)) for solver in (cs.ista, cs.fista)]
GREEDY_CASES = [(solver, (cs.Sparse(), K)) for solver, _, _ in GREEDY.values()]
every_case = pytest.mark.parametrize(
    ("solver", "arguments"), CONVEX_CASES + GREEDY_CASES, ids=lambda value: getattr(value, "__name__", "")
)


@every_case
@every_field
def test_each_signal_of_a_stack_of_matrices_is_recovered_alone(solver, arguments, field):
    rng = np.random.default_rng(2)
    matrices, xs = normal(rng, (4, M, N), field) / M**0.5, normal(rng, (4, N), field) * (np.arange(N) % 16 == 3)
    ys = (matrices @ xs[..., None])[..., 0] + 0.05 * normal(rng, (4, M), field)
    step = {"step": 0.2} if solver in (cs.ista, cs.fista) else {}  # by default the step of the largest norm
    together = solver(matrices, ys, *arguments, **step)
    for i in range(4):
        alone = solver(matrices[i], ys[i], *arguments, **step)
        assert relative(together.x[i], alone.x) <= 1e-8
        assert together.status[i] is alone.status
        assert together.iterations[i] == alone.iterations


def test_a_stack_of_matrices_takes_the_step_of_its_largest_norm():
    rng = np.random.default_rng(2)
    matrices = rng.standard_normal((3, M, N)) * np.array([1.0, 5.0, 0.2])[:, None, None]
    ys = rng.standard_normal((3, M))
    for i, x in enumerate(cs.fista(matrices, ys, cs.L1(0.5), tol=1e-12, max_iter=100_000).x):
        expected = cs.fista(matrices[i], ys[i], cs.L1(0.5), tol=1e-12, max_iter=100_000).x
        assert relative(x, expected) <= 1e-4


@every_case
@every_kind
def test_a_batch_of_signals_is_recovered_as_one_by_one(solver, arguments, kind):
    """Signals that converge, that stall and that are zero, each with its own status and number of iterations."""
    rng = np.random.default_rng(4)
    A, matrix = operator(kind, "real", rng)
    xs = np.stack([cs.random_signal(cs.Sparse(), N, 1 + i % 4, rng) for i in range(20)])
    ys = xs @ matrix.T + (np.arange(20) % 3 == 0)[:, None] * rng.standard_normal((20, M))
    ys[[5, 9]] = 0
    tol = {"tol": 1e-3} if solver is cs.ista else {}
    together = solver(A, ys, *arguments, **tol)
    assert together.x.shape == (20, N)
    for i in range(20):
        alone = solver(A, ys[i], *arguments, **tol)
        np.testing.assert_allclose(together.x[i], alone.x, rtol=0, atol=10 * settled(solver))
        assert together.status[i] is alone.status
        assert together.iterations[i] == alone.iterations
        assert together.residual_norm[i] == pytest.approx(alone.residual_norm, abs=1e-9)
    statuses = set(together.status)
    assert cs.Status.CONVERGED in statuses
    assert len(statuses) > 1 or solver in (cs.ista, cs.fista)
    assert together.converged.tolist() == [status is cs.Status.CONVERGED for status in together.status]


@pytest.mark.parametrize("solver", [cs.fista, cs.subspace_pursuit], ids=lambda f: f.__name__)
def test_batch_axes_may_be_several(solver):
    arguments = (cs.L1(0.05),) if solver is cs.fista else (cs.Sparse(), K)
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    ys = y * np.arange(6.0)[:, None]
    deep, plain = solver(A, ys.reshape(2, 3, M), *arguments), solver(A, ys, *arguments)
    np.testing.assert_allclose(deep.x.reshape(6, N), plain.x, rtol=0, atol=1e-12)
    assert deep.status.shape == (2, 3)
    assert deep.history["residual_norm"].shape[1:] == (2, 3)


def structures_2d():
    tree = cs.Wavelet((8, 8), "haar", levels=2).tree
    labels = np.arange(64) % 16
    return {
        "sparse": (cs.cosamp, (cs.Sparse(), 5), (cs.Sparse(), 5)),
        "blocks": (
            cs.subspace_pursuit,
            (cs.BlockSparse(cs.Blocks(labels.reshape(8, 8))), 2),
            (cs.BlockSparse(cs.Blocks(labels)), 2),
        ),
        "tree": (
            cs.cosamp,
            (cs.TreeSparse(tree), 6),
            (cs.TreeSparse(cs.Tree(tree.parents.reshape(-1))), 6),
        ),
        "l1": (cs.fista, (cs.L1(0.05),), (cs.L1(0.05),)),
        "weighted l1": (
            cs.ista,
            (cs.L1(np.linspace(0.01, 0.1, 64).reshape(8, 8)),),
            (cs.L1(np.linspace(0.01, 0.1, 64)),),
        ),
        "groups": (
            cs.fista,
            (cs.GroupL2(cs.Blocks(labels.reshape(8, 8)), 0.1),),
            (cs.GroupL2(cs.Blocks(labels), 0.1),),
        ),
    }


@pytest.mark.parametrize("name", structures_2d())
def test_images_are_recovered_as_their_flattened_form(name):
    solver, image_structure, flat_structure = structures_2d()[name]
    A = cs.random_rows((8, 8), 40, 0) @ cs.DCT((8, 8))
    ys = np.random.default_rng(1).standard_normal((3, 40))
    images = solver(A, ys, *image_structure, max_iter=300)
    flat = solver(A.todense(), ys, *flat_structure, max_iter=300)
    assert images.x.shape == (3, 8, 8)
    np.testing.assert_allclose(images.x.reshape(3, 64), flat.x, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(images.support.reshape(3, 64), flat.support)
    assert images.status.tolist() == flat.status.tolist()


@every_case
def test_lists_integers_and_scipy_operators_are_taken(solver, arguments):
    import scipy.sparse

    rng = np.random.default_rng(0)
    matrix, y = rng.integers(-2, 3, (M, N)), rng.integers(-3, 4, M)
    expected = solver(matrix.astype(float), y.astype(float), *arguments, max_iter=100).x
    for A, measured in ((matrix.tolist(), y.tolist()), (matrix, y), (scipy.sparse.csr_array(matrix * 1.0), y)):
        np.testing.assert_allclose(solver(A, measured, *arguments, max_iter=100).x, expected, atol=1e-8)


# --- how it ended ----------------------------------------------------------------------------------------------------


@every_case
def test_a_callback_sees_each_iteration_and_stops(solver, arguments):
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), 8, noise=1.0)
    seen = []

    def stop_at_second(progress):
        seen.append(progress)
        return progress.iteration == 2

    result = solver(A, y, *arguments, callback=stop_at_second, tol=0.0, **each(solver))
    assert [progress.iteration for progress in seen] == [1, 2]
    assert result.status is cs.Status.STOPPED
    assert result.iterations == 2
    assert not result.converged
    for progress, *row in zip(seen, result.history["residual_norm"], result.history["change"], strict=True):
        assert [progress.numbers["residual_norm"], progress.numbers["change"]] == row


@every_case
def test_iterations_run_out(solver, arguments):
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), 8, noise=1.0)
    result = solver(A, y, *arguments, tol=0.0, max_iter=1)
    assert (result.status, result.iterations) == (cs.Status.MAX_ITER, 1)
    assert "raise max_iter" in result.status.value


@every_greedy
def test_noise_ends_in_a_residual_that_stopped_falling(solver):
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K, noise=0.1)
    assert solver(A, y, cs.Sparse(), K, max_iter=5000).status is cs.Status.STALLED


def test_cosamp_far_outside_its_regime_runs_in_a_cycle():
    rng = np.random.default_rng(0)
    A, y = cs.gaussian(20, 60, rng), rng.standard_normal(20)
    result = cs.cosamp(A, y, cs.Sparse(), 9)
    residuals = result.history["residual_norm"]
    np.testing.assert_allclose(residuals[-4:-2], residuals[-2:], rtol=1e-12)
    assert residuals[-1] != pytest.approx(residuals[-2], rel=1e-3)
    assert result.status is cs.Status.CYCLED
    assert cs.cosamp(A, np.stack([y, 0 * y]), cs.Sparse(), 9).status.tolist() == [
        cs.Status.CYCLED,
        cs.Status.CONVERGED,
    ]


@every_convex
def test_a_step_too_long_ends_in_divergence_with_a_finite_best_iterate(solver):
    A, matrix, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    result, seen = followed(solver, A, y, cs.L1(0.05), step=50 / np.linalg.norm(matrix, 2) ** 2)
    assert result.status is cs.Status.DIVERGED
    assert np.isfinite(result.x).all()
    assert np.linalg.norm(result.x) == min(np.linalg.norm(x) for x in seen)
    assert result.iterations < 1000


def test_divergence_of_one_signal_leaves_the_others_alone():
    matrices = np.stack([np.eye(4), 3 * np.eye(4)])
    result = cs.ista(matrices, np.ones((2, 4)), cs.L1(0.1), step=1.0)
    assert result.status.tolist() == [cs.Status.CONVERGED, cs.Status.DIVERGED]
    np.testing.assert_allclose(result.x[0], 0.9)


@every_case
def test_zero_measurements_give_zero_converged(solver, arguments):
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    result = solver(A, 0 * y, *arguments)
    assert result.converged
    assert not result.x.any()


@every_case
def test_a_zero_operator_gives_zero(solver, arguments):
    result = solver(np.zeros((M, N)), np.ones(M), *arguments, max_iter=50)
    assert not result.x.any()


def test_numbers_are_looked_at_every_so_many_iterations():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    looks = []
    result = cs.run(
        iht_iterates(A, y, cs.Sparse(), K, np.zeros(N)),
        tol=0.0,
        max_iter=25,
        measure=lambda state: state.residual_norm,
        check_every=10,
        callback=lambda progress: looks.append(progress.iteration),
    )
    assert looks == [10, 20, 25]
    assert len(result.history["residual_norm"]) == 3
    assert result.iterations == 25


def test_a_stall_is_told_from_a_cycle_by_the_looks_before_it_alone():
    """Looked at every second iteration, the first signal stalls and is frozen; what it does after that is no cycle."""
    first, second = [1.0] * 7 + [2.0, 3.0] * 30, [*np.linspace(2, 1, 25), *[2.0, 3.0] * 20]

    def iterates():
        for pair in np.repeat(np.stack([first[:60], second[:60]], axis=1), 2, axis=0):
            yield cs.Iterate(pair[:, None], np.ones(2), pair)

    result = cs.run(
        iterates(), tol=0.0, max_iter=120, measure=lambda state: state.residual_norm, patience=6, check_every=2
    )
    assert result.iterations.tolist() == [14, 62]
    assert result.status.tolist() == [cs.Status.STALLED, cs.Status.CYCLED]


# --- the result ------------------------------------------------------------------------------------------------------


def test_error_is_relative_to_the_truth_of_each_signal():
    A, _, y, x = problem("matrix", "real", 0, cs.Sparse(), K)
    one = cs.subspace_pursuit(A, y, cs.Sparse(), K)
    assert one.error(x) == pytest.approx(np.linalg.norm(one.x - x) / np.linalg.norm(x), rel=1e-12)
    assert one.error(x.tolist()) == one.error(x)
    two = cs.subspace_pursuit(A, np.stack([y, -y]), cs.Sparse(), K)
    np.testing.assert_allclose(two.error(np.stack([x, x])), [one.error(x), relative(-one.x, x)], rtol=1e-9)


@pytest.mark.parametrize("batch", [False, True])
def test_saved_result_loads_without_pickle(tmp_path, batch):
    A, _, y, _ = problem("dct", "complex", 0, cs.Sparse(), K)
    for name, result in {
        "greedy": cs.cosamp(A, np.stack([y, 0 * y]) if batch else y, cs.Sparse(), K),
        "convex": cs.fista(A, np.stack([y, 0 * y]) if batch else y, cs.L1(0.1)),
    }.items():
        result.save(tmp_path / f"{name}.npz")
        with np.load(tmp_path / f"{name}.npz", allow_pickle=False) as saved:
            np.testing.assert_array_equal(saved["x"], result.x)
            np.testing.assert_array_equal(saved["signal"], result.signal)
            np.testing.assert_array_equal(saved["support"], result.support)
            np.testing.assert_array_equal(saved["history_residual_norm"], result.history["residual_norm"])
            np.testing.assert_array_equal(saved["residual_norm"], result.residual_norm)
            np.testing.assert_array_equal(saved["iterations"], result.iterations)
            assert np.ravel(saved["status"]).tolist() == [status.name for status in np.ravel(result.status)]
            assert ("gap" in saved) == (name == "convex")


def test_repr_says_how_it_ended_in_one_line():
    A, _, y, x = problem("matrix", "real", 0, cs.Sparse(), 3, noise=0)
    alone = cs.subspace_pursuit(A, y, cs.Sparse(), 3)
    assert repr(alone).startswith("Result(CONVERGED; shape (48,), ")
    noisy = y + 0.1 * np.random.default_rng(0).standard_normal(M)
    batch = cs.subspace_pursuit(A, np.stack([A @ x, noisy, noisy]), cs.Sparse(), 3)
    assert repr(batch).startswith("Result(CONVERGED 1, STALLED 2; shape (3, 48), ")
    assert "\n" not in repr(batch)


@pytest.mark.parametrize("batch", [False, True])
def test_signal_of_a_result_with_basis_is_synthesised(batch):
    W = cs.Wavelet(64, "db2")
    truth = W.H @ cs.random_signal(cs.TreeSparse(W.tree), 64, 6, 0)
    A = cs.gaussian(40, 64, 1)
    y = A @ truth
    result = cs.recover(A, np.stack([y, 2 * y]) if batch else y, cs.TreeSparse(W.tree), 6, basis=W)
    truths = np.stack([truth, 2 * truth]) if batch else truth
    np.testing.assert_allclose(result.signal, truths, atol=1e-10)
    np.testing.assert_allclose(result.x, W @ truths, atol=1e-10)
    assert np.max(result.error(truths)) <= 1e-10
    assert result.basis is W


def test_recover_uses_subspace_pursuit_for_models_and_for_penalties_what_suits_the_operator():
    A, _, y, _ = problem("matrix", "real", 0, cs.Sparse(), K)
    np.testing.assert_array_equal(cs.recover(A, y, cs.Sparse(), K).x, cs.subspace_pursuit(A, y, cs.Sparse(), K).x)
    np.testing.assert_array_equal(cs.recover(A, y, cs.L1(0.1)).x, cs.working_set(A, y, cs.L1(0.1)).x)
    np.testing.assert_array_equal(cs.recover(A, y, cs.ElasticNet(0.1)).x, cs.fista(A, y, cs.ElasticNet(0.1)).x)
    assert cs.recover(A, y, cs.ElasticNet(0.1), max_iter=3, tol=0.0).iterations == 3


# --- headline numbers ------------------------------------------------------------------------------------------------


def test_heavisine_from_80_of_1024_measurements_needs_the_tree():
    """Baraniuk et al., 2010, figure 1, with sym8 and medians over 24 draws in place of one."""
    t = np.arange(1, 1025) / 1024
    heavisine = 4 * np.sin(4 * np.pi * t) - np.sign(t - 0.3) - np.sign(0.72 - t)
    W = cs.Wavelet(1024, "sym8")
    coefficients, errors = W @ heavisine, {"tree": [], "plain": []}
    for seed in range(24):
        A = cs.gaussian(80, 1024, seed)
        y = A @ coefficients
        errors["tree"].append(cs.cosamp(A, y, cs.TreeSparse(W.tree), 26).error(coefficients))
        errors["plain"].append(cs.cosamp(A, y, cs.Sparse(), 26).error(coefficients))
    tree, plain = np.median(errors["tree"]), np.median(errors["plain"])
    assert tree <= 0.06
    assert plain >= 2.5 * tree


@pytest.mark.parametrize(("solver", "m"), [(cs.subspace_pursuit, 422), (cs.cosamp, 960)])
def test_six_blocks_of_64_are_recovered_exactly_in_ten_of_ten_draws(solver, m):
    """Baraniuk et al., 2010, section VI, m = 2.5 times the nonzeros; subspace pursuit needs 1.1 times."""
    model = cs.BlockSparse(cs.Blocks.uniform(4096, 64))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x, A = cs.random_signal(model, 4096, 6, rng), cs.gaussian(m, 4096, rng)
        assert solver(A, A @ x, model, 6).error(x) < 1e-6
