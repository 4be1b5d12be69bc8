"""The store of a sweep: nothing is lost, nothing is mixed, nothing is unclear."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from csrecover.experiments.result import Sweep
from csrecover.experiments.store import FORMAT, Store
from csrecover.experiments.sweep import sweep

from .conftest import FULL
from .sweep_trials import AXES, digest, margin, positive, slow

ROOT = Path(__file__).parent.parent
EXPERIMENT = {"trial": "f", "seed": 1}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trials.sqlite"


def run(path, trial=margin, axes=AXES, **options):
    given = {"trials": 4, "success": positive, "progress": False, "store": path} | options
    return sweep(trial, axes, **given)


def started(path, workers=0):
    """Process that runs a sweep, after it has begun."""
    command = [sys.executable, "-m", "tests.sweep_trials", str(path), str(workers)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begins\n", process.communicate()[1]
    return process


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_killed_at_any_moments_is_resumed_to_the_uninterrupted_one(path, workers):
    moments = random.Random(workers)
    for _ in range(20 if FULL else 4 if workers == 0 else 1):
        process = started(path, workers)
        try:
            process.wait(moments.uniform(0, 0.5 if workers == 0 else 2.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        if path.exists():
            with sqlite3.connect(path) as reader:
                assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            reader.close()
    resumed = run(path, slow, trials=20)
    assert resumed.experiment["unfinished"] == 0
    assert digest(resumed) == digest(run(None, slow, trials=20)) == digest(Sweep.load(path))


def test_trials_of_a_killed_run_are_read_and_not_made_again(path):
    process = started(path)
    while True:
        try:
            if Sweep.load(path).trials.sum() > 50:
                break
        except (OSError, ValueError):  # not there yet
            assert process.poll() is None
    process.kill()
    process.communicate()
    before = Sweep.load(path)
    made = []

    def counting(rng, **cell):
        made.append(cell)
        return slow(rng, **cell)

    counting.__module__, counting.__qualname__ = slow.__module__, slow.__qualname__
    assert len(made) == 0
    after = run(path, counting, trials=20)
    assert len(made) == after.trials.sum() - before.trials.sum() == before.experiment["unfinished"]
    kept = ~np.isnan(before.values)
    assert np.all(before.values[kept] == after.values[kept])


def test_a_trial_takes_less_than_forty_bytes_all_counted(path):
    found = run(path, axes={"delta": np.linspace(0.1, 0.9, 10), "rho": np.linspace(0.1, 0.9, 10)}, trials=100)
    assert found.trials.sum() == 10**4
    assert sum(each.stat().st_size for each in path.parent.iterdir()) < 40 * 10**4


def test_a_finished_store_is_one_file_without_a_journal(path):
    run(path)
    assert {each.name: each.stat().st_size > 0 for each in path.parent.iterdir()} == {
        "trials.sqlite": True,
        "trials.sqlite-lock": False,
    }


def test_a_store_is_plain_tables(path):
    found = run(path, seed=3)
    with sqlite3.connect(path) as tables:
        cells = {number: json.loads(cell) for number, cell in tables.execute("SELECT id, cell FROM cell")}
        rows = tables.execute("SELECT cell, number, success, value FROM trial").fetchall()
        meta = {key: json.loads(value) for key, value in tables.execute("SELECT key, value FROM meta")}
    tables.close()
    assert len(rows) == found.trials.sum()
    for cell, number, success, value in rows:
        i, j = (list(found.axes[name]).index(cells[cell][name]) for name in ("delta", "rho"))
        assert found.values[i, j, number] == value
        assert success == (value > 0)
    assert meta["experiment"]["trial"] == "tests.sweep_trials.margin"
    assert meta["experiment"]["seed"] == 3
    assert {"csrecover", "numpy", "scipy"} <= set(meta["runs"][0]["versions"])


def test_a_sweep_is_read_while_it_is_written_and_a_second_writer_is_refused(path):
    seen = []

    def looks(rng, delta, rho):
        if (delta, rho) == (0.8, 0.9):
            seen.append(Sweep.load(path))
            with pytest.raises(BlockingIOError, match=r"another run writes to .*trials.sqlite"):
                run(path)
        return margin(rng, delta, rho)

    run(path, looks, trials=1)
    assert 0 < seen[0].trials.sum() < 15
    assert seen[0].experiment["unfinished"] == 15 - seen[0].trials.sum()


def test_a_writer_in_another_process_is_refused_until_it_is_killed(path):
    process = started(path)
    while not path.exists():
        pass
    with pytest.raises(BlockingIOError, match="another run writes"):
        run(path, slow)
    process.kill()
    process.communicate()
    assert run(path, slow).trials.sum() == 4 * 15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"trial": slow}, "trial is 'tests.sweep_trials.margin' there and 'tests.sweep_trials.slow' here"),
        ({"success": lambda value: value > 1}, "success is 'tests.sweep_trials.positive' there and {'function'"),
        ({"axes": {"delta": [0.5], "rho": [0.5], "snr": [10]}}, r"axes is \['delta', 'rho'\] there"),
    ],
)
def test_another_experiment_is_refused_and_the_differences_named(path, change, message):
    before = run(path)
    with pytest.raises(ValueError, match=f"trials.sqlite holds another experiment: {message}"):
        run(path, **change)
    assert digest(Sweep.load(path)) == digest(before)


def test_a_store_without_trials_belongs_to_no_experiment(path):
    with pytest.raises(TypeError, match="the trial gives numbers"):
        run(path, success=None)
    assert run(path, seed=5).trials.sum() == 60


def test_files_that_are_no_stores_are_refused_and_left_alone(path, tmp_path):
    text, other, cut, empty = (tmp_path / name for name in ("a.txt", "b.sqlite", "c.sqlite", "d.sqlite"))
    text.write_bytes(b"delta,rho,rate\n" * 1000)
    with sqlite3.connect(other) as tables:
        tables.execute("CREATE TABLE trial (x)")
    tables.close()
    run(path)
    cut.write_bytes(path.read_bytes()[:-5000])
    empty.touch()
    for file, message in ((text, "no store of a sweep, or damaged"), (other, "is no store"), (cut, "damaged")):
        before = file.read_bytes()
        for use in (run, Sweep.load):
            with pytest.raises(ValueError, match=message):
                use(file)
        assert file.read_bytes() == before
    with pytest.raises(ValueError, match="nothing has been run yet"):
        Sweep.load(empty)
    assert run(empty).trials.sum() == 60


def test_a_newer_format_is_refused(path):
    run(path)
    with sqlite3.connect(path) as tables:
        tables.execute(f"PRAGMA user_version = {FORMAT + 1}")
    tables.close()
    for use in (run, Sweep.load):
        with pytest.raises(ValueError, match=r"has format 2, this csrecover reads up to 1: install a newer one"):
            use(path)


def test_places_where_no_store_can_be_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        run(tmp_path / "none" / "a.sqlite")
    with pytest.raises(FileNotFoundError, match="there is no store"):
        Sweep.load(tmp_path / "a.sqlite")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        run(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    folder = Path("/proc") if os.geteuid() == 0 else tmp_path  # the superuser may write everywhere else
    with pytest.raises(OSError, match=r"cannot be (locked|opened)"):
        run(folder / "a.sqlite")


def test_a_trial_that_is_there_stays_and_a_failure_ends_with_the_first_outcome(path):
    with Store.open(path, EXPERIMENT) as store:
        store.name_solvers(["a", "b"])
        store.add([(0, 0, 0, True, 1.5)], [(0, 1, "ValueError: no"), (1, 0, "ValueError: no")])
        store.add([(0, 0, 0, False, 2.5), (0, 1, 0, True, None), (0, 1, 1, False, float("inf"))])
    with Store.open(path, EXPERIMENT) as store:
        assert store.trials() == [(0, 0, 0, 1, 1.5), (0, 1, 0, 1, None), (0, 1, 1, 0, float("inf"))]
        assert store.failures() == [(1, 0, "ValueError: no")]
        assert store.solvers() == ("a", "b")


def test_a_transaction_is_whole_or_not_at_all(path):
    with Store.open(path, EXPERIMENT) as store:
        with pytest.raises((ValueError, sqlite3.Error)):
            store.add([(0, 0, 0, True, 1.0), (0, 1, 0, True)])
        assert store.trials() == []
