"""What CUDA says of a missing driver, device or memory, said with what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .libraries import Array

_REMEDIES: dict[str, tuple[type[Exception], str]] = {
    "cudaErrorInsufficientDriver": (
        RuntimeError,
        "install an NVIDIA driver for the CUDA of this CuPy (nvidia-smi shows yours); for CUDA 12: "
        "pip install csrecover[gpu-cuda12] in place of csrecover[gpu]",
    ),
    "cudaErrorNoDevice": (
        RuntimeError,
        "an NVIDIA GPU is needed: check that nvidia-smi lists it and that CUDA_VISIBLE_DEVICES does not hide it",
    ),
    "cudaErrorInvalidDevice": (ValueError, "devices are numbered from 0, nvidia-smi lists them"),
}


def device_number(place: str) -> int:
    """Number of a CuPy device, '' the first.

    Raises
    ------
    ValueError
        When it is no number.
    """
    if place and not place.isdecimal():
        raise ValueError(f"a CuPy device is given by its number, such as 'cupy:0', got 'cupy:{place}'")
    return int(place or 0)


@contextmanager
def explained(target: Any, x: Array) -> Iterator[None]:
    """Context that moves x to a target; errors of CUDA that have a remedy are raised with it, others as they are."""
    try:
        yield
    except MemoryError as error:
        raise MemoryError(
            f"{target} has no room for an array of shape {tuple(x.shape)} and dtype {x.dtype}, "
            f"{math.prod(x.shape) * x.dtype.itemsize / 1e6:,.1f} MB ({error}): move smaller batches or halve the "
            "precision (float32, complex64)"
        ) from error
    except RuntimeError as error:
        kind, remedy = _REMEDIES.get(str(error).partition(":")[0], (None, ""))
        if kind is None:
            raise
        raise kind(f"{target} cannot be used ({error}): {remedy}") from error
