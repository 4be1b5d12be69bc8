"""Where each table keeps its times, and who is faster in its rows."""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path

NO_PEERS = {
    "scipy.fft.fft": "another transform, not a peer",
    "scipy.fft.fftn": "another transform, not a peer",
    "loop": "our own loop, not a peer",
}


@dataclass(frozen=True)
class Contest:
    """The faster of ours and the faster of the peers at one work."""

    name: str
    ours: str
    peer: str
    ratio: float

    @property
    def apart(self) -> str:
        """Why what ours is compared with is no peer; empty for a peer."""
        return NO_PEERS.get(last(self.peer), "")


def number(cell: str) -> float | None:
    """The number that a cell begins with."""
    found = re.match(r"[-+]?\d+\.?\d*(e[-+]?\d+)?", cell)
    return float(found[0]) if found else None


def last(name: str) -> str:
    """What stands after the last comma of a name."""
    return name.rsplit(", ", 1)[-1]


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
    """A table with a column of times for each competitor: names, with cells of the row put in, and their columns.

    `instance` are the columns that, beside those of the name, tell problems apart; one may have a row for each peer.
    """

    title: str
    row: tuple[str, ...]
    peers: dict[str, str]
    ours: dict[str, str]
    instance: tuple[str, ...] = ()
    note: str = ""

    def contests(self, rows: list[dict[str, str]], ours: str = "") -> list[Contest]:
        """Our best against the best peer of each problem, by the largest ratio of its rows; of ours this one alone."""
        found: dict[tuple[str, ...], Contest] = {}
        for row in rows:
            peers = {name.format(**row): row.get(column, "") for name, column in self.peers.items()}
            mine = {name: row[column] for name, column in self.ours.items() if ours in ("", name)}
            for contest in decided(named(row, self.row), mine, peers):
                problem = (*(row[column] for column in (*self.row, *self.instance)), contest.apart)
                found[problem] = max(found.get(problem, contest), contest, key=lambda each: each.ratio)
        return list(found.values())


@dataclass(frozen=True)
class Long:
    """A table with a row for each competitor; `peers` has their names, or what stands after the last comma of them."""

    title: str
    row: tuple[str, ...]
    peers: tuple[str, ...]
    by: str
    time: str
    note: str = ""

    def contests(self, rows: list[dict[str, str]], ours: str = "") -> list[Contest]:
        """Our best against the best peer in each group of rows; of ours this competitor alone."""
        groups: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
        for row in rows:
            name = row[self.by]
            peer = name in self.peers or last(name) in self.peers
            if peer or ours in ("", name):
                groups.setdefault(named(row, self.row), ({}, {}))[peer][name] = row[self.time]
        return [contest for name, sides in groups.items() for contest in decided(name, *sides)]


CONVEX = ("textbook", "adelie", "celer", "skglm", "spams", "pyproximal", "pylops", "sigpy", "spgl1")
TABLES: dict[str, Wide | Long] = {
    "operators": Wide(
        "Products",
        ("operator",),
        {"{yardstick}": "yardstick ms"},
        {"csrecover": "ours ms"},
        ("direction", "size", "dtype"),
    ),
    "projections": Wide(
        "Projections onto models", ("structure",), {"{peer}": "peer ms"}, {"csrecover": "ms"}, ("n", "k")
    ),
    "tree_projection": Wide(
        "Exact tree projection",
        ("n",),
        {"dynamic program, small budgets": "table median ms"},
        {"csrecover": "numba median ms"},
        ("weights",),
        "Not in turns: ours is the median over all budgets, the textbook program's over the five smallest, once each, "
        "afterwards. Its time grows with the budget, so this favours it.",
    ),
    "tree_penalties": Wide(
        "Norms of subtrees", ("prox", "n"), {"SPAMS": "SPAMS ms"}, {"csrecover": "csrecover ms"}, ("step",)
    ),
    "group_prox": Wide(
        "Soft thresholding",
        ("prox", "n"),
        {name: name for name in ("NumPy", "PyProximal", "SPAMS", "SigPy")},
        {"csrecover": "csrecover"},
    ),
    "convex": Long(
        "Convex recovery",
        ("case",),
        CONVEX,
        "solver",
        "median s",
        note="In dct ours follows a path of eight weights; PyLops and PyProximal get its last weight, cold, and SPGL1 "
        "solves basis pursuit.",
    ),
    "constrained": Long(
        "Constrained forms",
        ("case",),
        CONVEX,
        "solver",
        "median s",
        note="The instance dct is that of convex recovery, with the same peer: the summary counts it twice.",
    ),
    "message_passing": Long("Message passing", ("case",), ("fista", *CONVEX), "solver", "median s"),
    "greedy": Long("Greedy recovery", ("case",), ("peer", "loop"), "solver", "median ms"),
    "batch": Wide("Batches", ("solver",), {"loop": "loop s"}, {"csrecover": "batch s"}),
    "sweeps": Long("A trial of a phase diagram", (), ("LARS", "AMP", "simplex"), "method", "ms a trial, 2 workers"),
    "rip": Wide(
        "Restricted isometry constants",
        ("matrix", "supports"),
        {"every submatrix": "every submatrix s"},
        {"branch and bound": "branch and bound s"},
        note="Not in turns: every submatrix is looked at afterwards, once; where that takes too long, a part of them, "
        "and the time of all is extrapolated.",
    ),
}


def read_tables(results: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of every table of a folder."""
    tables = {}
    for path in sorted(results.glob("*.csv")):
        with open(path, newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    return tables
