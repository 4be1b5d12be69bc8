"""Figures as files and as text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure, making its folder, and return the path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    return path


def as_svg(figure: Any, name: str = "figure") -> str:
    """A figure as an <svg> element for a page of HTML; figures of one page have different names.

    Letters are curves, and the same figure gives the same text.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = buffer.getvalue()
    return text[text.index("<svg") :]
