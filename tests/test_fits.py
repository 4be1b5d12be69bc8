"""Intervals of proportions and fits of transitions against their definitions, and by simulation."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom

from csrecover.analysis import TransitionFit, clopper_pearson, fit_transition, width_exponent, wilson

from .conftest import FULL

RATES = {"probit": ndtr, "logit": expit}
INTERVALS = [wilson, clopper_pearson]


@pytest.mark.parametrize("trials", [1, 7, 40])
def test_wilson_ends_are_where_the_score_test_just_rejects(trials):
    successes = np.arange(trials + 1)
    z = ndtri(0.95)
    low, high = wilson(successes, trials, confidence=0.9)
    for end, clipped in ((low, successes == 0), (high, successes == trials)):
        score = abs(successes - trials * end) - z * np.sqrt(trials * end * (1 - end))
        assert np.where(clipped, 0, score) == pytest.approx(0, abs=1e-12)
    assert low[0] == 0
    assert high[-1] == 1


@pytest.mark.parametrize("trials", [1, 7, 40])
def test_clopper_pearson_ends_are_where_a_tail_has_half_the_error(trials):
    successes = np.arange(trials + 1)
    low, high = clopper_pearson(successes, trials, confidence=0.9)
    assert binom.sf(successes[1:] - 1, trials, low[1:]) == pytest.approx(0.05)
    assert binom.cdf(successes[:-1], trials, high[:-1]) == pytest.approx(0.05)
    assert (low[0], high[-1]) == (0, 1)


def test_clopper_pearson_never_covers_less_than_its_confidence():
    low, high = clopper_pearson(np.arange(21), 20)
    for p in np.linspace(0.001, 0.999, 500):
        assert binom.pmf(np.arange(21)[(low <= p) & (p <= high)], 20, p).sum() >= 0.95


def test_wilson_covers_its_confidence_on_average():
    low, high = wilson(np.arange(21), 20)
    covered = [binom.pmf(np.arange(21)[(low <= p) & (p <= high)], 20, p).sum() for p in np.linspace(0.001, 0.999, 500)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize("interval", INTERVALS)
def test_intervals_broadcast_and_say_nothing_without_trials(interval):
    low, high = interval([[0], [3]], [3, 9])
    assert low.shape == high.shape == (2, 2)
    assert interval(0, 0) == (0, 1)
    assert [float(end[1, 1]) for end in (low, high)] == [float(end) for end in interval(3, 9)]


@pytest.mark.parametrize("interval", INTERVALS)
def test_bad_proportions_are_refused(interval):
    for successes, trials in ((4, 3), (-1, 3), (0, math.inf), (math.nan, 3)):
        with pytest.raises(ValueError, match="expected 0 <= successes <= trials"):
            interval(successes, trials)
    with pytest.raises(ValueError, match="between 0 and 1, got 95"):
        interval(1, 3, confidence=95)


def penalised(center, scale, x, successes, trials, link):
    """Log-likelihood plus half the log-determinant of the information of the line (x - center) / scale."""
    derivative = {
        "probit": lambda eta: np.exp(-(eta**2) / 2) / math.sqrt(2 * math.pi),
        "logit": lambda eta: expit(eta) * expit(-eta),
    }
    eta = (x - center) / scale
    rate, other = RATES[link](eta), RATES[link](-eta)
    design = np.stack([np.ones_like(x), x])
    information = design * (trials * derivative[link](eta) ** 2 / rate / other) @ design.T
    return successes @ np.log(rate) + (trials - successes) @ np.log(other) + np.linalg.slogdet(information)[1] / 2


def data(seed, link, cells=8, trials=10, center=0.45, scale=-0.15):
    x = np.linspace(0, 1, cells)
    rng = np.random.default_rng(seed)
    return x, rng.binomial(trials, RATES[link]((x - center) / scale)), np.full(cells, trials)


@pytest.mark.parametrize("link", RATES)
@pytest.mark.parametrize("seed", range(4))
def test_fit_is_the_maximum_of_the_likelihood_times_jeffreys_prior(link, seed):
    counted = data(seed, link)
    fit = fit_transition(*counted, link=link)
    found = minimize(
        lambda v: -penalised(v[0], -math.exp(v[1]), *counted, link),
        [0.4, -2.5],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-12},
    )
    assert (fit.center, fit.scale) == pytest.approx((found.x[0], -math.exp(found.x[1])), rel=1e-3)
    assert fit.rate(fit.at(0.3)) == pytest.approx(0.3)
    assert fit.at() == fit.center


@pytest.mark.parametrize("link", RATES)
@pytest.mark.parametrize("p", [0.5, 0.1])
def test_ends_of_an_interval_are_where_the_likelihood_ratio_test_just_rejects(link, p):
    counted = data(0, link, trials=25)
    fit = fit_transition(*counted, link=link)
    top = penalised(fit.center, fit.scale, *counted, link)
    z = {"probit": ndtri(p), "logit": math.log(p / (1 - p))}[link]
    low, high = fit.interval(p, confidence=0.9)
    assert low < fit.at(p) < high
    for end in (low, high):
        profile = minimize_scalar(
            lambda log, end=end: -penalised(end + math.exp(log) * z, -math.exp(log), *counted, link),
            bounds=(-5, 1),
            method="bounded",
        )
        assert 2 * (top + profile.fun) == pytest.approx(ndtri(0.95) ** 2, abs=2e-3)


def test_covariance_is_the_spread_of_fits_to_repeated_experiments():
    fits = [fit_transition(*data(seed, "probit", 20, 40, 0.45, 0.1)) for seed in range(300)]
    found = np.cov([[fit.center, fit.scale] for fit in fits], rowvar=False)
    expected = np.mean([fit.covariance for fit in fits], axis=0)
    assert np.diag(found) == pytest.approx(np.diag(expected), rel=0.35)
    assert np.mean([fit.center for fit in fits]) == pytest.approx(0.45, abs=4 * (found[0, 0] / 300) ** 0.5)
    assert np.mean([fit.scale for fit in fits]) == pytest.approx(0.1, abs=4 * (found[1, 1] / 300) ** 0.5)


SETTINGS = [
    (20, 5, 0.1, 0.43),
    (20, 20, -0.02, 0.45),
    (10, 3, 0.15, 0.5),
    (20, 100, 0.005, 0.4605),
    (6, 12, -0.1, 0.33),
]


@pytest.mark.parametrize("link", RATES)
@pytest.mark.parametrize(("cells", "trials", "scale", "center"), SETTINGS)
def test_interval_covers_the_point_as_often_as_it_says(link, cells, trials, scale, center):
    """Few trials, transitions steeper than the grid, separated data: never below what chance explains."""
    repeats, x = 2000 if FULL else 150, np.linspace(0, 1, cells)
    rates = RATES[link]((x - center) / scale)
    rng, misses = np.random.default_rng(0), 0
    for _ in range(repeats):
        low, high = fit_transition(x, rng.binomial(trials, rates), np.full(cells, trials), link=link).interval()
        misses += not low <= center <= high
    assert misses <= binom.ppf(0.999, repeats, 0.06)


def test_separated_data_have_a_finite_fit_and_an_interval_that_holds_the_gap():
    fit = fit_transition([0, 1, 2, 3], [0, 0, 50, 50], [50] * 4)
    assert fit.separated
    assert fit.center == pytest.approx(1.5)
    assert 0 < fit.scale < 1
    assert fit.interval() == pytest.approx((1, 2))
    few = fit_transition([0, 1, 2, 3], [0, 0, 2, 2], [2] * 4)
    assert few.interval()[0] < 1 < 2 < few.interval()[1]


def test_separated_but_for_one_mixed_cell():
    fit = fit_transition([0, 1, 2, 3], [0, 15, 50, 50], [50] * 4)
    assert fit.separated
    assert 1 < fit.center < 2
    low, high = fit.interval()
    assert low == 1
    assert fit.center < high < 2


@pytest.mark.parametrize("successes", [0, 5])
@pytest.mark.parametrize("rising", [True, False])
def test_one_outcome_alone_puts_the_transition_beyond_all_x(successes, rising):
    fit = fit_transition([0, 1, 2], [successes] * 3, [5] * 3, rising=rising)
    above = (successes == 0) == rising
    assert fit.center == (math.inf if above else -math.inf)
    assert fit.scale == (math.inf if rising else -math.inf)
    assert fit.rate([0.0, 7.0]) == pytest.approx(successes / 5)
    low, high = fit.interval()
    assert (high == math.inf and 1 < low <= 2) if above else (low == -math.inf and 0 <= high < 1)


@pytest.mark.parametrize(
    ("successes", "trials"),
    [([5, 5, 5], [5, 5, 5]), ([0, 0, 0], [0, 0, 0]), ([0, 2, 0], [0, 5, 0]), ([2, 2, 2], [5, 5, 5])],
)
def test_data_that_show_no_transition_put_it_anywhere(successes, trials):
    fit = fit_transition([0, 1, 2], successes, trials)
    assert math.isnan(fit.center)
    assert math.isnan(fit.at(0.9))
    assert fit.interval() == (-math.inf, math.inf)
    assert not fit.separated


def test_slope_that_is_not_significant_leaves_the_point_open():
    x, successes = np.arange(4), [2, 3, 2, 3]
    assert fit_transition(x, successes, [5] * 4).interval() == (-math.inf, math.inf)
    against = fit_transition(x, [4, 4, 5, 5], [5] * 4, rising=False)
    assert (against.center, against.scale) == (math.inf, -math.inf)
    assert against.interval()[1] == math.inf
    assert math.isfinite(against.interval()[0])


@pytest.mark.parametrize("link", RATES)
def test_fit_is_equivariant(link):
    """Units of x, its direction, and success and failure exchanged."""
    x, successes, trials = data(2, link)
    fit = fit_transition(x, successes, trials, link=link)
    scaled = fit_transition(1e6 - 1e4 * x, successes, trials, link=link)
    swapped = fit_transition(x, trials - successes, trials, link=link)
    assert (scaled.center, scaled.scale) == pytest.approx((1e6 - 1e4 * fit.center, -1e4 * fit.scale), rel=1e-4)
    assert (swapped.center, swapped.scale) == pytest.approx((fit.center, -fit.scale), rel=1e-4)
    low, high = fit.interval()
    assert scaled.interval() == pytest.approx((1e6 - 1e4 * high, 1e6 - 1e4 * low), rel=1e-7)
    assert swapped.interval() == pytest.approx((low, high), rel=1e-3)


def test_trials_count_as_their_number_however_they_are_grouped():
    x, successes, trials = data(3, "probit")
    apart = fit_transition(
        np.repeat(x, 2), np.stack([successes, 0 * x], 1).ravel(), np.stack([trials, 0 * x], 1).ravel()
    )
    halves = fit_transition(np.repeat(x, 2), np.repeat(successes, 2), np.repeat(trials, 2))
    double = fit_transition(x, 2 * successes, 2 * trials)
    assert apart.center == pytest.approx(fit_transition(x, successes, trials).center)
    assert (halves.center, halves.scale) == pytest.approx((double.center, double.scale), rel=1e-4)


@pytest.mark.parametrize("link", RATES)
def test_extreme_counts_and_places_do_not_overflow(link):
    x = np.array([-1e6, 0, 1e-6, 2e-6, 1e6])
    fit = fit_transition(x, [0, 10**8, 0, 10**8, 10**8], [10**8] * 5, link=link)
    assert np.all(np.isfinite([fit.center, fit.scale, *fit.interval(), *fit.covariance.ravel()]))
    steep = fit_transition([0, 1, 2, 3], [0, 1, 10**9 - 1, 10**9], [10**9] * 4, link=link)
    assert steep.center == pytest.approx(1.5, abs=1e-3)


def test_widths_of_a_power_law_have_its_exponent():
    rng, n, x = np.random.default_rng(0), np.array([100, 200, 400, 800]), np.linspace(0, 1, 30)
    fits = [fit_transition(x, rng.binomial(400, ndtr((0.5 - x) / (2 * size**-0.5))), np.full(30, 400)) for size in n]
    exponent, error = width_exponent(n, fits)
    assert abs(exponent + 0.5) <= 3 * error
    assert error < 0.05


def test_bad_data_are_refused():
    x, successes, trials = [0, 1, 2], [0, 1, 2], [2, 2, 2]
    with pytest.raises(ValueError, match="link is one of probit, logit, got 'cloglog'"):
        fit_transition(x, successes, trials, link="cloglog")
    with pytest.raises(ValueError, match=r"of one shape .* got shapes \(2,\)"):
        fit_transition(x[:2], successes, trials)
    with pytest.raises(ValueError, match="x finite"):
        fit_transition([0, 1, math.nan], successes, trials)
    with pytest.raises(ValueError, match="0 <= successes <= trials"):
        fit_transition(x, trials, successes)
    fit = fit_transition(x, successes, trials)
    assert isinstance(fit, TransitionFit)
    with pytest.raises(ValueError, match="p is a probability between 0 and 1, got 1"):
        fit.interval(1)
    with pytest.raises(ValueError, match="confidence is a number between 0 and 1"):
        fit.interval(confidence=1.0)
    with pytest.raises(ValueError, match="at least two different ones"):
        width_exponent([100, 100], [fit, fit])
    with pytest.raises(ValueError, match="leave out those that are not finite"):
        width_exponent([100, 200], [fit, fit_transition(x, trials, trials)])
