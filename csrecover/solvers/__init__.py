"""Recovery solvers: each a generator of iterates behind a plain function that returns a Result."""

from .admm import admm
from .amp import amp
from .base import Iterate, Progress, run
from .bsbl import bsbl
from .certificates import duality_gap, lambda_max
from .constrained import basis_pursuit, bpdn, lasso_ball, sqrt_lasso
from .dantzig import dantzig
from .greedy import cosamp, iht, subspace_pursuit
from .greedy_fista import greedy_fista
from .head_tail import am_cosamp, am_iht
from .htp import htp
from .path import Path, path
from .pogm import pogm
from .posterior import Posterior
from .primal_dual import primal_dual
from .proximal import fista, ista
from .pursuit import block_omp, gomp, omp
from .result import Result, Status
from .reweighted import reweighted
from .sbl import sbl
from .sparsa import sparsa
from .vamp import vamp
from .working_set import working_set

__all__ = [
    "Iterate",
    "Path",
    "Posterior",
    "Progress",
    "Result",
    "Status",
    "admm",
    "am_cosamp",
    "am_iht",
    "amp",
    "basis_pursuit",
    "block_omp",
    "bpdn",
    "bsbl",
    "cosamp",
    "dantzig",
    "duality_gap",
    "fista",
    "gomp",
    "greedy_fista",
    "htp",
    "iht",
    "ista",
    "lambda_max",
    "lasso_ball",
    "omp",
    "path",
    "pogm",
    "primal_dual",
    "reweighted",
    "run",
    "sbl",
    "sparsa",
    "sqrt_lasso",
    "subspace_pursuit",
    "vamp",
    "working_set",
]
