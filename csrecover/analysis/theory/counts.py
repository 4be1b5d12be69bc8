"""Sample bounds of unions of subspaces."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def sample_bound(log_count: Any, dimension: Any, delta: Any, t: Any = 1.0) -> Any:
    """The bracket ln(2 count) + dimension ln(12 / delta) + t, of which a multiple bounds the measurements needed.

    A subgaussian matrix has the model-RIP of constant delta on a union of `count` subspaces of the same dimension, with
    probability at least 1 - exp(-t), when m >= 2 / (c delta^2) times the bracket. The constant c depends on the
    ensemble and no useful value is known: brackets compare models, they are no numbers of measurements.

    Parameters
    ----------
    log_count : float or array
        natural logarithm of the number of subspaces, as `SupportModel.log_count` gives it.
    dimension : float or array, at least 0
        of each subspace.
    delta : float or array, between 0 and 1
        restricted isometry constant.
    t : float or array, at least 0

    Returns
    -------
    float or array

    Raises
    ------
    ValueError
        When a number is out of range.

    References
    ----------
    T. Blumensath and M. E. Davies, Sampling theorems for signals from the union of finite-dimensional linear
    subspaces, IEEE Trans. Information Theory 55(4), 2009; R. G. Baraniuk, V. Cevher, M. F. Duarte and C. Hegde,
    Model-based compressive sensing, IEEE Trans. Information Theory 56(4), 2010.
    """
    if not all(np.all(np.asarray(given) >= 0) for given in (log_count, dimension, t)):
        raise ValueError(f"log_count, dimension and t are at least 0, got {log_count}, {dimension} and {t}")
    delta = np.asarray(delta, float)
    if not (np.all(delta > 0) and np.all(delta < 1)):
        raise ValueError(f"delta, a restricted isometry constant, is between 0 and 1, got {delta}")
    return math.log(2) + np.asarray(log_count) + np.asarray(dimension) * np.log(12 / delta) + t
