"""Backends that the property suite runs on."""

import os

import numpy as np
import pytest
from hypothesis import settings

import csrecover as cs

FULL = bool(os.environ.get("CSRECOVER_FULL"))  # make test-full: many more cases of each property
settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile("full" if FULL else "quick")

BACKENDS = os.environ.get("CSRECOVER_BACKENDS", "numpy array_api_strict:device1").split()


@pytest.fixture(params=BACKENDS)
def backend(request) -> str:
    """Name of an array library and device, as `cs.to` takes it."""
    return request.param


@pytest.fixture(params=["float64", "float32", "complex128", "complex64"])
def like(request, backend):
    """Empty array of each dtype on each backend."""
    return cs.to(np.empty(0, dtype=request.param), backend)
