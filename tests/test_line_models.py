"""Models of signals on a line: counts, unions, compiled twins, recovery."""

import math
from itertools import combinations

import numpy as np
import pytest
import scipy.optimize

import csrecover as cs
from csrecover import kernels
from csrecover.models import clustered, spaced, windows
from csrecover.testing import enumerations

from .conftest import FULL

needs_numba = pytest.mark.skipif(kernels.compiled("line") is None, reason="numba is not installed")
MODELS = [cs.Clustered(2), cs.Separated(3), cs.Windows(3)]
SIGNALS = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "ties": lambda rng, n: rng.integers(0, 3, n).astype(float),
    "near ties": lambda rng, n: 1 + 1e-9 * rng.standard_normal(n),
    "steep": lambda rng, n: 10.0 ** rng.integers(-9, 0, n),
}


def crowded(mask, delta):
    """Largest number of spikes in `delta` consecutive places."""
    return max(mask[i : i + delta].sum() for i in range(len(mask)))


def masks_of(n, most):
    return [enumerations.mask(chosen, (n,)) for k in range(most + 1) for chosen in combinations(range(n), k)]


def test_one_hundred_coefficients_have_36855_supports_of_ten_in_exactly_two_runs():
    one, two = (math.exp(cs.Clustered(runs).log_count(10, (100,))) for runs in (1, 2))
    assert two - one == pytest.approx(36855)


@pytest.mark.parametrize("size", range(1, 6))
@pytest.mark.parametrize("make", [enumerations.clustered_case, enumerations.separated_case, enumerations.windows_case])
def test_log_count_is_that_of_the_maximal_supports(make, size):
    for n in range(size, 10):
        case = make(n, size)
        for k in range(1, n + 2):
            count = len({member.tobytes() for member in case.members(k)})
            assert case.model.log_count(k, (n,)) == pytest.approx(math.log(count), abs=1e-9), (n, k)


@pytest.mark.parametrize("n", [6, 9])
@pytest.mark.parametrize("delta", [1, 2, 3, 4])
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_sums_of_separated_signals_are_those_with_few_spikes_in_each_window(n, delta, copies):
    k = 2
    members = list(enumerations.separated_case(n, delta).members(k))
    unions = np.array(list(enumerations.unions_of(lambda _: members, k, copies)))
    for mask in masks_of(n, copies * k):
        inside = (mask <= unions).all(axis=-1).any()
        assert inside == (crowded(mask, delta) <= copies)


@pytest.mark.parametrize("kind", SIGNALS)
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_sums_of_separated_signals_keep_most_energy(kind, copies):
    rng = np.random.default_rng(copies)
    for n in (1, 2, 5, 11):
        for delta in (1, 2, 3, 5, 20):
            family = np.array([mask for mask in masks_of(n, n) if crowded(mask, delta) <= copies])
            for k in range(5):
                x = SIGNALS[kind](rng, n)
                mask = cs.Separated(delta).support_of_sum(x, k, copies)
                most = (family[family.sum(axis=-1) <= copies * k] @ x**2).max()
                assert crowded(mask, delta) <= copies
                assert mask.sum() <= copies * k
                assert (x**2)[mask].sum() >= most * (1 - 1e-12)


@pytest.mark.parametrize("delta", [3, 10, 40])
@pytest.mark.parametrize("copies", [1, 2, 4])
def test_long_sums_of_separated_signals_keep_what_the_linear_program_does(delta, copies):
    n, k = 300, 12
    x = np.random.default_rng(delta).standard_t(3, n)
    mask = cs.Separated(delta).support_of_sum(x, k, copies)
    places = np.arange(n)
    in_window = (places >= places[:, None]) & (places < places[:, None] + delta)
    rows = np.concatenate([in_window, np.ones((1, n))])
    most = [copies] * n + [copies * k]
    solution = scipy.optimize.linprog(-(x**2), A_ub=rows, b_ub=most, bounds=(0, 1))
    assert (rows @ mask <= most).all()
    assert (x**2)[mask].sum() == pytest.approx(-solution.fun, rel=1e-7)


@pytest.mark.parametrize("model", [cs.Separated(4), cs.Windows(5)], ids=str)
def test_a_larger_budget_gains_less_and_less(model):
    """The best energies are concave in the budget, since the constraints are those of intervals."""
    x = np.random.default_rng(0).standard_normal(200)
    kept = [np.sum(model.project(x, k) ** 2) for k in range(model.units((200,)) + 2)]
    gained = np.diff(kept)
    assert (np.diff(gained) <= 1e-12 * kept[-1]).all()
    assert gained[-1] == pytest.approx(0, abs=1e-12)


def test_windows_that_overlap_at_the_border_are_found():
    mask = cs.Windows(3).support(np.array([0.0, 0, 5, 4, 0, 0, 1, 1]), 2)
    np.testing.assert_array_equal(np.flatnonzero(mask), [2, 3, 4, 5, 6, 7])
    np.testing.assert_array_equal(cs.Windows(3).support(np.array([1.0, 2, 3, 4]), 2), True)


@pytest.mark.parametrize("size", [1, 2, 7, 20, 37])
def test_window_sums_do_not_cancel(size):
    """A running sum less another would lose what comes after the large value."""
    values = np.concatenate([[1.0], 10.0 ** np.random.default_rng(0).uniform(-40, -20, 36)])
    expected = [math.fsum(values[i : i + size]) for i in range(37)]
    np.testing.assert_allclose(windows.window_sums(values[None], size)[0], expected, rtol=1e-14)


@pytest.mark.skipif(kernels.compiled("line") is None, reason="numba is not installed")
@pytest.mark.parametrize(
    ("signals", "n", "gap", "k"), [(3, 1, 1, 1), (2, 40, 3, 6), (2, 33, 33, 1), (1, 16, 1, 16), (0, 9, 2, 3)]
)
@pytest.mark.parametrize("kind", ["drawn", "equal"])
def test_compiled_places_are_those_of_the_plain_twin(signals, n, gap, k, kind):
    rng = np.random.default_rng(n)
    gains = rng.random((signals, n)) if kind == "drawn" else rng.integers(0, 3, (signals, n)).astype(float)
    gains[gains == 0] = -np.inf
    masks = kernels.compiled("line").best_spaced(gains, gap, k)
    np.testing.assert_array_equal(masks, spaced.best_spaced_plain(gains, gap, k))


def test_best_spaced_equals_enumeration_in_any_order_of_signals():
    rng = np.random.default_rng(0)
    gains = np.where(rng.random((30, 9)) < 0.2, -np.inf, rng.random((30, 9)))
    for gap in (1, 2, 4, 9, 30):
        family = [mask for mask in masks_of(9, 3) if crowded(mask, gap) <= 1]
        masks = spaced.best_spaced(gains, gap, 3)
        for signal, mask in zip(gains, masks, strict=True):
            assert signal[mask].sum() == pytest.approx(max(signal[member].sum() for member in family))


@needs_numba
@pytest.mark.parametrize(("signals", "n", "k", "runs"), [(1, 1, 1, 1), (3, 40, 7, 3), (2, 100, 60, 20), (0, 5, 2, 1)])
@pytest.mark.parametrize("kind", SIGNALS)
def test_compiled_sweep_is_its_plain_twin(signals, n, k, runs, kind):
    rng = np.random.default_rng(n)
    energies = SIGNALS[kind](rng, (signals, n)) ** 2
    plain, fast = ([np.zeros((signals, runs + 1, k + 1)) for _ in range(2)] for _ in range(2))
    choices = clustered.sweep_plain(energies, *plain)
    np.testing.assert_array_equal(kernels.compiled("line").sweep(energies, *fast), choices)
    np.testing.assert_array_equal(fast, plain)


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("room", [1, 2000, 10**6])
def test_choices_made_twice_are_those_made_once(room, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    x = np.random.default_rng(0).integers(-3, 4, (5, 150)).astype(float)
    once = cs.Clustered(3).support(x, 17)
    monkeypatch.setattr(clustered, "_ROOM", room)
    np.testing.assert_array_equal(cs.Clustered(3).support(x, 17), once)


def test_clusters_are_single_coefficients_where_there_may_be_many_runs():
    x = np.random.default_rng(0).standard_normal((3, 60))
    for k in (1, 7, 30, 60):
        np.testing.assert_array_equal(cs.Clustered(30).support(x, k), cs.Sparse().support(x, k))


def test_at_distance_one_any_spikes_will_do():
    x = np.random.default_rng(0).standard_normal((3, 60))
    for k in (0, 1, 7, 60, 61):
        np.testing.assert_array_equal(cs.Separated(1).support(x, k), cs.Sparse().support(x, k))
        np.testing.assert_array_equal(cs.Separated(1).support_of_sum(x, k, 2), cs.Sparse().support(x, 2 * k))


@pytest.mark.parametrize("model", [cs.Clustered(2), cs.Separated(3)], ids=str)
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 5)])
def test_no_signal_and_signals_of_no_length_have_empty_supports(model, shape):
    x = np.ones(shape)
    assert model.support(x, 2).shape == model.support_of_sum(x, 2, 2).shape == shape


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_not_a_number_is_refused_wherever_the_signal_lives(model, backend):
    with pytest.raises(ValueError, match="finite signals"):
        model.support(cs.to(np.array([1.0, np.nan, 2, 3]), backend), 1)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_signals_of_two_axes_are_refused(model):
    A = cs.DCT((6, 6))
    with pytest.raises(ValueError, match=r"on a line, of shape \(n,\), got shape \(6, 6\)"):
        cs.iht(A, np.ones((6, 6)), model, 1)
    with pytest.raises(ValueError, match="give shape="):
        model.log_count(1)


@pytest.mark.parametrize(("make", "name"), [(cs.Clustered, "runs"), (cs.Separated, "delta"), (cs.Windows, "size")])
def test_what_a_model_is_made_of_is_checked(make, name):
    with pytest.raises(TypeError, match=f"{name} is an integer, got 1.5"):
        make(1.5)
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        make(0)


def test_windows_that_do_not_fit_are_refused():
    for call in (lambda: cs.Windows(5).support(np.ones(4), 1), lambda: cs.Windows(5).units((4,))):
        with pytest.raises(ValueError, match="windows of size 5 do not fit in signals of length 4"):
            call()


@pytest.mark.parametrize(("model", "units"), [(cs.Clustered(2), 10), (cs.Separated(3), 4), (cs.Windows(3), 4)], ids=str)
def test_more_than_all_units_make_no_difference(model, units):
    x = np.random.default_rng(0).standard_normal((20, 10))
    assert model.units((10,)) == units
    np.testing.assert_array_equal(model.support(x, units), model.support(x, units + 1))


@pytest.mark.parametrize("seed", range(50 if FULL else 10))
@pytest.mark.parametrize(
    ("model", "k", "m"), [(cs.Clustered(3), 24, 90), (cs.Separated(6), 12, 80), (cs.Windows(6), 4, 90)], ids=str
)
def test_signals_are_recovered(model, k, m, seed):
    n = 160
    A, x = cs.gaussian(m, n, seed), cs.random_signal(model, n, k, seed)
    for solve in (cs.subspace_pursuit, cs.cosamp):
        result = solve(A, A @ x, model, k)
        assert np.linalg.norm(result.x - x) <= 1e-6 * np.linalg.norm(x)
