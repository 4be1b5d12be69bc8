"""The property suite: what every operator, model, norm and solver promises, checked on yours.

Each check draws small problems, runs all its properties, and raises a `ConformanceError` that names those which fail.
It needs neither pytest nor hypothesis.
"""

from .expect import expect
from .models import check_model
from .norms import check_norm, check_penalty
from .operators import check_operator
from .report import ConformanceError
from .solvers import check_solver

__all__ = [
    "ConformanceError",
    "check_model",
    "check_norm",
    "check_operator",
    "check_penalty",
    "check_solver",
    "expect",
]
