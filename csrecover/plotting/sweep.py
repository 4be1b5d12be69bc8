"""Sweeps: rates of success, the transition fitted to them, and what theory says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..experiments import Sweep
from .style import SETTINGS, SIZE, look, outline
from .sweep_map import draw_levels, draw_map, draw_transition, frame
from .sweep_order import axis_told_apart, rising, told_apart
from .sweep_rates import draw_rates
from .sweep_theory import Theory, draw_theories


def plot_sweep(
    sweep: Sweep,
    *,
    theory: Theory | Mapping[str, Theory] | None = None,
    by: str | None = None,
    levels: Sequence[float] = (0.05, 0.95),
    confidence: float = 0.95,
    link: str = "probit",
    ax: Axes | None = None,
) -> Axes:
    """Draw the rates of success of a sweep over one or two axes, the fitted transition and theory.

    **Two axes**: a map of the rates, the first axis across and the second up, with the line on which half of the
    trials succeed, its band of confidence, and the lines of `levels`; cells that were not visited are hatched.
    **One axis**: the rates with Wilson's intervals, and the fitted curve.
    **Several solvers**, or another axis to be told apart: a line with its band, or a curve, for each.

    Parameters
    ----------
    sweep : Sweep
        of one or two axes, beside the one that is told apart; `Sweep.select` fixes others.
    theory : str, callable or dict of them by their names, optional
        a kind of `csrecover.analysis.theory`, where the axes are among delta, rho, m and k and the sweep knows n; or
        a function of arrays: the second axis from the first one; for one axis the probability of success.
    by : str, optional
        the axis whose values get a line each: "solver", or the one whose values are no numbers, by default.
    levels : sequence of float, between 0 and 1
        rates whose lines are drawn on a map, beside that of one half.
    confidence : float, default 0.95
        of the intervals and bands.
    link : "probit" or "logit"
        of the fit.
    ax : matplotlib.axes.Axes, optional
        where to draw; axes of a new figure by default. On logarithmic axes the cells of a map meet in geometric means.

    Returns
    -------
    matplotlib.axes.Axes
        save it with ``ax.figure.savefig(path)``.

    Raises
    ------
    ValueError
        When the sweep has no axis or more than two, an axis that is drawn has values that are no numbers, or theory
        has no formula for these axes.
    """
    members = {name: rising(member) for name, member in told_apart(sweep, by or axis_told_apart(sweep)).items()}
    names = list(next(iter(members.values())).axes)
    with matplotlib.rc_context(SETTINGS):
        if ax is None:
            ax = Figure(figsize=SIZE, layout="constrained").subplots()
        if len(names) == 1:
            for index, (name, member) in enumerate(members.items()):
                draw_rates(ax, member, name, confidence, link, look(index))
        elif len(members) == 1:
            (member,) = members.values()
            draw_map(ax, member)
            draw_levels(ax, member, levels, link)
            draw_transition(
                ax,
                member,
                "50 % succeed",
                confidence,
                link,
                {"color": look(1)["color"], "path_effects": outline(2.2), "marker": ".", "markersize": 3},
            )
        else:
            for index, (name, member) in enumerate(members.items()):
                frame(ax, member)
                draw_transition(ax, member, name, confidence, link, look(index))
        draw_theories(ax, next(iter(members.values())), theory, list(members))
        ax.legend(framealpha=0.9, edgecolor="none", handlelength=2.4)
    return ax
