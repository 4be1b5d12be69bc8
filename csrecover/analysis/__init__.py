"""What can be said of a recovery without the truth, and of the transition from failure to success of many."""

from .brackets import ErrorEstimate, bracket
from .certified_recovery import Verdict, recovers
from .fits import TransitionFit, fit_transition, width_exponent
from .holdout import held_out
from .proportions import clopper_pearson, wilson
from .rows import Rows, check_rows, rows_of

__all__ = [
    "ErrorEstimate",
    "Rows",
    "TransitionFit",
    "Verdict",
    "bracket",
    "check_rows",
    "clopper_pearson",
    "fit_transition",
    "held_out",
    "recovers",
    "rows_of",
    "width_exponent",
    "wilson",
]
