"""Wavelet transforms against their definition, PyWavelets and their own compiled form."""

import numpy as np
import pytest
import pywt

import csrecover as cs

pytestmark = pytest.mark.filterwarnings("ignore:Level value")


def definition(n, name, levels):
    """Matrix of the 1-D transform from c_k = sum_j h_j x_{(2k + T/2 - j) mod n}, level by level."""
    wavelet = pywt.Wavelet(name)
    total, size = np.eye(n), n
    for _ in range(levels):
        level = np.zeros((size, size))
        for row, taps in enumerate((wavelet.dec_lo, wavelet.dec_hi)):
            for k in range(size // 2):
                for j, tap in enumerate(taps):
                    level[row * size // 2 + k, (2 * k + len(taps) // 2 - j) % size] += tap
        total[:size] = level @ total[:size]
        size //= 2
    return total


def transform(shape, name, levels=None):
    return (cs.Wavelet if pywt.Wavelet(name).orthogonal else cs.BiorthogonalWavelet)(shape, name, levels)


@pytest.mark.parametrize("name", ["haar", "db2", "db4", "db7", "db38", "coif17", "bior1.3", "bior4.4", "rbio6.8"])
@pytest.mark.parametrize(("n", "levels"), [(2, 1), (12, 1), (96, 5), (200, 3), (192, 2), (274, 1)])
@pytest.mark.parametrize("fast", ["0", "1"])
def test_the_transform_and_its_adjoint_are_the_matrix_of_the_definition(fast, n, levels, name, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    W, matrix = transform(n, name, levels), definition(n, name, levels)
    np.testing.assert_allclose((W @ np.eye(n)).T, matrix, atol=1e-13)
    np.testing.assert_allclose((W.H @ np.eye(n)).T, matrix.T, atol=1e-13)


@pytest.mark.parametrize("name", ["db2", "db38", "bior2.2", "bior4.4", "rbio3.1", "rbio5.5"])
@pytest.mark.parametrize("shape", [(2048,), (144, 6), (6, 144), (64, 128), (80, 2, 48)])
def test_analysis_and_inverse_equal_pywavelets(name, shape):
    W, x = transform(shape, name), np.random.default_rng(0).standard_normal((2, *shape))
    images, signals = W @ x, W.inverse @ x
    for signal, image, back in zip(x, images, signals, strict=True):
        parts = pywt.wavedecn(signal, name, mode="periodization", level=W.levels)
        packed, slices = pywt.coeffs_to_array(parts)
        np.testing.assert_allclose(image, packed, atol=1e-12 * np.abs(packed).max())
        parts = pywt.array_to_coeffs(signal, slices, output_format="wavedecn")
        rebuilt = pywt.waverecn(parts, name, mode="periodization")
        np.testing.assert_allclose(back, rebuilt, atol=1e-12 * np.abs(rebuilt).max())


@pytest.mark.parametrize("name", [name for name in pywt.wavelist(kind="discrete") if name[:4] in ("bior", "rbio")])
def test_the_inverse_of_a_biorthogonal_wavelet_is_its_inverse_from_both_sides(name):
    W, x = cs.BiorthogonalWavelet((16, 32), name), np.random.default_rng(0).standard_normal((16, 32))
    np.testing.assert_allclose(W.inverse @ (W @ x), x, atol=1e-9)
    np.testing.assert_allclose(W @ (W.inverse @ x), x, atol=1e-9)
    assert not W.unitary


def test_the_inverse_of_an_orthonormal_wavelet_is_its_adjoint():
    W, c = cs.Wavelet(64, "sym4"), np.random.default_rng(0).standard_normal(64)
    np.testing.assert_array_equal(W.inverse @ c, W.H @ c)


@pytest.mark.parametrize(("name", "moments"), [("haar", 1), ("db4", 4), ("bior2.2", 2), ("bior4.4", 4), ("bior6.8", 6)])
def test_details_of_polynomials_vanish_away_from_the_border(name, moments):
    W, t = transform(128, name, 1), np.linspace(-1, 1, 128)
    details = (W @ t ** np.arange(moments)[:, None])[:, 64 + 20 : -20]
    assert np.abs(details).max() < 1e-10
    assert np.abs((W @ t**moments)[64 + 20 : -20]).max() > 1e-10


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("shape", [(2048,), (64, 64)])
def test_large_batches_keep_their_dtype_and_are_left_alone(shape, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    W, rng = cs.Wavelet(shape, "db4"), np.random.default_rng(0)
    x = rng.standard_normal((40, *shape)) + 1j * rng.standard_normal((40, *shape))
    x.flags.writeable = False
    for operator in (W, W.H):
        wanted = operator @ x.real.copy() + 1j * (operator @ x.imag.copy())
        np.testing.assert_allclose(operator @ x, wanted, atol=1e-13)
        np.testing.assert_allclose(operator @ x[::2], wanted[::2], atol=1e-13)
        for dtype in (np.float32, np.complex64):
            image = operator @ x.real.astype(dtype)
            assert image.dtype == dtype
            np.testing.assert_allclose(image, wanted.real, atol=1e-5)


@pytest.mark.parametrize("name", ["haar", "db2", "db4", "db38", "bior4.4", "rbio3.1"])
@pytest.mark.parametrize(("n", "levels"), [(1024, None), (2000, 4), (2, None), (6, 1), (8192, 3)])
def test_compiled_transforms_equal_the_plain_ones(name, n, levels, monkeypatch):
    pytest.importorskip("numba")
    from csrecover.operators import wavelet_pyramid

    W = transform(n, name, levels)
    monkeypatch.setattr(wavelet_pyramid, "_WORTH", 0)
    x = np.random.default_rng(0).standard_normal((2, n))
    for operator in (W, W.H):
        monkeypatch.setenv("CSRECOVER_FAST", "1")
        compiled = operator @ x
        monkeypatch.setenv("CSRECOVER_FAST", "0")
        np.testing.assert_allclose(compiled, operator @ x, atol=1e-12)


def test_both_kinds_of_wavelet_have_one_tree():
    orthonormal, other = cs.Wavelet((8, 16), "haar"), cs.BiorthogonalWavelet((8, 16), "bior4.4")
    np.testing.assert_array_equal(orthonormal.tree.parents, other.tree.parents)


def test_the_norm_of_a_large_biorthogonal_transform_is_between_its_frame_bounds():
    """||W|| is never below ||W x|| / ||x||, and ||W|| ||W^-1|| >= 1."""
    W, x = cs.BiorthogonalWavelet((32, 32), "bior4.4"), np.random.default_rng(0).standard_normal((32, 32))
    for _ in range(50):
        x = W.H @ (W @ x)
        x /= np.linalg.norm(x)
    attained = np.linalg.norm(W @ x)
    assert attained * (1 - 1e-9) <= W.norm() <= 1.2 * attained
    assert W.norm() * W.inverse.norm() >= 1


def test_biorthogonal_wavelets_serve_as_a_synthesis_but_not_as_a_basis():
    W, A = cs.BiorthogonalWavelet(64, "bior4.4"), cs.gaussian(32, 64, 0)
    c = np.zeros(64)
    c[[0, 3, 17]] = [3, -2, 1]
    signal = W.inverse @ c
    with pytest.raises(ValueError, match=r"got BiorthogonalWavelet .*; with another synthesis S recover from A @ S"):
        cs.recover(A, A @ signal, cs.Sparse(), 3, basis=W)
    result = cs.recover(A @ W.inverse, A @ signal, cs.Sparse(), 3)
    np.testing.assert_allclose(W.inverse @ result.x, signal, atol=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cs.Wavelet(8, "bior4.4"), "'bior4.4' is not orthogonal: .* one for BiorthogonalWavelet"),
        (lambda: cs.Wavelet(8, "dmey"), "'dmey' is not orthogonal: use for example 'haar', .* 'coif2'$"),
        (lambda: cs.BiorthogonalWavelet(8, "db4"), "'db4' is not biorthogonal: .* or Wavelet for this one"),
        (lambda: cs.BiorthogonalWavelet(8, "dmey"), "'dmey' is not biorthogonal: .* 'bior4.4'$"),
        (lambda: cs.BiorthogonalWavelet(8, "bior9.9"), "unknown wavelet 'bior9.9': see pywt.wavelist"),
        (lambda: cs.BiorthogonalWavelet(12, "bior2.2", 3), r"divisible by 8: shape \(12,\) allows 2; lower levels"),
    ],
)
def test_wavelets_of_another_kind_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
