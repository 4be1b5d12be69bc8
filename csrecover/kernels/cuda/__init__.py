"""Fused kernels for CuPy arrays, each the twin of the plain array code of the same name that `kernels.fused` decorates.

A launch costs some microseconds whatever it does, so what counts below about a million numbers is how many there are.

| function | launches | instead of |
|---|---|---|
| `divide` | 1 | 6 |
| `keep` | 1 | 2 |
| `energy`, complex | 1 | 3 |
| `soft_threshold` | 1 | real 3, complex 10 |
| `shrink_blocks` | 1 | 12, of complex numbers 14 |
| `uphill` | 2 | 4 |
| `next_momentum` | 1 | 11 |
| `extrapolated` | 1 | 3 |
| `above_and_tied` | 1 | 8 |
| `first_ties` | 3 | 8 |
| `segment_sum` | 5 | 2 with atomics, whose sums do not repeat |
| `walsh_hadamard` | 1 up to 2^11 numbers, 2 up to 2^18 | 3 to 5, of complex numbers 4 more |
"""

from .hadamard import walsh_hadamard
from .momentum import extrapolated, next_momentum, uphill
from .segments import segment_sum
from .selection import above_and_tied, first_ties
from .shrinkage import shrink_blocks, soft_threshold
from .signals import divide, energy, keep

__all__ = [
    "above_and_tied",
    "divide",
    "energy",
    "extrapolated",
    "first_ties",
    "keep",
    "next_momentum",
    "segment_sum",
    "shrink_blocks",
    "soft_threshold",
    "uphill",
    "walsh_hadamard",
]
