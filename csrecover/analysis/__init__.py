"""What can be said of a recovery without the truth."""

from .brackets import ErrorEstimate, bracket
from .holdout import held_out
from .rows import Rows, check_rows, rows_of

__all__ = ["ErrorEstimate", "Rows", "bracket", "check_rows", "held_out", "rows_of"]
