"""Measurement operators: linear maps from signals to measurements, matrix-free, with exact adjoints."""

from .base import LinearOperator
from .dense import Matrix, bernoulli, gaussian
from .fourier import DCT, DFT
from .interop import as_operator, from_scipy
from .sampling import Diagonal, Sampling, random_rows, random_signs
from .wavelet import Wavelet

__all__ = [
    "DCT",
    "DFT",
    "Diagonal",
    "LinearOperator",
    "Matrix",
    "Sampling",
    "Wavelet",
    "as_operator",
    "bernoulli",
    "from_scipy",
    "gaussian",
    "random_rows",
    "random_signs",
]
