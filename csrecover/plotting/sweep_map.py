"""Sweeps over two axes: the map of the rates, and the lines along which the rate is constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..experiments import Sweep
from .style import RATES, label, look, outline

_UNVISITED: dict[str, Any] = {"facecolor": "#f7f3ec", "edgecolor": "#dfd6c6", "hatch": "////", "linewidth": 0}


def draw_map(ax: Axes, sweep: Sweep) -> None:
    """Rate of success of each cell, with its scale; cells without trials are hatched."""
    across, up = frame(ax, sweep)
    rates = np.where(sweep.trials > 0, sweep.successes / np.maximum(sweep.trials, 1), np.nan)
    mesh = ax.pcolormesh(across, up, rates.T, cmap=RATES, vmin=0, vmax=1, edgecolor="face", linewidth=0.1, zorder=1)
    bar = ax.figure.colorbar(mesh, ax=ax, label="rate of success", ticks=[0, 0.25, 0.5, 0.75, 1], pad=0.02)
    bar.outline.set_linewidth(0.5)
    if np.any(sweep.trials == 0):
        ax.add_patch(Rectangle((0, 0), 1, 1, transform=ax.transAxes, label="not visited", zorder=0.5, **_UNVISITED))


def draw_levels(ax: Axes, sweep: Sweep, levels: Sequence[float], link: str) -> None:
    """Thin lines on which the rate has each of some values."""
    fits = column_fits(sweep, link)
    names = " and ".join(f"{100 * p:g} %" for p in levels)
    style = {"color": look(1)["color"], "linewidth": 0.8, "linestyle": (0, (1, 1)), "path_effects": outline(1.8)}
    for index, p in enumerate(levels):
        ax.plot(*inside(sweep, [each.at(p) for each in fits]), label=names if index == 0 else None, **style)


def draw_transition(ax: Axes, sweep: Sweep, name: str, confidence: float, link: str, style: dict[str, Any]) -> None:
    """The line on which half of the trials succeed, with its band."""
    fits = column_fits(sweep, link)
    x, middle = inside(sweep, [each.at(0.5) for each in fits])
    intervals = np.array([each.interval(0.5, confidence) for each in fits], dtype=float)
    low, high = np.clip(intervals, *ax.get_ylim()).T
    ax.fill_between(x, low, high, where=low < high, color=style["color"], alpha=0.35, linewidth=0, zorder=2)
    ax.plot(x, middle, linewidth=1.2, label=name, zorder=3, **style)


def column_fits(sweep: Sweep, link: str) -> list[Any]:
    """Fits along the second axis, one for each value of the first."""
    return list(np.ravel(sweep.fit(axis=list(sweep.axes)[1], link=link)))


def inside(sweep: Sweep, points: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Values of the first axis, and points on the second, NaN where they are off the grid."""
    x, y = np.array(next(iter(sweep.axes.values())), dtype=float), np.array(points, dtype=float)
    edges = cell_edges(list(sweep.axes.values())[1])
    return x, np.where((y >= edges[0]) & (y <= edges[-1]), y, np.nan)


def frame(ax: Axes, sweep: Sweep) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the cells along both axes, to which the picture is cut, and labels."""
    (first, across), (second, up) = sweep.axes.items()
    edges = cell_edges(across, ax.get_xscale() == "log"), cell_edges(up, ax.get_yscale() == "log")
    ax.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]], xlabel=label(first), ylabel=label(second))
    return edges


def cell_edges(values: Sequence[float], logarithmic: bool = False) -> np.ndarray:
    """Edges of cells around rising values: half way between neighbours, and as far beyond the ends."""
    centres = np.log(values) if logarithmic else np.array(values, dtype=float)
    if len(centres) == 1:
        edges = centres[0] + np.array([-0.5, 0.5])
    else:
        half = np.diff(centres) / 2
        edges = np.concatenate([[centres[0] - half[0]], centres[:-1] + half, [centres[-1] + half[-1]]])
    return np.exp(edges) if logarithmic else edges
