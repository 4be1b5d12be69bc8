"""What a solve does with the memory of the host."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
import csrecover as cs

def faults(n=2**18):
    A = cs.random_rows(n, n // 4, 0) @ cs.DCT(n)
    y = A @ cs.random_signal(cs.Sparse(), n, 200, 0)
    counts = [resource.getrusage(resource.RUSAGE_SELF).ru_minflt]
    for _ in range(3):
        cs.iht(A, y, cs.Sparse(), 200, max_iter=5)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return np.diff(counts)

print(faults()[-1] * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of the GNU C library")
def test_a_repeated_solve_takes_no_new_pages_from_the_system():
    """A signal of it has 2 MiB; without the care that `run` takes each iteration asks for several times that."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}  # dask's
    command = [sys.executable, "-c", PROGRAM]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert float(out.stdout) < 2**21
