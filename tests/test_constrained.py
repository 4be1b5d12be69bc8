"""Constrained forms: on one curve with the penalised problem, certified, and against linear and conic programs."""

import numpy as np
import pytest
from scipy.optimize import linprog

import csrecover as cs
from csrecover.solvers.forms import first_root

from .conftest import FULL
from .test_solvers import normal

M, N = 20, 32
BLOCKS, TREE = cs.Blocks.uniform(N, 4), cs.Tree.binary(levels=5)
NORMS = {
    "l1": (cs.L1(), (N,)),
    "weighted l1": (cs.L1(np.linspace(0.5, 2, N)), (N,)),
    "groups": (cs.GroupL2(BLOCKS, "sqrt"), (N,)),
    "tree": (cs.TreeL2(TREE), (31,)),
    "nuclear": (cs.Nuclear(), (5, 7)),
}
FORMS = {
    "basis pursuit": cs.basis_pursuit,
    "bpdn": cs.bpdn,
    "lasso ball": cs.lasso_ball,
    "dantzig": cs.dantzig,
    "square root": cs.sqrt_lasso,
}
every_norm = pytest.mark.parametrize("name", NORMS)
every_form = pytest.mark.parametrize("form", FORMS)


def problem(name, seed, field="real"):
    """A norm, an operator, and noisy measurements of a signal that has few of the atoms of the norm."""
    penalty, shape = NORMS[name]
    rng = np.random.default_rng(seed)
    A = cs.Matrix(normal(rng, (M, int(np.prod(shape))), field) / M**0.5)
    A = A @ cs.Sampling(shape, range(A.size_in)) if len(shape) > 1 else A
    noise = normal(rng, shape, field)
    truth = penalty.prox(noise, 0.6 * penalty.dual(noise))
    return penalty, A, A @ truth + 0.05 * normal(rng, M, field)


def arguments(form, penalty, A, y):
    """A number for a form for which its solution is neither zero nor without a penalty."""
    largest = float(cs.lambda_max(A, y, penalty))
    numbers = {
        "bpdn": 0.3 * np.linalg.norm(y),
        "lasso ball": 0.4 * np.linalg.norm(y) ** 2 / largest,
        "dantzig": 0.2 * largest,
        "square root": 0.75 * largest / np.linalg.norm(y),
    }
    return [numbers[form]] if form in numbers else []


def objective(form, penalty, A, y, x, numbers):
    """What a form minimises, from its definition."""
    if form == "lasso ball":
        return 0.5 * np.linalg.norm(y - A @ x) ** 2
    value = float(penalty.value(x))
    return np.linalg.norm(y - A @ x) + numbers[0] * value if form == "square root" else value


def violation(form, penalty, A, y, x, numbers):
    """How far x is from satisfying the constraint of a form."""
    residual = y - A @ x
    return {
        "basis pursuit": lambda: np.linalg.norm(residual),
        "bpdn": lambda: np.linalg.norm(residual) - numbers[0],
        "lasso ball": lambda: float(penalty.value(x)) - numbers[0],
        "dantzig": lambda: float(penalty.dual(A.H @ residual)) - numbers[0],
        "square root": lambda: 0.0,
    }[form]()


# --- theorems --------------------------------------------------------------------------------------------------------


@every_norm
@pytest.mark.parametrize("field", ["real", "complex"])
def test_a_penalised_solution_solves_each_form_at_its_own_numbers(name, field):
    """x(t) has the least penalty for its residual, the least residual for its penalty, and t / ||r|| is its weight."""
    penalty, A, y = problem(name, 0, field)
    t = 0.2 * float(cs.lambda_max(A, y, penalty))
    x = cs.fista(A, y, t * penalty, tol=1e-13, max_iter=100_000).x
    length, value = np.linalg.norm(y - A @ x), float(penalty.value(x))
    for solver, number in ((cs.bpdn, length), (cs.lasso_ball, value), (cs.sqrt_lasso, t / length)):
        result = solver(A, y, penalty, number, tol=1e-9)
        assert result.converged
        np.testing.assert_allclose(result.x, x, atol=3e-4 * np.linalg.norm(x))
        assert float(penalty.value(result.x)) == pytest.approx(value, rel=1e-6)
        assert result.residual_norm == pytest.approx(length, rel=1e-6)


@every_norm
@every_form
def test_the_gap_of_any_iterate_bounds_how_far_it_is_from_the_optimum(form, name):
    penalty, A, y = problem(name, 1)
    numbers, solver = arguments(form, penalty, A, y), FORMS[form]
    best = solver(A, y, penalty, *numbers, tol=1e-5)
    lowest = objective(form, penalty, A, y, best.x, numbers)
    assert best.converged
    for rounds in (1, 2, 4):
        result = solver(A, y, penalty, *numbers, tol=0.0, max_iter=10 * rounds if form == "dantzig" else rounds)
        reached = objective(form, penalty, A, y, result.x, numbers)
        assert reached - lowest <= result.gap + 1e-4 * lowest


@every_norm
@every_form
def test_a_converged_signal_satisfies_its_constraint(form, name):
    penalty, A, y = problem(name, 2)
    numbers = arguments(form, penalty, A, y)
    result = FORMS[form](A, y, penalty, *numbers, tol=1e-5)
    unit = float(cs.lambda_max(A, y, penalty)) if form == "dantzig" else np.linalg.norm(y)
    assert result.converged
    assert violation(form, penalty, A, y, result.x, numbers) <= 1e-5 * unit
    if form in ("bpdn", "lasso ball"):  # it binds
        assert violation(form, penalty, A, y, result.x, numbers) >= -1e-4 * numbers[0]


def test_zero_is_the_solution_where_it_is_feasible_or_the_weight_is_large():
    penalty, A, y = problem("groups", 0)
    largest, size = float(cs.lambda_max(A, y, penalty)), np.linalg.norm(y)
    cases = ((cs.bpdn, size), (cs.dantzig, largest), (cs.sqrt_lasso, largest / size))
    for solver, least in cases:
        for factor in (1 + 1e-12, 2.0):
            result = solver(A, y, penalty, factor * least)
            assert result.converged
            assert not result.x.any()
        assert solver(A, y, penalty, 0.9 * least).x.any()


def test_a_large_ball_leaves_least_squares():
    rng = np.random.default_rng(0)
    matrix, y = rng.standard_normal((20, 8)), rng.standard_normal(20)
    result = cs.lasso_ball(matrix, y, cs.L1(), 1e3, tol=1e-10)
    assert result.converged
    np.testing.assert_allclose(result.x, np.linalg.lstsq(matrix, y)[0], atol=1e-4)


def test_signals_of_a_batch_have_numbers_of_their_own():
    penalty, A, y = problem("groups", 3)
    ys = np.stack([y, 2 * y, np.zeros(M)])
    for form in ("bpdn", "lasso ball", "dantzig", "square root"):
        number = np.array(arguments(form, penalty, A, y) * 3) * [1.0, 1.2, 1.0]
        together = FORMS[form](A, ys, penalty, number, tol=1e-6)
        for i in range(3):
            alone = FORMS[form](A, ys[i], penalty, number[i], tol=1e-6)
            np.testing.assert_allclose(together.x[i], alone.x, atol=1e-3 * np.linalg.norm(alone.x))
            assert together.status[i] is alone.status is cs.Status.CONVERGED


def test_measurements_that_no_signal_fits_are_infeasible():
    A, y = np.ones((3, 2)), np.array([1.0, 2.0, 3.0])
    assert cs.basis_pursuit(A, y, cs.L1()).status is cs.Status.INFEASIBLE
    assert cs.bpdn(A, y, cs.L1(), 1.4).status is cs.Status.INFEASIBLE
    assert cs.bpdn(A, y, cs.L1(), 1.42).status is cs.Status.CONVERGED  # the distance is sqrt(2)
    both = cs.bpdn(A, np.stack([y, np.ones(3)]), cs.L1(), 0.1)
    assert both.status.tolist() == [cs.Status.INFEASIBLE, cs.Status.CONVERGED]


def test_the_pivotal_weight_recovers_the_support_at_any_noise_level():
    rng = np.random.default_rng(0)
    A, truth = cs.gaussian(100, 200, 0), cs.random_signal(cs.Sparse(), 200, 4, 1)
    noise = rng.standard_normal(100) / 10
    results = [cs.sqrt_lasso(A, A @ truth + level * noise, cs.L1(), tol=1e-4) for level in (0.01, 0.1)]
    for result in results:
        assert (result.support == (truth != 0)).all()
        assert result.scale == pytest.approx(results[0].scale)
    assert not cs.sqrt_lasso(A, noise, cs.L1(), tol=1e-4).x.any()


def test_the_root_of_a_polynomial_between_zero_and_one():
    rng = np.random.default_rng(0)
    roots, others, signs = rng.uniform(0, 1, 200), rng.normal(0, 3, 200), rng.choice([-1.0, 1.0], 200)
    others = np.where(signs > 0, -abs(others), 1 + abs(others))  # c <= 0 at zero, >= 0 at one
    a, b, c = signs, -signs * (roots + others) / 2, signs * roots * others
    np.testing.assert_allclose(first_root(a, b, c), roots, atol=1e-9)
    np.testing.assert_allclose(first_root(0 * roots, 0 * roots + 0.5, -roots), roots)


# --- against other programs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(100 if FULL else 3))
def test_l1_forms_agree_with_linear_programs(seed):
    penalty, A, y = problem("weighted l1", seed)
    w, B = penalty.weight, A.matrix
    cost = np.concatenate([w, w])
    pursuit = linprog(cost, A_eq=np.hstack([B, -B]), b_eq=y, bounds=(0, None))
    assert float(penalty.value(cs.basis_pursuit(A, y, penalty, tol=1e-7).x)) == pytest.approx(pursuit.fun, rel=1e-6)
    (radius,) = arguments("dantzig", penalty, A, y)
    gram, target = np.hstack([B.T @ B, -B.T @ B]), B.T @ y
    limits = np.concatenate([radius * w + target, radius * w - target])
    selector = linprog(cost, A_ub=np.vstack([gram, -gram]), b_ub=limits, bounds=(0, None))
    found = cs.dantzig(A, y, penalty, radius, tol=1e-7)
    assert float(penalty.value(found.x)) == pytest.approx(selector.fun, rel=1e-6)


def conic(name, z):
    """The norm of that name as a conic expression."""
    cp = pytest.importorskip("cvxpy")
    if name in ("l1", "positive"):
        return cp.norm1(z)
    if name == "groups":
        return 2 * sum(cp.norm2(z[4 * i : 4 * i + 4]) for i in range(N // 4))
    if name == "nuclear":
        return cp.normNuc(z)
    below = {node: [node] for node in range(31)}
    for node in range(30, 0, -1):
        below[(node - 1) // 2] += below[node]
    return sum(cp.norm2(z[np.array(nodes)]) for nodes in below.values())


@pytest.mark.parametrize("form", ["bpdn", "lasso ball", "square root"])
@pytest.mark.parametrize("name", ["l1", "positive", "groups", "tree", "nuclear"])
@pytest.mark.parametrize("seed", range(100 if FULL else 1))
def test_forms_agree_with_conic_programs(form, name, seed):
    cp = pytest.importorskip("cvxpy")
    penalty, A, y = problem("l1" if name == "positive" else name, seed)
    numbers = arguments(form, penalty, A, y)
    z = cp.Variable(A.in_shape)
    value, residual = conic(name, z), y - A.todense() @ (cp.vec(z, order="C") if len(A.in_shape) > 1 else z)
    constraints = [z >= 0] if name == "positive" else []
    if name == "positive":
        penalty, numbers = cs.NonNegativeL1(), [2 * numbers[0]] if form == "bpdn" else numbers
    program = {
        "bpdn": lambda: (value, [cp.norm2(residual) <= numbers[0]]),
        "lasso ball": lambda: (0.5 * cp.sum_squares(residual), [value <= numbers[0]]),
        "square root": lambda: (cp.norm2(residual) + numbers[0] * value, []),
    }[form]()
    lowest = cp.Problem(cp.Minimize(program[0]), program[1] + constraints).solve(solver=cp.CLARABEL)
    result = FORMS[form](A, y, penalty, *numbers, tol=1e-7)
    if np.isinf(lowest):
        assert result.status is cs.Status.INFEASIBLE
        return
    assert result.converged
    assert objective(form, penalty, A, y, result.x, numbers) == pytest.approx(lowest, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(100 if FULL else 2))
def test_basis_pursuit_denoising_agrees_with_spgl1(seed):
    spgl1 = pytest.importorskip("spgl1")
    penalty, A, y = problem("l1", seed)
    (sigma,) = arguments("bpdn", penalty, A, y)
    x = cs.bpdn(A, y, penalty, sigma, tol=1e-8).x
    theirs = spgl1.spg_bpdn(A.matrix, y, sigma, opt_tol=1e-9, bp_tol=1e-9, iter_lim=5000, verbosity=0)[0]
    assert np.abs(x).sum() <= np.abs(theirs).sum() * (1 + 1e-6)
    if np.linalg.norm(A @ theirs - y) > sigma * (1 - 1e-6):  # it stops earlier at times
        assert np.abs(x).sum() == pytest.approx(np.abs(theirs).sum(), rel=1e-6)


# --- what is refused -------------------------------------------------------------------------------------------------


@every_form
def test_what_is_no_norm_or_leaves_coefficients_free_is_refused(form):
    A, y = cs.gaussian(5, 8, 0), np.ones(5)
    numbers = [] if form == "basis pursuit" else [1.0]
    with pytest.raises(TypeError, match="expected a norm or NonNegativeL1, got ElasticNet"):
        FORMS[form](A, y, cs.ElasticNet(), *numbers)
    with pytest.raises(ValueError, match="L1 has a weight of zero: give each coefficient a positive one"):
        FORMS[form](A, y, cs.L1(np.arange(8.0)), *numbers)


@pytest.mark.parametrize(
    ("form", "name"),
    [("bpdn", "sigma"), ("lasso ball", "radius"), ("dantzig", "radius"), ("square root", "weight")],
)
def test_a_number_that_is_none_is_refused(form, name):
    A, y = cs.gaussian(5, 8, 0), np.ones((2, 5))
    for bad in (0.0, -1.0, np.nan, np.inf, [1.0, 0.0]):
        with pytest.raises(ValueError, match=f"{name} must be positive and finite"):
            FORMS[form](A, y, cs.L1(), bad)
    with pytest.raises(ValueError, match=rf"{name} must be one number or have shape \(2,\)"):
        FORMS[form](A, y, cs.L1(), [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=f"{name} is a real number"):
        FORMS[form](A, y, cs.L1(), 1j)
