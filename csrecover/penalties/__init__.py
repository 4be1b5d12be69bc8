"""Soft structure: penalties with proximal operators, norms with dual norms."""

from .base import Norm, Penalty
from .box import Box
from .concave import BlockMCP, BlockSCAD
from .elastic_net import ElasticNet
from .group import GroupL2
from .group_linf import GroupLInf
from .l1 import L1
from .l2_ball import L2Ball
from .latent import LatentGroupL2
from .nonnegative import NonNegativeL1
from .nuclear import Nuclear
from .nuclear_frobenius import NuclearFrobenius, NuclearSquaredFrobenius
from .overlapping import OverlappingGroupL2
from .simplex import Simplex
from .sparse_group import SparseGroup
from .tree_l2 import TreeL2
from .tree_linf import TreeLInf
from .tv import TV

__all__ = [
    "L1",
    "TV",
    "BlockMCP",
    "BlockSCAD",
    "Box",
    "ElasticNet",
    "GroupL2",
    "GroupLInf",
    "L2Ball",
    "LatentGroupL2",
    "NonNegativeL1",
    "Norm",
    "Nuclear",
    "NuclearFrobenius",
    "NuclearSquaredFrobenius",
    "OverlappingGroupL2",
    "Penalty",
    "Simplex",
    "SparseGroup",
    "TreeL2",
    "TreeLInf",
]
