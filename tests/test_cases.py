"""Nothing is public without being in the property suite."""

import csrecover as cs

from . import cases


def concrete(base: type) -> set[type]:
    """Public subclasses of a base that can be instantiated."""
    found = {value for value in vars(cs).values() if isinstance(value, type) and issubclass(value, base)}
    return {cls for cls in found if not getattr(cls, "__abstractmethods__", None)}


def test_every_operator_has_a_case():
    assert concrete(cs.LinearOperator) <= {type(A) for A in cases.operators().values()}


def test_every_model_has_a_case():
    assert concrete(cs.Model) <= {type(case.model) for case in cases.models().values()}


def test_every_penalty_has_a_case():
    assert concrete(cs.Penalty) <= {type(penalty) for penalty, _ in cases.norms().values()}


def test_every_solver_has_a_case():
    solvers = {name for name, value in vars(cs.solvers).items() if callable(value) and name in SOLVERS}
    assert solvers == SOLVERS
    assert {case.solve.__name__ for case in cases.solvers().values()} == SOLVERS | {"recover"}


SOLVERS = {name for name in cs.solvers.__all__ if name.islower()} - {"run", "lambda_max", "duality_gap"}
