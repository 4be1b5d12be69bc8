"""A device-strict double of CuPy: NumPy with CuPy's rules, for machines without a GPU.

`installed()` puts modules named cupy, cupyx, ... into sys.modules. They have the names and the parameters of a real
release (a snapshot of names and signatures beside this file, written by snapshot.py), and their arrays keep apart
from NumPy's as CuPy's do. Where real CuPy would let a mistake pass (np.f(x) on a device array, indices out of bounds,
duplicate indices in an assignment) the double refuses. `guard` turns launches, synchronisations and transfers into
numbers that a test can limit.

Sums, transforms and products are off by about one unit in the last place, as another library's are; the same call on
arrays of the same shapes gives the same error, as CuPy repeats its own results. Sums by atomics (add.at) repeat
too; under `setting(atomics=True)` they do not, as on a GPU.

No GPU code is run. Not modelled: memory order, TF32, streams, limits of memory, the source of kernels
(a kernel runs by the NumPy twin registered for its name, or not at all), the value-based promotion of NumPy scalars
before CuPy 14, random numbers.
"""

from .counters import Log, guard
from .devices import Device
from .jitter import setting
from .kernels import twin
from .modules import build, installed, versions
from .ndarray import DeviceStrictError, ndarray

__all__ = [
    "Device",
    "DeviceStrictError",
    "Log",
    "build",
    "guard",
    "installed",
    "ndarray",
    "setting",
    "twin",
    "versions",
]
