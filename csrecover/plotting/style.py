"""What figures of sweeps look like: sizes for a column of a paper, colours that everybody can tell apart."""

from __future__ import annotations

from typing import Any

from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito, 2008
_MARKERS = "osD^vP*"  # for print without colour
RATES = LinearSegmentedColormap.from_list("rates", ("#20293a", "#4b5a72", "#8b99ad", "#cdd4de", "#ffffff"))
SIZE = (4.4, 3.4)  # inches
SETTINGS: dict[Any, Any] = {  # of a figure that is made here
    "font.size": 9,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.labelsize": 8,
    "ytick.major.width": 0.7,
}
_LABELS = {
    "delta": r"undersampling $\delta = m/n$",
    "rho": r"sparsity $\rho = k/m$",
    "m": r"measurements $m$",
    "k": r"nonzero units $k$",
    "n": r"unknowns $n$",
    "snr": "signal-to-noise ratio [dB]",
}


def look(index: int) -> dict[str, Any]:
    """Colour and marker of one of several curves."""
    return {"color": _COLOURS[index % len(_COLOURS)], "marker": _MARKERS[index % len(_MARKERS)], "markersize": 3.5}


def label(name: str) -> str:
    """Label of the axis of a sweep."""
    return _LABELS.get(name, name.replace("_", " "))


def outline(width: float) -> list[Any]:
    """Path effects of a line that has to be seen on dark and on light ground."""
    return [patheffects.withStroke(linewidth=width, foreground="white", alpha=0.85)]
