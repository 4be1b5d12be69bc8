"""A problem file as a problem."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..operators import LinearOperator
from ..recover import recover
from ..solvers import Result
from .kinds import BASES, STRUCTURES
from .parts import Context
from .tables import arguments, build, check_keys, keys, operator
from .values import load

_TOP = ("measurements", "seed", "operator", "basis", "structure", "recover")
_GIVEN = ("A", "y", "structure", "basis", "callback")  # arguments of `recover` that no key of [recover] gives


@dataclass(frozen=True, eq=False)
class Problem:
    """What a problem file describes.

    Attributes
    ----------
    A : LinearOperator
    y : array, (*batch, *out_shape), or None where it was not read
    structure : Model or Penalty
    basis : LinearOperator or None
    options : dict
        further arguments of `recover`.
    seed : int or None
    text : str
        the file.
    """

    A: LinearOperator
    y: np.ndarray | None
    structure: Any
    basis: LinearOperator | None
    options: dict[str, Any]
    seed: int | None
    text: str

    def recover(self) -> Result:
        """Solve it, as `csrecover.recover` does."""
        return recover(self.A, self.y, self.structure, basis=self.basis, **self.options)


def read_problem(path: str | Path, *, measured: bool = True) -> Problem:
    """The problem that a TOML file describes; other files that it names lie beside it.

    Unless `measured`, the measurements are not read and need not be given.

    Raises
    ------
    OSError
        When the file cannot be read.
    ValueError
        When something in it is not understood; the message names the file, the table and the key.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
        context = top_level(content, path.parent, measured)
        A = operator(content["operator"], "[operator]", context)
        structure, basis, options = _goal(content, replace(context, shape=A.in_shape))
        y = load(content["measurements"], "measurements", path.parent) if measured else None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return Problem(A, y, structure, basis, options, context.seed, text)


def top_level(content: dict[str, Any], folder: Path, measured: bool = True) -> Context:
    """What holds for all tables, once the top level is known to be in order."""
    check_keys(content, _TOP, "the top level")
    for key in ("measurements", "operator", "structure")[not measured :]:
        if key not in content:
            raise ValueError(f"the top level needs {key}; its keys are {', '.join(_TOP)}")
    if not isinstance(content.get("measurements", ""), str):
        raise ValueError(f"measurements: expected the name of an .npy or .npz file, got {content['measurements']!r}")
    seed = content.get("seed")
    if seed is not None and (type(seed) is not int or seed < 0):
        raise ValueError(f"seed: expected an integer >= 0, got {seed!r}")
    return Context(folder, seed)


def _goal(content: dict[str, Any], context: Context) -> tuple[Any, LinearOperator | None, dict[str, Any]]:
    """Structure, basis and options of `recover`."""
    basis = build(BASES, content["basis"], "[basis]", context) if "basis" in content else None
    structure = build(STRUCTURES, content["structure"], "[structure]", replace(context, basis=basis))
    table = content.get("recover", {})
    if not isinstance(table, dict):
        raise ValueError(f"[recover]: expected a table, got {table!r}")
    check_keys(table, keys(recover, _GIVEN), "[recover]")
    return structure, basis, arguments(recover, table, "[recover]", context, _GIVEN)
