"""Experiment files and the command `csrecover sweep`."""

import csv
import inspect
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import csrecover as cs
from csrecover import cli
from csrecover.analysis.theory import transition_rho
from csrecover.experiment_file import EXAMPLE, read_experiment
from csrecover.experiment_file.axes import between
from csrecover.experiment_file.trials import SOLVERS, CellStructure, Solver
from csrecover.experiments import RecoveryTrial, Sweep

BASE = """
trials = 4
seed = 7
[axes]
delta = [0.25, 0.5, 0.75]
rho = { from = 0.1, to = 0.9, count = 5 }
[trial]
n = 32
[structure]
kind = "L1"
"""


def read(folder, text):
    path = folder / "experiment.toml"
    path.write_text(text)
    return read_experiment(path)


def edited(old, new, text=BASE):
    assert old in text
    return text.replace(old, new)


def command(folder, *arguments):
    return cli.main(["sweep", *map(str, arguments), "--out", str(folder / "out"), "--quiet"])


def run(folder, text, *arguments):
    (folder / "small.toml").write_text(text)
    return command(folder, folder / "small.toml", *arguments)


def test_the_file_says_what_python_says(tmp_path):
    found = read(tmp_path, BASE).run(progress=False)
    axes = {"delta": [0.25, 0.5, 0.75], "rho": [0.1, 0.3, 0.5, 0.7, 0.9]}
    expected = cs.sweep(RecoveryTrial(32, structure=cs.L1()), axes, trials=4, seed=7, progress=False)
    assert found.axes == expected.axes
    assert np.array_equal(found.successes, expected.successes)
    assert found.experiment["trial"] == expected.experiment["trial"]


def test_the_example_is_understood(tmp_path, capsys):
    assert cli.main(["sweep", "--example"]) == 0
    text = capsys.readouterr().out
    assert text == EXAMPLE
    experiment = read(tmp_path, text)
    assert experiment.options == {"trials": 50, "seed": 0, "adaptive": True}
    assert experiment.theory == "l1"
    solvers = re.sub(r"^# (?=\[solvers|kind|structure)", "", text, flags=re.MULTILINE)
    both = read(tmp_path, solvers.replace('# [solver]\nkind = "fista"\n', "")).trial.solver
    assert both["l1"] is None
    assert both["greedy"].function is cs.subspace_pursuit
    assert isinstance(both["greedy"].structure, cs.Sparse)


def test_fields_options_and_theory_reach_the_trial_and_the_sweep(tmp_path):
    text = edited("n = 32", 'n = 32\nensemble = "dct"\nsignal = "signs"\nsnr = 30\nsuccess = 0.01\ndtype = "float32"')
    text = edited('kind = "L1"', 'kind = "GroupL2"\nsize = 4\n[solver]\nkind = "fista"\nscale = "0.01 lmax"', text)
    experiment = read(tmp_path, "adaptive = 0.02\n" + text + '[theory]\nkind = "block"\nsize = 4')
    trial = experiment.trial
    assert (trial.n, trial.ensemble, trial.signal, trial.snr, trial.success, trial.dtype) == (
        32,
        "dct",
        "signs",
        30.0,
        0.01,
        "float32",
    )
    assert trial.structure.blocks.count == 8
    assert trial.solver.function is cs.fista
    assert trial.solver.options == {"scale": "0.01 lmax"}
    assert experiment.options == {"trials": 4, "seed": 7, "adaptive": 0.02}
    assert experiment.theory(0.5) == transition_rho("block", 0.5, size=4)


def test_axes_may_give_the_length_and_keys_of_the_structure(tmp_path):
    text = edited("rho = { from", "n = [32, 64]\nsize = [2, 4]\nrho = { from").replace("[trial]\nn = 32", "[trial]")
    text = edited('kind = "L1"', 'kind = "GroupL2"', text)
    structure = read(tmp_path, text).trial.structure
    assert isinstance(structure, CellStructure)
    assert structure({"n": 64, "size": 4, "rho": 0.5}).blocks.count == 16
    assert read(tmp_path, text.replace("trials = 4", "trials = 1")).run(progress=False).errors.sum() == 0


def test_trees_are_those_of_the_basis_and_solvers_may_ignore_them(tmp_path):
    text = edited('kind = "L1"', 'kind = "TreeSparse"\n[basis]\nkind = "Wavelet"\nname = "haar"')
    text += '[solvers.tree]\nkind = "subspace_pursuit"\n'
    text += '[solvers.plain]\nkind = "subspace_pursuit"\nstructure = { kind = "Sparse" }'
    sweep = read(tmp_path, text).run(progress=False)
    assert sweep.axes["solver"] == ("tree", "plain")
    assert sweep.errors.sum() == 0
    assert sweep.select(solver="tree").successes.sum() > sweep.select(solver="plain").successes.sum()


def test_a_solver_with_another_structure_gets_the_budget_of_as_many_coefficients():
    seen = []
    solver = Solver(lambda *arguments, **options: seen.append((arguments, options)), {"tol": 1e-3}, cs.Sparse())
    blocks = cs.BlockSparse(cs.Blocks.uniform(32, 4))
    solver("A", "y", blocks, 3)
    assert seen == [(("A", "y", solver.structure, 12), {"tol": 1e-3})]
    Solver(solver.function, {}, cs.L1())("A", "y", blocks, 3)
    assert seen[1][0][:2] == ("A", "y")
    assert len(seen[1][0]) == 3


def test_no_solver_is_forgotten():
    public = {
        name
        for name, value in vars(cs).items()
        if inspect.isfunction(value)
        and value.__module__.startswith("csrecover.solvers")
        and str(inspect.signature(value).return_annotation) == "Result"
    }
    without_one_structure = {"admm", "primal_dual", "sbl", "bsbl"}
    assert public - set(SOLVERS) == {"run"} | without_one_structure


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("{ from = 0.1, to = 0.5, count = 5 }", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("{ from = 10, to = 30, count = 3 }", [10, 20, 30]),
        ("{ from = 1, to = 2, count = 3 }", [1.0, 1.5, 2.0]),
        ("{ from = 16, to = 256, count = 5, log = true }", [16, 32, 64, 128, 256]),
        ("{ from = 0.5, to = 0.5, count = 1 }", [0.5]),
        ("[1, 2.5]", [1, 2.5]),
    ],
)
def test_axes_are_lists_or_begin_end_and_count(values, expected, tmp_path):
    found = read(tmp_path, edited("{ from = 0.1, to = 0.9, count = 5 }", values)).axes["rho"]
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_values_of_a_grid_that_is_refined_stay_the_same():
    assert set(between(0.1, 0.9, 9)) < set(between(0.1, 0.9, 17))


WRONG = [
    ("trials = 4", "", "the top level needs trials"),
    ("trials = 4", "trails = 4", "no key 'trails', did you mean 'trials'"),
    ("trials = 4", "trials = 4.5", "trials: expected an integer, got 4.5"),
    ("trials = 4", "trials = 0", "trials is between 1 and"),
    ("seed = 7", "adaptive = 'yes'", "adaptive: expected true or false or a number, got 'yes'"),
    ("delta =", "dleta =", r"\[axes\] has no key 'dleta', did you mean 'delta'"),
    ("[0.25, 0.5, 0.75]", "0.5", r"\[axes\] delta: expected a list or \{ from"),
    ("[0.25, 0.5, 0.75]", "[]", r"axis 'delta' has no values"),
    ("[0.25, 0.5, 0.75]", "[{ a = 1 }]", r"\[axes\] delta: expected a list or"),
    ("count = 5", "number = 5", r"\[axes\] rho has no key 'number'.*from, to, count, log"),
    (", count = 5", "", r"\[axes\] rho needs count"),
    ("count = 5", "count = 0", r"\[axes\] rho: count, the number of values, is at least 1, got 0"),
    ("from = 0.1", "from = 0, log = true", r"\[axes\] rho: values with equal ratios are positive"),
    ("from = 0.1", "from = 'a'", r"\[axes\] rho from: expected a number"),
    ("n = 32", "", r"\[trial\] needs n"),
    ("n = 32", "n = 32\nrng = 3", r"\[trial\] has no key 'rng'"),
    ("n = 32", 'n = 32\nensemble = "gauss"', r"\[trial\]: ensemble is one of gaussian"),
    ('kind = "L1"', 'kind = "l1"', r"\[structure\] kind: there is no 'l1', did you mean 'L1'"),
    ('kind = "L1"', 'kind = "GroupL2"', r"\[structure\]: give either size or labels"),
    ('kind = "L1"', 'kind = "L1"\n[solver]\nkind = "lasso"', r"\[solver\] kind: there is no 'lasso'"),
    ('kind = "L1"', 'kind = "L1"\n[solver]\nkind = "fista"\nk = 3', r"\[solver\] has no key 'k'"),
    ('kind = "L1"', 'kind = "L1"\n[solver]\nkind = "exact"\ntol = 3', r"\[solver\] has no key 'tol'"),
    ('kind = "L1"', 'kind = "L1"\n[solver]\ntol = 1', r"\[solver\] needs a kind: exact, recover, subspace_pursuit"),
    (
        'kind = "L1"',
        'kind = "L1"\n[solver]\nkind = "fista"\n[solvers.a]\nkind = "fista"',
        "give one solver, or several",
    ),
    ('kind = "L1"', 'kind = "L1"\n[solvers]\nkind = "fista"', r"\[solvers.kind\]: expected a table with a kind"),
    ('kind = "L1"', 'kind = "L1"\n[theory]\nkind = "l3"', r"\[theory\]: kind is one of l1"),
    ('kind = "L1"', 'kind = "L1"\n[theory]\nkind = "block"', r"\[theory\]: .*size"),
    ("[axes]", "[axes", "line 4"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_what_is_wrong_is_named_with_its_place(old, new, message, tmp_path, capsys):
    assert run(tmp_path, edited(old, new)) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"csrecover: .*\n", error)
    assert re.search(message, error), error


def test_theory_is_checked_before_anything_is_run(tmp_path):
    snr = edited("delta =", "snr =") + "[theory]\nkind = 'l1'"
    with pytest.raises(ValueError, match="'l1' over snr and rho needs n, m and k"):
        read(tmp_path, snr)
    over_m = edited("delta = [0.25, 0.5, 0.75]", "m = [8, 16]") + "[theory]\nkind = 'block'\nsize = 4"
    with pytest.raises(ValueError, match=r"\[theory\]: size and nu are for axes delta and rho"):
        read(tmp_path, over_m)
    read(tmp_path, over_m.replace("size = 4", "").replace("block", "l1").replace("rho =", "k ="))


def test_a_run_writes_table_report_and_figure_and_keeps_its_trials(tmp_path, capsys):
    assert run(tmp_path, BASE + '[theory]\nkind = "l1"') == 0
    out = tmp_path / "out"
    assert sorted(os.listdir(out)) == ["small.csv", "small.html", "small.png", "small.sqlite", "small.sqlite-lock"]
    with (out / "small.csv").open(newline="") as file:
        assert sum(int(row["trials"]) for row in csv.DictReader(file)) == 60
    assert (out / "small.png").read_bytes().startswith(b"\x89PNG")
    assert ">theory</th>" in (out / "small.html").read_text()
    assert Sweep.load(out / "small.sqlite").trials.sum() == 60
    assert "Sweep(delta: 3, rho: 5, 60 trials)" in capsys.readouterr().out


def test_more_trials_go_on_from_the_store(tmp_path, capsys):
    assert run(tmp_path, BASE) == 0
    before = Sweep.load(tmp_path / "out" / "small.sqlite")
    assert run(tmp_path, edited("trials = 4", "trials = 6"), "--workers", 2) == 0
    after = Sweep.load(tmp_path / "out" / "small.sqlite")
    assert np.all(after.trials == 6)
    assert np.all((after.successes >= before.successes) & (after.successes <= before.successes + 2))
    assert run(tmp_path, edited("n = 32", "n = 64")) == 2
    assert re.search("another experiment: .*n is 32 there and 64 here", capsys.readouterr().err)


def test_sweeps_of_more_axes_have_a_report_and_no_figure(tmp_path):
    text = edited("rho = {", "n = [16, 32]\nrho = {").replace("[trial]\nn = 32", "[trial]")
    assert run(tmp_path, edited("trials = 4", "trials = 1", text)) == 0
    assert not (tmp_path / "out" / "small.png").exists()
    assert (tmp_path / "out" / "small.html").read_text().count("<figcaption>") == 3


def test_status_and_report_tell_what_a_store_holds(tmp_path, capsys):
    assert run(tmp_path, BASE) == 0
    store = tmp_path / "out" / "small.sqlite"
    capsys.readouterr()
    assert command(tmp_path, "--status", store) == 0
    printed = capsys.readouterr().out
    assert "RecoveryTrial(n=32, ensemble=gaussian" in printed
    assert "3 delta x 5 rho, 60 outcomes" in printed
    assert "4 a cell, seed 7" in printed
    assert command(tmp_path, "--report", tmp_path / "a.html", "--store", store) == 0
    assert command(tmp_path, "--report", tmp_path / "b.html", tmp_path / "small.toml") == 0
    assert "<svg" in (tmp_path / "a.html").read_text()
    assert (tmp_path / "b.html").read_text() == (tmp_path / "a.html").read_text()


def test_errors_of_trials_are_counted_and_told(tmp_path, capsys):
    text = edited("delta = [0.25, 0.5, 0.75]", "k = [3]").replace("rho = {", "m = [0, 20]\n#")
    assert run(tmp_path, text) == 1
    assert "4 trials raised, 4 of them ValueError: a trial needs" in capsys.readouterr().err
    assert Sweep.load(tmp_path / "out" / "small.sqlite").errors.sum() == 4


def test_nothing_to_do_is_answered_with_what_could_be_done(tmp_path, capsys):
    assert command(tmp_path) == 2
    assert "csrecover sweep --example prints one" in capsys.readouterr().err
    assert command(tmp_path, tmp_path / "none.toml") == 2
    assert "No such file" in capsys.readouterr().err
    assert command(tmp_path, "--status", tmp_path / "none.sqlite") == 2
    assert "there is no store" in capsys.readouterr().err
    assert run(tmp_path, BASE, "--workers", 0) == 2
    with pytest.raises(SystemExit):
        run(tmp_path, BASE, "--workers", 2, "--dask", "tcp://localhost:1")


@pytest.mark.skipif(os.name == "nt", reason="SIGINT cannot be sent to one process")
def test_an_interrupted_run_ends_with_130_and_goes_on_where_it_was(tmp_path):
    path = tmp_path / "long.toml"
    path.write_text(edited("trials = 4", "trials = 20000"))
    program = [sys.executable, "-m", "csrecover", "sweep", str(path), "--out", str(tmp_path), "--quiet"]
    running = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
    store = tmp_path / "long.sqlite"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None and not _count(store):
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    assert f"{store} keeps what was finished, the same command goes on" in said
    kept = _count(store)
    assert kept
    path.write_text(edited("trials = 4", "trials = 3"))
    assert command(tmp_path, path, "--store", store) == 0
    assert _count(store) >= kept


def _count(store):
    try:
        return int(Sweep.load(store).trials.sum())
    except (OSError, ValueError):
        return 0
