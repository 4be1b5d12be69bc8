"""The kinds that a problem file can name: public classes and creators, under their own names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import models, operators, penalties

Kinds = dict[str, Callable[..., Any]]


def _named(room: Any, names: str) -> Kinds:
    return {name: getattr(room, name) for name in names.split()}


OPERATORS: Kinds = _named(
    operators,
    "gaussian bernoulli partial_orthogonal sparse_binary Matrix SparseMatrix random_rows Sampling DCT DFT WalshHadamard"
    " random_signs random_permutation Permutation Diagonal Identity structurally_random spread_spectrum Convolution"
    " random_convolution blur toeplitz random_demodulator SinglePixel CASSI NUFFT CoilMaps sense Gradient Wavelet"
    " BiorthogonalWavelet channels unit_columns Kronecker BlockDiagonal VStack hstack",
)
BASES: Kinds = _named(operators, "Wavelet DCT WalshHadamard DFT Identity")
STRUCTURES: Kinds = _named(
    models,
    "Sparse BlockSparse TreeSparse Clustered Separated Windows Hierarchical Levels JointSparse OverlappingGroups"
    " GraphClusters Union",
) | _named(
    penalties,
    "L1 NonNegativeL1 ElasticNet GroupL2 GroupLInf SparseGroup BlockMCP BlockSCAD TreeL2 TreeLInf OverlappingGroupL2"
    " LatentGroupL2 Nuclear NuclearFrobenius NuclearSquaredFrobenius TV Box L2Ball Simplex",
)
ARRAYS: Kinds = _named(
    operators,
    "variable_density_mask poisson_disc_mask radial_mask radial_trajectory spiral_trajectory birdcage_maps",
)
