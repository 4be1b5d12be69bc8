"""Sweeps for other programs: xarray, CSV and Parquet."""

from __future__ import annotations

import csv
import importlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.proportions import wilson

if TYPE_CHECKING:
    from .result import Sweep


def to_xarray(sweep: Sweep) -> Any:
    """A Dataset of the counts, with the axes as coordinates.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    xarray.Dataset
        `successes`, `trials`, `errors` and `rate` over the axes, and `values` over the axes and "trial" where outcomes
        are numbers; values of an axis that are neither numbers nor texts are written as JSON. Its attribute
        `experiment` says as JSON what was run.

    Raises
    ------
    ImportError
        When xarray is not installed.
    """
    xarray = _needed("xarray")
    counts = {name: getattr(sweep, name) for name in ("successes", "trials", "errors")} | {"rate": sweep.rate()}
    variables = {name: (tuple(sweep.axes), values) for name, values in counts.items()}
    if sweep.values is not None:
        variables["values"] = ((*sweep.axes, "trial"), sweep.values)
    coordinates = {name: column(values) for name, values in sweep.axes.items()}
    return xarray.Dataset(variables, coordinates, {"experiment": _description(sweep)})


def to_csv(sweep: Sweep, path: str | Path) -> None:
    """Write a table with a row for each cell: its place, the counts, the rate and its 95 % interval of Wilson.

    The file takes its name when it is complete.

    Parameters
    ----------
    sweep : Sweep
    path : str or Path

    Raises
    ------
    OSError
        When it cannot be written.
    """
    table = columns(sweep)
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def to_parquet(sweep: Sweep, path: str | Path) -> None:
    """Write the table of `to_csv` as Parquet, with the values of each cell where outcomes are numbers.

    The file takes its name when it is complete. Its metadata say under "csrecover", as JSON, what was run.

    Parameters
    ----------
    sweep : Sweep
    path : str or Path

    Raises
    ------
    ImportError
        When pyarrow is not installed.
    OSError
        When the file cannot be written.
    """
    pyarrow, parquet = _needed("pyarrow"), _needed("pyarrow.parquet")
    table = columns(sweep)
    if sweep.values is not None:
        cells = sweep.values.reshape(-1, sweep.values.shape[-1])
        table["values"] = [cell[~np.isnan(cell)].tolist() for cell in cells]
    arrow = pyarrow.table(table).replace_schema_metadata({"csrecover": _description(sweep)})
    with whole(path) as part:
        parquet.write_table(arrow, part)


def columns(sweep: Sweep) -> dict[str, list[Any]]:
    """The columns of the table of cells.

    Raises
    ------
    ValueError
        When an axis has the name of a column that is not its own.
    """
    places = zip(*product(*map(column, sweep.axes.values())), strict=True)
    table = dict(zip(sweep.axes, map(list, places), strict=True))
    low, high = wilson(sweep.successes, sweep.trials)
    counts = {name: getattr(sweep, name) for name in ("successes", "trials", "errors")}
    for name, values in (counts | {"rate": sweep.rate(), "low": low, "high": high}).items():
        if name in table:
            raise ValueError(f"the axis {name!r} has the name of a column of counts: it cannot be exported")
        table[name] = np.ravel(values).tolist()
    return table


def column(values: tuple[Any, ...]) -> list[Any]:
    """Values of an axis as one column: numbers or texts as they are, anything else as JSON."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if numbers or all(isinstance(value, str) for value in values):
        return list(values)
    return [value if isinstance(value, str) else json.dumps(value) for value in values]


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A name beside `path` to write to; what lies there in the end takes the place of `path` at once."""
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _description(sweep: Sweep) -> str:
    return json.dumps(sweep.experiment, sort_keys=True)


def _needed(module: str) -> Any:
    """An optional package.

    Raises
    ------
    ImportError
        Naming what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        raise ImportError(f'this needs {name}, which is not installed: pip install "csrecover[export]"') from error
