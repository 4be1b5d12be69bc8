"""The demos of pruning, selection and identification, nearly whole: each fails outside the tolerance of its numbers."""

import pytest

from csrecover import cli

from .conftest import FULL

DEMOS = {
    "feature_selection": {},
    "branches": {"seeds": 1, "rounds": 2},
    "heads": {"seeds": 1},
    "gates": {"seeds": 1},
    "compute_budget": {},
    "efficiency": {"rounds": 1},
    "dependency_graph": {"seeds": 3},
    "feature_collapse": {},
    "hierarchical_selection": {},
    "low_rank_regression": {},
    "overlapping_groups": {},
    "state_space": {},
}


@pytest.mark.parametrize("name", DEMOS)
def test_demo_reaches_its_numbers_and_writes_its_figure(name, tmp_path, capsys):
    script = cli.demos()[name]
    for package in ("sklearn", "torch"):
        if package in script.read_text(encoding="utf-8"):
            pytest.importorskip(package)
    settings = {} if FULL else DEMOS[name]
    cli.load(script)(out=tmp_path, **settings)
    printed = capsys.readouterr().out
    (figure,) = tmp_path.glob("*.png")
    assert f"figure: {figure}" in printed
    assert figure.stat().st_size > 10_000
    assert "(reference " in printed or settings
