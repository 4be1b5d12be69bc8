"""Checks GPU code without a GPU, by the real CuPy and by NVIDIA's compiler, in a virtual environment of its own.

The newest release of CuPy is checked by all tests; the oldest that csrecover takes, in a folder of that environment, by
those of names and parameters.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
VENV = ROOT / ".venv-gpu"
PYTHON = VENV / "bin" / "python"
OLDEST = VENV / "cupy-13.6"
NVIDIA = ["nvidia-cuda-nvrtc==13.*", "nvidia-cuda-runtime==13.*", "nvidia-cuda-crt==13.*"]
HERE = "tests/gpu_static"
NO_TESTS = 5  # of these are selected by the options
# tests, folder that the packages go to, arguments of `pip install`
RUNS = [
    (HERE, VENV, ["-e", ".", "pytest", "cupy-cuda13x==14.2.*", *NVIDIA]),
    (f"{HERE}/test_signatures.py", OLDEST, ["--target", OLDEST, "--upgrade", "cupy-cuda13x==13.6.*"]),
]


def main():
    for tests, folder, packages in RUNS:
        missing = install(folder, packages)
        if missing:
            print(f"{tests} was not run: it needs packages from PyPI: {missing}")
            return 0
        ended = check(tests, folder)
        if ended not in (0, NO_TESTS):
            return ended
    return 0


def check(tests, folder):
    """Run the tests with the packages of a folder before all others; what pytest returns."""
    # the suite's own conftest, above this folder, is left out: nothing of what it needs is installed
    command = [PYTHON, "-m", "pytest", "-q", "--confcutdir", HERE, tests, *sys.argv[1:]]
    environment = {**os.environ, "CSRECOVER_GPU_STATIC": "1", "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def install(folder, packages):
    """Install what pip is to install unless a stamp says that it is there; the line of pip that says why not."""
    stamp = folder / "installed"
    wanted = hashlib.sha256("".join([sys.version, *map(str, packages), (ROOT / "pyproject.toml").read_text()]).encode())
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return None
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
    done = subprocess.run(pip, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return next((line.strip() for line in done.stderr.splitlines() if "ERROR" in line), "pip failed")
    stamp.write_text(wanted.hexdigest())
    return None


if __name__ == "__main__":
    sys.exit(main())
