"""How many measurements are needed: theory against its definition, simulation against theory."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog, minimize_scalar
from scipy.stats import binom, norm

import csrecover as cs
from csrecover.experiments.needed import _trial
from csrecover.experiments.search import Rule, search
from csrecover.experiments.transition import transition

SHARES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
DIMENSIONS = (0.06124, 0.20390, 0.32879, 0.51113, 0.64557, 0.83130)
NONNEGATIVE = (0.05222, 0.16708, 0.26530, 0.40990, 0.52149, 0.69563)
WIDTHS = (0.2529, 0.4032, 0.4652, 0.5003, 0.4909, 0.4118)


@pytest.mark.parametrize(("share", "dimension", "width"), list(zip(SHARES, DIMENSIONS, WIDTHS, strict=True)))
def test_l1_transition_has_its_published_numbers(share, dimension, width):
    n = 100_000
    found = transition(cs.L1(0.3), (n,), round(share * n))
    assert found.center / n == pytest.approx(dimension, abs=6e-6)
    assert found.width / n**0.5 == pytest.approx(width, abs=6e-5)


@pytest.mark.parametrize(("share", "dimension"), list(zip(SHARES, NONNEGATIVE, strict=True)))
def test_nonnegative_transition_has_its_published_numbers(share, dimension):
    n = 100_000
    assert transition(cs.NonNegativeL1(), (n,), round(share * n)).center / n == pytest.approx(dimension, abs=6e-6)


@pytest.mark.parametrize(("size", "rho"), [(2, 0.4579), (4, 0.5102), (8, 0.5440), (16, 0.5639), (64, 0.5803)])
def test_group_l1_recovers_at_half_the_unknowns_where_the_curve_says(size, rho):
    blocks = cs.Blocks.uniform(size * 20_000, size)
    k = round(0.5 * rho * blocks.count)
    assert transition(cs.GroupL2(blocks), blocks.shape, k).center == pytest.approx(0.5 * size * blocks.count, rel=2e-4)


def distances(penalty, shape, k, draws, rng):
    """dist^2 of normal vectors to the cone over the subdifferential at a member of k units, from the definition."""
    found = []
    for g in rng.standard_normal((draws, *shape)):
        if isinstance(penalty, cs.Nuclear):
            kept, rest = g[:k, :k], np.linalg.svd(g[k:, k:], compute_uv=False)
            outside = np.sum(g[:k, k:] ** 2) + np.sum(g[k:, :k] ** 2)

            def square(tau, kept=kept, rest=rest, outside=outside):
                return np.sum((kept - tau * np.eye(k)) ** 2) + outside + np.sum(np.maximum(rest - tau, 0) ** 2)
        else:
            size = 1 if not isinstance(penalty, cs.GroupL2) else penalty.blocks.size
            rows = g.reshape(-1, size)
            direction = np.eye(size)[0]
            rest = rows[k:, 0] if isinstance(penalty, cs.NonNegativeL1) else np.linalg.norm(rows[k:], axis=1)

            def square(tau, kept=rows[:k], rest=rest, direction=direction):
                return np.sum((kept - tau * direction) ** 2) + np.sum(np.maximum(rest - tau, 0) ** 2)

        found.append(minimize_scalar(square, bounds=(0, 40), method="bounded").fun)
    return np.array(found)


CONES = {
    "l1": (cs.L1(), (120,), 12),
    "nonnegative": (cs.NonNegativeL1(), (120,), 12),
    "blocks": (cs.GroupL2(cs.Blocks.uniform(120, 4)), (120,), 5),
    "nuclear": (cs.Nuclear(), (12, 16), 2),
}


@pytest.mark.parametrize("name", CONES)
def test_transition_is_the_mean_and_the_spread_of_the_distance_to_the_polar_cone(name):
    penalty, shape, k = CONES[name]
    found, draws = transition(penalty, shape, k), 1500
    squares = distances(penalty, shape, k, draws, np.random.default_rng(0))
    noise = squares.std() / draws**0.5
    assert found.center - found.error - 4 * noise <= squares.mean() <= found.center + 4 * noise
    variance = squares.var() - 2 * squares.mean()
    assert found.width**2 == pytest.approx(variance, abs=6 * squares.var() * (2 / draws) ** 0.5)


@pytest.mark.parametrize("name", CONES)
def test_theory_grows_with_k_and_with_the_success_asked_for(name):
    penalty, shape, _ = CONES[name]
    by_k = [cs.measurements_needed(penalty, shape, k).measurements for k in (1, 2, 4, 8)]
    by_success = [cs.measurements_needed(penalty, shape, 3, success=p) for p in (0.1, 0.5, 0.9, 0.99)]
    assert by_k == sorted(set(by_k))
    assert [found.measurements for found in by_success] == sorted({found.measurements for found in by_success})
    assert all(1 <= found.low <= found.measurements <= found.high <= math.prod(shape) for found in by_success)
    assert {found.how for found in by_success} == {"theory"}


def test_theory_asks_for_all_measurements_of_a_full_signal():
    assert cs.measurements_needed(cs.L1(), 30, 30).measurements == 30
    assert "30 measurements (theory)" in str(cs.measurements_needed(cs.L1(), 30, 30))


def basis_pursuit(A, y, model, k):
    """Argmin ||x||_1 subject to A x = y, as a linear program."""
    n = A.size_in
    both = np.hstack([A.todense(), -A.todense()])
    found = linprog(np.ones(2 * n), A_eq=both, b_eq=y, method="highs-ds").x
    return found[:n] - found[n:]


@pytest.mark.parametrize(("n", "k", "success"), [(60, 4, 0.5), (60, 8, 0.8)])
def test_simulated_basis_pursuit_needs_what_theory_says(n, k, success):
    simulated = cs.measurements_needed(cs.Sparse(), n, k, success=success, solver=basis_pursuit, solves=600)
    theory = cs.measurements_needed(cs.L1(), n, k, success=success)
    assert simulated.low <= theory.measurements <= simulated.high
    assert abs(simulated.measurements - theory.measurements) <= 2
    assert simulated.high - simulated.low <= 10
    assert simulated.how == "simulation"


def test_blocks_need_fewer_measurements_than_sparsity_alone():
    needed = [
        cs.measurements_needed(model, 128, k, solver=cs.subspace_pursuit, solves=500, success=0.8)
        for model, k in [(cs.BlockSparse(cs.Blocks.uniform(128, 8)), 2), (cs.Sparse(), 16)]
    ]
    assert needed[0].high < needed[1].low
    assert needed[0].low > 16


def test_signals_of_several_axes_are_measured_as_a_whole():
    model = cs.JointSparse(cs.Sparse())
    found = cs.measurements_needed(model, (3, 20), 2, solves=300, success=0.7)
    assert 6 < found.measurements < 40


def test_matrices_of_low_rank_need_their_degrees_of_freedom_at_least():
    def nearest_if_enough(A, y, model, k):
        rows = A.todense().reshape(A.size_out, -1)
        return np.linalg.lstsq(rows, y, rcond=None)[0].reshape(A.in_shape)  # exact from all 30 measurements alone

    found = cs.measurements_needed(cs.LowRank(), (5, 6), 1, solver=nearest_if_enough, solves=900)
    assert (found.low, found.measurements, found.high) == (30, 30, 30)
    assert "number of unknowns" in found.text


@pytest.mark.parametrize(("success", "trials", "level"), list(product((0.5, 0.9, 0.95), (20, 100, 187), (0.05, 0.003))))
def test_rule_errs_no_more_often_than_its_level(success, trials, level):
    rule = Rule.at(success, trials, level)
    failures = np.arange(trials + 1)
    assert binom.pmf(failures[failures <= rule.few], trials, 1 - success).sum() <= level * (1 + 1e-9)
    assert binom.pmf(failures[failures >= rule.many], trials, 1 - success).sum() <= level * (1 + 1e-9)
    assert binom.cdf(rule.few + 1, trials, 1 - success) > level  # and says so as often as it may


def test_rule_that_stops_early_answers_as_if_it_had_not():
    rule, rng = Rule.at(0.8, 40, 0.05), np.random.default_rng(0)
    for chance in np.linspace(0.4, 1, 200):
        results = rng.random(40) < chance
        failures = int((~results).sum())
        answer, made, counted = rule.outcome(lambda number, results=results: results[number])
        assert answer == (1 if failures <= rule.few else -1 if failures >= rule.many else 0)
        assert counted == int((~results[:made]).sum())


@pytest.mark.parametrize("success", [0.5, 0.9])
def test_interval_of_a_search_holds_the_truth(success):
    """A known curve, 100 searches: no more misses than the confidence 0.95 allows."""
    center, width = 57.3, 6.0
    truth = math.ceil(center + width * norm.ppf(success))
    estimates, misses = [], 0
    chances, rng = norm.cdf((np.arange(201) - center) / width), np.random.default_rng(0)
    for _ in range(100):

        def trial(m, number, draws=rng.random((201, 100))):  # noqa: B008
            return draws[m, number] < chances[m]

        found = search(trial, 20, 200, success, 500, 0.05)
        misses += not found.low <= truth <= found.high
        estimates.append(found.estimate)
        assert found.solves <= 500
        assert found.confirmed
    assert misses <= binom.ppf(0.999, 100, 0.05)
    assert np.median(estimates) == pytest.approx(truth, abs=1.5)


def test_trials_are_the_same_in_any_order():
    def draw(A, y, model, k):
        seen.append(float(y[0]))
        return np.ones(A.size_in)

    seen: list[float] = []
    trial = _trial(cs.Sparse(), (12,), 2, draw, 1e-3, np.random.default_rng(5))
    first = [trial(5, number) for number in range(3)]
    other = _trial(cs.Sparse(), (12,), 2, draw, 1e-3, np.random.default_rng(5))
    again = [other(5, number) for number in (2, 1, 0)]
    assert seen[:3] == seen[:2:-1]
    assert not any(first + again)
    assert len(set(seen)) == 3


def test_one_seed_gives_one_answer():
    one, same, other = (cs.measurements_needed(cs.Sparse(), 16, 2, solves=200, success=0.7, rng=r) for r in (0, 0, 1))
    assert one == same
    assert one.text != other.text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cs.measurements_needed(cs.L1(), 10, 2, success=1.0), "success is a number between 0 and 1, got 1.0"),
        (lambda: cs.measurements_needed(cs.L1(), 10, 2, confidence=0), "confidence is a number between 0 and 1"),
        (lambda: cs.measurements_needed(cs.Sparse(), 10, 2, error=-1), "error is a number between 0 and 1"),
        (lambda: cs.measurements_needed(cs.L1(), 10, 11), "k=11 is more than the 10 units"),
        (lambda: cs.measurements_needed(cs.L1(), 10, 0), "must be at least 1, got 0"),
        (lambda: cs.measurements_needed(cs.L1(np.ones(10)), 10, 2), "for one positive weight"),
        (lambda: cs.measurements_needed(cs.L1(0), 10, 2), "for one positive weight, got 0"),
        (lambda: cs.measurements_needed(cs.L1(), 10, 2, solver=cs.fista), "a penalty goes by theory"),
        (lambda: cs.measurements_needed(cs.GroupL2(cs.Blocks([0, 0, 1])), 3, 1), "blocks of one size"),
        (lambda: cs.measurements_needed(cs.GroupL2(cs.Blocks.uniform(8, 2)), 6, 1), "shape"),
        (lambda: cs.measurements_needed(cs.Nuclear(), (2, 3, 4), 1), "one matrix"),
        (lambda: cs.measurements_needed(cs.Sparse(), 10, 0), "at least 1, got 0"),
        (lambda: cs.measurements_needed(cs.Sparse(), 50, 2, solves=100), "solves=100 are too few .* at least"),
        (lambda: cs.measurements_needed(cs.Sparse(), 0, 2), "positive int"),
    ],
)
def test_bad_values_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("structure", "message"),
    [(cs.TV(), "formulas for L1, NonNegativeL1, GroupL2 and Nuclear, got TV"), ("l1", "a sparsity model or a penalty")],
)
def test_other_kinds_are_refused(structure, message):
    with pytest.raises(TypeError, match=message):
        cs.measurements_needed(structure, 10, 2)


def test_enough_solves_are_as_many_as_the_message_says():
    with pytest.raises(ValueError, match="at least") as refused:
        search(lambda m, number: True, 1, 50, 0.95, 100, 0.05)
    least = int(str(refused.value).split()[-1])
    assert search(lambda m, number: True, 1, 50, 0.95, least, 0.05).confirmed
