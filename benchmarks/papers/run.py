"""Re-run the papers' experiments, and write the page that sets their numbers beside ours.

python benchmarks/papers/run.py [NAME ...] [--quick] [--out DIR] [--page]

NAME is a script of this folder (all if none is given); --page writes the page from what --out holds, and runs nothing.
"""

import argparse
import ast
import csv
import runpy
import time
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in ("headline", "run")}


def section(name, out):
    """Markdown of one script: its title and settings, its lines, its figure, its command."""
    title, _, settings = ast.get_docstring(ast.parse(SCRIPTS[name].read_text())).partition("\n\n")
    with open(out / f"{name}.csv", newline="") as file:
        head, *rows = csv.reader(file)
    table = "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])
    command = f"`python benchmarks/papers/{name}.py`"
    return f"## {title.rstrip('.')}\n\n{settings.strip()}\n\n{table}\n\n![{title}]({name}.png)\n\n{command}\n"


def page(out):
    """Write out/README.md from the tables and figures there."""
    missing = [name for name in SCRIPTS if not (out / f"{name}.csv").exists()]
    if missing:
        raise SystemExit(f"{out} has no results of {', '.join(missing)}: run them first")
    head = (
        "# Papers re-run\n\nLines with a number of a paper have it beside ours; (theory) marks numbers that follow "
        "from theorems. `low` and `high` hold ours with 95 % confidence: of a median by order statistics, empty below "
        "six draws, whose range is not enough; of a mean by its standard error, cut off at zero, which is approximate "
        "where a few draws are much larger than the rest; of a share by Wilson's score; of a transition by its fit. "
        "`make papers` writes this page; each section ends with the command for itself alone.\n"
    )
    (out / "README.md").write_text("\n".join([head, *(section(name, out) for name in SCRIPTS)]))


def main(argv=None):
    """Run the scripts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCRIPTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="toy sizes")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of tables, figures and the page")
    parser.add_argument("--page", action="store_true", help="write the page alone")
    chosen = parser.parse_args(argv)
    unknown = set(chosen.names) - set(SCRIPTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SCRIPTS)}")
    for name in [] if chosen.page else chosen.names or SCRIPTS:
        started = time.perf_counter()
        print(f"# {name}")
        runpy.run_path(str(SCRIPTS[name]))["main"]([*["--quick"][: chosen.quick], "--out", str(chosen.out)])
        print(f"{time.perf_counter() - started:.0f} s\n", flush=True)
    if chosen.page or not chosen.names:
        page(chosen.out)


if __name__ == "__main__":
    main()
