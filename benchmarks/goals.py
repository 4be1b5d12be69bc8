"""What the tables are to show (goals.toml), and what they do show."""

import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from contests import TABLES, number

GOALS = Path(__file__).with_name("goals.toml")


@dataclass(frozen=True)
class Goal:
    """A ratio or number that a table is to show; without a column it is our best time over the best peer's.

    `where` gives cells that rows must have, one or several for a column; `over` divides the column by another, `ours`
    names one of our competitors. The worst of the rows counts, or the best of them.
    """

    name: str
    table: str
    where: dict[str, str | list[str]] = field(default_factory=dict)
    column: str = ""
    over: str = ""
    ours: str = ""
    best: bool = False
    at_most: float | None = None
    at_least: float | None = None
    profile: str = ""
    next: str = ""

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError(f"goal {self.name!r}: give at_most or at_least, not both")

    def measured(self, rows: list[dict[str, str]]) -> float | None:
        """What the table shows; None where it has no such row, as a peer is not installed."""
        chosen = [row for row in rows if all(row[key] in self._cells(key) for key in self.where)]
        values = [self._value(row) for row in chosen] if self.column else self._ratios(chosen)
        found = [value for value in values if value is not None]
        if not found:
            return None
        return min(found) if self.best == (self.at_least is None) else max(found)

    def met(self, value: float) -> bool:
        """Whether a number reaches the goal."""
        return value <= self.at_most if self.at_most is not None else value >= (self.at_least or 0)

    @property
    def wanted(self) -> str:
        """The goal in words."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"

    def _cells(self, key: str) -> list[str]:
        cells = self.where[key]
        return [cells] if isinstance(cells, str) else cells

    def _value(self, row: dict[str, str]) -> float | None:
        value, other = number(row[self.column]), number(row[self.over]) if self.over else 1.0
        return None if value is None or not other else value / other

    def _ratios(self, rows: list[dict[str, str]]) -> list[float]:
        return [contest.ratio for contest in TABLES[self.table].contests(rows, self.ours)]


def read_goals(path: Path = GOALS) -> list[Goal]:
    """The goals in their order."""
    return [Goal(**entry) for entry in tomllib.loads(path.read_text())["goal"]]
