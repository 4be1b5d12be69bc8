"""Matrices of low rank."""

from __future__ import annotations

from dataclasses import dataclass

from ..backend import Array, namespace
from .base import Model, check_count


@dataclass(frozen=True)
class LowRank(Model):
    """Matrices of rank at most k; the last two axes of a signal are those of the matrix.

    This is no coordinate model: a matrix of low rank has no support to speak of, so solvers that work on supports
    refuse it. Its projection serves any method that asks for no more.

    References
    ----------
    C. Eckart and G. Young, The approximation of one matrix by another of lower rank, Psychometrika 1, 1936.
    """

    @property
    def ndim(self) -> int:
        return 2

    def project(self, x: Array, k: int) -> Array:
        """Nearest matrix of rank at most k: the k largest terms of the singular value decomposition.

        Where singular values are equal there are several nearest matrices, and this is one of them.

        Parameters
        ----------
        x : array, (*batch, rows, columns)
        k : int >= 0

        Raises
        ------
        ValueError
            When x has fewer than two axes, is not finite (on the host), or k is negative.
        """
        x, k = self._signals(x), check_count(k)
        if k == 0 or k >= min(x.shape[-2:]):
            return namespace(x).zeros_like(x) if k == 0 else x
        left, values, right = namespace(x).linalg.svd(x, full_matrices=False)
        return (left[..., :k] * values[..., None, :k]) @ right[..., :k, :]
