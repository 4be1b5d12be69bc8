"""The command line and the demos, at toy size; the demos at full size in the full profile."""

import math
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import csrecover as cs
from csrecover import cli

from .conftest import FULL
from .test_pruning_demos import DEMOS as PRUNING_DEMOS

ROOT = Path(__file__).parent.parent
DEMOS = {
    "ecg": {"seeds": 1, "tolerance": math.inf},
    "blocks": {"seeds": 2, "tolerance": math.inf},
    "image": {},
    "structures": {"seeds": 1, "tolerance": math.inf},
    "penalties": {"seeds": 1, "tol": 1e-2, "tolerance": math.inf},
    "phase_transition": {"points": 4, "trials": 4, "workers": None, "tolerance": math.inf},
    "models": {"points": 3, "trials": 4, "workers": None, "tolerance": math.inf},
    "rip": {"n": 32, "trials": 2, "tolerance": math.inf},
    "bsbl": {"seeds": 1, "counts": (40, 80), "tolerance": math.inf},
    "single_pixel": {},
    "mri": {},
    "coils": {},
    "spectral_cube": {},
    "inpainting": {},
    "line_spectra": {},
    "clustered": {},
    "channels": {},
    "group_testing": {},
    "low_rank": {},
    "error_bars": {"draws": 4, "tolerance": math.inf},
    "backends": {"backends": ("numpy", "array_api_strict"), "repeats": 1},
    "batch": {"count": 20, "sizes": (1, 20)},
    "dask": {"trials": 2},
    "six_models": {"seeds": 2, "counts": (64, 112), "tolerance": math.inf},
}


def test_every_demo_is_run():
    assert set(DEMOS) | set(PRUNING_DEMOS) == set(cli.demos())


@pytest.mark.parametrize("name", DEMOS)
def test_demo_prints_a_number_and_writes_its_figure(name, tmp_path, capsys):
    settings = {} if FULL else DEMOS[name]
    cli.load(cli.demos()[name])(out=tmp_path, **settings)
    printed = capsys.readouterr().out
    (figure,) = tmp_path.glob("*.png")
    assert f"figure: {figure}" in printed
    assert figure.stat().st_size > 10_000
    assert any(character.isdigit() for character in printed.partition("figure:")[0])
    assert "(reference " in printed or settings


def test_the_tree_recovers_the_ecg_far_better_than_plain_sparsity(tmp_path, capsys):
    cli.load(cli.demos()["ecg"])(out=tmp_path, seeds=3, tolerance=math.inf)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:10]]
    snr = {(int(row[0]), row[2]): float(row[3]) for row in rows}
    assert snr[160, "tree"] > 11
    assert snr[160, "tree"] > snr[160, "l1"] + 4
    assert snr[256, "tree"] > 17.5
    assert snr[384, "tree"] > 21


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["demo", "--help"]])
def test_asking_for_help_ends_well(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    assert "csrecover" in capsys.readouterr().out


def test_an_unknown_demo_is_answered_with_the_known_ones(capsys):
    assert cli.main(["demo", "nonsense"]) == 2
    assert "ecg, blocks, image, structures, penalties, phase_transition, models" in capsys.readouterr().err


def test_a_demo_whose_package_is_missing_says_so(tmp_path, monkeypatch, capsys):
    script = tmp_path / "01_odd.py"
    script.write_text("import nowhere_to_be_found\n")
    monkeypatch.setattr(cli, "demos", lambda: {"odd": script})
    assert cli.main(["demo", "odd"]) == 2
    assert capsys.readouterr().err == (
        "csrecover: the demo odd needs nowhere_to_be_found: pip install nowhere_to_be_found\n"
    )


def test_demos_are_listed_with_their_titles(capsys):
    assert cli.main(["demo", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(cli.demos())


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "csrecover", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"csrecover {cs.__version__}"


def test_versions_name_the_package_and_numpy(capsys):
    cs.show_versions()
    printed = capsys.readouterr().out
    assert "csrecover" in printed
    assert "numpy" in printed


@pytest.mark.parametrize(
    "name",
    [
        "tree_projection",
        "projections",
        "tree_penalties",
        "batch",
        "operators",
        "group_prox",
        "convex",
        "constrained",
        "message_passing",
        "greedy",
        "needed",
        "adaptive",
        "sweeps",
        "scaling",
        "rip",
    ],
)
def test_benchmark_writes_its_table(name, tmp_path, capsys):
    runpy.run_path(str(ROOT / "benchmarks" / f"{name}.py"))["main"](["--quick", "--out", str(tmp_path)])
    assert "| --- |" in capsys.readouterr().out
    assert (tmp_path / f"{name}.csv").read_text().count("\n") > 2
    assert (tmp_path / f"{name}.md").exists()


def test_every_structure_saves_measurements(tmp_path, capsys):
    cli.load(cli.demos()["structures"])(out=tmp_path, seeds=3, tolerance=math.inf)
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "sparsity alone" in line]
    assert len(lines) == 9
    assert all(float(line[2]) < float(line[-1]) for line in lines)
