"""Rounding errors that differ from NumPy's, so that a test of exact equality fails as it would on a GPU."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

NAMES = {"average", "bincount", "convolve", "cumprod", "cumsum", "dot", "einsum", "inner", "matmul", "mean", "nansum"}
NAMES |= {"prod", "add.at", "std", "sum", "tensordot", "trace", "vdot", "var"}
NAMES |= {"cholesky", "eigh", "eigvalsh", "inv", "lstsq", "norm", "pinv", "qr", "solve", "svd"}
NAMES |= {
    f"{way}{kind}{axes}" for way in ("", "i") for kind in ("fft", "rfft", "dct", "dst") for axes in ("", "2", "n")
}
_SIGNS = np.random.default_rng(0).integers(-1, 2, 1021)
_settings = {"jitter": True, "atomics": False}


@contextmanager
def setting(**values: bool) -> Iterator[None]:
    """Switch, within the block, rounding errors (jitter=True) and the order of atomic sums (atomics=False)."""
    before = dict(_settings)
    _settings.update(values)
    try:
        yield
    finally:
        _settings.update(before)


def unordered() -> bool:
    """Whether atomic sums come in another order each time."""
    return _settings["atomics"]


def jitter(name: str, values: np.ndarray, shapes: object) -> np.ndarray:
    """Values off by about one unit in the last place; whole numbers and zeros stay, as exact sums do."""
    if not _settings["jitter"] or name not in NAMES or values.dtype.kind not in "fc" or values.size == 0:
        return values
    values = np.array(values, order="C")
    parts = values.reshape(-1).view(values.real.dtype)
    start = zlib.crc32(f"{name}{shapes}".encode()) % _SIGNS.size
    signs = np.resize(_SIGNS[start:], parts.size)
    whole = parts == np.rint(parts)
    parts *= np.where(whole, 1, 1 + signs * np.finfo(parts.dtype).eps).astype(parts.dtype)
    return values
