"""Hard structure: sparsity models and their exact projections."""

from .base import Model, SupportModel
from .block import BlockSparse
from .product import Product
from .sparse import Sparse
from .tree import TreeSparse
from .union import Union

__all__ = ["BlockSparse", "Model", "Product", "Sparse", "SupportModel", "TreeSparse", "Union"]
