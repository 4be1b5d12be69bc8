"""The figure of benchmarks/scaling.py: a panel a subject, measurements as markers, models dashed."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scaling_cases import OURS, PLAIN
from scaling_model import Measured

from csrecover.plotting.style import SETTINGS, look

AXES = {"n": "length n", "signals": "signals in a batch", "workers": "worker processes"}
HEADROOM = 0.25  # of an axis, for its legend
GREY: dict[str, Any] = {"color": "0.35", "markersize": 3.5}
STYLES = [
    Line2D([], [], marker="o", linestyle="none", label="csrecover", **GREY),
    Line2D([], [], linestyle="--", linewidth=0.9, label="its model: measured exponent (that of the model)", **GREY),
    Line2D([], [], linestyle=":", linewidth=1, label="without numba", **GREY),
    Line2D([], [], marker="o", linestyle="none", markerfacecolor="none", label="peer", **GREY),
]


def figure_of(curves: list[Measured]) -> Figure:
    """Panels of all subjects."""
    subjects = list(dict.fromkeys(each.subject for each in curves))
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(11, 6.8), layout="constrained")
        for ax, subject in zip(figure.subplots(2, 3).flat, subjects, strict=True):
            draw_panel(ax, [each for each in curves if each.subject == subject])
        figure.legend(handles=STYLES, loc="outside lower center", ncols=4, frameon=False)
    return figure


def draw_panel(ax: Axes, curves: list[Measured]) -> None:
    """One subject."""
    names = list(dict.fromkeys(each.what for each in curves))
    for each in curves:
        style, times = look(names.index(each.what)), each.seconds / each.per_signal
        if each.by == PLAIN:
            ax.plot(each.sizes, times, color=style["color"], linestyle=":", linewidth=1)
        elif each.by != OURS:
            ax.plot(each.sizes, times, linestyle="none", markerfacecolor="none", markeredgewidth=0.7, **style)
        else:
            own, expected = each.exponents()
            ax.plot(each.sizes, times, linestyle="none", label=f"{each.what}: {own:.2f} ({expected:.2f})", **style)
            ax.plot(each.sizes, each.model / each.per_signal, color=style["color"], linestyle="--", linewidth=0.9)
    against = curves[0].against
    unit = "seconds a signal" if against == "signals" else "seconds"
    ax.set(xscale="log", title=curves[0].subject, xlabel=AXES[against], ylabel=unit)
    if against == "workers":
        ax.set_ylim(0, (1 + HEADROOM) * ax.get_ylim()[1])
    else:
        ax.set_yscale("log")
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top * (top / bottom) ** HEADROOM)
    base_two(ax, np.concatenate([each.sizes for each in curves]))
    ax.legend(frameon=False, fontsize=7, loc="upper left")


def base_two(ax: Axes, sizes: np.ndarray) -> None:
    """Ticks at powers of two, every third where there are many."""
    powers = np.unique(np.log2(sizes).astype(int))
    shown = powers[:: 3 if len(powers) > 6 else 1].tolist()
    ax.set_xticks([2**each for each in shown], [f"$2^{{{each}}}$" if each > 9 else str(2**each) for each in shown])
    ax.minorticks_off()
