"""What is written about a recovered signal: the signal, a summary and a figure."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..backend import to_numpy
from ..solvers import Result
from ..versions import versions
from .reading import Problem


def write_outputs(result: Result, problem: Problem, folder: str | Path) -> list[Path]:
    """Write recovered.npy, figure.png and summary.json, and return their paths.

    Each file is written under another name first and then takes its own at once, so that there never is half a file.
    Of files that are replaced the summary goes first, and the new one comes last: a summary is of what lies beside it.
    The figure is of the first signal of a batch; signals of more than two axes have none.

    Raises
    ------
    OSError
        When the folder or a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    signal, first = to_numpy(result.signal), first_of(result)
    writers: dict[str, Callable[[BinaryIO], Any]] = {"recovered.npy": lambda file: np.save(file, signal)}
    if signal.ndim - np.ndim(result.status) <= 2:
        writers["figure.png"] = lambda file: _draw(first, file)
    text = json.dumps(summary(result, problem), indent=2, allow_nan=False)
    writers["summary.json"] = lambda file: file.write(text.encode() + b"\n")
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in writers}
    try:
        for name, write in writers.items():
            with parts[name].open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
        for name in ("summary.json", "figure.png"):
            (folder / name).unlink(missing_ok=True)
        for name, part in parts.items():
            part.replace(folder / name)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return [folder / name for name in writers]


def summary(result: Result, problem: Problem) -> dict[str, Any]:
    """How the signal was found, and with what: numbers, texts, lists and dicts."""
    return {
        "status": plain_data(result.status),
        "meaning": meaning(result),
        "solver": plain_data(result.solver),
        "budget": plain_data(result.budget),
        "scale": plain_data(result.scale),
        "iterations": plain_data(result.iterations),
        "residual_norm": plain_data(result.residual_norm),
        "gap": plain_data(result.gap),
        "error_estimate": plain_data(result.error_estimate),
        "seconds": result.seconds,
        "shape": list(result.signal.shape),
        "seed": problem.seed,
        "versions": versions(),
        "problem": problem.text,
    }


def meaning(result: Result) -> str:
    """How the signals ended, and what to do about it."""
    return "; ".join(sorted({status.value for status in np.ravel(result.status)}))


def first_of(result: Result) -> Result:
    """The result of the first signal of a batch."""
    batch = np.ndim(result.status)
    if not batch:
        return result
    index = (0,) * batch
    names = ("x", "support", "status", "iterations", "residual_norm", "gap")
    values = {name: getattr(result, name) for name in names}
    return replace(
        result,
        history={name: numbers.reshape(len(numbers), -1)[:, 0] for name, numbers in result.history.items()},
        **{name: value[index] for name, value in values.items() if value is not None},
    )


def plain_data(value: Any) -> Any:
    """A value as JSON knows it: statuses by their names, dataclasses as dicts, null for what is not finite."""
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return plain_data(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(each) for each in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return plain_data(np.asarray(value).tolist())


def _draw(result: Result, file: BinaryIO) -> None:
    from ..plotting import plot_recovery

    plot_recovery(result).savefig(file, format="png", dpi=120)
