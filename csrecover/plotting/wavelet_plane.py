"""Supports of wavelet coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_numpy
from ..operators import Wavelet


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
