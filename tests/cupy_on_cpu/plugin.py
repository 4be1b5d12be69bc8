"""Pytest plugin of a run on the emulated CuPy: of all tests, those that take a backend, and the emulation's own."""

import os
from pathlib import Path

import cupy
import pytest
from emulation.calls import NotModelledError

HERE = Path(__file__).parent
STACKS = "cusolverDnCreateSyevjInfo"  # eigenvectors of stacks of matrices, which cuSOLVER finds by Jacobi's method
POISON = 0xFF  # memory that was not written reads as NaN, or as -1


def pytest_configure():
    sanitized = "CUPY_ON_CPU_CXXFLAGS" in os.environ
    cupy.cuda.set_allocator(None if sanitized else poisoned)  # without a pool, each array lies between red zones


def poisoned(size):
    """Memory from CuPy's pool that shows nothing of those who had it before."""
    memory = cupy.get_default_memory_pool().malloc(size)
    memory.memset(POISON, size)
    return memory


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if not (takes_backend(item) or HERE in item.path.parents)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    try:
        return (yield)
    except NotModelledError as missing:
        if STACKS not in str(missing):
            raise
        pytest.skip(str(missing))


def takes_backend(item):
    return hasattr(item, "callspec") and "backend" in item.callspec.params
