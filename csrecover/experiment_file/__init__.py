"""Experiments described in a TOML file: trials of recovery on a grid, for ``csrecover sweep``.

A file has these parts; keys are the names that csrecover has in Python, kinds too::

    trials = 50               # of each cell, at most
    seed = 0
    adaptive = true           # trials where they tell most; or the half-width wanted of the 50 % points

    [axes]                    # a list of values, or from, to and count; the last one is the one that is fitted along
    delta = { from = 0.1, to = 0.9, count = 17 }
    rho = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

    [trial]                   # fields of `RecoveryTrial`
    n = 256
    ensemble = "gaussian"

    [structure]               # a model or a penalty; a tree is that of a [basis]
    kind = "L1"

    [solver]                  # optional, a solver and its arguments; or several, [solvers.NAME], on the same problems
    kind = "fista"

    [theory]                  # optional, a curve to draw beside them
    kind = "l1"

``csrecover sweep --example`` prints a whole one.
"""

from .example import EXAMPLE
from .reading import Experiment, read_experiment

__all__ = ["EXAMPLE", "Experiment", "read_experiment"]
