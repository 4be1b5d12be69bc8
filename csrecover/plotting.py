"""Figures; the only file that imports matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from . import solvers
from .backend import to_numpy
from .operators import Wavelet
from .solvers import Result

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


def plot_path(path: solvers.Path) -> Figure:
    """Draw the magnitudes of the coefficients, the number of nonzeros and the residual along a path, over lambda.

    Parameters
    ----------
    path : Path

    Returns
    -------
    matplotlib.figure.Figure
        save it with ``figure.savefig(path)``.
    """
    magnitudes = np.abs(to_numpy(path.x)).reshape(len(path), -1)
    curves = {
        "coefficients": magnitudes[:, magnitudes.any(axis=0)],
        "nonzeros": to_numpy(path.sizes),
        "residual": to_numpy(path.residual_norms),
    }
    figure = Figure(figsize=(12, 3.2), layout="constrained")
    for ax, (name, values) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        if values.size:
            ax.semilogx(to_numpy(path.lambdas), values, linewidth=0.9)
        ax.set(title=name, xlabel="lambda")
        ax.invert_xaxis()
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


def draw_wavelet_plane(ax: Any, wavelet: Wavelet, supports: dict[str, Any]) -> None:
    """Supports of 1-D wavelet coefficients in the plane of position and scale, coarse scales on top."""
    n, levels = wavelet.in_shape[0], wavelet.levels
    index = np.arange(n)
    coarse = n >> levels
    scale = np.where(index < coarse, 0, 1 + np.log2(np.maximum(index, 1) // coarse).astype(int))
    start = np.where(scale == 0, 0, coarse << np.maximum(scale - 1, 0))
    width = np.where(scale == 0, n / coarse, n / (coarse << np.maximum(scale - 1, 0)))
    centre = (index - start + 0.5) * width
    for shift, (name, support) in enumerate(supports.items()):
        chosen = to_numpy(support)
        ax.plot(centre[chosen], scale[chosen] + 0.25 * shift, "os^"[shift % 3], markersize=3, label=name)
    ax.set(title="support in the wavelet plane", xlabel="sample", ylabel="scale", xlim=(0, n))
    ax.invert_yaxis()
    ax.legend(frameon=False, fontsize="small")


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure, making its folder, and return the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path
