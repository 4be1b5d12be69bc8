"""What a bug report needs to say."""

from __future__ import annotations

import platform
from importlib import metadata

_PACKAGES = (
    "numpy",
    "scipy",
    "PyWavelets",
    "array-api-compat",
    "matplotlib",
    "cupy-cuda13x",
    "cupy-cuda12x",
    "torch",
    "numba",
)


def show_versions() -> None:
    """Print the versions of csrecover, Python, the platform and the packages that matter."""
    print(f"csrecover         {metadata.version('csrecover')}")
    print(f"Python            {platform.python_version()} on {platform.platform()}")
    for name in _PACKAGES:
        try:
            print(f"{name:17s} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            print(f"{name:17s} not installed")
