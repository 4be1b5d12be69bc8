"""The property suite on every operator, model, norm and solver, on every backend and in every dtype."""

import pytest

import csrecover as cs

from . import cases
from .conftest import FULL

DRAWS = 20 if FULL else 6  # random signals a property


@pytest.mark.parametrize("name", cases.operators())
def test_operator_keeps_its_promises(name, like, backend):
    if reason := cases.skipped(name, backend):
        pytest.skip(reason)
    assert cs.check_operator(cs.to(cases.operators()[name], backend), like=like)


@pytest.mark.parametrize("name", cases.models())
def test_model_projects_onto_its_best_support(name, like, backend):
    assert cases.models()[name].check(backend, like, DRAWS)


@pytest.mark.parametrize("name", cases.penalties())
def test_penalty_keeps_its_promises(name, like, backend):
    penalty, shape = cases.penalties()[name]
    assert cs.check_penalty(cs.to(penalty, backend), shape, like=like, draws=DRAWS)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128", "complex64"])
@pytest.mark.parametrize("name", cases.solvers())
def test_solver_recovers_and_says_how_it_ended(name, dtype, backend):
    case = cases.solvers()[name]
    A, truth = cs.to(case.in_dtype(dtype), backend)
    assert cs.check_solver(case.solve, A, truth, error=case.error)
