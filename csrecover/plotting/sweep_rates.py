"""Sweeps over one axis: the rates with their intervals, and the fitted curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ..experiments import Sweep
from .style import label


def draw_rates(ax: Axes, sweep: Sweep, name: str, confidence: float, link: str, style: dict[str, Any]) -> None:
    """Rates with Wilson's intervals at the values that were visited, and the fit between them."""
    ((axis, values),) = sweep.axes.items()
    visited = sweep.trials > 0
    x, rate = np.array(values, dtype=float)[visited], sweep.rate()[visited]
    low, high = (each[visited] for each in sweep.interval(confidence))
    bars = np.maximum([rate - low, high - rate], 0)
    ax.errorbar(x, rate, bars, label=name or "measured", linestyle="none", elinewidth=0.8, zorder=3, **style)
    if len(x) > 1:
        space = np.geomspace if ax.get_xscale() == "log" else np.linspace
        fine = space(x.min(), x.max(), 400)
        ax.plot(fine, sweep.fit(link=link).rate(fine), color=style["color"], linewidth=1.2)
    ax.set(xlabel=label(axis), ylabel="rate of success", ylim=(-0.03, 1.03))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
