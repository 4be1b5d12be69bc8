"""Random signals of a sparsity model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to
from ..models import Model, SupportModel
from ..operators.base import as_shape
from ..operators.dense import as_dtype, standard_normal
from ..structures.signal import fit


def random_signal(
    model: Model, shape: int | tuple[int, ...], k: Any, rng: Any, *, dtype: Any = np.float64, device: Any = None
) -> np.ndarray:
    """Signal of a model with standard normal coefficients on a random support of budget k.

    The support is the model's best for a signal of independent normal entries; of a model without supports
    (`LowRank`) it is the nearest member to such a signal.

    Parameters
    ----------
    model : SupportModel
    shape : int or tuple of int
        shape of the signal.
    k : int
        budget.
    rng : int or numpy.random.Generator
    dtype : dtype
        float32, float64, complex64 or complex128.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.
    """
    shape, rng = as_shape(shape), np.random.default_rng(rng)
    fitted = fit(model, shape)
    if not isinstance(fitted, SupportModel):
        return to(fitted.project(standard_normal(shape, rng, as_dtype(dtype)), k), device)
    support = fitted.support(rng.standard_normal(shape), k)
    return to(np.where(support, standard_normal(shape, rng, as_dtype(dtype)), np.zeros((), dtype)), device)
