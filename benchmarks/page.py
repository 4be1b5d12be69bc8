"""One page of all tables: our best time over the best peer's in every row, and which goals are met.

python benchmarks/page.py [--results DIR]

Reads the tables (*.csv, and the machine in *.md) that the other benchmarks wrote and the goals in goals.toml, and
writes README.md beside the tables.
"""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from contests import TABLES, Contest, read_tables
from goals import Goal, read_goals

RESULTS = Path(__file__).parent / "results"


def short(ratio: float) -> str:
    """A ratio with two decimals, or one digit where it is small."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.1g}"


def line(*cells: object) -> str:
    """A row of a markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(*cells: str) -> list[str]:
    """The first two lines of a markdown table."""
    return [line(*cells), line(*["---"] * len(cells))]


def summary(tables: dict[str, list[dict[str, str]]]) -> list[str]:
    """One line a table."""
    lines = head("table", "comparisons", "a peer is faster in", "ours / best peer, median", "least", "largest")
    for name in TABLES:
        contests = TABLES[name].contests(tables.get(name, []))
        ratios = [contest.ratio for contest in contests if not contest.apart]
        if ratios:
            lost = sum(ratio > 1 for ratio in ratios)
            title = f"[{TABLES[name].title}]({name}.md)"
            lines.append(
                line(title, len(ratios), lost, short(statistics.median(ratios)), short(min(ratios)), short(max(ratios)))
            )
    return lines


def section(name: str, rows: list[dict[str, str]], machine: str) -> list[str]:
    """The comparisons of a table, those of one name in one line."""
    groups: dict[tuple[str, str], list[Contest]] = {}
    for contest in TABLES[name].contests(rows):
        groups.setdefault((contest.name, contest.apart), []).append(contest)
    lines = [f"## {TABLES[name].title}", "", f"[The whole table]({name}.md), [csv]({name}.csv); {machine}", ""]
    lines += [TABLES[name].note, ""] if TABLES[name].note else []
    lines += head("row", "ours", "best peer", "ours / best peer", "faster")
    for (row, apart), contests in groups.items():
        ratios = [contest.ratio for contest in contests]
        ours, peers = (
            ", ".join(dict.fromkeys(names)) for names in zip(*[(c.ours, c.peer) for c in contests], strict=True)
        )
        middle = short(statistics.median(ratios))
        many = f" ({short(min(ratios))} to {short(max(ratios))}, {len(ratios)} rows)" if len(ratios) > 1 else ""
        lines.append(line(row, ours, peers, middle + many, apart or winner(ratios)))
    return [*lines, ""]


def winner(ratios: list[float]) -> str:
    """Who is faster."""
    lost = sum(ratio > 1 for ratio in ratios)
    if lost == 0:
        return "ours"
    return "**peer**" if lost == len(ratios) else f"**peer in {lost} of {len(ratios)}**"


def goal_lines(goals: list[Goal], tables: dict[str, list[dict[str, str]]]) -> list[str]:
    """The goals with what was measured, and those not met with their profiles."""
    lines = ["## Goals", "", *head("goal", "table", "wanted", "measured", "met")]
    unmet = []
    for goal in goals:
        value = goal.measured(tables.get(goal.table, []))
        if value is None:
            lines.append(line(goal.name, goal.table, goal.wanted, "not measured", ""))
            continue
        unmet += [] if goal.met(value) else [(goal, value)]
        lines.append(line(goal.name, goal.table, goal.wanted, f"{value:.3g}", "yes" if goal.met(value) else "**no**"))
    lines += ["", "## Goals not met", ""]
    for goal, value in unmet:
        lines.append(f"- **{goal.name}**: {value:.3g}, wanted {goal.wanted}. {goal.profile} Next: {goal.next}")
    return [*lines, ""]


INTRODUCTION = """# Side by side with peers

Written by `python benchmarks/page.py` from the tables of this folder. `make bench` writes all of them and this page,
`python benchmarks/NAME.py --out benchmarks/results` one; `--quick` shows a toy size. A table's file says at its head
what is compared.

Both sides of a row solve the same instance in the same run, in turns, except where a table says otherwise below.
Answers are checked by the benchmark itself; solvers with a tolerance run at the loosest one, found to a quarter of a
decade, whose answer is good enough. Ratios are of medians of at least five measures (one, where a call takes 20 s or
more), whose range the tables give; of several peers with the same problem the fastest counts. Below one we are faster.
A ratio within a few hundredths of one is a tie, yet counted for who is ahead. Rows with several sizes or directions
show their median and range. What is no peer, our own loop or another transform, is shown and not counted.

The first call mostly loads compiled code, which is cached on disk. Where tolerances are searched for, it is shown as
what the first of those calls took more than the second, plus the median. Memory is that by which a call makes the
process grow.
"""


def lacking(tables: dict[str, list[dict[str, str]]]) -> list[str]:
    """Which tables do not show the first call, and which not the memory."""
    lines = []
    for what, words in (("first calls", ("first",)), ("memory", ("MiB", "memory"))):
        names = [name for name, rows in tables.items() if not any(word in key for key in rows[0] for word in words)]
        lines += [f"Tables without {what}: {', '.join(names)}.", ""] if names else []
    return lines


def page(results: Path) -> str:
    """The page as markdown."""
    tables, goals = read_tables(results), read_goals()
    lines = [INTRODUCTION, *summary(tables), ""]
    others = [f"[{name}]({name}.md)" for name in tables if name not in TABLES]
    lines += [f"Other tables: {', '.join(others)}.", ""] if others else []
    lines += lacking(tables)
    if (results / "scaling.png").exists():
        caption = "Time against the length of the signals, their number and the number of workers, beside a cost model"
        lines += [f"[![{caption}](scaling.png)](scaling.md)", "", f"{caption}.", ""]
    lines += goal_lines(goals, tables)
    for name in TABLES:
        if TABLES[name].contests(tables.get(name, [])):
            machine = (results / f"{name}.md").read_text().splitlines()[0]
            lines += section(name, tables[name], machine)
    return "\n".join(lines).rstrip() + "\n"


def main(argv: list[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the tables and of README.md")
    options = parser.parse_args(argv)
    (options.results / "README.md").write_text(page(options.results))
    print(f"{options.results / 'README.md'} written", file=sys.stderr)


if __name__ == "__main__":
    main()
