"""What theory says, on the axes of a sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..analysis.theory import success_probability, transition_rho
from ..experiments import Sweep
from .style import outline

Theory = str | Callable[[np.ndarray], Any]
_POINTS = 120
_DASHES = ((0, (4, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (1, 1.2)), (0, (7, 1.5)))


def draw_theories(ax: Axes, sweep: Sweep, theory: Theory | Mapping[str, Theory] | None, members: Sequence[str]) -> None:
    """A black line for each; those that are named after what is told apart look alike and have one name."""
    named = {} if theory is None else theory if isinstance(theory, Mapping) else {"theory": theory}
    titles = list(dict.fromkeys("theory" if name in members else name for name in named))
    effects = outline(2.2) if len(sweep.axes) == 2 and len(members) == 1 else None
    drawn = set()
    for name, each in named.items():
        title = "theory" if name in members else name
        dash = _DASHES[titles.index(title) % len(_DASHES)]
        once = title if title not in drawn else None
        ax.plot(*points(each, sweep), "k", linestyle=dash, linewidth=1, label=once, path_effects=effects, zorder=4)
        drawn.add(title)


def points(theory: Theory, sweep: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """Points of the transition over two axes, or of the probability of success over one.

    Raises
    ------
    ValueError
        When a kind of theory needs numbers that neither the axes nor the trial tell.
    """
    names = list(sweep.axes)
    first, last = sweep.axes[names[0]][0], sweep.axes[names[0]][-1]
    known = fixed(sweep)
    if isinstance(theory, str) and len(names) == 2:
        return transition(theory, names, known)
    x = np.linspace(first, last, _POINTS)
    if isinstance(theory, str):
        return x, probability(theory, {**known, names[0]: x}, names)
    return x, np.broadcast_to(theory(x), x.shape)


def fixed(sweep: Sweep) -> dict[str, Any]:
    """Numbers that all trials of a sweep have in common: of the trial, and of the axes that were selected from."""
    trial = sweep.experiment.get("trial")
    given = (trial if isinstance(trial, dict) else {}) | sweep.experiment.get("selected", {})
    known = {name: given[name] for name in ("n", "m", "k", "delta", "rho") if given.get(name) is not None}
    if "n" in known:
        known["n"] = math.prod(known["n"] if isinstance(known["n"], list | tuple) else [known["n"]])
    return known


def transition(kind: str, names: Sequence[str], known: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Points of the transition of a kind of theory in the plane of two axes."""
    delta = np.linspace(0, 1, _POINTS + 2)[1:-1]
    rho = transition_rho(kind, delta)
    n = known.get("n") if {"m", "k"} & set(names) else 1.0
    if n is None or not set(names) <= {"delta", "rho", "m", "k"}:
        raise _no_formula(kind, names)
    places = {"delta": delta, "rho": rho, "m": delta * n, "k": rho * delta * n}
    return places[names[0]], places[names[1]]


def probability(kind: str, known: Mapping[str, Any], names: Sequence[str]) -> np.ndarray:
    """Probability of success of a kind of theory, where n, k and m follow from what is known."""
    try:
        m = known["delta"] * known["n"] if "delta" in known else known["m"]
        k = known["rho"] * m if "rho" in known else known["k"]
        return np.asarray(success_probability(kind, known["n"], k, m))
    except KeyError:
        raise _no_formula(kind, names) from None


def _no_formula(kind: str, names: Sequence[str]) -> ValueError:
    return ValueError(
        f"theory={kind!r} over {' and '.join(names)} needs n, m and k, or delta and rho, of the axes and of the trial: "
        f"give theory as a function of {names[0]}"
    )
