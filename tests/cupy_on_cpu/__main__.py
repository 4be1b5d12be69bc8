"""Runs the tests that take a backend on the emulated CuPy: python -m tests.cupy_on_cpu [--asan] [options of pytest].

With --asan those of our own kernels alone, under AddressSanitizer.
"""

import os
import subprocess
import sys
from pathlib import Path

from .build import HERE, MissingError, ensure_built

ROOT = HERE.parent.parent
DESTINATION = ROOT / ".cupy-on-cpu"
# PyLops imports CuPy's signal processing, which says this of itself; warnings are errors here
PYTEST = ("-m", "pytest", "-p", "tests.cupy_on_cpu.plugin", "-W", "ignore:cupyx.jit.rawkernel is experimental")

NO_TESTS = 5  # of these are selected by the options


def main(arguments):
    asan = "--asan" in arguments
    try:
        ensure_built(DESTINATION)
        environment = {**os.environ, **emulation(DESTINATION), **(address_sanitizer(DESTINATION) if asan else {})}
    except MissingError as missing:
        print(f"CuPy on the CPU was not tested: {missing}")
        return 0
    options = [argument for argument in arguments if argument != "--asan"]
    own = HERE.relative_to(ROOT)
    for tests in ([own], ["tests/test_cuda_twins.py"] if asan else ["tests", f"--ignore={own}"]):
        command = [sys.executable, *PYTEST, *options, *tests]
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if ended not in (0, NO_TESTS):
            return ended
    return 0


def emulation(destination):
    """Environment in which `import cupy` finds the emulation."""
    return {
        "CUPY_ON_CPU": str(destination),
        "PYTHONPATH": os.pathsep.join([str(HERE / "site"), str(destination / "site")]),
        "CUPY_CACHE_DIR": str(destination / "kernels"),
        "CUPY_ACCELERATORS": "",
        "CSRECOVER_BACKENDS": "cupy",
    }


def address_sanitizer(destination):
    """What else it takes to compile kernels with AddressSanitizer; `plugin` then allocates each array by itself."""
    library = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout
    if not Path(library.strip()).is_absolute():
        raise MissingError("it needs libasan, the run-time library of g++'s AddressSanitizer")
    return {
        "LD_PRELOAD": library.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",
        "CUPY_ON_CPU_CXXFLAGS": "-g -fsanitize=address",
        "CUPY_CACHE_DIR": str(destination / "kernels-asan"),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
