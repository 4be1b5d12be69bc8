"""Backends that the property suite runs on."""

import numpy as np
import pytest

import csrecover as cs

BACKENDS = ["numpy", "array_api_strict:device1"]


@pytest.fixture(params=BACKENDS)
def backend(request) -> str:
    """Name of an array library and device, as `cs.to` takes it."""
    return request.param


@pytest.fixture(params=["float64", "float32", "complex128", "complex64"])
def like(request, backend):
    """Empty array of each dtype on each backend."""
    return cs.to(np.empty(0, dtype=request.param), backend)
