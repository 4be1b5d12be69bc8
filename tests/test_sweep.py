"""Sweeps: the same numbers however they are run, counted as they should be."""

import hashlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import csrecover as cs
from csrecover.analysis.fits import fit_transition
from csrecover.analysis.proportions import clopper_pearson, wilson
from csrecover.experiments.chunks import Pace, chunks
from csrecover.experiments.description import describe, differences
from csrecover.experiments.result import Sweep
from csrecover.experiments.seeding import canonical, trial_rng
from csrecover.experiments.sweep import phase_transition, sweep

from .sweep_trials import AXES, digest, margin, positive, recovered

quiet = partial(sweep, progress=False)
numbers = partial(quiet, success=positive)


def odd(rng, i):
    return bool(i % 2)


def paired(rng, delta, rho, solver=None):
    value = margin(rng, delta, rho)
    return {"plain": value, "tree": value + 1}


def unlucky(rng, delta, rho):
    if rng.random() < 0.2:
        raise ArithmeticError(f"no luck at {delta}")
    return rng.random() < delta


@dataclass(frozen=True)
class Batched:
    """Draws each trial from its own stream; the sum over a group tells which trials were together."""

    batch_size: int = 4

    def batch(self, rngs, delta, rho):
        drawn = [rng.random() for rng in rngs]
        assert len(drawn) == self.batch_size
        return [each + 1e-3 * sum(drawn) for each in drawn]


# seeds


def test_a_stream_is_philox_seeded_by_the_digest_of_the_cell_and_the_number():
    digest = hashlib.blake2b(b'{"delta":0.5,"name":"a","size":[1,null]}', digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4")
    expected = np.random.SeedSequence(5, spawn_key=(*map(int, words), 7))
    drawn = trial_rng(5, {"size": (1, None), "name": "a", "delta": np.float64(0.5)}, 7).random(4)
    assert np.all(drawn == np.random.Generator(np.random.Philox(expected)).random(4))


def test_streams_of_different_trials_differ():
    keys = [
        (seed, canonical({"x": x}), trial)
        for seed in (0, 1, 2**32, 2**64 + 1)
        for x in (0, 1, 0.0, 1.0, True, None, "0", (0,), (0, 0), math.inf)
        for trial in (0, 1, 2, 2**32 - 1)
    ]
    drawn = {tuple(trial_rng(seed, json.loads(cell), trial).integers(2**63, size=2)) for seed, cell, trial in keys}
    assert len(drawn) == len(set(keys)) == 4 * 10 * 4


def test_cells_that_are_equal_have_one_text():
    assert canonical({"b": np.int64(2), "a": [1, (np.float32(0.5), -0.0)]}) == '{"a":[1,[0.5,0.0]],"b":2}'
    cell = {"x": 0.1 + 0.2, "y": math.inf, "z": "ü", "w": None, "v": True}
    assert json.loads(canonical(cell)) == cell


# the same numbers however they are run


@pytest.fixture(scope="module")
def alone():
    return numbers(recovered, AXES, trials=12, seed=3)


def test_workers_change_nothing(alone):
    with ThreadPoolExecutor(3) as threads:
        for executor in (2, threads):
            assert digest(numbers(recovered, AXES, trials=12, seed=3, executor=executor)) == digest(alone)


def test_the_order_of_cells_changes_nothing(alone):
    backwards = {name: AXES[name][::-1] for name in reversed(AXES)}
    found = numbers(recovered, backwards, trials=12, seed=3)
    for name in ("successes", "trials", "values"):
        expected = getattr(alone, name)[::-1, ::-1]
        assert np.all(getattr(found, name) == np.swapaxes(expected, 0, 1))


def test_a_grid_that_grows_changes_nothing(alone, tmp_path):
    for count, trials in ((1, 5), (2, 3), (5, 7), (5, 12)):
        axes = {"delta": AXES["delta"][:count], "rho": AXES["rho"][:count]}
        found = numbers(recovered, axes, trials=trials, seed=3, store=tmp_path / "a.sqlite")
        assert found.trials.sum() == min(count, 3) * count * trials
    assert digest(found) == digest(alone) == digest(Sweep.load(tmp_path / "a.sqlite"))


def test_an_interrupted_sweep_goes_on_where_it_was(alone, tmp_path):
    made = []

    def interrupted(rng, delta, rho):
        if (delta, rho) == (0.5, 0.5) and not made:
            made.append(1)
            raise KeyboardInterrupt
        return recovered(rng, delta, rho)

    interrupted.__module__, interrupted.__qualname__ = recovered.__module__, recovered.__qualname__
    with pytest.raises(KeyboardInterrupt):
        numbers(interrupted, AXES, trials=12, seed=3, store=tmp_path / "a.sqlite")
    half = Sweep.load(tmp_path / "a.sqlite")
    assert 0 < half.experiment["unfinished"] < 12 * 15
    assert f"{half.experiment['unfinished']} unfinished" in repr(half)
    found = numbers(interrupted, AXES, trials=12, seed=3, store=tmp_path / "a.sqlite")
    assert digest(found) == digest(alone)
    assert found.experiment["unfinished"] == 0


def test_a_store_with_more_trials_than_asked_for_changes_nothing(alone, tmp_path):
    store = tmp_path / "a.sqlite"
    numbers(recovered, AXES, trials=15, seed=3, store=store)
    assert digest(numbers(recovered, AXES, trials=12, seed=3, store=store)) == digest(alone)


def test_an_adaptive_sweep_depends_on_the_seed_alone(tmp_path):
    options = {"trials": 64, "adaptive": 0.1, "seed": 1}
    alone = numbers(margin, AXES, **options)
    assert alone.trials.sum() < 64 * 15
    with ThreadPoolExecutor(3) as threads:
        assert digest(numbers(margin, AXES, executor=threads, **options)) == digest(alone)
    numbers(margin, AXES, trials=9, seed=1, store=tmp_path / "a.sqlite")
    assert digest(numbers(margin, AXES, store=tmp_path / "a.sqlite", **options)) == digest(alone)
    assert digest(Sweep.load(tmp_path / "a.sqlite")) == digest(alone)
    full = numbers(margin, AXES, trials=64, seed=1)
    made = ~np.isnan(alone.values)
    assert np.all(full.values[..., : made.shape[-1]][made] == alone.values[made])
    assert np.all(made.sum(axis=-1) == alone.trials)


def test_an_adaptive_paired_sweep_has_the_same_trials_for_each_solver():
    found = numbers(paired, AXES, trials=64, adaptive=True)
    assert np.all(found.trials[..., 0] == found.trials[..., 1])
    assert found.trials.sum() > 0


@pytest.mark.parametrize("adaptive", [False, 0.1])
def test_groups_are_made_whole(tmp_path, adaptive):
    store = tmp_path / "a.sqlite"
    options = {"axes": AXES, "success": lambda value: value < 0.5, "adaptive": adaptive}
    for trials in (3, 10):
        found = quiet(Batched(), trials=trials, store=store, **options)
        assert digest(found) == digest(quiet(Batched(), trials=trials, **options))
    drawn = [trial_rng(0, {"delta": 0.2, "rho": 0.1}, number).random() for number in range(12)]
    expected = [each + 1e-3 * sum(drawn[i // 4 * 4 : i // 4 * 4 + 4]) for i, each in enumerate(drawn)]
    made = int(found.trials[0, 0])
    assert found.values[0, 0, :made] == pytest.approx(expected[:made], abs=1e-15)


# counts


def test_counts_are_those_of_a_loop():
    found = quiet(unlucky, {"delta": [0.3, 0.7], "rho": [1]}, trials=30, seed=2)
    for i, delta in enumerate((0.3, 0.7)):
        outcomes = []
        for number in range(30):
            try:
                outcomes.append(unlucky(trial_rng(2, {"delta": delta, "rho": 1}, number), delta, 1))
            except ArithmeticError:
                outcomes.append(None)
        assert found.errors[i, 0] == outcomes.count(None) > 0
        assert found.trials[i, 0] == 30 - outcomes.count(None)
        assert found.successes[i, 0] == outcomes.count(True)
    assert found.values is None
    assert "errors" in repr(found)


def test_failures_are_kept_as_text_and_tried_again(tmp_path):
    store = tmp_path / "a.sqlite"
    axes = {"delta": [0.3], "rho": [1]}
    found = quiet(unlucky, axes, trials=30, store=store)
    assert digest(Sweep.load(store)) == digest(found)
    assert found.experiment["failures"] == {"ArithmeticError: no luck at 0.3": int(found.errors.sum())}

    def mended(rng, delta, rho):
        rng.random()
        return True

    mended.__module__, mended.__qualname__ = unlucky.__module__, unlucky.__qualname__
    again = quiet(mended, axes, trials=30, store=store)
    assert again.errors.sum() == 0
    assert again.successes.sum() == found.successes.sum() + found.errors.sum()


def test_an_error_can_stop_a_sweep_and_what_was_finished_is_kept(tmp_path):
    def fails(rng, i):
        if i == 3:
            raise ArithmeticError("no luck")
        return True

    with pytest.raises(RuntimeError, match=r"trial 0 of the cell \{'i': 3\} raised ArithmeticError: no luck"):
        quiet(fails, {"i": range(5)}, trials=2, on_error="raise", store=tmp_path / "a.sqlite")
    kept = Sweep.load(tmp_path / "a.sqlite")
    assert np.all(kept.trials[:3] == 2)
    assert kept.errors.sum() == 0


def test_paired_outcomes_are_of_one_random_problem():
    both = numbers(paired, AXES, trials=6)
    assert both.axes["solver"] == ("plain", "tree")
    plain = numbers(margin, AXES, trials=6)
    assert np.all(both.select(solver="plain").values == plain.values)
    assert np.all(both.select(solver="tree").values == plain.values + 1)
    assert np.all(both.successes == np.sum(both.values > 0, axis=-1))


def test_numbers_that_are_no_numbers_are_kept_as_such():
    values = {0: math.nan, 1: math.inf, 2: np.float32(0.5), 3: np.int64(2), 4: np.array(1.5)}
    found = numbers(lambda rng, i: values[i], {"i": range(5)}, trials=1)
    assert np.array_equal(found.values[:, 0], [math.nan, math.inf, 0.5, 2.0, 1.5], equal_nan=True)
    assert found.successes.tolist() == [0, 1, 1, 1, 1]


def test_a_trial_runs_on_one_blas_thread():
    def threads(rng, i):
        return all(pool["num_threads"] == 1 for pool in threadpool_info() if pool["user_api"] == "blas")

    assert quiet(threads, {"i": [0]}, trials=1).rate() == 1


def test_a_phase_transition_is_a_sweep_over_delta_and_rho():
    found = phase_transition(margin, AXES["delta"], AXES["rho"], trials=3, success=positive, progress=False)
    assert digest(found) == digest(numbers(margin, AXES, trials=3))


def test_progress_is_silent_unless_asked_for(capsys):
    quiet(odd, {"i": range(3)}, trials=2)
    assert capsys.readouterr() == ("", "")


# chunks


def test_chunks_hold_each_trial_once_in_whole_groups_of_about_a_second():
    rng = np.random.default_rng(0)
    for group in (1, 4, 7):
        seconds = 10 ** rng.uniform(-4, 0.5, 30)
        pace = Pace.unknown((5, 6))
        missing = [(i, {"i": i}, tuple(range(0, group * int(rng.integers(1, 300))))) for i in range(30)]
        seen = []
        for chunk in chunks(missing, pace, group):
            known = [np.isfinite(pace.seconds[place]) for place, _, _ in chunk]
            load = [len(numbers) * seconds[place] for place, _, numbers in chunk]
            count = sum(len(numbers) for _, _, numbers in chunk)
            assert count <= max(500, group)
            assert not all(known) or sum(load) <= 1 or count == group
            assert all(len(numbers) % group == 0 for _, _, numbers in chunk)
            if not seen:
                assert count == group
            seen += [(place, number) for place, _, numbers in chunk for number in numbers]
            for place, _, _ in chunk:
                pace.measure(place, seconds[place])
        assert seen == [(place, number) for place, _, numbers in missing for number in numbers]


# results


@pytest.fixture(scope="module")
def found():
    return numbers(paired, AXES, trials=20)


def test_rates_and_intervals_are_those_of_the_counts(found):
    assert np.all(found.rate() == found.successes / 20)
    for method, formula in (("wilson", wilson), ("clopper_pearson", clopper_pearson)):
        for end, expected in zip(found.interval(0.9, method), formula(found.successes, found.trials, 0.9), strict=True):
            assert np.all(end == expected)
    none = Sweep({"x": (1,)}, *np.zeros((2, 1), dtype=int), None, np.array([3]), {})
    assert np.isnan(none.rate())
    with pytest.raises(ValueError, match="expected one of the methods wilson, clopper_pearson, got 'wald'"):
        found.interval(method="wald")


def test_a_part_of_the_grid_is_found_by_its_values(found):
    part = found.select(rho=np.float32(0.3).astype(float).round(6), solver="tree")
    assert part.axes == {"delta": (0.2, 0.5, 0.8)}
    assert np.all(part.successes == found.successes[:, 1, 1])
    assert np.all(part.values == found.values[:, 1, 1])
    cell = part.select(delta=0.5)
    assert cell.rate() == found.rate()[1, 1, 1]
    assert cell.experiment["selected"] == {"rho": found.axes["rho"][1], "solver": "tree", "delta": 0.5}
    with pytest.raises(ValueError, match="there is no axis 'snr': the axes are delta, rho, solver"):
        found.select(snr=3)
    with pytest.raises(ValueError, match=r"axis 'delta' has no value 0.3: it has 0.2, 0.5, 0.8"):
        found.select(delta=0.3)


def test_transitions_are_fitted_along_an_axis(found):
    fits = found.fit()
    assert fits.shape == (3, 2)
    expected = fit_transition(AXES["rho"], found.successes[1, :, 0], found.trials[1, :, 0])
    assert fits[1, 0].center == expected.center
    along = found.select(rho=0.5, solver="plain").fit("delta", link="logit")
    assert along.center == fit_transition(AXES["delta"], found.successes[:, 2, 0], [20] * 3, link="logit").center
    with pytest.raises(ValueError, match="there is no axis 'x': the axes are delta, rho, solver"):
        found.fit("x")
    with pytest.raises(ValueError, match="a transition needs finite numbers, axis 'solver' has 'plain', 'tree'"):
        found.fit("solver")


def test_the_experiment_says_what_was_run():
    found = quiet(Batched(3), {"delta": [0.5], "rho": [0.5]}, trials=2, seed=9, success=positive)
    assert found.experiment["trial"] == {"class": "tests.test_sweep.Batched", "batch_size": 3}
    assert found.experiment | {"trial": 0, "runs": 0} == {
        "trial": 0,
        "seed": 9,
        "success": "tests.sweep_trials.positive",
        "trials": 2,
        "adaptive": False,
        "runs": 0,
        "unfinished": 0,
        "failures": {},
    }
    assert json.loads(json.dumps(found.experiment)) == found.experiment


# descriptions


def test_what_differs_is_described_differently_and_what_is_equal_equally():
    def scaled(factor):
        return lambda value: value < factor

    A = cs.gaussian(3, 5, np.random.default_rng(0))
    things = [
        *(margin, positive, scaled(1), scaled(2), lambda value: value <= 1, lambda value: value in {"a", "b"}),
        *(partial(margin, rho=1), partial(margin, rho=2), partial(positive, rho=1), Batched(1), Batched(2)),
        *(
            Batched(1).batch,
            Batched(2).batch,
            cs.L1(0.5),
            cs.L1(0.25),
            cs.Sparse(),
            cs.BlockSparse(cs.Blocks([0, 0, 1])),
        ),
        *(cs.BlockSparse(cs.Blocks([0, 1, 1])), A, cs.gaussian(3, 5, np.random.default_rng(1)), {1, 2}, {1, 3}),
    ]
    texts = [json.dumps(describe(thing), sort_keys=True) for thing in things]
    assert len(set(texts)) == len(things)
    assert describe(scaled(1)) == describe(scaled(1))
    assert describe(cs.gaussian(3, 5, np.random.default_rng(0))) == describe(A)
    assert "0x" not in "".join(texts)


def test_differences_are_named_by_their_place():
    there, asked = ({"trial": describe(Batched(size)), "seed": seed} for size, seed in ((1, 2), (3, 2)))
    assert list(differences(there, asked)) == ["trial.batch_size is 1 there and 3 here"]
    assert list(differences(there, there)) == []


# what is refused


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ({}, ValueError, "axes are empty"),
        ([("i", [1])], TypeError, "axes are a dict of names to values"),
        ({"i": []}, ValueError, "axis 'i' has no values"),
        ({"i": "abc"}, TypeError, "axis 'i': expected a sequence of values, got str"),
        ({"i": 3}, TypeError, "axis 'i': expected a sequence of values, got int"),
        ({"i": [1, 2, 1.0]}, ValueError, "axis 'i' has the value 1.0 twice"),
        ({"i": [math.nan]}, ValueError, "axis 'i' is NaN"),
        ({"i": [1j]}, TypeError, "axis 'i' is a complex: expected a number"),
        ({"i": [cs.Sparse()]}, TypeError, "axis 'i' is a Sparse: expected a number"),
        ({"rng": [1]}, ValueError, "axis 'rng': names are arguments of the trial"),
        ({"block size": [1]}, ValueError, "axis 'block size': names are arguments of the trial"),
    ],
)
def test_axes_that_are_none_are_refused(axes, error, message):
    with pytest.raises(error, match=message):
        quiet(odd, axes, trials=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"trial": 3}, TypeError, "a trial is a function"),
        ({"trials": 0}, ValueError, "trials is between 1 and"),
        ({"trials": 2.5}, TypeError, "trials is an integer, got 2.5"),
        ({"seed": -1}, ValueError, "seed is between 0 and"),
        ({"seed": None}, TypeError, "seed is an integer, got None"),
        ({"success": 1e-4}, TypeError, "success is a function of a number"),
        ({"on_error": "ignore"}, ValueError, 'on_error is "record" or "raise"'),
        ({"adaptive": -0.5}, ValueError, "adaptive is True, False or the half-width wanted"),
        ({"adaptive": True, "axes": {"i": ["a", "b"]}}, ValueError, "a transition needs finite numbers, axis 'i' has"),
        ({"adaptive": True, "axes": {"i": [3]}}, ValueError, "'i' has one value"),
        ({"trial": lambda rng, i: None}, TypeError, r"a trial gave None \(NoneType\): expected a bool"),
        ({"trial": lambda rng, i: {}}, TypeError, r"a trial gave {}"),
        ({"trial": lambda rng, i: 0.5}, TypeError, "the trial gives numbers .*: say which count"),
        ({"trial": lambda rng, i: {str(i): True}}, ValueError, "all trials must give the same names"),
        ({"trial": paired, "axes": {"delta": [0], "rho": [0], "solver": [0]}}, ValueError, "an axis 'solver'"),
    ],
)
def test_arguments_and_outcomes_that_are_none_are_refused(options, error, message):
    given = {"trial": odd, "axes": {"i": range(3)}, "trials": 1} | options
    with pytest.raises(error, match=message):
        quiet(**given)


def test_ratios_that_are_none_are_refused():
    for deltas, rhos in (([0, 0.5], [0.5]), ([0.5], [1.5])):
        with pytest.raises(ValueError, match=r"is a ratio, 0 < (delta|rho) <= 1"):
            phase_transition(margin, deltas, rhos, trials=1)


def test_a_batch_gives_as_many_outcomes_as_it_is_given_generators():
    class Short(Batched):
        def batch(self, rngs, delta, rho):
            return [True] * 3

    with pytest.raises(ValueError, match="batch was given 4 generators and gave 3 outcomes"):
        quiet(Short(), AXES, trials=1)
