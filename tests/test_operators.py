"""Operators against the packages and the definitions they come from."""

import dataclasses

import numpy as np
import pytest
import pywt
import scipy.sparse
import scipy.sparse.linalg
from hypothesis import given
from hypothesis import strategies as st

import csrecover as cs
from csrecover.operators import convolution


@pytest.mark.filterwarnings("ignore:Level value")
@pytest.mark.parametrize("name", ["haar", "db2", "db3", "db8", "db38", "sym4", "sym8", "sym20", "coif1", "coif5"])
@pytest.mark.parametrize("shape", [(2,), (8,), (64,), (96,), (16, 32), (8, 8, 4)])
def test_wavelet_transform_equals_pywavelets(name, shape):
    wavelet = cs.Wavelet(shape, name)
    x = np.random.default_rng(0).standard_normal((2, *shape))
    expected = [
        pywt.coeffs_to_array(pywt.wavedecn(signal, name, mode="periodization", level=wavelet.levels))[0] for signal in x
    ]
    np.testing.assert_allclose(wavelet @ x, expected, atol=1e-12)


def test_full_depth_is_as_many_halvings_as_every_axis_allows():
    depths = {shape: cs.Wavelet(shape, "haar").levels for shape in (1024, 96, (64, 32), (8, 12))}
    assert depths == {1024: 10, 96: 5, (64, 32): 5, (8, 12): 2}


@pytest.mark.parametrize(("shape", "first", "later"), [(16, 1, 2), ((8, 8), 3, 4), ((8, 16), 3, 4), ((4, 4, 4), 7, 8)])
def test_wavelet_tree_has_the_children_of_its_dimension(shape, first, later):
    wavelet = cs.Wavelet(shape, "haar")
    parents = wavelet.tree.parents.reshape(-1)
    children = np.bincount(parents[parents >= 0], minlength=parents.size)
    roots = parents < 0
    finest = np.indices(wavelet.in_shape) >= np.array(wavelet.in_shape).reshape(-1, *(1,) * len(wavelet.in_shape)) // 2
    leaves = finest.any(axis=0).reshape(-1)
    assert roots.sum() == np.prod([size >> wavelet.levels for size in wavelet.in_shape])
    assert (children[roots] == first).all()
    assert (children[~roots & ~leaves] == later).all()
    assert (children[leaves] == 0).all()


@pytest.mark.parametrize("shape", [64, (16, 16), (8, 32)])
def test_wavelet_tree_parents_cover_the_place_of_their_children(shape):
    """The Haar function of a child lives inside that of its parent."""
    wavelet = cs.Wavelet(shape, "haar")
    parents = wavelet.tree.parents.reshape(-1)
    n = parents.size
    atoms = (wavelet.H @ np.eye(n).reshape(n, *wavelet.in_shape)).reshape(n, n)
    support = np.abs(atoms) > 1e-12
    for child in np.flatnonzero(parents >= 0):
        assert (support[child] <= support[parents[child]]).all()


def test_dft_is_the_orthonormal_fourier_transform_and_its_real_form_an_isometry():
    x = np.random.default_rng(0).standard_normal((5, 9))
    np.testing.assert_allclose(cs.DFT(9) @ x, np.fft.fft(x, norm="ortho"), atol=1e-14)
    for n in (1, 2, 3, 8, 9):
        half = cs.DFT((4, n), real=True)
        z = np.random.default_rng(n).standard_normal((4, n))
        assert np.linalg.norm(half @ z) == pytest.approx(np.linalg.norm(z), rel=1e-14)
        np.testing.assert_allclose(half.H @ (half @ z), z, atol=1e-14)


@pytest.mark.parametrize("create", [cs.gaussian, cs.bernoulli])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_random_matrices_keep_the_energy_on_average(create, dtype):
    x = np.random.default_rng(0).standard_normal(200).astype(dtype)
    ratios = [
        np.linalg.norm(create(50, 200, seed, dtype=dtype) @ x) ** 2 / np.linalg.norm(x) ** 2 for seed in range(200)
    ]
    standard_error = np.sqrt(2 / 50 / 200)
    assert abs(np.mean(ratios) - 1) < 4 * standard_error


def test_random_rows_keep_the_energy_on_average_and_sample_without_repetition():
    x = np.random.default_rng(0).standard_normal(100)
    rows = [cs.random_rows(100, 30, seed) for seed in range(300)]
    ratios = [np.linalg.norm(A @ (cs.DCT(100) @ x)) ** 2 / np.linalg.norm(x) ** 2 for A in rows]
    assert abs(np.mean(ratios) - 1) < 4 * np.std(ratios) / np.sqrt(300)
    assert all(np.unique(A.indices).size == 30 for A in rows)


def test_one_seed_gives_one_problem_in_every_precision():
    double = cs.gaussian(3, 4, 7).matrix
    np.testing.assert_array_equal(cs.gaussian(3, 4, 7, dtype=np.float32).matrix, double.astype(np.float32))
    np.testing.assert_array_equal(cs.gaussian(3, 4, np.random.default_rng(7)).matrix, double)


@given(
    m=st.integers(1, 300),
    n=st.integers(1, 300),
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(["flat", "steep", "one"]),
)
def test_norm_estimate_is_never_below_the_norm(m, n, seed, kind):
    from csrecover.operators import norm as norm_module

    rng = np.random.default_rng(seed)
    dense = rng.standard_normal((m, n)) * {"flat": 1, "steep": 0.9 ** np.arange(n), "one": np.arange(n) == 0}[kind]
    true = np.linalg.norm(dense, 2)
    exact, small = cs.Matrix(dense).norm(), norm_module._SMALL
    try:
        norm_module._SMALL = 0  # the iterative estimate, at sizes where the true norm is at hand
        estimate = cs.Matrix(dense).norm()
    finally:
        norm_module._SMALL = small
    for stated in (exact, estimate):
        assert true * (1 - 1e-12) <= stated <= 1.2 * true


def test_norm_of_a_product_with_unitary_factors_is_exact():
    A = cs.random_rows(64, 16, 0) @ cs.DCT(64) @ cs.random_signs(64, 0) @ cs.Wavelet(64, "sym4").H
    assert A.norm() == 2.0


def test_products_work_inside_scipy():
    A = cs.gaussian(40, 20, 0) @ cs.DCT(20)
    x = np.arange(20.0)
    np.testing.assert_allclose(scipy.sparse.linalg.lsqr(A.to_scipy(), A @ x, atol=1e-14, btol=1e-14)[0], x, atol=1e-8)
    top = scipy.sparse.linalg.svds(A.to_scipy(), k=1, return_singular_vectors=False, rng=0)[0]
    assert top == pytest.approx(np.linalg.norm(A.todense(), 2))


@pytest.mark.parametrize("wrap", [lambda s: s, scipy.sparse.linalg.aslinearoperator, lambda s: s.toarray()])
def test_solvers_take_scipy_operators_and_arrays(wrap):
    source = scipy.sparse.random_array((30, 40), density=0.5, rng=np.random.default_rng(0), format="csr")
    x = np.zeros(40)
    x[[3, 17]] = [1, -2]
    assert cs.subspace_pursuit(wrap(source), source @ x, cs.Sparse(), 2).error(x) < 1e-10


def test_an_exception_names_the_part_that_failed():
    A = cs.gaussian(3, 8, 0) @ cs.DCT(8)
    with pytest.raises(ValueError, match=r"DCT \(8,\) -> \(8,\)"):
        A @ np.ones(7)


def test_transpose_and_conjugate_are_those_of_the_matrix():
    for A in (cs.gaussian(4, 6, 0, dtype=np.complex128), cs.random_rows(8, 5, 0) @ cs.DFT(8), cs.DCT(5)):
        dense = A.todense()
        np.testing.assert_allclose(A.T.todense(), dense.T, atol=1e-14)
        np.testing.assert_allclose(A.conj().todense(), dense.conj(), atol=1e-14)
        np.testing.assert_allclose(A.T.conj().todense(), A.H.todense(), atol=1e-14)
    real = cs.gaussian(4, 6, 0)
    assert real.conj() is real


def test_gram_takes_shortcuts_that_change_nothing():
    rng = np.random.default_rng(0)
    circular = cs.Convolution(rng.standard_normal(6))
    for A in (
        cs.DCT(6),
        circular,
        cs.DFT(6).H @ circular,
        2j * cs.gaussian(3, 6, 0),
        cs.gaussian(4, 6, 0) @ circular,
        cs.VStack([circular, cs.gaussian(2, 6, 1)]),
        cs.BlockDiagonal([circular, cs.DFT(2)]),
        cs.Kronecker([cs.gaussian(2, 3, 0), cs.DFT(2)]),
    ):
        dense = A.todense()
        np.testing.assert_allclose(A.gram.todense(), dense.conj().T @ dense, atol=1e-13)
    assert isinstance(cs.DCT((2, 3)).gram, cs.Identity)
    assert isinstance((cs.DFT(6) @ cs.DCT(6)).gram, cs.Identity)
    assert circular.gram.norm() == pytest.approx(circular.norm() ** 2)


def test_the_gram_of_a_convolution_costs_one_convolution(monkeypatch):
    A, calls, rfftn = cs.Convolution(np.ones(8)), [], convolution.rfftn
    monkeypatch.setattr(convolution, "rfftn", lambda *arguments: calls.append(1) or rfftn(*arguments))
    A.gram @ np.ones(8)
    assert len(calls) == 1


@pytest.mark.parametrize("A", [cs.gaussian(5, 8, 0), cs.random_rows(8, 5, 0) @ cs.DFT(8)], ids=str)
def test_restriction_acts_on_the_picked_entries(A):
    mask = np.array([0, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    np.testing.assert_allclose(A.restrict(mask).todense(), A.todense()[:, mask], atol=1e-14)
    np.testing.assert_allclose(A.restrict([5, 1]).todense(), A.todense()[:, [5, 1]], atol=1e-14)
    with pytest.raises(ValueError, match="distinct integers from 0 to 7"):
        A.restrict([1, 8])


def test_an_exception_inside_a_composition_names_the_part_that_raised_it():
    @dataclasses.dataclass(frozen=True, eq=False, repr=False)
    class Failing(cs.LinearOperator):
        in_shape, out_shape = (4,), (4,)

        def _apply(self, x):
            raise RuntimeError("out of memory")

        def _adjoint(self, y):
            raise RuntimeError("out of memory")

    composition = 2 * cs.VStack([cs.DCT(4), cs.DCT(4) @ Failing()])
    for operator, x in ((composition, np.ones(4)), (composition.H, np.ones(8))):
        with pytest.raises(RuntimeError, match="out of memory") as caught:
            operator @ x
        assert caught.value.__notes__[0].startswith("raised in Failing (4,) -> (4,)")
        assert caught.value.__notes__[-1].startswith("raised in 2 * (VStack (4,) -> (8,))")


def test_the_norm_of_a_large_operator_that_is_linear_over_the_reals_only_is_safe():
    A = cs.DFT(600, real=True).H @ cs.gaussian(301, 280, 0, dtype=np.complex128)
    true = np.linalg.norm(np.vstack([A @ np.eye(280), A @ (1j * np.eye(280))]), 2)
    assert true <= A.norm() <= 1.2 * true
    assert true <= A.H.norm() <= 1.2 * true
