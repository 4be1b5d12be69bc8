"""Nothing is public without being in the property suite, and in the part of it that selfcheck runs."""

import typing

import csrecover as cs
from csrecover.testing import examples


def concrete(base: type) -> set[type]:
    """Public subclasses of a base that can be instantiated."""
    found = {value for value in vars(cs).values() if isinstance(value, type) and issubclass(value, base)}
    return {cls for cls in found if not getattr(cls, "__abstractmethods__", None)}


def test_every_operator_has_an_example():
    assert concrete(cs.LinearOperator) <= {type(A) for A in examples.operators().values()}


def test_every_creator_of_operators_has_an_example_with_its_name():
    names = {name for name, value in vars(cs).items() if creates_operators(value)} - {"from_pylops"}  # an extra
    assert len(names) > 10
    found = "\n".join(examples.operators())
    assert not {name for name in names if name.replace("_", " ") not in found}


def creates_operators(value) -> bool:
    """Whether a public function says that it returns an operator."""
    if not callable(value) or isinstance(value, type):
        return False
    result = typing.get_type_hints(value).get("return")
    return isinstance(result, type) and issubclass(result, cs.LinearOperator)


def test_every_model_has_an_example():
    assert concrete(cs.Model) <= {type(case.model) for case in examples.models().values()}


def test_every_penalty_has_an_example():
    assert concrete(cs.Penalty) <= {type(penalty) for penalty, _ in examples.penalties().values()}


def test_every_solver_has_an_example():
    solvers = {name for name, value in vars(cs.solvers).items() if callable(value) and name in SOLVERS}
    assert solvers == SOLVERS
    assert {case.solve.__name__ for case in examples.solvers().values()} == SOLVERS | {"recover"}


SOLVERS = {name for name in cs.solvers.__all__ if name.islower()} - {"run", "lambda_max", "duality_gap", "path"}
