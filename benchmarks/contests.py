"""Where each table keeps its times, and who is faster in its rows."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Contest:
    """The faster of ours and the faster of the peers at one work."""

    name: str
    ours: str
    peer: str
    ratio: float


def number(cell: str) -> float | None:
    """The number that a cell begins with."""
    found = re.match(r"[-+]?\d+\.?\d*(e[-+]?\d+)?", cell)
    return float(found[0]) if found else None


def decided(name: str, ours: dict[str, str], peers: dict[str, str]) -> list[Contest]:
    """Compare the least times of cells; nothing where a side has none."""
    sides = [
        {key: value for key, cell in side.items() if (value := number(cell)) is not None} for side in (ours, peers)
    ]
    if not all(sides):
        return []
    first, second = (min(side, key=side.__getitem__) for side in sides)
    peer = sides[1][second]
    return [Contest(name, first, second, sides[0][first] / peer if peer else math.inf)]


def named(row: dict[str, str], columns: tuple[str, ...]) -> str:
    """What a row compares."""
    return ", ".join(row[column] for column in columns)


@dataclass(frozen=True)
class Wide:
    """A table with a column of times for each competitor: names, with cells of the row put in, and their columns."""

    title: str
    row: tuple[str, ...]
    peers: dict[str, str]
    ours: dict[str, str]

    def contests(self, rows: list[dict[str, str]], ours: str = "") -> list[Contest]:
        """Our best against the best peer in each row; of ours this competitor alone."""
        found = []
        for row in rows:
            peers = {name.format(**row): row.get(column, "") for name, column in self.peers.items()}
            mine = {name: row[column] for name, column in self.ours.items() if ours in ("", name)}
            found += decided(named(row, self.row), mine, peers)
        return found


@dataclass(frozen=True)
class Long:
    """A table with a row for each competitor; `peers` has their names, or what stands after the last comma of them."""

    title: str
    row: tuple[str, ...]
    peers: tuple[str, ...]
    by: str
    time: str

    def contests(self, rows: list[dict[str, str]], ours: str = "") -> list[Contest]:
        """Our best against the best peer in each group of rows; of ours this competitor alone."""
        groups: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for row in rows:
            name = row[self.by]
            peer = name in self.peers or name.rsplit(", ", 1)[-1] in self.peers
            if peer or ours in ("", name):
                groups.setdefault(named(row, self.row), ({}, {}))[peer][name] = row[self.time]
        return [contest for name, sides in groups.items() for contest in decided(name, *sides)]


CONVEX = ("textbook", "adelie", "celer", "skglm", "spams", "pyproximal", "pylops", "sigpy", "spgl1")
TABLES: dict[str, Wide | Long] = {
    "operators": Wide("Products", ("operator", "yardstick"), {"{yardstick}": "yardstick ms"}, {"csrecover": "ours ms"}),
    "projections": Wide("Projections onto models", ("structure",), {"{peer}": "peer ms"}, {"csrecover": "ms"}),
    "tree_projection": Wide(
        "Exact tree projection",
        ("n",),
        {"dynamic program, small budgets": "table median ms"},
        {"csrecover": "numba median ms"},
    ),
    "tree_penalties": Wide("Norms of subtrees", ("prox", "n"), {"SPAMS": "SPAMS ms"}, {"csrecover": "csrecover ms"}),
    "group_prox": Wide(
        "Soft thresholding",
        ("prox", "n"),
        {name: name for name in ("NumPy", "PyProximal", "SPAMS", "SigPy")},
        {"csrecover": "csrecover"},
    ),
    "convex": Long("Convex recovery", ("case",), CONVEX, "solver", "median s"),
    "constrained": Long("Constrained forms", ("case",), CONVEX, "solver", "median s"),
    "message_passing": Long("Message passing", ("case",), ("fista", *CONVEX), "solver", "median s"),
    "greedy": Long("Greedy recovery", ("case",), ("peer", "loop"), "solver", "median ms"),
    "batch": Wide("Batches", ("solver",), {"a loop of our own": "loop s"}, {"csrecover": "batch s"}),
    "sweeps": Long("A trial of a phase diagram", (), ("LARS", "AMP", "simplex"), "method", "ms a trial, 2 workers"),
    "rip": Wide(
        "Restricted isometry constants",
        ("matrix", "supports"),
        {"every submatrix": "every submatrix s"},
        {"branch and bound": "branch and bound s"},
    ),
}


def read_tables(results: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of every table of a folder."""
    tables = {}
    for path in sorted(results.glob("*.csv")):
        with open(path, newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables
