"""Maps that are linear over the reals, on complex arrays."""

from __future__ import annotations

from collections.abc import Callable

from .dtypes import as_complex
from .libraries import Array, device, library, namespace


def on_parts(function: Callable[[Array], Array], x: Array) -> Array:
    """Function of complex x, by real arithmetic alone: real and imaginary part go through it as a batch of two."""
    xp = namespace(x)
    images = function(xp.stack([xp.real(x), xp.imag(x)]))
    real, imag = images[0, ...], images[1, ...]
    if library(x) not in ("numpy", "cupy"):
        return as_complex(real) + 1j * as_complex(imag)
    out = xp.empty(real.shape, dtype=xp.result_type(images, x), device=device(x))
    out.real, out.imag = real, imag
    return out
