"""The helpers of the benchmarks, the page that they end in, and the comparison of two versions."""

import math
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Import a module of the folder of benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load(name):
        return __import__(name)

    yield load
    for name in ("common", "ladder", "contests", "goals", "page", "compare"):
        sys.modules.pop(name, None)


def test_a_work_is_called_once_first_once_for_its_memory_and_then_in_turns(benchmark, monkeypatch):
    common, calls = benchmark("common"), []
    monkeypatch.setattr(common, "SHORTEST", 0)
    found = common.timed({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == [*"aabb", *"ababab"]
    assert [len(timing.measures) for timing in found.values()] == [3, 3]


def test_a_slow_work_is_measured_once(benchmark, monkeypatch):
    common, calls = benchmark("common"), []
    monkeypatch.setattr(common, "SLOW", 1e-3)
    (timing,) = common.timed({"a": lambda: calls.append(time.sleep(2e-3))}, 5).values()
    assert (len(calls), len(timing.measures)) == (2, 1)


def test_extra_seconds_of_a_first_call_are_added_to_the_median(benchmark):
    (timing,) = benchmark("common").timed({"a": lambda: time.sleep(6e-3)}, 2, {"a": 100.0}).values()
    assert timing.first == 100 + timing.median


def test_peak_memory_counts_arrays_that_are_gone_at_the_end(benchmark):
    memory, _ = benchmark("common").peak_memory(lambda: np.ones(2**21).sum())
    if math.isnan(memory):
        pytest.skip("the peak of resident memory needs Linux")
    assert 15 <= memory <= 20


@pytest.mark.parametrize(("needed", "tolerance"), [(1e-3, 1e-3), (0.9e-3, 10**-3.25), (2e-4, 10**-3.75), (0.5, 0.1)])
def test_the_loosest_tolerance_is_found_to_a_quarter_of_a_decade(benchmark, needed, tolerance):
    found = benchmark("ladder").loosest(lambda tol: tol, lambda x: x, needed, range(1, 7))
    assert found == pytest.approx((tolerance, tolerance))


def test_a_solver_that_never_gets_there_has_no_tolerance(benchmark):
    loosest = benchmark("ladder").loosest
    assert loosest(lambda tol: tol, lambda _: math.nan, 1e-3, range(1, 7)) == "not 0.001 at any tolerance"
    assert loosest(lambda tol: tol, lambda x: x, 1e-3, range(7), patience=0) == "not 0.001 within 0 s"


def test_a_solver_without_a_time_has_a_row_that_says_why(benchmark, tmp_path):
    def missing(_):
        raise ImportError

    def identity(scale):
        return lambda tol: scale * tol

    ladder = benchmark("ladder")
    solvers = ladder.prepared((missing, identity), 1.0) | {"wrong": lambda _: math.inf}
    rows = ladder.climbed(solvers, lambda x: x, 1e-2, range(4), 1, peers=["identity"])
    benchmark("common").write_table(rows, "rows", tmp_path)
    (named,) = benchmark("contests").read_tables(tmp_path).values()
    assert {row["solver"]: row["reached"] for row in named} == {
        "missing": "not installed",
        "identity": "1.0e-02",
        "wrong": "not 0.01 at any tolerance",
    }
    assert [row["median / best peer's"] for row in named] == ["", "1.00", ""]


def test_our_best_meets_the_best_peer_in_each_group_of_rows(benchmark):
    table = benchmark("contests").Long("", ("case",), ("peer", "other"), "solver", "ms")
    times = {("a", "x"): "2 (1 to 3)", ("a", "y"): "3", ("a", "z, peer"): "8", ("a", "other"): "4", ("b", "x"): "5"}
    rows = [{"case": case, "solver": solver, "ms": ms} for (case, solver), ms in times.items()]
    (best,), (only_y,) = table.contests(rows), table.contests(rows, "y")
    assert (best.name, best.ours, best.peer, best.ratio) == ("a", "x", "other", 0.5)
    assert only_y.ratio == 0.75


def test_a_peer_whose_time_rounds_to_zero_still_wins(benchmark):
    table = benchmark("contests").Wide("", ("n",), {"{name}": "theirs", "none": "absent"}, {"ours": "ours"})
    (contest,) = table.contests([{"n": "3", "name": "NumPy", "ours": "0.01", "theirs": "0.00"}])
    assert (contest.peer, contest.ratio) == ("NumPy", math.inf)
    assert table.contests([{"n": "3", "name": "NumPy", "ours": "0.01", "theirs": ""}]) == []


def test_the_best_of_the_peers_of_one_problem_counts_and_what_is_no_peer_stands_apart(benchmark):
    table = benchmark("contests").Wide("", ("work",), {"{peer}": "theirs"}, {"ours": "ours"}, ("n",))
    times = [("2", "A", "1"), ("2", "B", "8"), ("3", "A", "3"), ("2", "loop", "1")]
    rows = [{"work": "sum", "n": n, "peer": peer, "ours": "2", "theirs": theirs} for n, peer, theirs in times]
    first, second, loop = table.contests(rows)
    assert [(each.peer, each.apart) for each in (first, second)] == [("A", ""), ("A", "")]
    assert (first.ratio, loop.apart) == (2, "our own loop, not a peer")


def test_a_goal_is_judged_by_the_worst_row_or_by_the_best_if_it_says_so(benchmark):
    goal, rows = benchmark("goals").Goal, [{"n": "1", "ms": "3"}, {"n": "2", "ms": "5 (4 to 6)"}, {"n": "2", "ms": ""}]
    assert goal("", "t", column="ms", at_most=4).measured(rows) == 5
    assert goal("", "t", column="ms", at_most=4, best=True).measured(rows) == 3
    assert goal("", "t", column="ms", at_least=4).measured(rows) == 3
    assert goal("", "t", {"n": ["2"]}, column="ms", over="n", at_least=2).measured(rows) == 2.5
    assert goal("", "t", {"n": "3"}, column="ms", at_most=4).measured(rows) is None
    with pytest.raises(ValueError, match="at_most or at_least"):
        goal("", "t")


def test_every_goal_finds_its_rows_and_every_goal_that_is_missed_says_why(benchmark):
    tables = benchmark("contests").read_tables(BENCHMARKS / "results")
    goals = benchmark("goals").read_goals()
    assert len({goal.name for goal in goals}) == len(goals)
    for goal in goals:
        assert (BENCHMARKS / f"{goal.table}.py").exists(), goal.name
        if goal.table not in tables:
            continue
        value = goal.measured(tables[goal.table])
        assert value is not None, f"no row of {goal.table}.csv has {goal.where}: {goal.name}"
        if not goal.met(value):
            assert goal.profile, f"{goal.name} is not met: say why in goals.toml"
            assert goal.next, f"{goal.name} is not met: say what next in goals.toml"


def test_the_page_shows_lost_rows_and_missed_goals(benchmark, tmp_path, monkeypatch):
    (tmp_path / "batch.csv").write_text("solver,batch s,loop s\niht,2.0,1.0\nhtp,1.0,2.0\n")
    (tmp_path / "batch.md").write_text("the machine\n")
    rows = ["structure,n,k,first ms,ms,peer,peer ms", "any,9,2,9,3 (2 to 4),A,1", "any,9,2,9,3,B,4", "runs,9,2,9,1,A,2"]
    (tmp_path / "projections.csv").write_text("\n".join(rows))
    (tmp_path / "projections.md").write_text("another machine\n")
    (tmp_path / "alone.csv").write_text("a\n1\n")
    page, goal = benchmark("page"), benchmark("goals").Goal
    goals = [
        goal("easy", "batch", {"solver": "htp"}, at_most=1),
        goal("hard", "batch", at_most=1, profile="slow.", next="faster."),
        goal("later", "greedy", at_most=1),
    ]
    monkeypatch.setattr(page, "read_goals", lambda: goals)
    page.main(["--results", str(tmp_path)])
    text = (tmp_path / "README.md").read_text()
    assert "| iht | csrecover | loop | 2.00 | our own loop, not a peer |" in text
    assert "[Batches](batch.md) |" not in text
    assert "| [Projections onto models](projections.md) | 2 | 1 | 1.75 | 0.50 | 3.00 |" in text
    assert "| any | csrecover | A | 3.00 | **peer** |" in text
    assert "| runs | csrecover | A | 0.50 | ours |" in text
    assert "the machine" in text
    assert "Tables without first calls: alone, batch." in text
    assert "Tables without memory: alone, batch, projections." in text
    assert "Other tables: [alone](alone.md)." in text
    assert "| easy | batch | at most 1 | 0.5 | yes |" in text
    assert "- **hard**: 2, wanted at most 1. slow. Next: faster." in text
    assert "| later | greedy | at most 1 | not measured |  |" in text


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [([1.1, 1.2, 1.3], "**slower**"), ([0.9, 1.2, 1.3], ""), ([1.01, 1.02], ""), ([0.8, 0.9], "faster")],
)
def test_a_version_is_slower_where_all_rounds_say_so(benchmark, ratios, verdict):
    assert benchmark("compare").verdict(ratios) == verdict


def test_works_that_the_old_version_lacks_are_shown_without_a_ratio(benchmark):
    old, new = [{"a": 1.0}, {"a": 2.0}], [{"a": 3.0, "b": 1.0}, {"a": 2.0, "b": 1.0}]
    first, second = benchmark("compare").rows_of(old, new)
    assert (first["new / old"], first["range"]) == ("2.00", "1.00 to 3.00")
    assert (second["new / old"], second[""]) == ("", "not in the old one")


def test_this_version_is_compared_with_a_commit(capsys):
    inside = shutil.which("git") and subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", "HEAD"], capture_output=True, check=False
    )
    if not inside or inside.returncode:
        pytest.skip("needs git and a repository")
    rows = runpy.run_path(str(BENCHMARKS / "compare.py"))["main"](["HEAD", "--quick"])
    assert {"DCT", "Sparse", "GroupL2", "fista, 16 signals", "htp", "decision of a sweep"} <= {
        row["work"] for row in rows
    }
    assert "| DCT |" in capsys.readouterr().out
