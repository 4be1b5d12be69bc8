"""Recovered signals, and how the solver went."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ..backend import to_numpy
from ..solvers import Result

_CONVEX, _GREEDY = ("objective", "gap"), ("residual_norm",)


def plot_recovery(result: Result, *, truth: Any = None, title: str = "") -> Figure:
    """Draw a recovered signal (1-D curve or 2-D image), the truth if given, and how the solver went.

    Parameters
    ----------
    result : Result
        of one signal.
    truth : array, optional
        the signal that was measured.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        save it with ``figure.savefig(path)``.
    """
    signal = np.real(to_numpy(result.signal))
    if signal.ndim > 2 or np.ndim(result.status):
        raise ValueError(f"one signal of one or two axes can be drawn, got shape {signal.shape}")
    panels = [("truth", np.real(to_numpy(truth)))] if truth is not None and signal.ndim == 2 else []
    figure = Figure(figsize=(4 * (len(panels) + 2), 3.2), layout="constrained")
    *axes, last = figure.subplots(1, len(panels) + 2)
    for ax, (name, image) in zip(axes, [*panels, (title or "recovered", signal)], strict=True):
        if signal.ndim == 2:
            draw_image(ax, image, name)
        else:
            draw_curves(ax, {"truth": truth, "recovered": signal} if truth is not None else {"recovered": signal}, name)
    draw_history(last, result)
    return figure


def draw_image(ax: Any, image: Any, title: str) -> None:
    """Gray image without ticks."""
    ax.imshow(np.real(to_numpy(image)), cmap="gray")
    ax.set(title=title, xticks=[], yticks=[])


def draw_curves(ax: Any, curves: dict[str, Any], title: str) -> None:
    """Named curves over the index; the first is drawn behind the others, in gray."""
    for index, (name, values) in enumerate(curves.items()):
        style = {"color": "0.6", "linewidth": 2} if index == 0 and len(curves) > 1 else {"linewidth": 0.9}
        ax.plot(np.real(to_numpy(values)), label=name, **style)
    ax.set(title=title, xlabel="sample")
    if len(curves) > 1:
        ax.legend(frameon=False, fontsize="small")


def draw_history(ax: Any, result: Result) -> None:
    """Numbers of the history that fall: duality gap or residual, on a logarithmic axis."""
    for name in _CONVEX if "objective" in result.history else _GREEDY:
        if name in result.history:
            values = np.asarray(result.history[name], dtype=float)
            ax.semilogy(np.arange(1, len(values) + 1), np.where(values > 0, values, np.nan), label=name)
    ax.set(title=f"{result.iterations} iterations", xlabel="iteration")
    ax.legend(frameon=False, fontsize="small")
