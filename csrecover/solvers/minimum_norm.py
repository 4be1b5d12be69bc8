"""Least squares of least norm for small dense systems, one or a batch: normal equations, else singular values."""

from __future__ import annotations

from ..backend import Array, all_finite, as_complex, device, eps, mT, namespace, positive_solver, well_conditioned


def minimum_norm(B: Array, y: Array) -> Array:
    """Minimum-norm least squares solution of B x = y, one system: B (m, t), y (m,).

    Normal equations (of the second kind, where B is wide), refined once; a singular value decomposition where they
    are close to singular; NaN where B is not finite.
    """
    xp = namespace(B, y)
    dtype = xp.result_type(B, y)
    B, y = xp.astype(B, dtype, copy=False), xp.astype(y, dtype, copy=False)
    m, t = B.shape
    adjoint = xp.conj(mT(B))
    tall = t <= m
    gram = adjoint @ B if tall else B @ adjoint
    if not all_finite(gram):  # decompositions may not end on NaN
        return xp.full((t,), float("nan"), dtype=dtype, device=device(y))
    found = positive_solver(gram)
    if found is None:
        return by_singular_values(B, y[:, None])[:, 0]
    invert, _ = found
    x = invert(adjoint @ y) if tall else adjoint @ invert(y)
    rest = y - B @ x
    return x + (invert(adjoint @ rest) if tall else adjoint @ invert(rest))


def minimum_norms(B: Array, y: Array, used: Array) -> Array:
    """Minimum-norm least squares solutions of a batch of systems B x = y, zero in the columns that are not used.

    B (count, m, t) is zero in these, y is (count, m), used (count, t). One number is fetched: whether normal equations
    will do.
    """
    xp = namespace(B, y)
    dtype = xp.result_type(B, y)
    B, y = xp.astype(B, dtype, copy=False), xp.astype(y, dtype, copy=False)[..., None]
    adjoint = xp.conj(mT(B))
    if B.shape[-1] <= B.shape[-2]:
        gram = adjoint @ B
        peak = xp.max(xp.real(xp.linalg.diagonal(gram)), axis=-1)[:, None, None]
        unused = xp.eye(B.shape[-1], dtype=xp.bool, device=device(y)) & ~used[:, None, :]
        gram = xp.where(unused, xp.astype(xp.where(peak > 0, peak, xp.ones_like(peak)), dtype), gram)
        if well_conditioned(gram):
            x = xp.linalg.solve(gram, adjoint @ y)
            return (x + xp.linalg.solve(gram, adjoint @ (y - B @ x)))[..., 0]  # one step of refinement
    if not all_finite(B):  # decompositions may not end on NaN
        return xp.full(used.shape, float("nan"), dtype=dtype, device=device(y))
    return by_singular_values(B, y)[..., 0]


def by_singular_values(B: Array, y: Array) -> Array:
    """Minimum-norm least squares solutions of B x = y for columns y, singular values of rounding size being zero."""
    xp = namespace(B)
    u, s, vh = xp.linalg.svd(B, full_matrices=False)
    nonzero = s > max(B.shape[-2:]) * eps(B) * xp.max(s, axis=-1, keepdims=True)
    inverse = xp.where(nonzero, 1 / xp.where(nonzero, s, xp.ones_like(s)), xp.zeros_like(s))
    return xp.conj(mT(vh)) @ (inverse[..., None] * (xp.conj(mT(u)) @ y))


def stacked(x: Array) -> Array:
    """Real and imaginary part on top of each other: complex equations for real unknowns."""
    xp, x = namespace(x), as_complex(x)
    return xp.concat([xp.real(x), xp.imag(x)], axis=max(0, x.ndim - 2))
