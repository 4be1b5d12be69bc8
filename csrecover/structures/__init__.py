"""Which coefficients belong together: one structure serves the hard model and the soft penalty alike."""

from .blocks import Blocks
from .graph import Graph
from .groups import Groups
from .tree import Tree

__all__ = ["Blocks", "Graph", "Groups", "Tree"]
