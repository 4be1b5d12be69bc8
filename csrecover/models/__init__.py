"""Hard structure: sparsity models and their exact projections."""

from .base import Model, SupportModel
from .block import BlockSparse
from .clustered import Clustered
from .graph import GraphClusters
from .hierarchical import Hierarchical
from .joint import JointSparse
from .levels import Levels
from .lowrank import LowRank
from .overlapping import OverlappingGroups
from .product import Product
from .separated import Separated
from .sparse import Sparse
from .tree import TreeSparse
from .union import Union
from .windows import Windows

__all__ = [
    "BlockSparse",
    "Clustered",
    "GraphClusters",
    "Hierarchical",
    "JointSparse",
    "Levels",
    "LowRank",
    "Model",
    "OverlappingGroups",
    "Product",
    "Separated",
    "Sparse",
    "SupportModel",
    "TreeSparse",
    "Union",
    "Windows",
]
