"""What can be said of a recovery without the truth, and of the transition from failure to success of many."""

from .brackets import ErrorEstimate, bracket
from .certified_recovery import Verdict, recovers
from .coherence import babel, block_coherence, coherence, erc, sub_coherence, welch_bound
from .fits import TransitionFit, fit_transition, width_exponent
from .guarantees import Guarantee, Guarantees, guarantees
from .holdout import held_out
from .interval import Interval
from .nullspace import NullSpaceProperty, nsp
from .proportions import clopper_pearson, wilson
from .restricted_eigenvalue import restricted_eigenvalue
from .rip.gaussian import gaussian_bounds
from .rows import Rows, check_rows, rows_of
from .spark import spark
from .state_evolution import state_evolution

__all__ = [
    "ErrorEstimate",
    "Guarantee",
    "Guarantees",
    "Interval",
    "NullSpaceProperty",
    "Rows",
    "TransitionFit",
    "Verdict",
    "babel",
    "block_coherence",
    "bracket",
    "check_rows",
    "clopper_pearson",
    "coherence",
    "erc",
    "fit_transition",
    "gaussian_bounds",
    "guarantees",
    "held_out",
    "nsp",
    "recovers",
    "restricted_eigenvalue",
    "rows_of",
    "spark",
    "state_evolution",
    "sub_coherence",
    "welch_bound",
    "width_exponent",
    "wilson",
]
