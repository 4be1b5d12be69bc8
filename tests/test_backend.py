"""What the array API standard lacks, filled in alike on every library."""

import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st

import csrecover as cs
from csrecover import backend as b


@pytest.mark.parametrize("kind", [2, 4])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (8,), (3, 5)])
def test_cosine_transform_equals_scipy(backend, kind, inverse, shape):
    x = np.random.default_rng(0).standard_normal((2, *shape))
    axes = tuple(range(-len(shape), 0))
    seen = b.to_numpy(b.dctn(cs.to(x, backend), axes, kind, inverse=inverse))
    reference = (scipy.fft.idctn if inverse else scipy.fft.dctn)(x, type=kind, axes=axes, norm="ortho")
    np.testing.assert_allclose(seen, reference, atol=1e-13)


@given(
    gains=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]), min_size=1, max_size=12),
    k=st.integers(0, 13),
)
def test_top_k_keeps_the_largest_and_of_equals_the_first(gains, k):
    order = sorted(range(len(gains)), key=lambda i: (-gains[i], i))[:k]
    expected = {i for i in order if gains[i] > 0}
    for name in ("numpy", "array_api_strict:device1"):
        mask = b.to_numpy(b.top_k_mask(cs.to(np.array(gains), name), k))
        assert set(np.flatnonzero(mask)) == expected


def test_top_k_takes_gains_that_differ_by_rounding_as_ties(backend):
    gains = cs.to(np.array([1.0, 1.0 + 4e-16, 1.0 - 4e-16, 0.5]), backend)
    assert b.to_numpy(b.top_k_mask(gains, 1)).tolist() == [True, False, False, False]


def test_segment_sums_add_what_has_one_label(backend):
    values = np.random.default_rng(0).standard_normal((2, 3, 6))
    labels = np.array([2, 0, 1, 1, 0, 2])
    seen = b.to_numpy(b.segment_sum(cs.to(values, backend), cs.to(labels, backend), 3))
    expected = np.stack([values[..., labels == label].sum(axis=-1) for label in range(3)], axis=-1)
    np.testing.assert_allclose(seen, expected, atol=1e-14)


def test_a_segment_of_zeros_sums_to_zero_whatever_its_neighbours_hold(backend):
    values, labels = cs.to(np.array([1e8, 1, 0, 0, 3, 0.1], dtype=np.float32), backend), np.array([0, 1, 2, 2, 4, 4])
    sums = b.to_numpy(b.segment_sum(values, cs.to(labels, backend), 6))
    np.testing.assert_array_equal(sums[[2, 3, 5]], 0)


def test_scatter_puts_values_at_their_indices(backend):
    values = np.arange(1.0, 7).reshape(2, 3)
    seen = b.to_numpy(b.scatter(cs.to(values, backend), cs.to(np.array([4, 0, 3]), backend), 6))
    np.testing.assert_array_equal(seen, [[2, 0, 0, 3, 1, 0], [5, 0, 0, 6, 4, 0]])


def test_divide_gives_zero_for_zero_divisors_without_a_warning(backend):
    with np.errstate(all="raise"):
        quotient = b.divide(cs.to(np.array([0.0, 3.0, 4.0]), backend), cs.to(np.array([0.0, 0.0, 2.0]), backend))
    assert b.to_numpy(quotient).tolist() == [0, 0, 2]


@pytest.mark.parametrize("values", [[1, 2], (True, False), np.array([1, 2], dtype=np.int8)])
def test_lists_integers_and_booleans_become_double_precision(values):
    assert b.as_float(values).dtype == np.float64


def test_moving_a_dataclass_moves_all_its_arrays_and_keeps_the_original(backend):
    A = cs.random_rows(8, 3, 0) @ (2.0 * cs.gaussian(8, 5, 0))
    moved = cs.to(A, backend)
    assert {b.where_is(x).partition(":")[0] for x in b.arrays_in(moved)} == {backend.partition(":")[0]}
    assert all(isinstance(x, np.ndarray) for x in b.arrays_in(A))
    x = np.arange(5.0)
    np.testing.assert_allclose(cs.to_numpy(moved @ cs.to(x, backend)), A @ x, rtol=1e-14)


def test_a_round_trip_gives_the_same_numbers(backend):
    x = np.random.default_rng(0).standard_normal((2, 3)) + 1j
    np.testing.assert_array_equal(cs.to(cs.to(x, backend), "numpy"), x)


def test_small_problems_run_on_one_blas_thread():
    from threadpoolctl import threadpool_info

    with b.blas_threads(1000):
        threads = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert threads <= {1}


def test_one_blas_thread_ends_with_the_last_of_overlapping_contexts():
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads():  # SPAMS, where it is installed, brings a BLAS of its own
        blas = (pool for pool in threadpool_info() if pool["user_api"] == "blas" and "spams" not in pool["filepath"])
        return {pool["num_threads"] for pool in blas}

    with threadpool_limits(2, user_api="blas"):
        before, first, second = threads(), b.blas_threads(1), b.blas_threads(1)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == before


@pytest.mark.parametrize(
    "create",
    [
        lambda **where: cs.gaussian(4, 6, 0, **where),
        lambda **where: cs.bernoulli(4, 6, 0, **where),
        lambda **where: cs.partial_orthogonal(4, 6, 0, **where),
        lambda **where: cs.sparse_binary(4, 6, 2, 0, **where),
        lambda **where: cs.random_rows(6, 4, 0, **where),
        lambda **where: cs.random_signs(6, 0, **where),
        lambda **where: cs.random_permutation(6, 0, **where),
        lambda **where: cs.random_convolution(6, 0, **where),
        lambda **where: cs.random_demodulator(4, 6, 0, **where),
        lambda **where: cs.structurally_random(cs.DCT(6), 4, 0, **where),
        lambda **where: cs.structurally_random(cs.DCT(6), 4, 0, scramble="permutation", **where),
        lambda **where: cs.spread_spectrum(6, 4, 0, **where),
    ],
)
def test_random_operators_are_made_where_they_are_wanted(create, backend):
    made, x = create(device=backend), cs.random_signal(cs.Sparse(), 6, 3, 1, device=backend)
    assert {b.where_is(array) for array in (*b.arrays_in(made), x)} == {b.where_is(x)}
    assert b.where_is(x).startswith(backend.partition(":")[0].removesuffix("_double"))
    np.testing.assert_allclose(b.to_numpy(made @ x), create() @ b.to_numpy(x), atol=1e-12)


def test_norm_estimates_are_computed_where_the_operator_lives(backend):
    A = cs.gaussian(260, 300, 0)
    assert np.linalg.norm(A.matrix, 2) <= cs.to(A, backend).norm() <= 1.1 * np.linalg.norm(A.matrix, 2)


@pytest.mark.parametrize("k", [1, 40, 1000, 8000])
@pytest.mark.parametrize("kind", ["normal", "mostly zero", "one level", "falling", "periodic"])
def test_largest_of_many_are_those_of_a_stable_sort(kind, k):
    n = 2**14
    rng = np.random.default_rng(k)
    gains = {
        "normal": abs(rng.standard_normal(n)),
        "mostly zero": np.where(rng.random(n) < 0.1, rng.random(n), 0),
        "one level": np.ones(n),
        "falling": 1 / np.arange(1, n + 1),
        "periodic": (np.arange(n) % 16 == 0) * rng.random(n) + 1,  # what a sample of every sixteenth misjudges
    }[kind]
    expected = np.zeros(n, dtype=bool)
    expected[np.argsort(-gains, kind="stable")[:k]] = True
    assert np.array_equal(b.top_k_mask(gains, k), expected & (gains > 0))
