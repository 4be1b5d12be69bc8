"""What theory says of recovery from random measurements: where it begins to succeed, and how sharply."""

from .counts import sample_bound
from .transitions import statistical_dimension, success_probability, transition_rho, transition_width

__all__ = ["sample_bound", "statistical_dimension", "success_probability", "transition_rho", "transition_width"]
