"""What each kernel of `csrecover.kernels.cuda` computes, in NumPy: the double runs these in the kernels' place."""

import numpy as np
from scipy.linalg import hadamard

from csrecover.kernels import FUSED

from .cupy_double import twin

PREFIX = "csrecover_"
SAME = ["divide", "keep", "energy", "soft_threshold", "next_momentum", "extrapolated", "above_and_tied"]
for name in SAME:  # the kernel takes what the function takes
    twin(PREFIX + name)(FUSED[name].__wrapped__)


@twin(PREFIX + "uphill")
def products(z, x, x_prev):
    return np.real((z - x) * np.conj(x - x_prev))


@twin(PREFIX + "shrink_blocks")
def shrink_blocks(x, entries, t, size):
    lengths = np.linalg.norm(entries.reshape(-1, size), axis=-1).reshape(*x.shape[:-1], 1)
    return x * (np.maximum(lengths - t, 0) / np.where(lengths == 0, 1, lengths))


@twin(PREFIX + "segment_sum")
def segment_sum(values, order, starts, n, count, sums):
    pieces = [values[..., order[starts[s] : starts[s + 1]]].sum(axis=-1) for s in range(count)]
    sums[...] = np.stack(pieces, axis=-1)
    return sums


@twin(PREFIX + "first_ties")
def chosen(above, tied, rank, count, k):
    return above | (tied & (rank <= k - count))


@twin(PREFIX + "walsh_hadamard")
def walsh_hadamard(x, y, total, inner, size, bits, tile, scale):
    groups = x.reshape(-1, size, inner)
    y[...] = (scale * (hadamard(size, dtype=x.dtype) @ groups)).reshape(-1)
