"""Restricted isometry constants: attained from below, certified from above, exact where the supports are few."""

from .bracket import rip
from .estimate import RIPEstimate

__all__ = ["RIPEstimate", "rip"]
