"""The head phantom: its area, its symmetry, the same picture at every size."""

import numpy as np
import pytest

from csrecover.experiments import shepp_logan


def test_the_mean_is_that_of_the_areas_of_the_ellipses():
    areas = [(1, 0.69, 0.92), (-0.8, 0.6624, 0.874), (-0.2, 0.11, 0.31), (-0.2, 0.16, 0.41), (0.1, 0.21, 0.25)]
    areas += [(0.1, 0.046, 0.046)] * 2 + [(0.1, 0.046, 0.023), (0.1, 0.023, 0.023), (0.1, 0.023, 0.046)]
    exact = sum(level * np.pi * a * b for level, a, b in areas) / 4
    assert shepp_logan(256).mean() == pytest.approx(exact, rel=2e-3)


def test_gray_levels_at_points_that_one_ellipse_decides():
    image = shepp_logan(200)
    levels = {(0.0, 0.9): 1.0, (0.0, 0.35): 0.3, (0.0, 0.75): 0.2, (0.22, 0.0): 0.0, (-0.22, 0.0): 0.0, (0.9, 0.9): 0.0}
    for (x, y), level in levels.items():
        assert image[round(99.5 - 100 * y), round(99.5 + 100 * x)] == pytest.approx(level, abs=1e-12)
    assert image.min() == pytest.approx(0, abs=1e-12)
    assert image.max() == 1


def test_ventricles_lean_outwards_at_the_top():
    image = shepp_logan(200)
    dark = image[20:180, 40:160] < 0.05
    columns = np.arange(40, 160)
    right = [columns[row & (columns > 100)].mean() for row in (dark[60], dark[100])]
    assert right[0] > right[1] + 5


def test_a_coarse_image_is_the_mean_of_a_fine_one():
    fine = shepp_logan((128, 64)).reshape(32, 4, 16, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(shepp_logan((32, 16)), fine, atol=0.1)


@pytest.mark.parametrize("shape", [(8,), (8, 8, 8)])
def test_other_than_two_axes_are_refused(shape):
    with pytest.raises(ValueError, match="two axes"):
        shepp_logan(shape)
