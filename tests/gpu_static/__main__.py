"""Checks GPU code without a GPU, by the real CuPy and by NVIDIA's compiler, in a virtual environment of its own."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
VENV = ROOT / ".venv-gpu"
PYTHON = VENV / "bin" / "python"
PACKAGES = ["cupy-cuda13x==14.2.*", "nvidia-cuda-nvrtc==13.*", "nvidia-cuda-runtime==13.*", "nvidia-cuda-crt==13.*"]


def main():
    missing = install()
    if missing:
        print(f"GPU code was not checked: it needs packages from PyPI: {missing}")
        return 0
    # the suite's own conftest, above this folder, is left out: nothing of what it needs is installed
    command = [PYTHON, "-m", "pytest", "-q", "--confcutdir", "tests/gpu_static", "tests/gpu_static", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "CSRECOVER_GPU_STATIC": "1"}, check=False).returncode


def install():
    """Install the packages unless they are there; the line of pip that says why not."""
    stamp = VENV / "installed"
    wanted = hashlib.sha256("".join([sys.version, *PACKAGES, (ROOT / "pyproject.toml").read_text()]).encode())
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return None
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-e", ".", "pytest", *PACKAGES]
    done = subprocess.run(pip, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return next((line.strip() for line in done.stderr.splitlines() if "ERROR" in line), "pip failed")
    stamp.write_text(wanted.hexdigest())
    return None


if __name__ == "__main__":
    sys.exit(main())
