"""Paths of solutions."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from .. import solvers
from ..backend import to_numpy


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
