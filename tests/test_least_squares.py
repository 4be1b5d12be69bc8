"""Least squares on a support: every way gives the minimum-norm solution, whatever was asked of the operator before."""

import dataclasses

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers import gathered, least_squares
from csrecover.solvers.base import Counting
from csrecover.solvers.least_squares import _conjugate_gradients, least_squares_on, prepare

M, N = 20, 50


def normal(rng, shape, field):
    """Standard normal numbers, real or complex."""
    return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if field == "complex" else 0)


def by_definition(matrix, y, support, *, real=False):
    """The shortest of the signals on the support whose residual is smallest, from singular values; signal by signal."""
    if real:
        matrix, y = np.concatenate([matrix.real, matrix.imag]), np.concatenate([y.real, y.imag], axis=-1)
    if y.ndim > 1:
        return np.stack([by_definition(matrix, *each) for each in zip(y, support, strict=True)])
    x = np.zeros(support.shape, np.result_type(matrix, y))
    x[support] = np.linalg.lstsq(matrix[:, support], y, rcond=1e-10)[0]
    return x


def drawn_supports(rng, count, sizes=(0, 1, 5, 12)):
    """Masks of random places, some of each size."""
    return np.stack([rng.permutation(N) < size for size in rng.choice(sizes, count)])


def on_device(*objects):
    """The objects on a device that is not the default one."""
    return cs.to(objects, "array_api_strict:device1")


def solved(A, y, support, path, prepared=None):
    """Least squares on a support by one of the ways, on the host."""
    if path == "conjugate gradients":
        return _conjugate_gradients(A, y, support)
    most = int(support.sum(axis=-1).max())
    if path == "device":
        A, y, support = on_device(A, y, support)
        prepared = None
    return cs.to_numpy(least_squares_on(prepare(A, y) if prepared is None else prepared, y, support, most))


every_path = pytest.mark.parametrize("path", ["host", "device", "conjugate gradients"])
every_field = pytest.mark.parametrize("fields", [("real", "real"), ("real", "complex"), ("complex", "complex")])


@every_path
@every_field
def test_every_way_gives_the_minimum_norm_solution_on_random_supports(path, fields):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        matrix, ys = normal(rng, (M, N), fields[0]) / M**0.5, normal(rng, (4, M), fields[1])
        supports = drawn_supports(rng, 4, (0, 1, 5, 10))
        found = solved(cs.Matrix(matrix), ys, supports, path)
        np.testing.assert_allclose(found, by_definition(matrix, ys, supports), rtol=0, atol=1e-8)


@every_path
def test_every_way_gives_the_minimum_norm_solution_of_wide_systems(path):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        matrix, y = normal(rng, (8, N), "complex"), normal(rng, 8, "complex")
        support = rng.permutation(N) < 30
        found = solved(cs.Matrix(matrix), y, support, path)
        np.testing.assert_allclose(found, by_definition(matrix, y, support), rtol=0, atol=1e-8)


@every_path
@pytest.mark.parametrize("fault", ["twice the same", "zero", "a sum"])
def test_dependent_columns_share_by_minimum_norm_after_they_were_solved_for_one_by_one(path, fault):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        matrix, y = rng.standard_normal((M, N)), rng.standard_normal(M)
        matrix[:, 3] = {"twice the same": matrix[:, 2], "zero": 0, "a sum": matrix[:, 1] + matrix[:, 2]}[fault]
        A = cs.Matrix(matrix)
        prepared = prepare(A, y)
        for support in (np.arange(N) == 2, np.arange(N) < 3, (np.arange(N) < 4) & (np.arange(N) > 0)):
            found = solved(A, y, support, path, prepared)
            np.testing.assert_allclose(found, by_definition(matrix, y, support), rtol=0, atol=1e-8)


@every_path
def test_real_signals_are_solved_for_with_complex_equations(path):
    A = cs.random_rows(N // 2 + 1, 20, 0) @ cs.DFT(N, real=True)
    matrix = A.todense()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        ys, supports = normal(rng, (3, *A.out_shape), "complex"), drawn_supports(rng, 3)
        found = solved(A, ys, supports, path)
        np.testing.assert_allclose(found, by_definition(matrix, ys, supports, real=True), rtol=0, atol=1e-8)
        assert found.dtype == np.float64


@pytest.mark.parametrize("without", [None, "_TOGETHER", "_SHARED", "_KEPT"])
@every_field
def test_what_was_asked_before_does_not_matter(fields, without, monkeypatch):
    """Systems together, one by one with shared inner products, with their own, and with none that are kept."""
    for limit in {None: (), "_KEPT": ("_SHARED", "_KEPT")}.get(without, (without,)):
        monkeypatch.setattr(gathered if limit == "_TOGETHER" else least_squares, limit, 0)
    rng = np.random.default_rng(0)
    matrix, ys = normal(rng, (M, N), fields[0]), normal(rng, (3, M), fields[1])
    prepared = prepare(cs.Matrix(matrix), ys)
    for _ in range(12):
        supports = drawn_supports(rng, 3)
        found = least_squares_on(prepared, ys, supports, 12)
        np.testing.assert_allclose(found, by_definition(matrix, ys, supports), rtol=0, atol=1e-10)
        np.testing.assert_allclose(prepared @ found, found @ matrix.T, rtol=0, atol=1e-12)


@every_path
@pytest.mark.parametrize("field", ["real", "complex"])
def test_single_precision_stays_and_is_as_accurate(path, field):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        matrix, ys = normal(rng, (M, N), field), normal(rng, (3, M), field)
        single = np.float32 if field == "real" else np.complex64
        supports = drawn_supports(rng, 3, (1, 5))
        found = solved(cs.Matrix(matrix.astype(single)), ys.astype(single), supports, path)
        assert found.dtype == single
        np.testing.assert_allclose(found, by_definition(matrix, ys, supports), rtol=0, atol=1e-5)


@every_path
def test_a_least_squares_solution_of_another_right_side_is_that_of_its_own(path):
    rng = np.random.default_rng(0)
    matrix, y, other = rng.standard_normal((M, N)), rng.standard_normal(M), rng.standard_normal(M)
    prepared, support = prepare(cs.Matrix(matrix), y), np.arange(N) % 7 == 0
    for each in (y, other, y):
        found = solved(cs.Matrix(matrix), each, support, path, prepared)
        np.testing.assert_allclose(found, by_definition(matrix, each, support), rtol=0, atol=1e-8)


@every_field
@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
def test_products_by_columns_are_those_of_the_operator_and_are_counted(batch, fields):
    rng = np.random.default_rng(0)
    A = cs.Matrix(normal(rng, (M, N), fields[0]))
    counting = Counting(A)
    prepared = dataclasses.replace(prepare(A, rng.standard_normal(M)), operator=counting)
    for products, nonzeros in enumerate((0, 3, 12, N), start=1):
        x = normal(rng, (*batch, N), fields[1]) * (rng.permutation(N) < nonzeros)
        np.testing.assert_allclose(prepared @ x, A @ x, rtol=0, atol=1e-12)
        assert (prepared @ x).dtype == (A @ x).dtype
        assert counting.counts == [2 * products, 0]


def test_correlations_with_the_measurements_are_one_product():
    rng = np.random.default_rng(0)
    A, y = cs.gaussian(M, N, 0), rng.standard_normal(M)
    counting = Counting(A)
    prepared = dataclasses.replace(prepare(A, y), operator=counting)
    first = prepared.H @ y
    for support in drawn_supports(rng, 5):
        least_squares_on(prepared, y, support, 12)
    assert prepared.H @ y is first
    assert counting.counts == [0, 1]
    np.testing.assert_array_equal(prepared.H @ (2 * y), A.H @ (2 * y))
    assert counting.counts == [0, 2]


def test_an_operator_is_not_made_dense_before_least_squares_ask_for_it():
    A = cs.random_rows(N, M, 0) @ cs.DCT(N)
    y = np.ones(M)
    prepared = prepare(A, y)
    prepared @ (prepared.H @ y)
    assert "matrix" not in vars(prepared)
    least_squares_on(prepared, y, np.arange(N) < 3, 3)
    assert "matrix" in vars(prepared)


@every_path
def test_no_columns_give_zero_in_a_batch_too(path):
    rng = np.random.default_rng(0)
    A, ys = cs.gaussian(M, N, 0), rng.standard_normal((3, M))
    assert not solved(A, ys, np.zeros((3, N), bool), path).any()


def test_columns_that_hold_nan_give_nan():
    matrix = np.random.default_rng(0).standard_normal((M, N))
    matrix[2, 3] = np.nan
    y = np.ones(M)
    assert np.isnan(least_squares_on(prepare(cs.Matrix(matrix), y), y, np.arange(N) < 5, 5)[:5]).all()
