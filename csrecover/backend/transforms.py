"""Orthonormal Fourier and cosine transforms."""

from __future__ import annotations

import importlib
import math
from functools import cache
from typing import Any

import scipy.fft

from .dtypes import as_complex, is_complex
from .libraries import Array, device, library, namespace
from .parts import on_parts


@cache
def _fft_module(name: str) -> Any:
    """scipy.fft or its CuPy twin; None for libraries that have neither."""
    if name == "numpy":
        return scipy.fft
    return importlib.import_module("cupyx.scipy.fft") if name == "cupy" else None


def fftn(x: Array, axes: tuple[int, ...], *, inverse: bool = False) -> Array:
    """Orthonormal discrete Fourier transform over the axes."""
    fft = _fft_module(library(x))
    if fft is None:
        fft, x = namespace(x).fft, as_complex(x)
    return (fft.ifftn if inverse else fft.fftn)(x, axes=axes, norm="ortho")


def rfftn(x: Array, axes: tuple[int, ...]) -> Array:
    """Half spectrum (along the last of the axes) of real x, orthonormal scaling."""
    fft = _fft_module(library(x)) or namespace(x).fft
    return fft.rfftn(x, axes=axes, norm="ortho")


def irfftn(y: Array, shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """Real signals of the given shape from their half spectrum, orthonormal scaling."""
    fft = _fft_module(library(y)) or namespace(y).fft
    return fft.irfftn(as_complex(y), s=shape, axes=axes, norm="ortho")


def dctn(x: Array, axes: tuple[int, ...], kind: int, *, inverse: bool = False) -> Array:
    """Orthonormal discrete cosine transform of kind 2 or 4 over the axes (complex x: real and imaginary part)."""
    fft = _fft_module(library(x))
    if fft is scipy.fft or (fft is not None and kind == 2):  # CuPy has no kind 4
        return (fft.idctn if inverse else fft.dctn)(x, type=kind, axes=axes, norm="ortho")
    if is_complex(x):
        return on_parts(lambda part: dctn(part, axes, kind, inverse=inverse), x)
    for axis in axes:
        x = _dct_by_fft(x, axis, 3 if inverse and kind == 2 else kind)
    return x


def _dct_by_fft(x: Array, axis: int, kind: int) -> Array:
    """Cosine transform along one axis by a zero-padded FFT: out_j = Re post_j sum_i pre_i x_i exp(-i pi ij / n)."""
    xp = namespace(x)
    n = x.shape[axis]
    x = xp.moveaxis(x, axis, -1)
    index = xp.arange(n, dtype=x.dtype, device=device(x))
    turn = as_complex(-math.pi / (2 * n) * index)
    phase = xp.exp(1j * turn)
    scale = xp.where(index == 0, xp.full_like(index, math.sqrt(1 / n)), xp.full_like(index, math.sqrt(2 / n)))
    pre, post = {
        2: (xp.ones_like(phase), phase * as_complex(scale)),
        3: (phase * as_complex(scale), xp.ones_like(phase)),
        4: (phase, phase * xp.exp(1j * as_complex(xp.full_like(index, -math.pi / (4 * n)))) * math.sqrt(2 / n)),
    }[kind]
    spectrum = xp.fft.fft(as_complex(x) * pre, n=2 * n)[..., :n]
    return xp.moveaxis(xp.real(spectrum * post), -1, axis)
