"""Figures of restricted isometry constants, and the command `csrecover rip`."""

import json
import re
import tomllib
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import cli, plotting
from csrecover.analysis import gaussian_bounds
from csrecover.problem_file import read_problem
from csrecover.problem_file import rip as command
from csrecover.problem_file.parts import Context
from csrecover.problem_file.tables import operator

PROBLEM = """
[operator]
kind = "unit_columns"
A = { kind = "gaussian", m = 12, n = 18, seed = 0 }
[structure]
kind = "Sparse"
[recover]
k = 3
"""


def estimate(attained_L, attained_U, certified_L, certified_U, **more):
    exact = (attained_L, attained_U) == (certified_L, certified_U)
    methods = {f"{kind}_{end}": "by hand" for kind in ("attained", "certified") for end in "LU"}
    support = np.array([0, 2])
    numbers = attained_L, attained_U, certified_L, certified_U
    return cs.RIPEstimate(*numbers, exact, support, support, 7, methods, **more)


KNOWN, OPEN = estimate(0.3, 0.4, 0.3, 0.4), estimate(0.6, 0.9, 1.0, 1.7)
UNPROVEN = estimate(0.8, 1.1, 1.2, np.inf)
FAMILY = {4: OPEN, 2: KNOWN, 6: UNPROVEN}


def curves(ax, style):
    """Points of the smallest and of the largest eigenvalues, of a line style."""
    lines = [line for line in ax.lines if line.get_linestyle() == style and line.get_marker() == "None"]
    return [np.array(line.get_data(), dtype=float) for line in lines if len(line.get_xdata()) > 2]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_solid_lines_are_attained_and_dashed_ones_certified():
    ax = plotting.plot_rip(FAMILY)
    for style, least, most in (("-", [0.7, 0.4, 0.2], [1.4, 1.9, 2.1]), ("--", [0.7, 0, 0], [1.4, 2.7, np.nan])):
        low, high = curves(ax, style)
        assert low[0].tolist() == high[0].tolist() == [2, 4, 6]
        assert low[1] == pytest.approx(least)
        assert high[1] == pytest.approx(most, nan_ok=True)


def test_bands_reach_from_what_is_attained_to_what_is_certified_or_to_the_edge():
    ax = plotting.plot_rip(FAMILY)
    low, high = (band.get_paths()[0].vertices for band in ax.collections)
    for band, k, ends in ((low, 4, (0.0, 0.4)), (high, 4, (1.9, 2.7)), (high, 6, (2.1, ax.get_ylim()[1]))):
        heights = band[band[:, 0] == k, 1]
        assert (heights.min(), heights.max()) == pytest.approx(ends)


def test_exact_markers_are_filled_and_the_others_open():
    places = {True: set(), False: set()}
    for line in plotting.plot_rip(FAMILY).lines:
        if line.get_marker() == "o":
            places[to_hex(line.get_markerfacecolor()) == to_hex(line.get_color())] |= set(line.get_xdata())
    assert places == {True: {2}, False: {4, 6}}


def test_the_legend_explains_what_is_drawn_and_nothing_else():
    bracket = ["attained: found", "certified: proven", "open in between"]
    assert labels(plotting.plot_rip({2: KNOWN})) == ["exact"]
    assert labels(plotting.plot_rip({2: OPEN})) == bracket
    ax = plotting.plot_rip({"plain": FAMILY, "tree": {2: KNOWN}}, gaussian=(16, 32))
    assert labels(ax) == ["plain", "tree", *bracket, "exact", "Gaussian limit"]


def test_models_are_told_apart_by_colour_and_marker():
    plain, tree = plotting.plot_rip({"plain": FAMILY, "tree": FAMILY}).get_legend().get_lines()[:2]
    assert plain.get_color() != tree.get_color()
    assert plain.get_marker() != tree.get_marker()


def test_the_gaussian_limit_is_that_of_the_formula_up_to_m_nonzeros():
    low, high = curves(plotting.plot_rip(FAMILY, gaussian=(4, 32)), ":")
    assert low[0, [0, -1]].tolist() == [2, 4]
    for place in (0, 40, -1):
        L, U = gaussian_bounds(4, 32, low[0, place])
        assert (low[1, place], high[1, place]) == pytest.approx((1 - L, 1 + U))


def test_a_figure_is_drawn_where_it_is_asked_for_and_leaves_settings_alone():
    before, ax = dict(matplotlib.rcParams), Figure().subplots()
    assert plotting.plot_rip(FAMILY, ax=ax) is ax
    assert dict(matplotlib.rcParams) == before


def test_an_operator_that_is_zero_has_a_figure(tmp_path):
    plotting.plot_rip({1: estimate(1.0, -1.0, 1.0, -1.0)}).figure.savefig(tmp_path / "rip.png")


@pytest.mark.parametrize("nothing", [{}, {"plain": {}}, {"plain": FAMILY, "tree": {}}])
def test_a_figure_of_nothing_is_refused(nothing):
    with pytest.raises(ValueError, match="no estimate was given: expected a dict such as"):
        plotting.plot_rip(nothing)


def run(folder, *extra, text=PROBLEM):
    (folder / "problem.toml").write_text(text)
    return cli.main(["rip", str(folder / "problem.toml"), "--quiet", *extra])


def edited(old, new):
    assert old in PROBLEM
    return PROBLEM.replace(old, new)


def extremes(k):
    """Smallest and largest eigenvalue of the Gram matrices of all k columns, one by one."""
    matrix = operator(tomllib.loads(PROBLEM)["operator"], "", Context(Path())).todense()
    values = [np.linalg.eigvalsh(matrix[:, S].T @ matrix[:, S]) for S in map(list, combinations(range(18), k))]
    return min(each[0] for each in values), max(each[-1] for each in values)


def test_it_prints_the_exact_constants_of_a_small_problem_without_measurements(tmp_path, capsys):
    assert run(tmp_path) == 0
    printed = capsys.readouterr().out
    least, most = extremes(3)
    assert f"L = {1 - least:.4f}, exact" in printed
    assert f"U = {most - 1:.4f}, exact" in printed
    assert f"delta = max(L, U) is {max(1 - least, most - 1):.4f}\n" in printed
    assert f"it is {(most - least) / (most + least):.4f}\n" in printed
    assert "816 supports of up to 3 nonzeros" in printed
    assert list(tmp_path.iterdir()) == [tmp_path / "problem.toml"]


def test_a_bracket_says_which_end_was_found_and_which_is_proven(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "rip", lambda A, model, k, **options: OPEN)
    assert run(tmp_path) == 0
    printed = capsys.readouterr().out
    assert "L from 0.6000, attained (by hand) on columns [0 2],\n    to 1.0000, certified (by hand)" in printed
    assert "delta = max(L, U) is between 0.9000 and 1.7000" in printed
    assert "exact" not in printed
    assert "Only certified constants fulfil the hypothesis of a theorem, only attained ones refute it." in printed


def test_brackets_are_rounded_outwards(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "rip", lambda A, model, k, **options: estimate(0.12349, 0.5, 0.60001, 0.7))
    assert run(tmp_path) == 0
    printed = capsys.readouterr().out
    assert "L from 0.1234, " in printed
    assert "to 0.6001, certified" in printed


def test_summary_and_figure_are_written_for_each_budget(tmp_path, capsys):
    assert run(tmp_path, "--k", "1", "2", "--guarantees", "--out", str(tmp_path / "out")) == 0
    printed = capsys.readouterr().out
    assert f"{tmp_path / 'out' / 'rip.json'}, {tmp_path / 'out' / 'rip.png'}" in printed
    assert (tmp_path / "out" / "rip.png").stat().st_size > 10_000
    summary = json.loads((tmp_path / "out" / "rip.json").read_text())
    assert summary["problem"] == PROBLEM
    assert [each["k"] for each in summary["estimates"]] == [1, 2]
    found, (least, most) = summary["estimates"][1], extremes(2)
    assert (found["attained_L"], found["attained_U"]) == pytest.approx((1 - least, most - 1))
    assert found["exact"]
    assert found["interval"] == pytest.approx([max(1 - least, most - 1)] * 2)
    assert found["scale"] == pytest.approx(2 / (least + most))
    for row in summary["guarantees"][1]["rows"]:
        assert row["verdict"] in ("certified", "refuted", "undecided")
        assert re.search(rf"^{re.escape(row['name'])} .* {row['verdict']} ", printed, flags=re.MULTILINE)


def test_what_is_not_finite_is_null_in_the_summary(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "rip", lambda A, model, k, **options: UNPROVEN)
    assert run(tmp_path, "--out", str(tmp_path)) == 0
    (found,) = json.loads((tmp_path / "rip.json").read_text())["estimates"]
    assert found["certified_U"] is None


def test_an_interrupted_search_prints_and_keeps_the_bracket_so_far(tmp_path, capsys, monkeypatch):
    found = iter([KNOWN, estimate(0.6, 0.9, 1.0, 1.7, complete=False)])
    monkeypatch.setattr(command, "rip", lambda A, model, k, **options: next(found))
    assert run(tmp_path, "--k", "1", "2", "3", "--out", str(tmp_path)) == 130
    printed = capsys.readouterr()
    assert "L from 0.6000" in printed.out
    assert "interrupted" in printed.err
    summary = json.loads((tmp_path / "rip.json").read_text())
    assert [(each["k"], each["complete"]) for each in summary["estimates"]] == [(1, True), (2, False)]


def test_an_interrupt_before_anything_is_known_writes_nothing(tmp_path, capsys, monkeypatch):
    def interrupted(A, model, k, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "rip", interrupted)
    assert run(tmp_path, "--out", str(tmp_path / "out")) == 130
    assert not (tmp_path / "out").exists()
    assert "interrupted" in capsys.readouterr().err


def test_the_model_is_that_of_the_coefficients_in_the_basis(tmp_path):
    (tmp_path / "problem.toml").write_text(edited("[recover]", '[basis]\nkind = "DCT"\n[recover]'))
    problem = read_problem(tmp_path / "problem.toml", measured=False)
    A, model = command.operator_and_model(problem)
    assert np.allclose(A.todense(), problem.A.todense() @ problem.basis.todense().T)
    assert model.ndim == 1


def test_a_budget_of_several_parts_is_taken_from_the_file(tmp_path, capsys):
    levels = f'kind = "Levels"\nlabels = {[0] * 4 + [1] * 14}\n[recover]\nk = [1, 2]'
    text = PROBLEM.partition('kind = "Sparse"')[0] + levels
    assert run(tmp_path, "--out", str(tmp_path), text=text) == 0
    assert "k = (1, 2)" in capsys.readouterr().out
    (found,) = json.loads((tmp_path / "rip.json").read_text())["estimates"]
    assert (found["k"], found["nonzeros"]) == ([1, 2], 3)


@pytest.mark.parametrize(
    ("text", "extra", "message"),
    [
        (edited('"Sparse"', '"L1"'), ["--k", "2"], "rip needs a model with supports, such as Sparse .*, got L1"),
        (edited("k = 3", ""), [], r"problem.toml: rip needs a budget: give --k, or k in \[recover\]"),
        (PROBLEM, ["--k", "0"], "at least 1, got 0"),
        (PROBLEM, ["--k", "13"], "13 nonzeros but there are 12 measurements"),
        (edited('"Sparse"', '"Sparce"'), [], r"\[structure\] kind: .*did you mean 'Sparse'"),
        (edited("k = 3", "l = 3"), [], r"\[recover\] has no key 'l'"),
    ],
)
def test_what_is_not_understood_is_said_in_one_line(text, extra, message, tmp_path, capsys):
    assert run(tmp_path, *extra, text=text) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)


def test_too_many_supports_for_exact_constants_are_refused_with_their_number(tmp_path, capsys):
    text = edited("m = 12, n = 18", "m = 40, n = 400")
    assert run(tmp_path, "--k", "12", "--effort", "exact", text=text) == 2
    assert re.search(r"e\+\d+ supports", capsys.readouterr().err)


def test_recovery_still_needs_measurements(tmp_path):
    (tmp_path / "problem.toml").write_text(PROBLEM)
    with pytest.raises(ValueError, match="the top level needs measurements"):
        read_problem(tmp_path / "problem.toml")
