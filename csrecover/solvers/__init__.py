"""Recovery solvers: each a generator of iterates behind a plain function that returns a Result."""

from .base import Iterate, Progress, run
from .certificates import duality_gap, lambda_max
from .greedy import cosamp, iht, subspace_pursuit
from .greedy_fista import greedy_fista
from .head_tail import am_cosamp, am_iht
from .htp import htp
from .path import Path, path
from .pogm import pogm
from .proximal import fista, ista
from .pursuit import block_omp, gomp, omp
from .result import Result, Status
from .sparsa import sparsa
from .working_set import working_set

__all__ = [
    "Iterate",
    "Path",
    "Progress",
    "Result",
    "Status",
    "am_cosamp",
    "am_iht",
    "block_omp",
    "cosamp",
    "duality_gap",
    "fista",
    "gomp",
    "greedy_fista",
    "htp",
    "iht",
    "ista",
    "lambda_max",
    "omp",
    "path",
    "pogm",
    "run",
    "sparsa",
    "subspace_pursuit",
    "working_set",
]
