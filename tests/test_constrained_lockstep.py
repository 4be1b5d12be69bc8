"""Constrained forms in lockstep with the textbook; where they start; what a look costs."""

from itertools import islice

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers import root
from csrecover.solvers.base import Counting

from .constrained_reference import bregman, pareto_root, restarted_primal_dual
from .test_constrained import FORMS, arguments, every_form, objective, problem
from .test_solvers import normal

every_field = pytest.mark.parametrize("field", ["real", "complex"])


def sparse_problem(seed, field, m=30, n=64, k=5):
    rng = np.random.default_rng(seed)
    matrix, x = normal(rng, (m, n), field) / m**0.5, np.zeros(n, complex if field == "complex" else float)
    x[rng.permutation(n)[:k]] = normal(rng, k, field)
    return matrix, matrix @ x, x


def followed(solver, *args, **options):
    seen = []
    solver(*args, tol=0.0, callback=lambda progress: seen.append(progress.x), **options)
    return seen


def agree(ours, theirs, **tolerance):
    assert len(ours) > 2
    for x, z in zip(ours, islice(theirs, len(ours)), strict=True):
        np.testing.assert_allclose(x, z, **tolerance)


@every_field
@pytest.mark.parametrize("seed", range(4))
def test_basis_pursuit_in_lockstep(field, seed):
    matrix, y, _ = sparse_problem(seed, field)
    ours = followed(cs.basis_pursuit, matrix, y, cs.L1(), max_iter=25)
    agree(ours, bregman(matrix, y), atol=1e-7)


@every_field
def test_the_search_for_a_residual_in_lockstep(field, monkeypatch):
    matrix, y, _ = sparse_problem(0, field)
    rough, A = root.penalised, cs.Matrix(matrix)
    monkeypatch.setattr(root, "penalised", lambda *given: rough(*given[:-1], 1e-13 + 0 * given[-1]))
    sigma, largest = 0.1 * np.linalg.norm(y), float(cs.lambda_max(A, y, cs.L1()))

    def solution(t):
        return cs.fista(A, y, cs.L1(t), tol=1e-14, max_iter=50_000).x

    zero, *ours = followed(cs.bpdn, A, y, cs.L1(), sigma, max_iter=8)
    assert not zero.any()
    agree(ours, pareto_root(solution, lambda x: y - matrix @ x, sigma, largest), atol=1e-5)


@every_field
def test_the_dantzig_selector_in_lockstep(field):
    matrix, y, _ = sparse_problem(1, field)
    ours = followed(cs.dantzig, matrix, y, cs.L1(), 0.1, max_iter=150)
    agree(ours, restarted_primal_dual(matrix, y, 0.1), atol=1e-8)


@every_field
def test_the_square_root_lasso_is_the_fixed_point_of_its_weights(field):
    """Sun and Zhang, 2012: t = weight ||y - A x(t)||, iterated."""
    matrix, y, _ = sparse_problem(2, field)
    y = y + 0.05 * normal(np.random.default_rng(3), y.shape, field)
    weight = 0.4 * float(cs.lambda_max(matrix, y, cs.L1())) / np.linalg.norm(y)
    x = np.zeros(matrix.shape[1])
    for _ in range(60):
        t = weight * np.linalg.norm(y - matrix @ x)
        x = cs.fista(matrix, y, cs.L1(t), x0=x, tol=1e-13, max_iter=20_000).x
    np.testing.assert_allclose(cs.sqrt_lasso(matrix, y, cs.L1(), weight, tol=1e-10).x, x, atol=1e-4)


@pytest.mark.parametrize("form", ["bpdn", "lasso ball", "square root"])
@pytest.mark.parametrize("name", ["l1", "groups", "nuclear"])
def test_a_solution_as_start_ends_at_once(form, name):
    penalty, A, y = problem(name, 4)
    numbers = arguments(form, penalty, A, y)
    x = FORMS[form](A, y, penalty, *numbers, tol=1e-8).x
    again = FORMS[form](A, y, penalty, *numbers, x0=x, tol=1e-5)
    assert (again.iterations, again.status) == (1, cs.Status.CONVERGED)
    np.testing.assert_allclose(again.x, x, atol=1e-5 * np.linalg.norm(x))


@every_form
def test_any_start_leads_to_the_solution(form):
    penalty, A, y = problem("groups", 5)
    numbers, rng = arguments(form, penalty, A, y), np.random.default_rng(0)
    best = FORMS[form](A, y, penalty, *numbers, tol=1e-5)
    lowest = objective(form, penalty, A, y, best.x, numbers)
    starts = [10 * rng.standard_normal(A.size_in), np.linalg.lstsq(A.matrix, y)[0], best.x]
    results = [FORMS[form](A, y, penalty, *numbers, x0=start, tol=1e-5) for start in starts]
    for result in results:
        assert result.converged
        assert objective(form, penalty, A, y, result.x, numbers) == pytest.approx(lowest, rel=1e-4)
    together = FORMS[form](A, np.stack([y] * 3), penalty, *numbers, x0=np.stack(starts), tol=1e-5)
    for x in together.x:
        assert objective(form, penalty, A, y, x, numbers) == pytest.approx(lowest, rel=1e-4)


def test_a_start_is_forgotten_where_zero_is_the_solution():
    penalty, A, y = problem("l1", 0)
    start = np.ones(A.size_in)
    assert not cs.bpdn(A, y, penalty, 2 * np.linalg.norm(y), x0=start).x.any()
    for form in FORMS:
        assert not FORMS[form](A, 0 * y, penalty, *[1.0][: form != "basis pursuit"], x0=start).x.any()


@every_form
def test_a_bad_start_is_refused(form):
    A, y = cs.gaussian(5, 8, 0), np.ones(5)
    numbers = [] if form == "basis pursuit" else [1.0]
    cases = (
        (np.zeros(7), ValueError, r"x0 must have shape \(8,\), got \(7,\)"),
        (np.full(8, np.nan), ValueError, "x0 holds NaN"),
        (np.full(8, 1j), TypeError, "x0 must be real"),
    )
    for x0, error, message in cases:
        with pytest.raises(error, match=message):
            FORMS[form](A, y, cs.L1(), *numbers, x0=x0)


def test_basis_pursuit_takes_care_where_no_sparse_signal_fits():
    """After the quick steps; on a batch each signal is as good as alone."""
    rng = np.random.default_rng(0)
    matrix, easy = rng.standard_normal((15, 30)), np.zeros(30)
    easy[3] = 1.0
    together = cs.basis_pursuit(matrix, np.stack([matrix @ easy, rng.standard_normal(15)]), cs.L1(), tol=1e-4)
    assert together.converged.all()
    assert together.iterations[0] < 100 < together.iterations[1]
    np.testing.assert_allclose(together.x[0], easy, atol=1e-3)


def test_a_counting_operator_knows_what_its_operator_knows():
    A = cs.random_rows(16, 5, 0) @ cs.DCT(16)
    counting, x = Counting(A), np.arange(16.0)
    assert counting.norm() == A.norm()
    np.testing.assert_array_equal(counting.todense(), A.todense())
    np.testing.assert_array_equal(counting.column_norms(), A.column_norms())
    np.testing.assert_array_equal(counting.columns([2, 3]), A.columns([2, 3]))
    assert counting.counts == [0, 0]
    np.testing.assert_allclose(counting.gram @ x, A.H @ (A @ x), atol=1e-12)
    assert counting.counts == [1, 1]


def test_a_look_at_the_dantzig_selector_costs_one_product():
    matrix, y, _ = sparse_problem(1, "real")
    result = cs.dantzig(matrix, y, cs.L1(), 0.1, tol=0.0, max_iter=100)
    assert (result.n_apply, result.n_adjoint) == (2 * 100 + 1 + 10, 2 * 100 + 2)


@pytest.mark.parametrize("seed", range(5))
def test_generalised_pursuit_gives_its_best_iterate_with_and_without_a_callback(seed):
    rng = np.random.default_rng(seed)
    matrix, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    seen = followed(cs.gomp, matrix, y, cs.Sparse(), 5)
    result = cs.gomp(matrix, y, cs.Sparse(), 5, tol=0.0)
    assert result.residual_norm == pytest.approx(min(np.linalg.norm(y - matrix @ x) for x in seen))
