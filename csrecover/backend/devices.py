"""The device of an array: what it is, when it has finished, how much memory is held and free."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from functools import cache

import numpy as np

from .libraries import Array, device, library, where_is

_LARGEST = 2**25 - 2**16  # bytes of the largest block to which the GNU C library adapts


def synchronize(x: Array) -> None:
    """Wait until the device of x has done what it was asked; nothing on the host."""
    if library(x) == "cupy":
        device(x).synchronize()
    elif _torch_cuda(x):
        importlib.import_module("torch").cuda.synchronize(device(x))


def working_on(x: Array) -> AbstractContextManager:
    """Context in which new arrays go to the device of x, where a library has a current device."""
    return device(x) if library(x) == "cupy" else nullcontext()


def device_facts(x: Array) -> dict[str, str]:
    """Name, memory and driver of the device of x, as far as its library tells."""
    facts = {"backend": f"{where_is(x)}, version {importlib.import_module(library(x)).__version__}"}
    if library(x) == "cupy":
        runtime = importlib.import_module("cupy").cuda.runtime
        names = [runtime.getDeviceProperties(i)["name"].decode() for i in range(runtime.getDeviceCount())]
        properties = runtime.getDeviceProperties(device(x).id)
        with device(x):
            free, total = runtime.memGetInfo()
        facts |= {
            "device": f"{names[device(x).id]}, compute capability {properties['major']}.{properties['minor']}",
            "devices": ", ".join(names),
            "memory": f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free",
            "CUDA of the driver": _cuda_version(runtime.driverGetVersion()),
            "CUDA runtime": _cuda_version(runtime.runtimeGetVersion()),
        }
    elif _torch_cuda(x):
        torch = importlib.import_module("torch")
        properties = torch.cuda.get_device_properties(device(x))
        facts |= {
            "device": f"{properties.name}, compute capability {properties.major}.{properties.minor}",
            "memory": f"{properties.total_memory / 1e9:.1f} GB",
            "CUDA runtime": str(torch.version.cuda),
        }
    return facts


def memory_held(x: Array) -> int | None:
    """Bytes that the library has taken from the device of x and keeps for its arrays; None where it does not tell."""
    if library(x) == "cupy":
        with device(x):
            return importlib.import_module("cupy").get_default_memory_pool().total_bytes()
    if _torch_cuda(x):
        return importlib.import_module("torch").cuda.memory_reserved(device(x))
    return None


def memory_free(x: Array) -> int | None:
    """Bytes that new arrays beside x can take on its device; None on the host and where the library does not tell."""
    if library(x) == "cupy":
        cupy = importlib.import_module("cupy")
        with device(x):
            return cupy.cuda.runtime.memGetInfo()[0] + cupy.get_default_memory_pool().free_bytes()
    if _torch_cuda(x):
        torch = importlib.import_module("torch")
        kept = torch.cuda.memory_reserved(device(x)) - torch.cuda.memory_allocated(device(x))
        return torch.cuda.mem_get_info(device(x))[0] + kept
    return None


@cache
def keep_host_memory() -> None:
    """Let the C library of the host keep what arrays free, some 64 MiB at most, for the next ones; once a process.

    The GNU C library gives memory back to the system above twice the largest block that was freed so far. New pages
    have to be cleared, which takes longer than most operations on them; so a block is freed that nobody has written to.
    Where the environment sets the allocator (MALLOC_TRIM_THRESHOLD_, as in workers of dask) it has no effect.
    """
    np.empty(_LARGEST, np.uint8)


def _torch_cuda(x: Array) -> bool:
    return library(x) == "torch" and device(x).type == "cuda"


def _cuda_version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
