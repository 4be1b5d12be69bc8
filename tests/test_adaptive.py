"""Adaptive allocation: where the trials of a round go, when a column ends, and what its interval is worth then."""

import numpy as np
import pytest
from scipy.special import ndtr

from csrecover.analysis.fits import fit_transition
from csrecover.experiments.adaptive import default_target, next_round

from .conftest import FULL

X = np.linspace(0.05, 1, 20)
STEP = 0.05
CENTERS = np.linspace(0.2, 0.75, 8)


def falling(centers, scale, x=X):
    return ndtr((np.asarray(centers)[..., None] - x) / scale)


def run(rates, target, most=100, seed=0, x=X):
    """Counts when there is nothing left to do, and the totals of the rounds."""
    outcomes = np.random.default_rng(seed).random((*rates.shape, most)) < rates[..., None]
    before = np.concatenate([np.zeros((*rates.shape, 1), dtype=int), np.cumsum(outcomes, axis=-1)], axis=-1)
    trials, rounds = np.zeros(rates.shape, dtype=int), []
    while True:
        successes = np.take_along_axis(before, trials[..., None], axis=-1)[..., 0]
        further = next_round(x, successes, trials, target=target, most=most)
        assert further.shape == trials.shape
        assert further.dtype.kind == "i"
        assert np.all(further >= 0)
        trials = trials + further
        assert np.all(trials <= most)
        if not further.any():
            return successes, trials, rounds
        rounds.append(int(further.sum()))


def half_widths(successes, trials, x=X):
    cells = (-1, len(x))
    intervals = [
        fit_transition(x, *counts).interval()
        for counts in zip(successes.reshape(cells), trials.reshape(cells), strict=True)
    ]
    return np.array([(min(high, x[-1]) - max(low, x[0])) / 2 for low, high in intervals])


@pytest.mark.parametrize("target", [STEP / 4, STEP])
@pytest.mark.parametrize("scale", [0.03, 0.06])
def test_every_column_ends_with_its_half_width_below_the_target(target, scale):
    successes, trials, rounds = run(falling(CENTERS, scale), target)
    assert np.all(half_widths(successes, trials) <= target * (1 + 1e-9))
    assert len(rounds) <= 12


def test_the_half_width_of_a_full_grid_costs_a_small_part_of_its_trials():
    rates = falling(CENTERS, 0.04)
    full = np.full(rates.shape, 100)
    target = half_widths(np.random.default_rng(1).binomial(full, rates), full).max()
    successes, trials, _ = run(rates, target, most=400)
    assert half_widths(successes, trials).max() <= target
    assert trials.sum() <= full.sum() / 6


def test_intervals_cover_the_truth_although_they_decide_when_to_end():
    covered = []
    for seed in range(100 if FULL else 12):
        successes, trials, _ = run(falling(CENTERS, 0.04), STEP / 2, seed=seed)
        for center, *counts in zip(CENTERS, successes, trials, strict=True):
            low, high = fit_transition(X, *counts).interval()
            covered.append(low <= center <= high)
    assert np.mean(covered) >= 0.85


def test_trials_go_to_both_sides_of_the_transition_and_hardly_elsewhere():
    _, trials, _ = run(falling(CENTERS, 0.05), STEP / 4, most=400)
    for center, column in zip(CENTERS, trials, strict=True):
        near = abs(X - center) < 2.5 * 0.05
        assert column[near].sum() > 0.85 * column.sum()
        assert column[near & (center > X)].sum() > 0.1 * column.sum()
        assert column[near & (center < X)].sum() > 0.1 * column.sum()


def test_the_first_round_spreads_the_trials_asked_for():
    zero = np.zeros((5, 20), dtype=int)
    further = next_round(X, zero, zero, target=0.01, most=100, first=6)
    assert further.sum(axis=1).tolist() == [6] * 5
    assert np.all(np.count_nonzero(further, axis=1) >= 4)


def test_decisions_depend_on_the_counts_alone():
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 9, (2, 3, 20))
    successes = rng.binomial(trials, falling(np.full((2, 3), 0.4), 0.1))
    once = next_round(X, successes, trials, target=0.01, most=50)
    next_round(X, trials - successes, trials, target=0.02, most=50)
    assert np.array_equal(next_round(X, successes, trials, target=0.01, most=50), once)


def test_the_order_of_the_axis_does_not_matter():
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 9, (4, 20))
    successes = rng.binomial(trials, falling(CENTERS[:4], 0.1))
    order = rng.permutation(20)
    shuffled = next_round(X[order], successes[:, order], trials[:, order], target=0.01, most=50)
    assert np.array_equal(shuffled, next_round(X, successes, trials, target=0.01, most=50)[:, order])


@pytest.mark.parametrize("factor", [1.0, 1024.0])
def test_origin_and_unit_of_the_axis_do_not_matter(factor):
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 9, (4, 20))
    successes = rng.binomial(trials, falling(CENTERS[:4], 0.1))
    x = np.arange(20)
    moved = next_round(factor * (x + 2.0**40), successes, trials, target=0.2 * factor, most=50)
    assert np.array_equal(moved, next_round(x, successes, trials, target=0.2, most=50))


def test_a_rising_transition_gets_the_trials_of_the_falling_one():
    rng = np.random.default_rng(0)
    trials = rng.integers(0, 9, (4, 20))
    successes = rng.binomial(trials, falling(CENTERS[:4], 0.1))
    of_falling = next_round(X, successes, trials, target=0.01, most=50)
    assert np.array_equal(next_round(X, trials - successes, trials, target=0.01, most=50), of_falling)


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_any_number_of_axes_makes_columns(shape):
    successes, trials, _ = run(falling(np.full(shape, 0.43), 0.05), STEP / 2)
    assert np.all(half_widths(successes, trials) <= STEP / 2)


def test_an_interval_counts_as_far_as_it_lies_inside_the_axis():
    successes, trials, _ = run(falling([1.03] * 4, 0.05), STEP / 2)
    for counts in zip(successes, trials, strict=True):
        low, high = fit_transition(X, *counts, rising=False).interval()
        assert max(min(high, 1) - low, 0) / 2 <= STEP / 2
    assert np.all(trials.sum(axis=1) <= 150)


@pytest.mark.parametrize("center", [-0.3, 1.4])
def test_a_column_without_a_transition_inside_the_axis_ends_soon(center):
    _, trials, rounds = run(falling([center] * 3, 0.05), STEP / 4)
    assert np.all(trials.sum(axis=1) <= 40)
    assert len(rounds) <= 4


def test_a_transition_steeper_than_the_grid_fills_the_two_cells_beside_it_and_no_others():
    successes, trials, rounds = run(falling([7.5 * STEP, 12.5 * STEP], STEP / 50), STEP / 4, most=60)
    for column, place in zip(trials, (6, 11), strict=True):
        assert column[[place, place + 1]].tolist() == [60, 60]
        assert column.sum() <= 150
    assert half_widths(successes, trials) == pytest.approx([STEP / 2] * 2, rel=0.05)
    assert len(rounds) <= 10


def test_one_step_is_soon_known_of_a_transition_steeper_than_the_grid():
    _, trials, _ = run(falling([7.5 * STEP] * 3, STEP / 50), STEP)
    assert np.all(trials.sum(axis=1) <= 40)


def test_neighbours_that_mislead_do_not_keep_a_column_from_its_target():
    centers = np.where(np.arange(8) % 2, 0.25, 0.75)
    successes, trials, _ = run(falling(centers, 0.04), STEP / 4, most=400)
    assert np.all(half_widths(successes, trials) <= STEP / 4)
    assert trials.sum() / 8 <= 300


def test_an_axis_of_two_values_and_one_of_uneven_steps_are_served():
    two = np.array([1.0, 2.0])
    _, trials, _ = run(falling([1.4], 0.5, two), 0.2, most=200, x=two)
    assert trials.sum() > 0
    uneven = np.geomspace(1, 30, 15)
    successes, trials, _ = run(falling([8.0, 12.0], 2.0, uneven), 1.0, x=uneven)
    assert np.all(half_widths(successes, trials, uneven) <= 1)


def test_full_cells_get_nothing():
    trials = np.full((2, 20), 30)
    successes = np.round(30 * falling([0.3, 0.6], 0.2)).astype(int)
    assert not next_round(X, successes, trials, target=1e-4, most=30).any()
    most = np.full((2, 20), 30)
    most[:, 5] = 37
    further = next_round(X, successes, trials, target=1e-4, most=most)
    assert further[:, 5].tolist() == [7, 7]
    assert further.sum() == 14


def test_attempts_that_come_to_nothing_count_for_the_room_and_end_soon():
    attempted, none, rounds = np.zeros((2, 20), dtype=int), np.zeros((2, 20), dtype=int), 0
    while (further := next_round(X, none, none, attempted=attempted, target=0.01, most=50)).any():
        attempted, rounds = attempted + further, rounds + 1
    assert np.all(attempted == 50)
    assert rounds <= 9


def test_the_default_target_is_a_quarter_step_of_a_coarse_axis_and_a_hundredth_of_a_fine_one():
    assert default_target(X) == pytest.approx(STEP / 4)
    assert default_target(np.linspace(0, 1, 201)) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": [0.5]}, "at least two different"),
        ({"x": [0.5, 0.5, 1.0]}, "at least two different"),
        ({"x": [0.5, np.nan, 1.0]}, "finite"),
        ({"trials": np.ones((3, 4), dtype=int)}, r"\(..., 3\)"),
        ({"successes": np.ones((1, 3), dtype=int)}, "one shape"),
        ({"successes": np.full((2, 3), 5)}, "exchanged"),
        ({"attempted": np.zeros((2, 3), dtype=int)}, "attempted in each cell"),
        ({"target": 0.0}, "target is positive"),
        ({"first": 0}, "first is positive"),
    ],
)
def test_impossible_input_is_refused(changed, message):
    good = {"x": [1, 2, 3], "successes": np.ones((2, 3), int), "trials": np.ones((2, 3), int), "target": 0.1, "most": 9}
    with pytest.raises(ValueError, match=message):
        next_round(**(good | changed))
