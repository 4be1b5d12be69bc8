"""Backends that the property suite runs on."""

import os
from contextlib import nullcontext

import numpy as np
import pytest
from hypothesis import settings

import csrecover as cs

from . import (
    cuda_twins,  # noqa: F401 - the double runs them in the place of kernels
    cupy_double,
)

FULL = bool(os.environ.get("CSRECOVER_FULL"))  # make test-full: many more cases of each property
settings.register_profile("quick", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("full", max_examples=1000, deadline=None)
settings.load_profile("full" if FULL else "quick")

NAMES = os.environ.get("CSRECOVER_BACKENDS", "numpy array_api_strict:device1 cupy_double").split()
ON_GPU = pytest.param("cupy", id="gpu", marks=pytest.mark.gpu)  # left out but for `pytest -m gpu`


def parameter(name: str):
    """Backend by its name for `cs.to`; cupy_double, or cupy_double:13.6, is reached as cupy."""
    double, _, version = name.partition(":")
    if double != "cupy_double":
        return name
    return pytest.param("cupy", id=name, marks=pytest.mark.cupy_double(version or cupy_double.versions()[0]))


BACKENDS = [*map(parameter, NAMES), ON_GPU]


def pytest_configure(config):
    config.addinivalue_line("markers", "cupy_double(version): `import cupy` gives the double of that release")


def pytest_report_header():
    double = ["no GPU code is being run: the CuPy double is NumPy with CuPy's rules"]
    return [f"backends: {', '.join(NAMES)}", *double * any("cupy_double" in name for name in NAMES)]


def pytest_collection_modifyitems(config, items):
    """Leave out, in the quick profile, two of the four dtypes on all backends but the first."""

    first = getattr(BACKENDS[0], "values", BACKENDS)[0]

    def kept(item):
        given = item.callspec.params if hasattr(item, "callspec") else {}
        dtype = given.get("like", given.get("dtype"))
        return given.get("backend", first) == first or dtype not in ("float32", "complex128")

    if not FULL:
        config.hook.pytest_deselected(items=[item for item in items if not kept(item)])
        items[:] = filter(kept, items)


@pytest.fixture(autouse=True)
def _double(request):
    if request.node.get_closest_marker("gpu") and not pytest.importorskip("cupy").is_available():
        pytest.skip("there is no CUDA device")
    mark = request.node.get_closest_marker("cupy_double")
    with cupy_double.installed(*mark.args) if mark else nullcontext():
        yield


@pytest.fixture(params=BACKENDS)
def backend(request) -> str:
    """Name of an array library and device, as `cs.to` takes it."""
    return request.param


@pytest.fixture(params=["float64", "float32", "complex128", "complex64"])
def like(request, backend):
    """Empty array of each dtype on each backend."""
    return cs.to(np.empty(0, dtype=request.param), backend)
