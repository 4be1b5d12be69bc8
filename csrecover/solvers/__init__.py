"""Recovery solvers: each a generator of iterates behind a plain function that returns a Result."""

from .base import Iterate, Progress, run
from .certificates import duality_gap, lambda_max
from .greedy import cosamp, iht, subspace_pursuit
from .proximal import fista, ista
from .result import Result, Status

__all__ = [
    "Iterate",
    "Progress",
    "Result",
    "Status",
    "cosamp",
    "duality_gap",
    "fista",
    "iht",
    "ista",
    "lambda_max",
    "run",
    "subspace_pursuit",
]
