"""The k largest, ties by index, once the k-th largest is known."""

from __future__ import annotations

import cupy

from .elementwise import Elementwise

above_and_tied = Elementwise(
    "above_and_tied",
    "T gains, T smallest, R slack",
    "bool above, bool tied",
    """
    above = gains > smallest * (1 + slack);
    tied = gains >= smallest * (1 - slack) && !above && gains > 0""",
)

_chosen = Elementwise(
    "first_ties",
    "bool above, bool tied, int64 rank, int64 count, int64 k",
    "bool chosen",
    "chosen = above || (tied && rank <= k - count)",
)


def first_ties(above: cupy.ndarray, tied: cupy.ndarray, k: int) -> cupy.ndarray:
    """A sum, a running sum and one launch that compares."""
    return _chosen(above, tied, tied.cumsum(axis=-1), above.sum(axis=-1, keepdims=True), k)
