"""The re-runs of papers, at toy size."""

import csv
import runpy
from pathlib import Path

import pytest

PAPERS = Path(__file__).parent.parent / "benchmarks" / "papers"
RUN = runpy.run_path(str(PAPERS / "run.py"))


@pytest.mark.parametrize("name", RUN["SCRIPTS"])
def test_each_writes_its_lines_and_its_figure(name, tmp_path, capsys):
    lines = runpy.run_path(str(PAPERS / f"{name}.py"))["main"](["--quick", "--out", str(tmp_path)])
    assert all(line["here"] for line in lines)
    with open(tmp_path / f"{name}.csv", newline="") as file:
        assert list(csv.DictReader(file)) == lines
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert capsys.readouterr().out.count(" / here ") == len(lines)
    assert "![" in RUN["section"](name, tmp_path)


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
