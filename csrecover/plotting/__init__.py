"""Figures; the only room that imports matplotlib."""

from .path import plot_path
from .recovery import draw_curves, draw_history, draw_image, plot_recovery
from .rip import plot_rip
from .saving import as_svg, save
from .sweep import plot_sweep
from .wavelet_plane import draw_wavelet_plane

__all__ = [
    "as_svg",
    "draw_curves",
    "draw_history",
    "draw_image",
    "draw_wavelet_plane",
    "plot_path",
    "plot_recovery",
    "plot_rip",
    "plot_sweep",
    "save",
]
