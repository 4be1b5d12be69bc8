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


def versions() -> dict[str, str]:
    """Versions of csrecover, Python with the platform, and the packages that matter, by name."""
    found = {
        "csrecover": metadata.version("csrecover"),
        "Python": f"{platform.python_version()} on {platform.platform()}",
    }
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def show_versions() -> None:
    """Print the versions of csrecover, Python, the platform and the packages that matter."""
    for name, version in versions().items():
        print(f"{name:17s} {version}")
