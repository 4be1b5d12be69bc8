"""Exports of sweeps: what other programs read is what was counted."""

import csv
import json
import sys

import numpy as np
import pytest

from csrecover.analysis.proportions import wilson
from csrecover.experiments import Sweep

EXPERIMENT = {"trial": {"class": "trial", "n": 64}, "seed": 3, "unfinished": 0}


def counted(values=True):
    """Two solvers on a grid with a cell that was not visited, and a trial that raised."""
    axes = {"delta": (0.25, 0.5), "n": (64, 128, 256), "solver": ("l1", "tree")}
    trials = np.full((2, 3, 2), 4)
    trials[0, 2] = 0
    trials[1, 1] = 3
    errors = np.zeros_like(trials)
    errors[1, 1] = 1
    outcomes = np.random.default_rng(0).uniform(size=(2, 3, 2, 4))
    outcomes[0, 2] = outcomes[1, 1, :, 1] = np.nan
    successes = np.sum(outcomes < 0.5, axis=-1)
    return Sweep(axes, successes, trials, outcomes if values else None, errors, EXPERIMENT)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_csv_has_a_row_for_each_cell_with_its_place_counts_and_interval(tmp_path):
    sweep = counted()
    sweep.to_csv(tmp_path / "sweep.csv")
    table = rows(tmp_path / "sweep.csv")
    assert len(table) == sweep.trials.size
    assert list(table[0]) == ["delta", "n", "solver", "successes", "trials", "errors", "rate", "low", "high"]
    for row in table:
        cell = sweep.select(delta=float(row["delta"]), n=int(row["n"]), solver=row["solver"])
        assert [int(row[name]) for name in ("successes", "trials", "errors")] == [
            cell.successes,
            cell.trials,
            cell.errors,
        ]
        assert float(row["rate"]) == pytest.approx(float(cell.rate()), nan_ok=True)
        assert (float(row["low"]), float(row["high"])) == pytest.approx(wilson(cell.successes, cell.trials))


def test_values_of_mixed_kinds_are_written_as_json(tmp_path):
    axes = {"option": ("fast", None, True, (1, 2))}
    zeros = np.zeros(4, dtype=int)
    Sweep(axes, zeros, zeros, None, zeros, {}).to_csv(tmp_path / "sweep.csv")
    assert [row["option"] for row in rows(tmp_path / "sweep.csv")] == ["fast", "null", "true", "[1, 2]"]


def test_an_axis_with_the_name_of_a_column_is_refused(tmp_path):
    zeros = np.zeros(2, dtype=int)
    with pytest.raises(ValueError, match="the axis 'low' has the name of a column"):
        Sweep({"low": (0, 1)}, zeros, zeros, None, zeros, {}).to_csv(tmp_path / "sweep.csv")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "sweep.csv"
    path.write_text("before")

    def torn(file, **options):
        file.write("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv, "writer", torn)
    with pytest.raises(OSError, match="No space left"):
        counted().to_csv(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_xarray_has_the_axes_as_coordinates():
    xarray = pytest.importorskip("xarray")
    sweep = counted()
    data = sweep.to_xarray()
    assert isinstance(data, xarray.Dataset)
    assert dict(data.sizes) == {"delta": 2, "n": 3, "solver": 2, "trial": 4}
    cell = data.sel(delta=0.5, n=128, solver="tree")
    assert (int(cell.successes), int(cell.trials), int(cell.errors)) == tuple(
        int(each[1, 1, 1]) for each in (sweep.successes, sweep.trials, sweep.errors)
    )
    assert np.array_equal(cell["values"], sweep.values[1, 1, 1], equal_nan=True)
    assert np.isnan(data.rate.sel(delta=0.25, n=256)).all()
    assert json.loads(data.attrs["experiment"]) == EXPERIMENT


def test_xarray_has_no_values_where_outcomes_are_no_numbers():
    pytest.importorskip("xarray")
    assert set(counted(values=False).to_xarray().data_vars) == {"successes", "trials", "errors", "rate"}


def test_parquet_is_the_same_table_with_the_values_of_each_cell(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    sweep = counted()
    sweep.to_parquet(tmp_path / "sweep.parquet")
    sweep.to_csv(tmp_path / "sweep.csv")
    table = parquet.read_table(tmp_path / "sweep.parquet")
    assert json.loads(table.schema.metadata[b"csrecover"]) == EXPERIMENT
    columns = table.to_pydict()
    found = columns.pop("values")
    assert [list(map(str, row)) for row in zip(*columns.values(), strict=True)] == [
        list(row.values()) for row in rows(tmp_path / "sweep.csv")
    ]
    for values, cell in zip(found, sweep.values.reshape(-1, 4), strict=True):
        assert values == cell[~np.isnan(cell)].tolist()


@pytest.mark.parametrize("package", ["xarray", "pyarrow"])
def test_a_missing_package_is_named_with_its_remedy(package, monkeypatch, tmp_path):
    for name in (package, f"{package}.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    export = counted().to_xarray if package == "xarray" else lambda: counted().to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ImportError, match=rf"needs {package}.*csrecover\[export\]"):
        export()
    assert not list(tmp_path.iterdir())
