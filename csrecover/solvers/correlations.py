"""Correlations of all groups of columns with one residual after another, in fewer products than residuals."""

from __future__ import annotations

import numpy as np

from ..backend import Array, conj, eps, namespace, to_numpy
from ..operators import LinearOperator, Matrix
from .restricted import Columns, Partition, Restriction

_REFERENCES = 4  # residuals whose products are kept
_LATE = 5  # products after which those to come are worth a pass over the matrix for its norms
_DEAR = 32  # times the share of a product that is gathering a column takes
_DOUBT = 1e3  # rounding units of a residual by which what follows from others may be wrong


class Correlations:
    """The lengths ||A_g^H r|| of groups of columns for the residuals of one problem.

    A residual close to a combination f of earlier ones needs no product where ||A_g^H f|| + ||A_g|| ||r - f|| says
    enough; on a path of solutions most are.
    """

    def __init__(self, A: LinearOperator, partition: Partition, columns: Columns | Restriction) -> None:
        self.matrix = A.matrix if isinstance(A, Matrix) else None
        self.partition, self.columns = partition, columns
        self.known: list[tuple[Array, np.ndarray]] = []
        self.products = 0
        self.norms: np.ndarray | None = None

    def lengths(self, A: LinearOperator, residual: Array, enough: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """||A_g^H r|| of each group, and bounds on these, which are themselves where they are exact.

        A length that is surely below `enough`, (groups,), may be an estimate.
        """
        for reference, product in self.known:
            if reference is residual:
                return (self.partition.norms(product),) * 2
        estimates = self._estimates(residual, enough)
        if estimates is not None:
            return estimates
        product = to_numpy(A.H @ namespace(residual).reshape(residual, A.out_shape)).reshape(-1)
        self.known = [*self.known[1 - _REFERENCES :], (residual, product)]
        self.products += 1
        return (self.partition.norms(product),) * 2

    def _estimates(self, residual: Array, enough: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The lengths from the products that are known, and bounds; None where these do not say enough."""
        if self.products < _LATE or self.matrix is None or not isinstance(self.columns, Columns):
            return None
        if self.norms is None:
            self.norms = self.partition.norms(np.sqrt(np.einsum("ij,ij->j", conj(self.matrix), self.matrix).real))
        references = np.stack([reference for reference, _ in self.known], axis=1)
        shares = np.linalg.lstsq(references, residual)[0]
        rest = np.linalg.norm(residual - references @ shares) + _DOUBT * eps(residual) * np.linalg.norm(residual)
        lengths = self.partition.norms(
            sum(share * product for share, (_, product) in zip(shares, self.known, strict=True))
        )
        limits = lengths + rest * self.norms
        unsure = np.flatnonzero(limits >= enough)
        if self.columns.missing(unsure) * _DEAR > self.matrix.shape[1]:
            return None
        lengths[unsure] = limits[unsure] = self.columns.lengths(unsure, residual)
        return lengths, limits
