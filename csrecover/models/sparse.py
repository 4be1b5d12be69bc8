"""At most k nonzero coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..backend import Array, flat, namespace, top_k_mask
from .base import SupportModel, check_count, log_choose


@dataclass(frozen=True)
class Sparse(SupportModel):
    """Signals with at most k nonzero coefficients, anywhere.

    Parameters
    ----------
    ndim : int, default 1
        number of trailing axes that make one signal; solvers set it from their operator.
    """

    ndim: int = 1

    def support(self, x: Array, k: int) -> Array:
        x = self._signals(x)
        mask = top_k_mask(flat(abs(x), self.ndim), check_count(k))
        return mask if self.ndim == 1 else namespace(x).reshape(mask, x.shape)

    def max_nonzeros(self, k: int) -> int:
        return k

    def log_count(self, k: int, shape: tuple[int, ...] | None = None) -> float:
        n = math.prod(self._one_shape(shape))
        return log_choose(n, min(check_count(k), n))

    def supports(self, k: int, shape: tuple[int, ...] | None = None) -> Iterator[np.ndarray]:
        n = math.prod(self._one_shape(shape))
        return (np.array(chosen, np.intp) for chosen in combinations(range(n), min(check_count(k), n)))
