"""Two devices that cannot read each other's memory, one of them current."""

from __future__ import annotations

from typing import Any

from .counters import record

COUNT = 2
_current = [0]


def current() -> int:
    """Number of the device that new arrays go to."""
    return _current[-1]


class Device:
    """A device; as a context it is the current one."""

    def __init__(self, device: Any = None) -> None:
        self.id = current() if device is None else int(device)

    def __int__(self) -> int:
        return self.id

    def __eq__(self, other: object) -> bool:  # as in CuPy, devices cannot be hashed
        return isinstance(other, Device) and self.id == other.id

    def __repr__(self) -> str:
        return f"<CUDA Device {self.id}>"

    def __enter__(self) -> Device:
        if not 0 <= self.id < COUNT:
            raise RuntimeError(f"cudaErrorInvalidDevice: invalid device ordinal {self.id}")
        _current.append(self.id)
        return self

    def __exit__(self, *exception: Any) -> None:
        _current.pop()

    def synchronize(self) -> None:
        """Wait for the device."""
        record("sync", "Device.synchronize()")


RUNTIME: dict[str, Any] = {
    "driverGetVersion": lambda: 13020,
    "getDeviceCount": lambda: COUNT,
    "getDeviceProperties": lambda number: {"name": b"CuPy double", "major": 0, "minor": 0},
    "memGetInfo": lambda: (2**34, 2**35),
    "runtimeGetVersion": lambda: 13020,
}


class MemoryPool:
    """A pool that holds nothing."""

    def total_bytes(self) -> int:
        """Bytes held."""
        return 0

    def free_bytes(self) -> int:
        """Bytes held and in use by no array."""
        return 0


class Stream:
    """The only stream there is."""

    null: Any = None

    def synchronize(self) -> None:
        """Wait for the stream."""
        record("sync", "Stream.synchronize()")


def refuse_others(numbers: Any) -> None:
    """Raise CuPy's error for memory of a device that is not the current one."""
    for number in numbers:
        if number != current():
            raise ValueError(
                f"The device where the array resides ({number}) is different from the current device ({current()}). "
                "Peer access is unavailable between these devices."
            )
