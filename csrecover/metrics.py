"""How close a recovered signal is to the truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .backend import as_float, to_numpy


def snr(x: Any, truth: Any) -> float:
    """Signal-to-noise ratio of x in dB, 20 log10(||truth|| / ||x - truth||); infinite where they are equal.

    Raises
    ------
    ValueError
        When the shapes differ.
    """
    x, truth = _pair(x, truth)
    error = np.linalg.norm(x - truth)
    size = np.linalg.norm(truth)
    return math.inf if error == 0 else -math.inf if size == 0 else float(20 * np.log10(size / error))


def psnr(x: Any, truth: Any, peak: float | None = None) -> float:
    """Peak signal-to-noise ratio of x in dB, 20 log10(peak / RMSE); the peak defaults to the range of the truth."""
    x, truth = _pair(x, truth)
    height = float(np.ptp(truth.real)) if peak is None else peak
    if not height > 0:
        raise ValueError(f"the truth is constant: give the peak of its range, for example peak=255, got {peak}")
    error = math.sqrt(np.mean(np.abs(x - truth) ** 2))
    return math.inf if error == 0 else 20 * math.log10(height / error)


def _pair(x: Any, truth: Any) -> tuple[np.ndarray, np.ndarray]:
    x, truth = to_numpy(as_float(x)), to_numpy(as_float(truth))
    if x.shape != truth.shape:
        raise ValueError(f"the signals to compare have shapes {x.shape} and {truth.shape}: reshape one of them")
    return x.reshape(-1), truth.reshape(-1)
