"""Measurement operators: linear maps from signals to measurements, matrix-free, with exact adjoints."""

from .base import LinearOperator
from .coils import CoilMaps, birdcage_maps, sense
from .convolution import Convolution, blur, random_convolution, toeplitz
from .demodulator import random_demodulator
from .dense import Matrix, bernoulli, gaussian, partial_orthogonal, unit_columns
from .elementary import Gradient, Identity, Permutation, random_permutation
from .fourier import DCT, DFT
from .hadamard import WalshHadamard
from .interop import as_operator, from_pylops, from_scipy
from .kspace import (
    poisson_disc_mask,
    radial_mask,
    radial_trajectory,
    spiral_trajectory,
    variable_density_mask,
)
from .nufft import NUFFT
from .optics import CASSI, SinglePixel
from .sampling import Diagonal, Sampling, random_rows, random_signs
from .scrambling import spread_spectrum, structurally_random
from .sparse import SparseMatrix, sparse_binary, sparse_matrix
from .stacking import BlockDiagonal, Kronecker, VStack, channels, hstack
from .wavelet import BiorthogonalWavelet, Wavelet

__all__ = [
    "CASSI",
    "DCT",
    "DFT",
    "NUFFT",
    "BiorthogonalWavelet",
    "BlockDiagonal",
    "CoilMaps",
    "Convolution",
    "Diagonal",
    "Gradient",
    "Identity",
    "Kronecker",
    "LinearOperator",
    "Matrix",
    "Permutation",
    "Sampling",
    "SinglePixel",
    "SparseMatrix",
    "VStack",
    "WalshHadamard",
    "Wavelet",
    "as_operator",
    "bernoulli",
    "birdcage_maps",
    "blur",
    "channels",
    "from_pylops",
    "from_scipy",
    "gaussian",
    "hstack",
    "partial_orthogonal",
    "poisson_disc_mask",
    "radial_mask",
    "radial_trajectory",
    "random_convolution",
    "random_demodulator",
    "random_permutation",
    "random_rows",
    "random_signs",
    "sense",
    "sparse_binary",
    "sparse_matrix",
    "spiral_trajectory",
    "spread_spectrum",
    "structurally_random",
    "toeplitz",
    "unit_columns",
    "variable_density_mask",
]
