"""The random demodulator: chop a fast signal with random signs, then sample it slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from ..backend import Array, namespace, to
from .base import LinearOperator, as_shape
from .dense import as_dtype
from .sampling import random_signs
from .sparse import sparse_matrix


@dataclass(frozen=True, eq=False, repr=False)
class IntegrateAndDump(LinearOperator):
    """Sums of consecutive windows of a signal of length n: y_i = sum of x_j over the i-th n / m samples.

    Parameters
    ----------
    m, n : int
        measurements and samples; m divides n.
    """

    m: int
    n: int

    @property
    def in_shape(self) -> tuple[int, ...]:
        return (self.n,)

    @property
    def out_shape(self) -> tuple[int, ...]:
        return (self.m,)

    def _apply(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.sum(xp.reshape(x, (*x.shape[:-1], self.m, self.n // self.m)), axis=-1)

    def _adjoint(self, y: Array) -> Array:
        return namespace(y).repeat(y, self.n // self.m, axis=-1)

    def norm(self) -> float:
        """Exact: the rows are disjoint, each of n / m ones."""
        return (self.n / self.m) ** 0.5


def random_demodulator(m: int, n: int, rng: Any, *, dtype: Any = np.float64, device: Any = None) -> LinearOperator:
    """Random demodulator: n samples in time, each times a random sign, are integrated to m measurements at equal times.

    A sample that straddles two measurements (where m does not divide n) goes to both, times the square roots of its
    fractions, so that every column has unit norm and E ||A x||^2 = ||x||^2. It acts on signals in time; a spectrum is
    measured by random_demodulator(m, n, rng) @ DFT(n).H.

    Parameters
    ----------
    m, n : int
        measurements and samples, 1 <= m <= n.
    rng : int or numpy.random.Generator
    dtype : dtype
        float32 or float64.
    device : str or device, optional
        where the result lives, as in `to`; on the host by default.

    Raises
    ------
    ValueError
        When m is out of range.

    References
    ----------
    J. A. Tropp, J. N. Laska, M. F. Duarte, J. K. Romberg and R. G. Baraniuk, Beyond Nyquist: efficient sampling of
    sparse bandlimited signals, IEEE Trans. Information Theory 56(1), 2010.
    """
    m, n = as_shape((m, n))
    if m > n:
        raise ValueError(f"m must be between 1 and the number of samples n={n}, got {m}")
    integrate = _straddling(m, n, dtype) if n % m else IntegrateAndDump(m, n)
    return to(integrate @ random_signs(n, rng, dtype=dtype), device)


def _straddling(m: int, n: int, dtype: Any) -> LinearOperator:
    """Integrate and dump where windows end within samples: sample j covers the times j m .. (j + 1) m, a window n."""
    first, last = np.arange(n) * m // n, (np.arange(1, n + 1) * m - 1) // n  # first and last window of each sample
    early = np.where(first == last, m, last * n - np.arange(n) * m) / m  # the fraction of a sample in its first window
    weights = np.sqrt(np.concatenate([early, 1 - early])).astype(as_dtype(dtype))
    places = (np.concatenate([first, last]), np.tile(np.arange(n), 2))
    return sparse_matrix(scipy.sparse.coo_array((weights, places), shape=(m, n)))
