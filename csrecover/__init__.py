"""csrecover: compressive-sensing signal recovery with structured sparsity, on NumPy and CuPy alike."""

from .backend import to, to_numpy
from .experiments import random_signal
from .metrics import psnr, snr
from .models import BlockSparse, Model, Sparse, SupportModel, TreeSparse
from .operators import (
    DCT,
    DFT,
    Diagonal,
    LinearOperator,
    Matrix,
    Sampling,
    Wavelet,
    bernoulli,
    from_scipy,
    gaussian,
    random_rows,
    random_signs,
)
from .penalties import L1, GroupL2, Norm, Penalty
from .recover import recover
from .solvers import (
    Iterate,
    Progress,
    Result,
    Status,
    cosamp,
    duality_gap,
    fista,
    iht,
    ista,
    lambda_max,
    run,
    subspace_pursuit,
)
from .structures import Blocks, Tree
from .testing import check_model, check_norm, check_operator, check_solver
from .versions import show_versions

__all__ = [
    "DCT",
    "DFT",
    "L1",
    "BlockSparse",
    "Blocks",
    "Diagonal",
    "GroupL2",
    "Iterate",
    "LinearOperator",
    "Matrix",
    "Model",
    "Norm",
    "Penalty",
    "Progress",
    "Result",
    "Sampling",
    "Sparse",
    "Status",
    "SupportModel",
    "Tree",
    "TreeSparse",
    "Wavelet",
    "bernoulli",
    "check_model",
    "check_norm",
    "check_operator",
    "check_solver",
    "cosamp",
    "duality_gap",
    "fista",
    "from_scipy",
    "gaussian",
    "iht",
    "ista",
    "lambda_max",
    "psnr",
    "random_rows",
    "random_signal",
    "random_signs",
    "recover",
    "run",
    "show_versions",
    "snr",
    "subspace_pursuit",
    "to",
    "to_numpy",
]
__version__ = "0.1.0"
