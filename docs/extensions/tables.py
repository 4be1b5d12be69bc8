"""Tables of measured and computed numbers, made where the site is built: `measured-table` with the name of one."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

from csrecover.analysis.theory import statistical_dimension

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
PENALTIES = {
    "`L1`": {"kind": "l1"},
    "`NonNegativeL1`": {"kind": "nonnegative"},
    "`GroupL2`, blocks of 4": {"kind": "block", "size": 4},
    "`GroupL2`, blocks of 16": {"kind": "block", "size": 16},
    "`GroupL2`, endless blocks": {"kind": "block", "size": math.inf},
}


def needed() -> list[list[str]]:
    """Measurements for 95 % success: a row a solver, a column a structure; benchmarks/results/needed.csv."""
    with (RESULTS / "needed.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    number = next(name for name in rows[0] if name.startswith("measurements"))
    headings = {row["structure"]: f"{row['structure']}, {row['nonzeros']} of {row['n']}" for row in rows}
    found = {(row["solver"], row["structure"]): row[number] for row in rows}
    solvers = dict.fromkeys(row["solver"] for row in rows)
    body = [[f"`{name}`", *(found.get((name, structure), "") for structure in headings)] for name in solvers]
    return [["solver", *headings.values()], *body]


def transitions() -> list[list[str]]:
    """Measurements a nonzero coefficient from which large Gaussian matrices recover, by the share of nonzeros."""
    shares = (0.01, 0.02, 0.05, 0.1, 0.2)
    body = [
        [name, *(f"{statistical_dimension(s=share, **kind) / share:.2f}" for share in shares)]
        for name, kind in PENALTIES.items()
    ]
    return [["penalty", *(f"{share:.0%} nonzero" for share in shares)], *body]


TABLES = {"needed": needed, "transitions": transitions}


class MeasuredTable(Directive):
    """``{measured-table} NAME``: one of TABLES."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table as a node."""
        if self.arguments[0] not in TABLES:
            raise self.error(f"the tables are {', '.join(TABLES)}, got {self.arguments[0]}")
        head, *body = TABLES[self.arguments[0]]()
        group = nodes.tgroup(cols=len(head))
        group += [nodes.colspec(colwidth=1) for _ in head]
        group += nodes.thead("", row(head))
        group += nodes.tbody("", *map(row, body))
        return [nodes.table("", group)]


def row(cells: Iterable[str]) -> nodes.row:
    """A row of texts; what stands in backticks is code."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *inline(cell))) for cell in cells))


def inline(text: str) -> list[nodes.Node]:
    """Text and code by turns."""
    parts = text.split("`")
    return [nodes.literal("", part) if place % 2 else nodes.Text(part) for place, part in enumerate(parts) if part]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("measured-table", MeasuredTable)
    return {"parallel_read_safe": True}
