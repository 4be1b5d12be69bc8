"""Restricted isometry constants over the number of nonzeros: what was found, what is proven, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ..analysis import gaussian_bounds
from ..analysis.rip import RIPEstimate
from .style import SETTINGS, SIZE, look

Estimates = Mapping[int, RIPEstimate]
_GREY = "0.35"
_HEADROOM = 1.05  # of the axis above the largest finite eigenvalue, and one
_POINTS = 100
_DASHES: Any = (0, (4, 1.5))
_FAINT = 0.15
_THEORY: dict[str, Any] = {"color": "black", "linewidth": 1, "linestyle": ":"}
_ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3, "frameon": False}


def plot_rip(
    estimates: Estimates | Mapping[str, Estimates],
    *,
    gaussian: tuple[int, int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the extreme eigenvalues 1 - L and 1 + U of A_S^H A_S over the number of nonzeros, as far as they are known.

    Solid lines are attained: supports with these eigenvalues were found. Dashed lines are certified: no support has
    eigenvalues beyond. The true constants lie in the shaded bands between them; filled markers are exact, open ones
    are lower bounds of L and U. Where nothing is certified the band goes on to the edge. Only the numbers of nonzeros
    with a marker are spoken of; lines between them guide the eye.

    Parameters
    ----------
    estimates : dict of int to RIPEstimate, or dict of such dicts by their names
        estimates by the number of nonzeros; several models are told apart by their names.
    gaussian : (int, int), optional
        shape (m, n) of A, m <= n: adds the asymptotic bounds of Gaussian matrices (`gaussian_bounds`), which are no
        certificate for any of them, up to m nonzeros.
    ax : matplotlib.axes.Axes, optional
        where to draw; axes of a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        save it with ``ax.figure.savefig(path)``.

    Raises
    ------
    ValueError
        When there is no estimate, or m > n.
    """
    families = _families(estimates)
    ends = {name: _eigenvalues(family) for name, family in families.items()}
    places = [k for family in families.values() for k in family]
    theory = None if gaussian is None else _limits(gaussian, min(places), max(places))
    shown = np.concatenate([each.ravel() for each in ends.values()] + ([] if theory is None else [theory[1:].ravel()]))
    top = _HEADROOM * max(1.0, shown[np.isfinite(shown)].max())
    with matplotlib.rc_context(SETTINGS):
        if ax is None:
            ax = Figure(figsize=SIZE, layout="constrained").subplots()
        ax.axhline(1, color="0.75", linewidth=0.7, zorder=0)
        for index, (name, family) in enumerate(families.items()):
            exact = np.array([family[k].exact for k in sorted(family)])
            _draw(ax, np.array(sorted(family)), ends[name], exact, top, look(index))
        if theory is not None:
            ax.plot(theory[0], theory[1:].T, **_THEORY)
        ax.set(xlabel="nonzeros", ylabel=r"eigenvalues $1 - L$, $1 + U$", ylim=(-0.02 * top, top))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(handles=_legend(families, theory is not None), **_ABOVE)
    return ax


def _families(estimates: Any) -> dict[str, Estimates]:
    """Estimates by the name of their model; a single one has no name."""
    named = bool(estimates) and all(isinstance(each, Mapping) for each in estimates.values())
    families = dict(estimates) if named else {"": estimates}
    if not all(families.values()):
        raise ValueError("no estimate was given: expected a dict such as {k: rip(A, Sparse(), k)}")
    return families


def _eigenvalues(family: Estimates) -> np.ndarray:
    """Certified and attained smallest, attained and certified largest eigenvalue of each estimate, (4, places)."""
    rows = [family[k] for k in sorted(family)]
    return np.array(
        [
            [max(1 - each.certified_L, 0.0) for each in rows],
            [1 - each.attained_L for each in rows],
            [1 + each.attained_U for each in rows],
            [1 + each.certified_U for each in rows],
        ],
        dtype=float,
    )


def _limits(shape: tuple[int, int], first: int, last: int) -> np.ndarray:
    """Numbers of nonzeros up to m, and the asymptotic ends of the eigenvalues there, (3, points)."""
    m, n = shape
    k = np.linspace(min(first, m), min(last, m), _POINTS)
    bounds = np.array([gaussian_bounds(m, n, each) for each in k])
    return np.stack([k, 1 - bounds[:, 0], 1 + bounds[:, 1]])


def _draw(ax: Axes, k: np.ndarray, ends: np.ndarray, exact: np.ndarray, top: float, style: dict[str, Any]) -> None:
    """One family: bands from what is attained to what is certified, and their ends."""
    line = {"color": style["color"], "linewidth": 1.2}
    for attained, certified in ((ends[1], ends[0]), (ends[2], ends[3])):
        ax.fill_between(k, attained, np.minimum(certified, top), color=style["color"], alpha=_FAINT, linewidth=0)
        ax.plot(k, attained, zorder=3, **line)
        ax.plot(k, np.where(np.isfinite(certified), certified, np.nan), linestyle=_DASHES, **line)
        for which, face in ((exact, style["color"]), (~exact, "white")):
            ax.plot(k[which], attained[which], linestyle="none", markerfacecolor=face, zorder=4, **style)


def _legend(families: Mapping[str, Estimates], theory: bool) -> list[Any]:
    """What colours, lines and markers mean."""
    line: dict[str, Any] = {"color": _GREY if len(families) > 1 else look(0)["color"], "linewidth": 1.2}
    marker: dict[str, Any] = {"marker": "o", "markersize": 3.5}
    exact = {estimate.exact for family in families.values() for estimate in family.values()}
    handles: list[Any] = [
        Line2D([], [], linewidth=1.2, label=name, **look(index)) for index, name in enumerate(families) if name
    ]
    if False in exact:
        handles += [
            Line2D([], [], markerfacecolor="white", label="attained: found", **line, **marker),
            Line2D([], [], linestyle=_DASHES, label="certified: proven", **line),
            Patch(color=line["color"], alpha=_FAINT, linewidth=0, label="open in between"),
        ]
    if True in exact:
        handles.append(Line2D([], [], label="exact", **line, **marker))
    if theory:
        handles.append(Line2D([], [], label="Gaussian limit", **_THEORY))
    return handles
