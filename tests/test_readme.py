"""The snippets of the documentation run as printed and print what they say."""

import importlib
import inspect
import re
import runpy
from pathlib import Path

import pytest

import csrecover as cs

ROOT = Path(__file__).parent.parent


def snippets(name: str) -> list[str]:
    """Python blocks of a markdown page."""
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def claimed(code: str) -> list[str]:
    """Lines that a snippet says it prints."""
    return [line.removeprefix("# ") for line in code.splitlines() if line.startswith("# ")]


@pytest.mark.parametrize("index", range(8))
def test_readme_snippet_prints_what_it_says(index, capsys):
    code = snippets("README.md")[index].replace('"cupy")', '"array_api_strict:device1")')
    exec(compile(code, f"README snippet {index + 1}", "exec"), {})
    assert capsys.readouterr().out.splitlines() == claimed(code)
    assert claimed(code)


def test_readme_quotes_the_numbers_of_its_figures_and_tables():
    make = runpy.run_path(str(ROOT / "demos" / "figures" / "make.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert make["missing"](readme) == []
    for number in ("(13.0 dB", "from 90 (l1)", "`omp` 53"):
        (absent,) = make["missing"](readme.replace(number, "(1 dB"))
        assert number in absent
    printed = "SNR of tree: 2 dB\ntree: 13.04 (reference 13, tolerance 1)\nsparse: 3.2 (reference 3, tolerance 1)\n"
    printed += "l1: 5.6 (reference 5.6, tolerance 1)\n"
    assert "(13.0 dB, median of 8 draws), plain sparsity (3.2 dB) and l1 (5.6 dB)" in make["quote"]("ecg", printed)


def test_there_are_eight_snippets():
    assert len(snippets("README.md")) == 8


@pytest.mark.parametrize("index", range(len(snippets("CONTRIBUTING.md"))))
def test_contributing_example_passes_its_check(index, tmp_path, monkeypatch, capsys):
    module = f"contributing_example_{index}"
    (tmp_path / f"{module}.py").write_text(snippets("CONTRIBUTING.md")[index])
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(module)
    assert "batch: leading axes are signals" in capsys.readouterr().out


def test_every_file_of_the_map_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text[text.index("## Map") : text.index("## Adding")]
    for name in re.findall(r"^  (\w+(?:\.py|/))", tree, flags=re.MULTILINE):
        assert (ROOT / "csrecover" / name).exists(), name


@pytest.mark.parametrize("name", [*cs.operators.__all__, *cs.models.__all__, *cs.penalties.__all__])
def test_the_tables_lead_to_the_docstring_of_each(name):
    links = dict(re.findall(r"\[`(\w+)`\]\((csrecover/\w+/\w+\.py)\)", (ROOT / "README.md").read_text("utf-8")))
    thing = getattr(cs, name, None) or getattr(cs.operators, name)
    assert ROOT / links[name] == Path(inspect.getsourcefile(thing))
    assert thing.__doc__
