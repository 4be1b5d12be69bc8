"""The documentation: its calls run, its numbers are those that are printed, its reference is complete."""

import ast
import importlib
import importlib.util
import pkgutil
import re
import warnings

import numpy as np
import pytest

import csrecover as cs
from csrecover import cli

from .test_readme import ROOT, claimed, snippets

DOCS = ROOT / "docs"

PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("migration/*.md"), *DOCS.glob("reference/*.rst")])
ELSEWHERE = {
    '"cupy")': '"array_api_strict:device1")',
    'Client("tcp://scheduler:8786")': "Client(processes=False, dashboard_address=None)",
}
BLOCK = r"```\{code-block\} (\w+)\n:caption: ([^\n]+)\n\n([^`]*)```"
PUBLIC = ("analysis", "analysis.theory", "experiments", "plotting", "pruning", "testing")


def loaded(path):
    """A module of the documentation."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check_links = loaded(DOCS / "check_links.py")
demo_pages = loaded(DOCS / "extensions" / "demo_pages.py")
plain_text = loaded(DOCS / "extensions" / "plain_text.py")


def named(page):
    return str(page.relative_to(DOCS))


@pytest.mark.parametrize("page", [page for page in PAGES if "```python\n" in page.read_text("utf-8")], ids=named)
def test_snippets_of_a_page_print_what_they_say(page, capsys):
    namespace = {}
    for code in snippets(f"docs/{named(page)}"):
        for theirs, ours in ELSEWHERE.items():
            code = code.replace(theirs, ours)
        if "distributed" in code:
            pytest.importorskip("distributed")
        exec(compile(code, named(page), "exec"), namespace)
        assert capsys.readouterr().out.splitlines() == claimed(code)


# migration


def pairs():
    """Calls of others and ours, with the setup of their page."""
    for page in sorted((DOCS / "migration").glob("*.md")):
        blocks = re.findall(BLOCK, page.read_text(encoding="utf-8"))
        setup = snippets(f"docs/{named(page)}")[:1]
        for index, (theirs, ours) in enumerate(zip(blocks[::2], blocks[1::2], strict=True)):
            assert (theirs[1] != "csrecover", ours[:2]) == (True, ("python", "csrecover"))
            yield pytest.param(theirs[0], *setup, theirs[2], ours[2], id=f"{page.stem}-{index}")


def outcome(code, setup):
    """What the last statement of a snippet assigns, to its first name."""
    namespace = {}
    exec(setup, namespace)
    exec(code, namespace)
    target = ast.parse(code).body[-1].targets[0]
    return namespace[(target.elts[0] if isinstance(target, ast.Tuple) else target).id]


def imported(code):
    """Packages that a snippet imports."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(("language", "setup", "theirs", "ours"), list(pairs()))
def test_our_call_gives_what_theirs_gives(language, setup, theirs, ours):
    for name in imported(ours):
        pytest.importorskip(name)
    found = outcome(ours, setup)
    assert np.all(np.isfinite(found))
    if language != "python" or not all(importlib.util.find_spec(name) for name in imported(theirs)):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = outcome(theirs, setup)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


# reference


def listed():
    """Names in the tables of the reference."""
    for page in (DOCS / "reference").glob("*.rst"):
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            module = line.removeprefix(".. currentmodule:: ") if line.startswith(".. currentmodule::") else module
            if re.fullmatch(r"   [A-Za-z]\w*", line) and module:
                yield f"{module}.{line.strip()}"


def resolved(name):
    """What a full name leads to."""
    return pkgutil.resolve_name(re.sub(r"\.(?=\w+$)", ":", name))


def test_every_public_name_is_in_the_reference_once():
    names = list(listed())
    names.remove("csrecover.sklearn.GroupLasso")  # scikit-learn need not be installed
    things = [resolved(name) for name in names]
    assert [name for name, thing in zip(names, things, strict=True) if sum(thing is each for each in things) > 1] == []
    modules = [cs, *(importlib.import_module(f"csrecover.{name}") for name in PUBLIC), cs.operators, cs.models]
    modules += [cs.penalties, cs.solvers, cs.structures]
    public = {f"{module.__name__}.{name}": getattr(module, name) for module in modules for name in module.__all__}
    assert [name for name, thing in public.items() if not any(each is thing for each in things)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_a_page_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"[{:](?:func|class|obj)[}:]`~?(csrecover[\w.]*)`", text):
        assert callable(resolved(name)), name
    for name in re.findall(r"[{:]doc[}:]`(?:[^`<]*<)?([\w./]+)>?`", text):
        path = page.parent / name
        assert path.match("gallery/*") or path.with_suffix(".md").exists() or path.with_suffix(".rst").exists(), name


def test_the_citation_is_of_this_version():
    assert f"version: {cs.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


# how the site is built


@pytest.mark.parametrize(
    ("docstring", "markup"),
    [
        ("0.5 ||A x - y||^2 for y (*batch, m)", r"0.5 \|\|A x - y\|\|^2 for y (\*batch, m)"),
        ("coef_ of x_b, x_ too", r"coef\_ of x_b, x\_ too"),
        ("``x_ | y`` or `x_*`", "``x_ | y`` or `x_*`"),
        ("**A model**: 2**levels and n**2", r"**A model**: 2\*\*levels and n\*\*2"),
        ("so::\n\n    |x| * y_\n\nthen |x|", "so::\n\n    |x| * y_\n\nthen \\|x\\|"),
        (">>> |x|\n*\n\n|x|", ">>> |x|\n*\n\n\\|x\\|"),
    ],
)
def test_docstrings_are_escaped_outside_code(docstring, markup):
    assert plain_text.escaped(docstring) == markup


@pytest.mark.parametrize("name", cli.demos())
def test_demos_have_a_title_and_are_the_same_script_in_the_gallery(name):
    script = cli.demos()[name].read_text(encoding="utf-8")
    shown = demo_pages.shown(script)
    title, line = shown.splitlines()[1:3]
    assert line == "=" * len(title)
    assert len(title) > 10
    assert ast.dump(ast.Module(ast.parse(shown).body[1:], [])) == ast.dump(ast.Module(ast.parse(script).body[1:], []))
    assert shown.count("\n# %%\n#") == script.count("\n# %% ")


def test_staged_demos_that_did_not_change_are_left_alone(tmp_path):
    (tmp_path / "demos").mkdir()
    for number in (1, 2):
        (tmp_path / "demos" / f"0{number}_a.py").write_text('"""One: two."""\n\n# %% Three\n')
    folder = demo_pages.staged(tmp_path / "demos", tmp_path / "out")
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (tmp_path / "demos" / "01_a.py").write_text('"""Else: two."""\n')
    (tmp_path / "demos" / "02_a.py").rename(tmp_path / "demos" / "03_a.py")
    demo_pages.staged(tmp_path / "demos", tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {"01_a.py", "03_a.py", "GALLERY_HEADER.rst"}
    assert (folder / "GALLERY_HEADER.rst").stat().st_mtime_ns == before["GALLERY_HEADER.rst"]
    assert (folder / "01_a.py").read_text().startswith('"""\nElse\n====\n')


def test_bad_links_of_a_site_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<p id="here"><a href="b%20c.html#there"></a><a href="#here"></a><a href="https://a.b"></a>'
    )
    (tmp_path / "b c.html").write_text('<p id="there"><a href="a.html"></a><img src="data:image/png;base64,aa">')
    assert check_links.complaints(tmp_path) == []
    (tmp_path / "b c.html").write_text('<a href="d.html"></a><script src="https://a.b/c.js"></script>')
    wrong = [line.partition(": ")[2] for line in check_links.complaints(tmp_path)]
    assert wrong == [
        "b%20c.html#there has no such anchor",
        "d.html is not there",
        "loads https://a.b/c.js",
    ]
    assert check_links.main(tmp_path) == 1
