"""The re-runs of papers, at toy size."""

import csv
import runpy
from pathlib import Path

import pytest

PAPERS = Path(__file__).parent.parent / "benchmarks" / "papers"
RUN = runpy.run_path(str(PAPERS / "run.py"))
HEADLINE = runpy.run_path(str(PAPERS / "headline.py"))


@pytest.mark.parametrize("name", RUN["SCRIPTS"])
def test_each_writes_its_lines_and_its_figure(name, tmp_path, capsys):
    lines = runpy.run_path(str(PAPERS / f"{name}.py"))["main"](["--quick", "--out", str(tmp_path)])
    assert all(line["here"] for line in lines)
    with open(tmp_path / f"{name}.csv", newline="") as file:
        assert list(csv.DictReader(file)) == lines
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert capsys.readouterr().out.count(" / here ") == len(lines)
    assert "![" in RUN["section"](name, tmp_path)


def test_an_interval_of_the_median_needs_six_draws():
    """The range of n draws misses the median with probability 2^(1 - n): 6 % of five, 3 % of six."""
    assert HEADLINE["median_interval"](range(5)) == ("", "")
    assert HEADLINE["median_interval"](range(6)) == (0, 5)


def test_an_interval_of_a_mean_of_errors_is_not_negative():
    line = HEADLINE["mean_line"]("", "", "", [1.0] + 99 * [0.0])
    assert line["low"] == "0"
    assert float(line["here"]) < float(line["high"])


def test_the_page_wants_all_results(tmp_path):
    with pytest.raises(SystemExit, match=r"has no results of .*heavisine.*: run them first"):
        RUN["main"](["--page", "--out", str(tmp_path)])


def test_unknown_names_are_answered_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        RUN["main"](["nonsense"])
    assert "there is no nonsense; there are" in capsys.readouterr().err


def test_the_page_shows_every_result_that_is_checked_in():
    results = PAPERS.parent / "results" / "papers"
    page = (results / "README.md").read_text()
    for name in RUN["SCRIPTS"]:
        assert RUN["section"](name, results) in page, f"{name}: run.py --page --out {results}"
