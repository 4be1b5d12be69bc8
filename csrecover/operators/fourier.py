"""Orthonormal Fourier and cosine transforms: the transform analyses a signal, its adjoint synthesises it."""

from __future__ import annotations

from dataclasses import dataclass

from ..backend import Array, dctn, fftn, irfftn, namespace, rfftn
from .axes import signal_axes
from .base import LinearOperator, Unitary, as_shape


@dataclass(frozen=True, eq=False, repr=False)
class DFT(LinearOperator):
    """Orthonormal discrete Fourier transform over all axes of a signal.

    X_k = n^(-1/2) sum_j x_j exp(-2 pi i j k / n) along each axis.

    Parameters
    ----------
    in_shape : int or tuple of int
    real : bool, default False
        Half spectrum of real signals, shape (..., n // 2 + 1): the frequencies that stand for a conjugate pair are
        scaled by sqrt(2), so that ||A x|| = ||x|| and A^H A = I for real x. It takes real signals only and is linear
        over the reals: its adjoint refers to Re <x, y> and gives real signals.

    References
    ----------
    E. Candes, J. Romberg and T. Tao, Robust uncertainty principles: exact signal reconstruction from highly incomplete
    frequency information, IEEE Trans. Information Theory 52(2), 2006.
    """

    in_shape: tuple[int, ...]
    real: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", as_shape(self.in_shape))

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (*self.in_shape[:-1], self.in_shape[-1] // 2 + 1) if self.real else self.in_shape

    @property
    def unitary(self) -> bool:
        return not self.real

    @property
    def real_input(self) -> bool:
        return self.real

    @property
    def complex_output(self) -> bool:
        return True

    def _apply(self, x: Array) -> Array:
        axes = signal_axes(self.in_shape)
        return self._scale_pairs(rfftn(x, axes), 2**0.5) if self.real else fftn(x, axes)

    def _adjoint(self, y: Array) -> Array:
        axes = signal_axes(self.in_shape)
        return irfftn(self._scale_pairs(y, 0.5**0.5), self.in_shape, axes) if self.real else fftn(y, axes, inverse=True)

    def _scale_pairs(self, spectrum: Array, factor: float) -> Array:
        """Scale the frequencies 0 < k < n/2 of the last axis, each of which stands for k and n - k."""
        end = (self.in_shape[-1] + 1) // 2
        parts = spectrum[..., :1], factor * spectrum[..., 1:end], spectrum[..., end:]
        return namespace(spectrum).concat(parts, axis=-1) if end > 1 else spectrum

    def norm(self) -> float:
        return 1.0


@dataclass(frozen=True, eq=False, repr=False)
class DCT(Unitary):
    """Orthonormal discrete cosine transform over all axes of a signal.

    Type 2: X_k = c_k sum_j x_j cos(pi (j + 1/2) k / n) with c_0 = n^(-1/2), c_k = (2 / n)^(1/2);
    type 4: X_k = (2 / n)^(1/2) sum_j x_j cos(pi (j + 1/2) (k + 1/2) / n), its own inverse. Complex signals are
    transformed in their real and imaginary part.

    Parameters
    ----------
    in_shape : int or tuple of int
    type : 2 or 4

    References
    ----------
    N. Ahmed, T. Natarajan and K. R. Rao, Discrete cosine transform, IEEE Trans. Computers C-23(1), 1974.
    """

    in_shape: tuple[int, ...]
    type: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "in_shape", as_shape(self.in_shape))
        if self.type not in (2, 4):
            raise ValueError(f"the type of a DCT is 2 or 4, got {self.type!r}")

    def _apply(self, x: Array) -> Array:
        return dctn(x, signal_axes(self.in_shape), self.type)

    def _adjoint(self, y: Array) -> Array:
        return dctn(y, signal_axes(self.in_shape), self.type, inverse=True)
