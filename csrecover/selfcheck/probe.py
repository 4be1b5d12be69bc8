"""Can the device be used at all? If not: what is missing, and what to do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..backend import Array, fftn, namespace, to, to_numpy, working_on


class UnusableError(Exception):
    """The backend cannot be used; the message is one line."""


def probe(backend: str) -> Array:
    """A small array on the backend, after a call of each kind of library that csrecover needs there.

    Raises
    ------
    UnusableError
        Saying what is missing and what to do.
    """
    try:
        x = to(np.eye(4), backend)
    except Exception as error:  # of any library
        raise UnusableError(f"{backend} cannot be used: {_one_line(error)}") from error
    for what, call in _calls(x).items():
        try:
            with working_on(x):
                to_numpy(call())
        except Exception as error:
            raise UnusableError(f"{backend} has no working {what} ({_one_line(error)}){_remedy(backend)}") from error
    return x


def _calls(x: Array) -> dict[str, Callable[[], Array]]:
    xp = namespace(x)
    return {
        "compiler of kernels (NVRTC on CuPy)": lambda: 2 * x + 1,
        "matrix product (cuBLAS on CuPy)": lambda: x @ x,
        "Fourier transform (cuFFT on CuPy)": lambda: fftn(x, axes=(-1,)),
        "eigenvalues (cuSOLVER on CuPy)": lambda: xp.linalg.eigh(x)[0],
        "sort": lambda: xp.sort(x, axis=-1),
    }


def _remedy(backend: str) -> str:
    if not backend.startswith("cupy"):
        return ""
    return ": the CUDA libraries come with: pip install 'cupy-cuda13x[ctk]' (CUDA 12: 'cupy-cuda12x[ctk]')"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
