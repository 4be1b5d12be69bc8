"""The trial of an experiment file: its fields, its structure and its solvers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import solvers
from ..analysis import recovers
from ..experiments import RecoveryTrial
from ..models import SupportModel
from ..operators.base import as_shape
from ..penalties import Penalty
from ..problem_file.kinds import BASES, STRUCTURES, Kinds
from ..problem_file.parts import Context
from ..problem_file.tables import arguments, build, check_keys, keys, kind_of
from ..recover import recover

_WITH_MODELS = "subspace_pursuit cosamp htp iht omp gomp block_omp am_iht am_cosamp"
_WITH_PENALTIES = "ista fista pogm greedy_fista sparsa working_set reweighted amp vamp"
_CONSTRAINED = "basis_pursuit bpdn lasso_ball dantzig sqrt_lasso"
SOLVERS: Kinds = {"exact": recovers, "recover": recover}
SOLVERS |= {name: getattr(solvers, name) for name in f"{_WITH_MODELS} {_WITH_PENALTIES} {_CONSTRAINED}".split()}
_GIVEN = ("A", "y", "model", "penalty", "structure", "k", "x0", "basis", "callback")  # what is not of a file
_OWN = ("structure", "solver")  # fields of the trial that have tables of their own


@dataclass(frozen=True, eq=False)
class Solver:
    """A solver with its arguments, and the structure that it takes the signals to have, if it is another.

    The budget of another model is that of as many coefficients.
    """

    function: Callable[..., Any]
    options: dict[str, Any]
    structure: Any = None

    def __call__(self, A: Any, y: Any, structure: Any, k: Any) -> Any:
        """Solve one problem, or a batch."""
        own = structure if self.structure is None else self.structure
        if isinstance(own, Penalty):
            return self.function(A, y, own, **self.options)
        if self.structure is not None and isinstance(structure, SupportModel):
            k = -(-structure.max_nonzeros(k) // own.max_nonzeros(1))
        return self.function(A, y, own, k, **self.options)


@dataclass(frozen=True, eq=False)
class CellStructure:
    """The structure of a cell, where axes are named after keys of its table, or give the length of the signals.

    Of tables without names of files.
    """

    table: dict[str, Any]
    basis: dict[str, Any] | None
    seed: int | None

    def __call__(self, cell: Mapping[str, Any]) -> Any:
        """The structure of a cell."""
        own = {name: value for name, value in cell.items() if name in _keys_of(self.table)}
        return structure_of(self.table | own, self.basis, Context(Path(), self.seed, as_shape(cell["n"])))


def read_trial(content: Mapping[str, Any], axes: dict[str, Sequence[Any]], context: Context) -> RecoveryTrial:
    """The trial of a file; cells give it what the axes are named after.

    Raises
    ------
    ValueError
        When something in its tables, or an axis, is not understood.
    """
    table, structure = content["trial"], content["structure"]
    if not isinstance(table, dict):
        raise ValueError(f"[trial]: expected a table, got {table!r}")
    known = keys(RecoveryTrial, _OWN)
    check_keys(axes, ["delta", "rho", *known, *_keys_of(structure)], "[axes]")
    check_keys(table, known, "[trial]")
    first = {name: values[0] for name, values in axes.items() if name == "n"}
    given = arguments(RecoveryTrial, first | table, "[trial]", context, _OWN)
    context = replace(context, shape=as_shape(given["n"]))
    solver = _solvers(content, context)
    given["structure"] = _structure(structure, content.get("basis"), axes, context)
    try:
        return RecoveryTrial(**given, solver=solver)
    except (TypeError, ValueError) as error:
        raise ValueError(f"[trial]: {error}") from error


def structure_of(table: Any, basis: Any, context: Context) -> Any:
    """The structure of a table; a tree is that of the basis."""
    transform = None if basis is None else build(BASES, basis, "[basis]", context)
    return build(STRUCTURES, table, "[structure]", replace(context, basis=transform))


def _structure(table: Any, basis: Any, axes: dict[str, Sequence[Any]], context: Context) -> Any:
    own = {name: axes[name][0] for name in axes if name in _keys_of(table)}
    first = structure_of(table | own if own else table, basis, context)
    return CellStructure(table, basis, context.seed) if own or "n" in axes else first


def _keys_of(table: Any) -> Collection[str]:
    """Keys of the kind of a structure; none where there is no such kind."""
    kind = table.get("kind") if isinstance(table, dict) else None
    return keys(STRUCTURES[kind]) if isinstance(kind, str) and kind in STRUCTURES else ()


def _solvers(content: Mapping[str, Any], context: Context) -> Any:
    """A solver, None for that of the trial itself, or a dict of several."""
    if "solvers" not in content:
        return _solver(content["solver"], "[solver]", content.get("basis"), context) if "solver" in content else None
    if "solver" in content:
        raise ValueError("there are [solver] and [solvers]: give one solver, or several with a name each")
    if not isinstance(content["solvers"], dict) or not content["solvers"]:
        raise ValueError(f"[solvers]: expected a table for each, [solvers.NAME], got {content['solvers']!r}")
    return {
        name: _solver(table, f"[solvers.{name}]", content.get("basis"), context)
        for name, table in content["solvers"].items()
    }


def _solver(table: Any, place: str, basis: Any, context: Context) -> Solver | None:
    """A solver; None for the exact question, which the trial answers itself."""
    function = SOLVERS[kind_of(SOLVERS, table, place)]
    options = {key: table[key] for key in table if key not in ("kind", "structure")}
    if function is recovers:
        check_keys(options, [], place)
        return None
    check_keys(options, [*keys(function, _GIVEN), "structure"], place)
    structure = structure_of(table["structure"], basis, context) if "structure" in table else None
    return Solver(function, arguments(function, options, place, context, _GIVEN), structure)
