"""Sums over segments in one order, so that they repeat to the last bit; atomics would add in any."""

from __future__ import annotations

from typing import Any

import cupy

from .elementwise import Elementwise

_sum = Elementwise(
    "segment_sum",
    "raw T values, raw int64 order, raw int64 starts, int64 n, int64 count",
    "T total",
    """
    const long long segment = i % count, first = i / count * n;
    T sum = 0;
    for (long long j = starts[segment]; j < starts[segment + 1]; j++) sum += values[first + order[j]];
    total = sum""",
)


def segment_sum(values: cupy.ndarray, labels: cupy.ndarray, count: int) -> Any:
    """A sort of the labels, a search, and one launch with a thread for each segment of each signal."""
    if labels.dtype != cupy.int64:
        return NotImplemented
    order = cupy.argsort(labels)
    starts = cupy.searchsorted(labels[order], cupy.arange(count + 1))
    sums = cupy.empty((*values.shape[:-1], count), values.dtype)
    return _sum(cupy.ascontiguousarray(values), order, starts, values.shape[-1], count, sums)
