"""Soft structure: convex penalties with proximal operators and dual norms."""

from .base import Norm, Penalty
from .group import GroupL2
from .l1 import L1

__all__ = ["L1", "GroupL2", "Norm", "Penalty"]
