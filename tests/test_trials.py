"""Trials of recovery: what is drawn, what counts, and whether the diagrams are those of the theory."""

import pickle

import numpy as np
import pytest

import csrecover as cs
from csrecover.analysis import recovers
from csrecover.analysis.fits import fit_transition
from csrecover.analysis.theory import statistical_dimension, transition_rho, transition_width
from csrecover.backend import blas_threads
from csrecover.experiments import RecoveryTrial
from csrecover.experiments.seeding import trial_rngs

from .conftest import FULL


def drawn(seen=None, **options):
    """A trial whose solver gives the zero signal, and appends what it was given to `seen`."""

    def solver(A, y, structure, k):
        if seen is not None:
            seen.append((A, y, structure, k))
        return 0 * (A.H @ y)

    return RecoveryTrial(**{"n": 64, "structure": cs.Sparse(), "solver": solver} | options)


def test_a_trial_depends_on_its_generator_alone():
    trial = RecoveryTrial(32, solver={"one": cs.subspace_pursuit, "two": cs.htp}, structure=cs.Sparse())
    cells = [{"delta": 0.5, "rho": rho} for rho in (0.2, 0.5)]
    there = [trial(rng=np.random.default_rng(seed), **cell) for cell in cells for seed in range(5)]
    copy = pickle.loads(pickle.dumps(trial))
    assert [copy(rng=np.random.default_rng(seed), **cell) for cell in cells for seed in range(5)] == there


@pytest.mark.parametrize("structure", [cs.Sparse(), cs.BlockSparse(cs.Blocks.uniform(64, 4))])
def test_delta_and_rho_are_ratios_of_measurements_and_nonzeros(structure):
    seen, truths = [], []
    trial = drawn(seen, structure=structure, success=lambda x, truth: truths.append(truth) or 0.5)
    for delta, rho in ((0.5, 0.5), (0.25, 0.75), (1.0, 0.125)):
        assert trial(rng=0, delta=delta, rho=rho) == 0.5
        assert seen[-1][0].shape == (64 * delta, 64)
        assert np.count_nonzero(truths[-1]) == structure.max_nonzeros(seen[-1][3]) == 64 * delta * rho


@pytest.mark.parametrize("ensemble", ["gaussian", "bernoulli", "dct", "hadamard", "dft"])
def test_ensembles_preserve_the_energy_of_a_signal_on_average(ensemble):
    seen = []
    trial = drawn(seen, ensemble=ensemble, dtype="complex128" if ensemble == "dft" else "float64")
    ratios = []
    for seed in range(200):
        trial(rng=seed, m=16, k=1)
        A = seen[-1][0].todense()
        assert A.shape == (16, 64)
        ratios.append(np.sum(abs(A) ** 2) / 64)
        if ensemble in ("dct", "hadamard", "dft"):  # rows of a transform, orthogonal
            assert np.allclose(A @ A.conj().T, 4 * np.eye(16))
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("law", ["normal", "signs", "uniform", "nonnegative"])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_coefficients_follow_their_law(law, dtype):
    truths = []
    trial = drawn(signal=law, dtype=dtype, success=lambda x, truth: truths.append(truth) or True)
    if law == "nonnegative" and dtype == "complex128":
        with pytest.raises(ValueError, match="nonnegative signals are real"):
            trial(rng=0, m=32, k=32)
        return
    for seed in range(60):
        trial(rng=seed, m=32, k=32)
    values = np.concatenate([truth[truth != 0] for truth in truths])
    assert values.dtype == dtype
    assert len(values) == 60 * 32
    magnitudes = abs(values)
    expected = {"signs": 1, "uniform": 0.5, "normal": 0.886 if dtype == "complex128" else 0.798}
    assert np.mean(magnitudes) == pytest.approx(expected.get(law, 0.798), abs=0.04)
    assert np.mean(values) == pytest.approx(0.798 if law == "nonnegative" else 0, abs=0.08)
    assert np.all(magnitudes <= 1 + 1e-6) == (law in ("signs", "uniform"))


def test_noise_is_of_the_level_asked_for():
    seen, truths = [], []
    trial = drawn(seen, success=lambda x, truth: truths.append(truth) or True)
    for seed in range(40):
        trial(rng=seed, m=32, k=4, snr=20)
    errors = [y - A @ x for (A, y, _, _), x in zip(seen, truths, strict=True)]
    clean = [A @ x for (A, _, _, _), x in zip(seen, truths, strict=True)]
    ratios = [np.linalg.norm(y) / np.linalg.norm(e) for y, e in zip(clean, errors, strict=True)]
    assert np.allclose(ratios, 10)
    seen.clear(), truths.clear()
    for seed in range(40):
        trial(rng=seed, m=32, k=4, noise=0.5)
    errors = [y - A @ x for (A, y, _, _), x in zip(seen, truths, strict=True)]
    assert np.std(errors) == pytest.approx(0.5, rel=0.05)


def test_the_exact_question_is_that_of_the_problem_which_solvers_get():
    """Paired: None answers what `recovers` says of the very operator and signal."""
    problems, truths = [], []
    solvers = {"exact": None, "other": lambda A, y, structure, k: problems.append(A) or A.H @ y}
    trial = RecoveryTrial(24, solver=solvers, success=lambda x, truth: truths.append(truth) or True)
    answers = [trial(rng=seed, m=12, k=3) for seed in range(30)]
    there = [recovers(A, x, cs.L1()).recovered for A, x in zip(problems, truths, strict=True)]
    assert [answer["exact"] for answer in answers] == there
    assert 0 < sum(there) < 30


def test_batches_give_what_single_trials_give():
    """A stack of matrices takes the place of a loop; so do transforms, one at a time, and the exact question."""
    for options in (
        {"structure": cs.Sparse(), "solver": cs.iht},
        {"structure": cs.Sparse(), "ensemble": "dct"},
        {"solver": {"exact": None, "fista": lambda A, y, penalty, k: cs.fista(A, y, penalty, scale="0.01 lmax")}},
    ):
        trial = RecoveryTrial(32, batch_size=4, success=1e-2, **options)
        for rho in (0.1, 0.4):
            one = [trial(rng=seed, delta=0.5, rho=rho) for seed in range(4)]
            assert trial.batch(range(4), delta=0.5, rho=rho) == one


def test_solvers_work_on_the_backend_asked_for(backend):
    seen = []
    trial = drawn(seen, backend=backend, dtype="float32")
    assert trial(rng=0, m=16, k=2) is False
    like = cs.to(np.empty(0, np.float32), backend)
    assert type(seen[0][1]) is type(like)
    assert seen[0][1].dtype == like.dtype
    assert trial.batch([0, 1], m=16, k=2) == [False, False]
    assert seen[-1][1].shape == (2, 16)


def test_cells_override_fields_and_feed_functions():
    """n, structure and block size as axes; what is no field is a mistake unless a function may want it."""
    by_size = RecoveryTrial(n=48, structure=lambda cell: cs.GroupL2(cs.Blocks.uniform(cell["n"], cell["size"])))
    assert by_size(rng=0, delta=0.9, rho=0.1, size=4) is True
    assert by_size(rng=0, delta=0.25, rho=1.0, size=4, n=24) is False
    assert RecoveryTrial(16)(rng=0, n=32, m=30, k=1) is True
    with pytest.raises(ValueError, match="a trial has no colour: give delta, rho, or one of its fields"):
        RecoveryTrial(16)(rng=0, delta=0.5, rho=0.5, colour="red")


def test_matrices_of_low_rank_are_signals_too():
    trial = RecoveryTrial(
        (8, 6),
        structure=cs.Nuclear(),
        solver=lambda A, y, penalty, k: cs.fista(A, y, penalty, scale="0.01 lmax"),
        success=1e-2,
    )
    assert trial(rng=0, m=47, k=1) is True
    assert trial(rng=0, m=4, k=3) is False


def test_more_nonzeros_than_measurements_are_not_recovered():
    assert RecoveryTrial(32, structure=cs.Sparse())(rng=0, m=4, k=8) is False
    assert RecoveryTrial(32)(rng=0, m=4, k=8) is False


@pytest.mark.parametrize(
    ("options", "cell", "error", "match"),
    [
        ({"n": 0}, {}, ValueError, "n|shape"),
        ({"ensemble": "gauss"}, {}, ValueError, "ensemble is one of gaussian, bernoulli, dct, hadamard, dft"),
        ({"signal": "spikes"}, {}, ValueError, "signal is one of normal, signs, uniform, nonnegative"),
        ({"structure": 3}, {}, TypeError, "the structure is a model, a penalty or a function, got int"),
        ({"solver": "fista"}, {}, TypeError, "is a function solver"),
        ({"solver": {"a": 1}}, {}, TypeError, "solver 'a' is a function solver"),
        ({"solver": {}}, {}, ValueError, "at least one solver was expected"),
        ({"ensemble": lambda m, n, rng: np.ones((m, 3))}, {"m": 8, "k": 1}, ValueError, "the ensemble gave"),
        ({"success": 0}, {}, ValueError, "success is a positive bound"),
        ({"noise": -1}, {}, ValueError, "noise is a standard deviation"),
        ({"noise": 1, "snr": 3}, {}, ValueError, "noise is a standard deviation, noise >= 0, or snr"),
        ({"batch_size": 0}, {}, ValueError, "batch_size is an integer"),
        ({"dtype": "int64"}, {}, TypeError, "expected the dtype float32"),
        ({}, {"rho": 0.5}, ValueError, "needs a number of measurements"),
        ({}, {"delta": 0.5}, ValueError, "needs the budget k, or rho"),
        ({"noise": 0.1}, {"m": 8, "k": 1}, ValueError, "with noise a penalty needs a solver"),
        ({"structure": cs.NonNegativeL1()}, {"m": 8, "k": 1}, ValueError, 'give signal="nonnegative"'),
        ({"structure": cs.TV()}, {"m": 8, "k": 1}, TypeError, "which signals is TV for"),
        ({"structure": cs.Nuclear(), "n": (4, 4)}, {"m": 8, "k": 1}, TypeError, "expected L1, NonNegativeL1"),
        ({"structure": cs.LowRank(), "n": (4, 4), "signal": "signs"}, {"m": 8, "k": 1}, ValueError, "LowRank"),
    ],
)
def test_bad_arguments_are_refused(options, cell, error, match):
    with pytest.raises(error, match=match):
        RecoveryTrial(**{"n": 16} | options)(rng=0, **cell)


def offset(kind, delta, ensemble, n, trials, *, size=1):
    """Distance of the fitted 50 % point from theory, in predicted widths, for signals on the curve."""
    given = {"size": size} if kind == "block" else {}
    k = round(transition_rho(kind, delta, **given) * delta * n / size)
    center = n * statistical_dimension(kind, k * size / n, **given)
    width = float(transition_width(kind, n, k * size / n, **given))
    penalty = {"l1": cs.L1(), "nonnegative": cs.NonNegativeL1()}.get(kind, cs.GroupL2(cs.Blocks.uniform(n, size)))
    trial = RecoveryTrial(n, ensemble, penalty, "nonnegative" if kind == "nonnegative" else "normal")
    m = np.round(center + width * np.array([-1.5, -0.75, 0, 0.75, 1.5]))
    with blas_threads(entries=0):
        successes = [
            sum(
                trial(rng=rng, m=int(each), k=k) for rng in trial_rngs(0, {"m": int(each), "kind": kind}, range(trials))
            )
            for each in m
        ]
    return (fit_transition(m, np.array(successes), np.full(len(m), trials)).at(0.5) - center) / width


def test_the_diagram_of_each_norm_follows_its_theory_at_a_small_size():
    assert abs(offset("l1", 0.5, "gaussian", 96, 60)) <= 0.6
    assert abs(offset("nonnegative", 0.5, "gaussian", 96, 60)) <= 0.6
    assert abs(offset("block", 0.5, "gaussian", 96, 60, size=4)) <= 0.6


@pytest.mark.skipif(not FULL, reason="minutes: make test-full")
@pytest.mark.parametrize("delta", [0.25, 0.5, 0.75])
@pytest.mark.parametrize(
    ("kind", "ensemble", "n", "size"),
    [
        ("l1", "gaussian", 400, 1),
        ("l1", "bernoulli", 400, 1),
        ("l1", "dct", 400, 1),
        ("l1", "hadamard", 512, 1),
        ("nonnegative", "gaussian", 400, 1),
        ("block", "gaussian", 400, 4),
        ("block", "gaussian", 400, 16),
    ],
)
def test_the_transition_is_where_theory_says_for_every_ensemble(kind, ensemble, n, size, delta):
    """Within 0.35 predicted widths, 200 trials in each of five cells around it."""
    assert abs(offset(kind, delta, ensemble, n, 200, size=size)) <= 0.35
