"""AddressSanitizer sees what a kernel writes beside its arrays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import address_sanitizer
from .build import MissingError

PROGRAM = """
import sys
import cupy as cp

cp.cuda.set_allocator(None)
code = 'extern "C" __global__ void fill(double* x) { x[int(threadIdx.x) + SHIFT] = 1; }'
cp.RawKernel(code.replace("SHIFT", sys.argv[1]), "fill")((1,), (8,), (cp.empty(8),))
"""


def run_kernel(shift):
    try:
        sanitized = address_sanitizer(Path(os.environ["CUPY_ON_CPU"]))
    except MissingError as missing:
        pytest.skip(str(missing))
    command = [sys.executable, "-c", PROGRAM, str(shift)]
    return subprocess.run(command, env={**os.environ, **sanitized}, capture_output=True, text=True, check=False)


def test_a_kernel_that_stays_inside_its_array_passes():
    assert run_kernel(0).returncode == 0


@pytest.mark.parametrize("shift", [1, -1])
def test_a_kernel_that_is_off_by_one_is_caught(shift):
    done = run_kernel(shift)
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
    assert "in fill" in done.stderr
