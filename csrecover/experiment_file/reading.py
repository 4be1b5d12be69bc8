"""The experiment that a file describes."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.theory import transition_rho
from ..experiments import RecoveryTrial, Sweep, sweep
from ..experiments.description import describe
from ..plotting.sweep_order import axes_of_numbers
from ..problem_file.parts import Context
from ..problem_file.tables import call, check_keys
from ..problem_file.values import value_of
from ..report import theory_points
from .axes import read_axes
from .trials import read_trial

_OPTIONS = {"trials": "int", "seed": "int", "adaptive": "bool | float"}
_TOP = (*_OPTIONS, "axes", "trial", "basis", "structure", "solver", "solvers", "theory")


@dataclass(frozen=True, eq=False)
class Experiment:
    """What an experiment file describes.

    Attributes
    ----------
    trial : RecoveryTrial
    axes : dict of str to sequence
    options : dict
        further arguments of `sweep`.
    theory : str, callable or None
        as `plot_sweep` takes it.
    """

    trial: RecoveryTrial
    axes: dict[str, Sequence[Any]]
    options: dict[str, Any]
    theory: Any

    def run(self, **options: Any) -> Sweep:
        """Run it, as `csrecover.sweep` does; where, with which store, and how it is shown are its options."""
        return sweep(self.trial, self.axes, **self.options, **options)


def read_experiment(path: str | Path) -> Experiment:
    """The experiment that a TOML file describes; other files that it names lie beside it.

    Raises
    ------
    OSError
        When the file cannot be read.
    ValueError
        When something in it is not understood; the message names the file, the table and the key.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        check_keys(content, _TOP, "the top level")
        for key in ("trials", "axes", "trial", "structure"):
            if key not in content:
                raise ValueError(f"the top level needs {key}; its keys are {', '.join(_TOP)}")
        options = {key: value_of(content[key], _OPTIONS[key], key, Path()) for key in _OPTIONS if key in content}
        axes = read_axes(content["axes"])
        context = Context(path.parent, options.get("seed"))
        trial = read_trial(content, axes, context)
        theory = _theory(content["theory"], trial, axes, context) if "theory" in content else None
        return Experiment(trial, axes, options, theory)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def theory_of(kind: str, size: float | None = None, nu: float | None = None) -> Any:
    """A kind of theory as `plot_sweep` takes it; with parameters it is the transition over delta, in rho."""
    transition = partial(transition_rho, kind, size=size, nu=nu)
    transition(0.5)
    return kind if size is None and nu is None else transition


def _theory(table: Any, trial: RecoveryTrial, axes: dict[str, Sequence[Any]], context: Context) -> Any:
    """Theory, once it is known that it can be drawn over these axes."""
    theory = call(theory_of, table, "[theory]", context)
    nothing = np.zeros([len(values) for values in axes.values()], dtype=int)
    grid = {name: tuple(values) for name, values in axes.items()}
    empty = Sweep(grid, nothing, nothing, None, nothing, {"trial": describe(trial)})
    drawn = axes_of_numbers(empty)[-2:]
    if not isinstance(theory, str) and drawn != ["delta", "rho"]:
        raise ValueError(f"[theory]: size and nu are for axes delta and rho, in this order, got {', '.join(drawn)}")
    if drawn:
        theory_points(empty, theory)
    return theory
