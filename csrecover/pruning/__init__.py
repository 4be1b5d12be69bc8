"""Structure in the weights of models: proximal training, what is left of them, what a budget pays for and saves."""

from .descent import ProximalDescent, proximal_step
from .groups import groups
from .measures import accuracy, active, effective_rank, efficiency
from .selection import Selection, select

__all__ = [
    "ProximalDescent",
    "Selection",
    "accuracy",
    "active",
    "effective_rank",
    "efficiency",
    "groups",
    "proximal_step",
    "select",
]
