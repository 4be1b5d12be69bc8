"""Measurement operators: linear maps from signals to measurements, matrix-free, with exact adjoints."""

from .base import LinearOperator
from .convolution import Convolution, random_convolution, toeplitz
from .dense import Matrix, bernoulli, gaussian
from .elementary import Gradient, Identity, Permutation, random_permutation
from .fourier import DCT, DFT
from .hadamard import WalshHadamard
from .interop import as_operator, from_pylops, from_scipy
from .nufft import NUFFT
from .sampling import Diagonal, Sampling, random_rows, random_signs
from .stacking import BlockDiagonal, Kronecker, VStack, hstack
from .wavelet import Wavelet

__all__ = [
    "DCT",
    "DFT",
    "BlockDiagonal",
    "Convolution",
    "Diagonal",
    "Gradient",
    "Identity",
    "Kronecker",
    "LinearOperator",
    "NUFFT",
    "Matrix",
    "Permutation",
    "Sampling",
    "VStack",
    "WalshHadamard",
    "Wavelet",
    "as_operator",
    "bernoulli",
    "from_pylops",
    "from_scipy",
    "gaussian",
    "hstack",
    "random_convolution",
    "random_permutation",
    "random_rows",
    "random_signs",
    "toeplitz",
]
