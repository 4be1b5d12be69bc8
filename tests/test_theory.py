"""Theory of transitions: published tables, definitions and limits."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from scipy.stats import chi, norm

import csrecover as cs
from csrecover.analysis import theory
from csrecover.analysis.theory.cones import NuclearCone, chi_excess
from csrecover.analysis.theory.transitions import center_and_width

DELTAS = [0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9]
L1 = [0.10688, 0.15436, 0.18943, 0.24330, 0.26738, 0.29078, 0.33733, 0.38569, 0.43839, 0.53371, 0.67817]
NONNEGATIVE = [0.12337, 0.18885, 0.24098, 0.32586, 0.36509, 0.40360, 0.48028, 0.55823, 0.63869, 0.76588, 0.90266]
POLYTOPES = {0.05: 0.154, 0.1: 0.190, 0.2: 0.243, 0.25: 0.267, 0.3: 0.291, 0.4: 0.337, 0.5: 0.386, 0.75: 0.534}
BLOCK_DELTAS = [0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.9]
BLOCKS = {
    2: [0.2643, 0.3214, 0.3456, 0.3687, 0.4131, 0.4579, 0.5055, 0.7158],
    4: [0.3349, 0.3885, 0.4107, 0.4314, 0.4709, 0.5102, 0.5517, 0.7374],
    8: [0.3928, 0.4395, 0.4586, 0.4763, 0.5101, 0.5440, 0.5802, 0.7486],
    16: [0.4357, 0.4748, 0.4907, 0.5057, 0.5345, 0.5639, 0.5961, 0.7542],
    64: [0.4849, 0.5113, 0.5227, 0.5337, 0.5559, 0.5803, 0.6084, 0.7584],
    math.inf: [0.5132, 0.5279, 0.5359, 0.5445, 0.5635, 0.5858, 0.6126, 0.7597],
}
SHARES = [0.01, 0.05, 0.1, 0.2, 0.3, 0.5]
DIMENSIONS = {
    ("l1", None): [0.06124, 0.20390, 0.32879, 0.51113, 0.64557, 0.83130],
    ("nonnegative", None): [0.05222, 0.16708, 0.26530, 0.40990, 0.52149, 0.69563],
    ("nuclear", 1.0): [0.0490, 0.2021, 0.3511, 0.5717, 0.7253, 0.9054],
    ("nuclear", 0.5): [0.0371, 0.1578, 0.2809, 0.4753, 0.6238, 0.8285],
}
WIDTHS = [0.2529, 0.4032, 0.4652, 0.5003, 0.4909, 0.4118]
CURVES = [
    ("l1", {}),
    ("nonnegative", {}),
    ("block", {"size": 4}),
    ("block", {"size": math.inf}),
    ("nuclear", {"nu": 1.0}),
    ("nuclear", {"nu": 0.3}),
]


def test_l1_and_nonnegative_transitions_have_their_published_numbers():
    assert theory.transition_rho("l1", DELTAS) == pytest.approx(L1, abs=6e-6)
    assert theory.transition_rho("nonnegative", DELTAS) == pytest.approx(NONNEGATIVE, abs=6e-6)
    assert theory.transition_rho("l1", list(POLYTOPES)) == pytest.approx(list(POLYTOPES.values()), abs=1.1e-3)


@pytest.mark.parametrize("size", BLOCKS)
def test_block_transition_has_its_numbers(size):
    assert theory.transition_rho("block", BLOCK_DELTAS, size=size) == pytest.approx(BLOCKS[size], abs=6e-5)


@pytest.mark.parametrize(("kind", "nu"), DIMENSIONS)
def test_statistical_dimension_has_its_published_numbers(kind, nu):
    expected = DIMENSIONS[kind, nu]
    tolerance = 6e-5 if kind == "nuclear" else 6e-6
    assert theory.statistical_dimension(kind, SHARES, nu=nu) == pytest.approx(expected, abs=tolerance)


def test_width_has_its_numbers():
    assert theory.transition_width("l1", 100, SHARES) / 10 == pytest.approx(WIDTHS, abs=6e-5)


@pytest.mark.parametrize(
    ("kind", "n", "k", "size", "center", "width"),
    [
        ("l1", 200, 20, None, 65.76, 6.58),
        ("l1", 400, 40, None, 131.52, 9.30),
        ("block", 200, 6, 4, 56.55, 6.23),
        ("block", 400, 5, 10, 105.27, 8.67),
    ],
)
def test_success_is_normal_around_the_statistical_dimension(kind, n, k, size, center, width):
    s = k * (size or 1) / n
    assert n * theory.statistical_dimension(kind, s, size=size) == pytest.approx(center, abs=0.006)
    assert theory.transition_width(kind, n, s, size=size) == pytest.approx(width, abs=0.006)
    m = center + width * np.arange(-2, 3)
    assert theory.success_probability(kind, n, k, m, size=size) == pytest.approx(ndtr(np.arange(-2, 3)), abs=2e-3)


@pytest.mark.parametrize(("kind", "kappa"), [("l1", 2), ("nonnegative", 1), ("amp", 2)])
def test_state_evolution_has_the_same_transition(kind, kappa):
    """The largest rho over soft thresholds z at which the error of AMP contracts."""

    def rho(z, delta):
        tail = kappa * ((1 + z**2) * norm.sf(z) - z * norm.pdf(z))
        return (1 - tail / delta) / (1 + z**2 - tail)

    for delta in DELTAS:
        best = minimize_scalar(lambda z, delta=delta: -rho(z, delta), bounds=(0, 5), method="bounded")
        assert theory.transition_rho(kind, delta) == pytest.approx(-best.fun, abs=1e-6)


@pytest.mark.parametrize(("size", "tau", "power"), list(product((1, 4, 64), (0.0, 0.7, 3.0), (1, 2, 4))))
def test_excess_of_a_chi_variable_is_its_integral(size, tau, power):
    top = math.sqrt(size) + 12
    expected, _ = quad(lambda t: max(t - tau, 0) ** power * chi.pdf(t, size), 0, top, points=[tau], limit=200)
    assert chi_excess(size, tau, power) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("rows", "columns", "rank"), [(12, 16, 2), (15, 15, 6), (5, 20, 1)])
def test_nuclear_transition_is_the_mean_and_the_spread_of_the_distance_to_the_polar_cone(rows, columns, rank):
    """Dist^2 of normal matrices to tau times the subdifferential, least on average over tau, from singular values."""
    rng, draws = np.random.default_rng(0), 4000
    values = np.linalg.svd(rng.standard_normal((draws, rows - rank, columns - rank)), compute_uv=False)
    others = rank * (rows + columns - rank)

    def rest(tau):
        return np.sum(np.maximum(values - tau, 0) ** 2, axis=1)

    tau = minimize_scalar(lambda tau: rank * tau**2 + rest(tau).mean(), bounds=(0, 20), method="bounded").x
    mean, variance = rest(tau).mean(), rest(tau).var()
    center, width = center_and_width(NuclearCone(rows / columns), rows * columns, rank / rows)
    assert center == pytest.approx(others + rank * tau**2 + mean, abs=5 * (variance / draws) ** 0.5 + 0.05)
    spread = 2 * others + 4 * rank * tau**2 + variance - 2 * center
    assert width**2 == pytest.approx(spread, abs=5 * variance * (2 / draws) ** 0.5 + 0.05 * spread)


def test_nuclear_transition_of_one_row_is_that_of_large_blocks():
    s = np.array(SHARES)
    assert theory.statistical_dimension("nuclear", s, nu=1e-7) == pytest.approx(s * (2 - s), abs=1e-3)


def test_endless_blocks_are_the_limit_of_large_ones():
    for function in (theory.statistical_dimension, lambda *a, **k: theory.transition_width(a[0], 1, a[1], **k)):
        gaps = [
            function("block", np.array(SHARES), size=J) - function("block", SHARES, size=math.inf) for J in (1e3, 1e4)
        ]
        assert abs(gaps[1]).max() < 3e-3
        assert np.all(abs(gaps[1]) < abs(gaps[0]))


@pytest.mark.parametrize(("kind", "given"), CURVES)
def test_transition_and_statistical_dimension_are_inverse(kind, given):
    delta = np.linspace(0.02, 1, 15).reshape(3, 5)
    rho = theory.transition_rho(kind, delta, **given)
    assert rho.shape == delta.shape
    assert theory.statistical_dimension(kind, rho * delta, **given) == pytest.approx(delta, rel=1e-9)
    assert rho[0, 3] == pytest.approx(theory.transition_rho(kind, delta[0, 3], **given), rel=1e-9)


@pytest.mark.parametrize(("kind", "given"), CURVES)
def test_dimension_rises_from_zero_to_one_above_the_unknowns(kind, given):
    s = np.linspace(0, 1, 41)
    found = theory.statistical_dimension(kind, s, **given)
    assert (found[0], found[-1]) == (0, 1)
    assert np.all(np.diff(found) > 0)
    assert np.all(found[1:-1] > s[1:-1])
    width = theory.transition_width(kind, 400, s, **given)
    assert (width[0], width[-1]) == (0, 0)
    assert np.all(width[1:-1] > 0)
    assert theory.transition_width(kind, 1600, s, **given) == pytest.approx(2 * width)


def test_structure_helps():
    curves = [theory.transition_rho(kind, DELTAS, **given) for kind, given in CURVES[:4]]
    for below, above in zip([curves[0], curves[0], curves[2]], [curves[1], curves[2], curves[3]], strict=True):
        assert np.all(below < above)
    assert theory.transition_rho("block_amp", DELTAS, size=1) == pytest.approx(curves[0], rel=1e-12)


def test_tuned_two_stage_thresholding_is_its_parabola():
    assert theory.transition_rho("tst", [0.25, 0.5]) == pytest.approx([0.23657, 0.33025], abs=1e-5)
    assert theory.transition_rho("tst", 0.5) < theory.transition_rho("l1", 0.5)


def test_success_is_certain_or_impossible_at_the_ends():
    found = theory.success_probability("l1", 10, [[0], [10]], [0, 9, 10])
    assert np.array_equal(found, [[1, 1, 1], [0, 0, 1]])
    assert theory.success_probability("nuclear", 400, 20, [399, 400], nu=1.0).tolist() == [0, 1]


def log_trees(k, depth):
    """Bound of the number of subtrees of k nodes below the root, from the paper on model-based recovery."""
    if k >= depth:
        return (k + 4) * math.log(4) - math.log(k * math.e**2)
    return k * math.log(2 * math.e) - math.log(k + 1)


COUNTS = {
    10: {5: 42, 8: 1430, 10: 16796, 12: 196236, 20: 2.572e9, 26: 2.659e12, 41: 6.140e19},
    4: {3: 5, 5: 26, 8: 94},
}


@pytest.mark.parametrize(("levels", "k"), [(levels, k) for levels in COUNTS for k in COUNTS[levels]])
def test_trees_are_as_many_as_counted(levels, k):
    found = cs.TreeSparse(cs.Tree.binary(levels=levels)).log_count(k)
    assert found == pytest.approx(math.log(COUNTS[levels][k]), abs=2e-4)
    assert found <= log_trees(k, levels)


def test_sample_brackets_have_their_numbers():
    sparse = cs.Sparse()
    brackets = {
        188.7: (log_trees(41, 10), 41),
        301.3: (sparse.log_count(41, (1024,)), 41),
        1240: (cs.BlockSparse(cs.Blocks.uniform(4096, 64)).log_count(6), 384),
        2493: (sparse.log_count(384, (4096,)), 384),
        712: (cs.BlockSparse(cs.Blocks.uniform(4096, 16)).log_count(13), 208),
        1482: (sparse.log_count(208, (4096,)), 208),
    }
    for expected, (log_count, dimension) in brackets.items():
        assert theory.sample_bound(log_count, dimension, 0.5, t=1) == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.statistical_dimension("l2", 0.1), "kind is one of l1, .* got 'l2'"),
        (lambda: theory.statistical_dimension("tst", 0.1), "and tst for transition_rho"),
        (lambda: theory.statistical_dimension("l1", [0.1, 1.2]), "s is a fraction, from 0 to 1"),
        (lambda: theory.statistical_dimension("l1", math.nan), "s is a fraction"),
        (lambda: theory.statistical_dimension("block", 0.1), "give size for blocks.* size=None"),
        (lambda: theory.transition_rho("l1", 0.1, size=4), "kind 'l1' came with size=4"),
        (lambda: theory.transition_rho("tst", 0.1, size=4), "came with size=4"),
        (lambda: theory.transition_rho("nuclear", 0.1), "nu=None"),
        (lambda: theory.transition_rho("nuclear", 0.1, nu=1.5), r"is in \(0, 1\], got 1.5"),
        (lambda: theory.transition_rho("block", 0.1, size=1.5), "integer >= 1 or math.inf, got 1.5"),
        (lambda: theory.transition_rho("l1", 0), "delta, measurements over coordinates, is positive"),
        (lambda: theory.transition_width("l1", 0, 0.1), "at least 1, got 0"),
        (lambda: theory.success_probability("l1", 10, 11, 5), "from 0 to 10.*, got 11"),
        (lambda: theory.success_probability("block", 10, 1, 5, size=4), "no whole number of blocks of size=4"),
        (lambda: theory.success_probability("block", 10, 1, 5, size=math.inf), "no whole number of blocks"),
        (lambda: theory.sample_bound(-1, 3, 0.5), "at least 0, got -1"),
        (lambda: theory.sample_bound(1, 3, 1.5), "between 0 and 1, got 1.5"),
    ],
)
def test_bad_values_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
