"""Corners of the input space: scales, zeros, free coefficients, half spectra, user's own iterates."""

import numpy as np
import pytest

import csrecover as cs
from csrecover import plotting

A = cs.gaussian(40, 100, 0)
X = cs.random_signal(cs.Sparse(), 100, 4, 1)
Y = A @ X


@pytest.mark.parametrize("scale", [1e-120, 1e-60, 1e60, 1e120])
@pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit])
def test_recovery_does_not_depend_on_the_scale_of_the_signal(solver, scale):
    assert solver(A, Y * scale, cs.Sparse(), 4).error(X * scale) < 1e-5


@pytest.mark.parametrize(
    ("scale", "dtype"), [(1e-200, "float64"), (1e160, "float64"), (1e-21, "float32"), (1e25, "float32")]
)
def test_measurements_whose_squares_leave_the_precision_are_refused(scale, dtype):
    single = cs.Matrix(A.matrix.astype(dtype))
    with pytest.raises(ValueError, match=f"out of the range of {dtype} once squared: rescale y"):
        cs.fista(single, (Y * scale).astype(dtype), cs.L1(0.1))


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_supports_do_not_depend_on_the_scale_of_the_signal(scale):
    x = np.array([1.0, 5, 2, 4, 3, 0]) * scale
    assert np.flatnonzero(cs.Sparse().support(x, 2)).tolist() == [1, 3]
    assert np.flatnonzero(cs.BlockSparse(cs.Blocks.uniform(6, 2)).support(x, 1)).tolist() == [0, 1]
    assert np.flatnonzero(cs.TreeSparse(cs.Tree([-1, 0, 0, 1, 1, 2])).support(x, 2)).tolist() == [0, 1]


@pytest.mark.parametrize("scale", [1e-170, 1e160])
def test_norm_does_not_depend_on_the_scale_of_the_matrix(scale):
    assert cs.Matrix(A.matrix * scale).norm() == pytest.approx(A.norm() * scale, rel=1e-9)


def test_norm_of_a_stack_behind_half_spectra_is_not_too_low():
    rng = np.random.default_rng(0)
    for _ in range(6):
        stack = rng.standard_normal((3, 2, 5)) + 1j * rng.standard_normal((3, 2, 5))
        dense = stack @ cs.DFT(8, real=True).todense()
        true = max(np.linalg.norm(np.concatenate([part.real, part.imag]), 2) for part in dense)
        assert true <= (cs.Matrix(stack) @ cs.DFT(8, real=True)).norm() * (1 + 1e-12)


@pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit])
def test_half_spectra_give_real_signals_and_zero_for_zero(solver):
    half = cs.DFT(64, real=True)
    x = cs.random_signal(cs.Sparse(), 64, 3, 0)
    together = solver(half, half @ np.stack([x, 0 * x]), cs.Sparse(), 3)
    assert together.x.dtype == np.float64
    np.testing.assert_allclose(together.x, [x, 0 * x], atol=1e-5)


def test_adjoints_and_gram_operators_of_half_spectra_take_and_give_what_they_say():
    half = cs.DFT(9, real=True)
    assert half.gram.real_input
    assert not half.H.real_input
    assert half.H.dtype == half.gram.dtype == np.float64
    measured = half @ np.arange(9.0)
    assert (half @ half.H).real_input is False
    np.testing.assert_allclose((half @ half.H) @ measured, measured, atol=1e-13)
    mixed = half + cs.gaussian(5, 9, 0, dtype=complex)
    assert (mixed.H @ measured).dtype == np.float64


def test_a_free_coefficient_does_not_keep_fista_from_ending():
    rng = np.random.default_rng(0)
    design = np.c_[np.ones(60), rng.standard_normal((60, 20))]
    y = 3 + design[:, 1]
    result = cs.fista(design, y, cs.L1(np.r_[0, np.full(20, 2.0)]), tol=1e-12)
    assert result.converged
    assert result.gap is None
    gradient = design.T @ (design @ result.x - y)
    assert abs(gradient[0]) < 1e-5
    assert np.abs(gradient[1:]).max() <= 2 + 1e-5


def test_zero_measurements_give_zero_from_any_start():
    result = cs.fista(A, np.stack([0 * Y, Y]), cs.L1(0.1), x0=np.ones((2, 100)))
    assert (result.x[0] == 0).all()
    assert (result.x[1] != 0).any()


def test_a_step_beyond_the_numbers_diverges_and_leaves_a_finite_signal():
    result = cs.fista(A, Y, cs.L1(0.01), step=1e200)
    assert result.status is cs.Status.DIVERGED
    assert np.isfinite(result.x).all()


def test_weights_and_multiples_may_be_arrays_without_axes(backend):
    weight = cs.to(np.array(0.1), backend)
    x = cs.to(np.ones(3), backend)
    assert float(cs.L1(weight).value(x)) == pytest.approx(0.3)
    assert cs.L1(2 * np.float64(0.1)).weight == (np.float64(0.1) * cs.L1(2.0)).weight == 0.2
    with pytest.raises(TypeError, match="scaled by a number, got ndarray"):
        np.ones(2) * cs.L1()


@pytest.mark.parametrize("step", [-1, float("nan")])
def test_a_negative_step_is_refused(step):
    with pytest.raises(ValueError, match="a step is a number >= 0"):
        cs.L1().prox(np.ones(3), step)


@pytest.mark.parametrize("operator", [cs.DCT(6), cs.gaussian(4, 6, 0)])
def test_columns_are_picked_by_valid_indices_or_a_mask(operator):
    dense = operator.todense()
    mask = np.array([True, False, False, True, False, False])
    np.testing.assert_array_equal(operator.columns(mask), dense[:, mask])
    assert operator.columns([]).shape == (operator.shape[0], 0)
    for wrong in ([-1], [6], 2, [0.5]):
        with pytest.raises(ValueError, match="column"):
            operator.columns(wrong)


def test_run_draws_a_users_own_iterates_until_they_end():
    halves = (cs.Iterate(np.full(2, 0.5**k), np.asarray(0.5**k)) for k in range(1, 11))
    result = cs.run(halves, tol=0, max_iter=100)
    assert result.iterations == 10
    assert result.status is cs.Status.MAX_ITER
    assert result.x.tolist() == [0.5**10] * 2
    with pytest.raises(ValueError, match="ended before the first look"):
        cs.run(iter(()), tol=0, max_iter=3)


def test_structures_stay_as_they_were_checked():
    labels, indices = np.array([0, 0, 1, 1]), np.array([2, 0])
    blocks, sampling = cs.Blocks(labels), cs.Sampling(4, indices)
    labels[:], indices[:] = [0, 1, 0, 1], [1, 1]
    assert blocks.labels.tolist() == [0, 0, 1, 1]
    assert sampling.indices.tolist() == [2, 0]


def test_foreign_byte_order_and_matrix_class_are_taken():
    assert cs.Sparse().project(np.arange(3.0).astype(">f8"), 1).tolist() == [0, 0, 2]
    with pytest.warns(PendingDeprecationWarning):
        legacy = np.matrix(A.matrix)
    assert cs.cosamp(legacy, Y, cs.Sparse(), 4).error(X) < 1e-10


def test_error_of_a_zero_truth_is_infinite_and_snr_takes_integers():
    assert cs.cosamp(A, Y, cs.Sparse(), 4).error(0 * X) == np.inf
    assert cs.snr(np.array([10, 20], "u1"), np.array([20, 10], "u1")) == pytest.approx(
        20 * np.log10(np.sqrt(500 / 200))
    )
    with pytest.raises(ValueError, match="give the peak"):
        cs.psnr(np.ones(3), np.zeros(3))


@pytest.mark.parametrize("shape", [(16,), (4, 4)])
def test_a_recovery_is_drawn_with_its_history(shape, tmp_path):
    sampled = cs.random_rows(shape, 12, 0) @ cs.DCT(shape)
    x = cs.random_signal(cs.Sparse(), shape, 2, 1)
    figure = plotting.plot_recovery(cs.cosamp(sampled, sampled @ x, cs.Sparse(), 2), truth=x)
    assert plotting.save(figure, tmp_path / "new" / "recovery.png").stat().st_size > 5000
    assert len(figure.axes) == len(shape) + 1
