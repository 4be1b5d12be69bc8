"""Masks, coils and non-uniform Fourier transforms against their definitions."""

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import numpy as np
import pytest

import csrecover as cs
from csrecover.backend import nufft

RNG = np.random.default_rng(0)


def frequencies(shape):
    """Signed frequency of each entry in the order of the DFT, shape (*shape, axes)."""
    return np.stack(np.meshgrid(*(np.fft.fftfreq(n, 1 / n) for n in shape), indexing="ij"), axis=-1)


def distances(shape):
    """Relative distance of each entry from the zero frequency, 1 at the farthest."""
    lengths = np.linalg.norm(frequencies(shape) / np.array(shape), axis=-1)
    return lengths / lengths.max()


def fourier_matrix(shape, points):
    """The non-uniform Fourier transform by its definition."""
    indices = np.stack(np.unravel_index(np.arange(np.prod(shape)), shape))
    return np.exp(-1j * points @ indices) / np.prod(shape) ** 0.5


def complex_normal(*shape):
    return RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)


# --- masks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", [cs.variable_density_mask, cs.poisson_disc_mask])
@pytest.mark.parametrize(("shape", "center"), [((31,), 5), ((16, 24), 4), ((9, 16), (3, 6)), ((6, 7, 8), 0)])
@pytest.mark.parametrize("share", [0.2, 0.7, 1])
def test_random_masks_have_m_samples_and_a_full_centre(draw, shape, center, share):
    m = int(share * np.prod(shape))
    mask = draw(shape, m, 3, center=center)
    assert (mask.shape, mask.dtype, mask.sum()) == (shape, bool, m)
    sizes = np.broadcast_to(center, len(shape))
    block = np.ix_(*(np.arange(-(size // 2), size - size // 2) for size in sizes))
    assert mask[block].all()
    np.testing.assert_array_equal(mask, draw(shape, m, np.random.default_rng(3), center=center))


@pytest.mark.parametrize("decay", [0, 2])
def test_variable_density_draws_one_after_the_other_without_replacement(decay):
    """The frequency of each set of samples is that of successive draws with probability proportional to weights."""
    m, draws, shape = 2, 4000, (5,)
    weights = (1 - distances(shape)) ** decay
    expected = np.zeros(2**5)
    for order in permutations(range(5), m):
        chance, left = 1.0, weights.sum()
        for index in order:
            chance, left = chance * weights[index] / left, left - weights[index]
        expected[sum(2**index for index in order)] += chance
    rng = np.random.default_rng(0)
    drawn = [cs.variable_density_mask(shape, m, rng, decay=decay, center=0) for _ in range(draws)]
    found = np.bincount(np.array(drawn) @ 2 ** np.arange(5), minlength=32) / draws
    np.testing.assert_allclose(found, expected, atol=4 * (0.25 / draws) ** 0.5)


def test_a_mask_of_lines_measures_whole_rows_of_the_dft():
    lines = cs.variable_density_mask(12, 5, 0, center=2)
    mask = np.broadcast_to(lines[:, None], (12, 6))
    x = complex_normal(12, 6)
    expected = np.fft.fft2(x, norm="ortho")[lines]
    np.testing.assert_allclose(cs.Sampling((12, 6), mask) @ cs.DFT((12, 6)) @ x, expected.reshape(-1), atol=1e-13)


@pytest.mark.parametrize("shape", [(48, 40), (150,), (9, 10, 11)])
@pytest.mark.parametrize("slope", [0, 2, 5])
@pytest.mark.parametrize("center", [0, 3])
def test_poisson_disc_samples_keep_their_distance(shape, slope, center):
    """No two samples are closer than s max(R, R'), with s at least half of (sum R^-d / m)^(1/d)."""
    m, radii = int(np.prod(shape)) // 6, 1 + slope * distances(shape)
    mask = cs.poisson_disc_mask(shape, m, 0, slope=slope, center=center)
    places, r = frequencies(shape)[mask], radii[mask]
    gaps = np.linalg.norm(places[:, None] - places, axis=-1) / np.maximum(r[:, None], r)
    inner = ((places >= -(center // 2)) & (places < (center + 1) // 2)).all(axis=-1)
    gaps[(inner[:, None] & inner) | np.eye(m, dtype=bool)] = np.inf
    assert gaps.min() >= 0.5 * ((radii ** -float(len(shape))).sum() / m) ** (1 / len(shape))


def test_poisson_disc_density_falls_with_the_square_of_the_distance():
    mask, r = cs.poisson_disc_mask((256, 256), 2000, 0, slope=2), distances((256, 256))
    inside, outside = (r > 0.1) & (r < 0.3), (r > 0.5) & (r < 0.7)
    expected = np.mean((1 + 2 * r[inside]) ** -2) / np.mean((1 + 2 * r[outside]) ** -2)
    assert mask[inside].mean() / mask[outside].mean() == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("golden", [False, True])
@pytest.mark.parametrize("shape", [(15, 15), (16, 16), (9, 20)])
def test_radial_masks_are_lines_through_the_zero_frequency(shape, golden):
    spokes = 5
    mask, all_places = cs.radial_mask(shape, spokes, golden=golden), frequencies(shape)
    expected = np.zeros(shape, dtype=bool)
    for i in range(spokes):
        angle = np.pi * i * ((5**0.5 - 1) / 2 if golden else 1 / spokes)
        along = np.array([np.cos(angle), np.sin(angle)])
        major = int(abs(along[1]) > abs(along[0]))
        ideal = all_places[..., major] * along[1 - major] / along[major]
        expected |= np.rint(ideal) == all_places[..., 1 - major]
    np.testing.assert_array_equal(mask, expected)
    assert mask[0, 0]


# --- coils ------------------------------------------------------------------------------------------------------------


def test_coil_maps_multiply_and_know_their_norms():
    maps, x = complex_normal(3, 4, 5), complex_normal(2, 4, 5)
    A = cs.CoilMaps(maps)
    np.testing.assert_array_equal(A @ x, np.stack([maps * image for image in x]))
    dense = A.todense()
    assert A.norm() == pytest.approx(np.linalg.norm(dense, 2), rel=1e-12)
    np.testing.assert_allclose(A.gram.todense(), dense.conj().T @ dense, atol=1e-12)


def test_sense_measures_the_spectrum_of_each_coil_image():
    maps, x = complex_normal(3, 8, 6), complex_normal(2, 8, 6)
    mask = cs.poisson_disc_mask((8, 6), 20, 0)
    A = cs.sense(maps, mask)
    assert A.out_shape == (3, 20)
    np.testing.assert_allclose(A @ x, np.fft.fft2(maps * x[:, None], norm="ortho")[..., mask], atol=1e-13)
    assert cs.check_operator(A)


def test_radial_sense_has_a_fast_normal_operator():
    maps, points = cs.birdcage_maps((6, 6), 3), cs.radial_trajectory(7, 8)
    A = cs.Kronecker([cs.Identity(3), cs.NUFFT((6, 6), points)]) @ cs.CoilMaps(maps)
    x, matrix = complex_normal(6, 6), fourier_matrix((6, 6), points)
    expected = sum(s.conj() * (matrix.conj().T @ (matrix @ (s * x).reshape(-1))).reshape(6, 6) for s in maps)
    np.testing.assert_allclose(A.gram @ x, expected, atol=1e-12)


def test_birdcage_maps_are_smooth_and_their_squares_sum_to_one():
    maps = cs.birdcage_maps((64, 48), 8)
    np.testing.assert_allclose((abs(maps) ** 2).sum(axis=0), 1, atol=1e-14)
    assert max(abs(np.diff(maps, axis=axis)).max() for axis in (1, 2)) < 0.1
    assert np.linalg.matrix_rank(maps.reshape(8, -1)) == 8


# --- non-uniform Fourier transforms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(12,), (1,), (7, 6), (1, 5), (3, 4, 5)])
def test_nufft_is_the_sum_of_its_definition(shape):
    points = RNG.uniform(-20, 20, (30, len(shape)))
    A, matrix, x, y = (
        cs.NUFFT(shape, points),
        fourier_matrix(shape, points),
        complex_normal(2, *shape),
        complex_normal(3, 30),
    )
    np.testing.assert_allclose(A @ x, x.reshape(2, -1) @ matrix.T, atol=1e-12)
    np.testing.assert_allclose((A.H @ y).reshape(3, -1), y @ matrix.conj(), atol=1e-12)
    np.testing.assert_allclose(A.todense(), matrix, atol=1e-13)
    np.testing.assert_allclose(A.column_norms().reshape(-1), np.linalg.norm(matrix, axis=0), rtol=1e-13)


@pytest.mark.parametrize("shape", [(9,), (4, 6)])
def test_nufft_at_the_grid_of_frequencies_is_the_dft(shape):
    points = 2 * np.pi * frequencies(shape).reshape(-1, len(shape)) / np.array(shape)
    x = complex_normal(*shape)
    np.testing.assert_allclose(cs.NUFFT(shape, points) @ x, (cs.DFT(shape) @ x).reshape(-1), atol=1e-13)


def test_single_precision_points_keep_single_precision():
    points = RNG.uniform(-np.pi, np.pi, (200, 2)).astype(np.float32)
    x = complex_normal(32, 30).astype(np.complex64)
    image = cs.NUFFT((32, 30), points) @ x
    assert image.dtype == np.complex64
    expected = fourier_matrix((32, 30), points.astype(np.float64)) @ x.reshape(-1)
    assert np.linalg.norm(image - expected) <= 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize("shape", [(16,), (7, 6), (1, 5), (3, 4, 5)])
def test_gram_of_the_nufft_is_its_normal_matrix(shape):
    points = RNG.uniform(-4, 4, (40, len(shape)))
    A, matrix, x = cs.NUFFT(shape, points), fourier_matrix(shape, points), complex_normal(2, *shape)
    np.testing.assert_allclose((A.gram @ x).reshape(2, -1), x.reshape(2, -1) @ (matrix.T @ matrix.conj()), atol=1e-12)
    gram = A.gram
    assert gram.H is gram


def test_a_used_nufft_is_copied_pickled_and_moved_without_its_plans():
    A, x = cs.NUFFT((6, 5), RNG.uniform(-3, 3, (20, 2))), complex_normal(6, 5)
    image, normal = A @ x, A.gram @ x
    for twin in (copy.deepcopy(A), pickle.loads(pickle.dumps(A))):
        np.testing.assert_array_equal(twin @ x, image)
    moved = cs.to(A, "array_api_strict")
    np.testing.assert_allclose(cs.to(moved @ cs.to(x, "array_api_strict"), "numpy"), image, atol=1e-13)
    np.testing.assert_allclose(cs.to(moved.gram @ cs.to(x, "array_api_strict"), "numpy"), normal, atol=1e-12)


def test_an_empty_batch_has_empty_images():
    A = cs.NUFFT((3, 4), np.zeros((5, 2)))
    assert (A @ np.zeros((0, 3, 4))).shape == (0, 5)
    assert (A.H @ np.zeros((2, 0, 5))).shape == (2, 0, 3, 4)


def test_threads_share_a_nufft():
    A = cs.NUFFT((12, 10), RNG.uniform(-3, 3, (50, 2)))
    signals = [complex_normal(1 + i % 3, 12, 10) for i in range(60)]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda x: A.H @ (A @ x), signals))
    for image, x in zip(images, signals, strict=True):
        np.testing.assert_allclose(image, A.H @ (A @ x), atol=1e-13)


def test_the_direct_sum_holds_some_rows_at_a_time(monkeypatch):
    A = cs.to(cs.NUFFT((3, 4), RNG.uniform(-3, 3, (11, 2))), "array_api_strict")
    x, y = (cs.to(complex_normal(2, *shape), "array_api_strict") for shape in (A.in_shape, A.out_shape))
    whole = A @ x, A.H @ y
    monkeypatch.setattr(nufft, "_AT_ONCE", 40)  # three rows
    for parts, expected in zip((A @ x, A.H @ y), whole, strict=True):
        np.testing.assert_allclose(cs.to(parts, "numpy"), cs.to(expected, "numpy"), atol=1e-14)


def test_a_missing_finufft_is_named_at_the_first_product(monkeypatch):
    monkeypatch.setitem(sys.modules, "finufft", None)
    A = cs.NUFFT(8, np.zeros((3, 1)))
    assert A.todense().shape == (3, 8)
    with pytest.raises(ImportError, match=r"pip install csrecover\[interop\]"):
        A @ np.ones(8)


def test_trajectories_start_and_end_where_they_say():
    line = cs.radial_trajectory(2, 6)
    np.testing.assert_allclose(line[:6, 0], 2 * np.pi * np.arange(-3, 3) / 6)
    np.testing.assert_allclose(line[6:, 1], 2 * np.pi * np.arange(-3, 3) / 6)
    np.testing.assert_allclose(line[[0, 6], [1, 0]], 0, atol=1e-15)
    spiral = cs.spiral_trajectory(3, 400, turns=5).reshape(3, 400, 2)
    np.testing.assert_allclose(np.linalg.norm(spiral, axis=-1), np.tile(np.pi * np.arange(400) / 400, (3, 1)))
    angles = np.unwrap(np.arctan2(spiral[..., 1], spiral[..., 0])[:, 1:])
    np.testing.assert_allclose(angles[:, -1] - angles[:, 0], 2 * np.pi * 5 * 398 / 400)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cs.variable_density_mask((4, 4), 17, 0), ValueError, "between 1, .* and 16, all; got 17"),
        (lambda: cs.variable_density_mask((4, 4), 8, 0, center=3), ValueError, "between 9, .* got 8"),
        (lambda: cs.variable_density_mask((4, 4), 2.5, 0), TypeError, "m is an integer.* got 2.5"),
        (lambda: cs.variable_density_mask(4, 2, 0, decay=-1), ValueError, "decay must not be negative, got -1"),
        (lambda: cs.variable_density_mask((4, 4), 8, 0, center=(2, 5)), ValueError, r"center .* got \(2, 5\)"),
        (lambda: cs.variable_density_mask((4, 4), 8, 0, center=0.1), ValueError, "center .* got 0.1"),
        (lambda: cs.poisson_disc_mask((4, 4), 0, 0, center=0), ValueError, "m must be between 1.*got 0"),
        (lambda: cs.poisson_disc_mask((4, 4), 4, 0, slope=float("nan")), ValueError, "slope must not be"),
        (lambda: cs.radial_mask(8, 3), ValueError, r"two axes, got the shape \(8,\)"),
        (lambda: cs.radial_mask((8, 8), 0), ValueError, "spokes must be a positive integer, got 0"),
        (lambda: cs.radial_trajectory(3, 0), ValueError, "samples must be a positive integer, got 0"),
        (lambda: cs.spiral_trajectory(3, 9, turns=0), ValueError, "turns must be positive, got 0"),
        (lambda: cs.CoilMaps(np.ones(4)), ValueError, r"maps of shape \(coils.* got \(4,\)"),
        (lambda: cs.sense(np.ones((2, 4, 4)), np.ones((4, 3), dtype=bool)), ValueError, r"shape \(4, 4\) was"),
        (lambda: cs.birdcage_maps((4, 4), 0), ValueError, "at least one coil"),
        (lambda: cs.NUFFT((2, 2, 2, 2), np.zeros((3, 4))), ValueError, "one to three axes"),
        (lambda: cs.NUFFT((4, 4), np.zeros((3, 1))), ValueError, r"\(m, 2\) were expected .* got \(3, 1\)"),
        (lambda: cs.NUFFT(4, np.zeros(3)), ValueError, r"\(m, 1\) were expected .* got \(3,\)"),
        (lambda: cs.NUFFT(4, np.full((3, 1), np.nan)), ValueError, "finite"),
        (lambda: cs.NUFFT(4, np.full((3, 1), 1j)), TypeError, "real frequencies"),
    ],
)
def test_mri_says_what_it_expects(call, error, message):
    with pytest.raises(error, match=message):
        call()
