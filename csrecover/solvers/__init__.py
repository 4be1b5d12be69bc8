"""Recovery solvers: each a generator of iterates behind a plain function that returns a Result."""

from .base import Iterate, Progress, run
from .certificates import duality_gap, lambda_max
from .greedy import cosamp, iht, subspace_pursuit
from .greedy_fista import greedy_fista
from .path import Path, path
from .pogm import pogm
from .proximal import fista, ista
from .result import Result, Status
from .sparsa import sparsa
from .working_set import working_set

__all__ = [
    "Iterate",
    "Path",
    "Progress",
    "Result",
    "Status",
    "cosamp",
    "duality_gap",
    "fista",
    "greedy_fista",
    "iht",
    "ista",
    "lambda_max",
    "path",
    "pogm",
    "run",
    "sparsa",
    "subspace_pursuit",
    "working_set",
]
