"""Batches of greedy solvers: products with few of many columns, and looks that are left out."""

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers.gathered import Columns

M, N, K = 30, 48, 8


def normal(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


@pytest.mark.parametrize("fast", ["1", "0"])
@pytest.mark.parametrize("x_dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_few_of_many_columns_combine_to_the_product(dtype, x_dtype, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(0)
    matrix, indices = normal(rng, (M, N), dtype), rng.permutation(N)[:5]
    columns = Columns(matrix)
    columns.add(np.arange(N)[::-1])
    x = normal(rng, 5, x_dtype)
    found = columns.combined(indices, x)
    assert found.dtype == np.result_type(matrix, x)
    tolerance = 1e-4 if "float32" in (dtype, x_dtype) else 1e-12
    np.testing.assert_allclose(found, matrix[:, indices] @ x, rtol=0, atol=tolerance)


@pytest.mark.parametrize("fast", ["1", "0"])
@pytest.mark.parametrize("max_iter", [None, 1, 2, 5])
@pytest.mark.parametrize("noise", [None, 1.5])
def test_looks_that_are_left_out_change_nothing(fast, max_iter, noise, monkeypatch):
    """A callback looks at every iteration; signals that no support explains keep the best of theirs."""
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng = np.random.default_rng(3)
    A, y = cs.Matrix(normal(rng, (M, N), "float64")), normal(rng, (6, M), "float64")
    y[:3] = cs.random_signal(cs.Sparse(), N, 4, rng) @ A.matrix.T
    for at_once in (1, 3, K):
        options = {"at_once": at_once, "max_iter": max_iter, "noise": noise}
        found = cs.gomp(A, y, cs.Sparse(), K, **options)
        followed = cs.gomp(A, y, cs.Sparse(), K, callback=lambda progress: False, **options)
        np.testing.assert_array_equal(found.support, followed.support)
        np.testing.assert_allclose(found.x, followed.x, rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.residual_norm, followed.residual_norm, rtol=1e-9, atol=1e-12)
        assert found.status.tolist() == followed.status.tolist()


@pytest.mark.parametrize(
    ("max_iter", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError), ("two", TypeError)]
)
def test_a_bad_number_of_iterations_is_refused_as_it_was_given(max_iter, error):
    A, y = cs.Matrix(np.eye(4)), np.ones(4)
    with pytest.raises(error, match=f"max_iter={max_iter!r}"):
        cs.gomp(A, y, cs.Sparse(), 3, at_once=2, max_iter=max_iter)
