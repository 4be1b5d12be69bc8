"""Hard structure: sparsity models and their exact projections."""

from .base import Model, SupportModel
from .block import BlockSparse
from .sparse import Sparse
from .tree import TreeSparse

__all__ = ["BlockSparse", "Model", "Sparse", "SupportModel", "TreeSparse"]
