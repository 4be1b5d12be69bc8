"""Command line: parse, call the library, print."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from . import __version__
from .problem_file import example, examples, meaning, read_problem, write_outputs

_HERE = Path(__file__).parent


def demos() -> dict[str, Path]:
    """Demo scripts by name: those of the installed package, or of the checkout it is run from."""
    folders = (_HERE / "demos", _HERE.parent / "demos")
    found = next((folder for folder in folders if folder.is_dir()), folders[0])
    return {path.stem.partition("_")[2]: path for path in sorted(found.glob("[0-9]*_*.py"))}


def load(path: Path) -> Callable[..., None]:
    """The `main` function of a script."""
    return runpy.run_path(str(path))["main"]


def parser() -> argparse.ArgumentParser:
    """Parser of the command line."""
    top = argparse.ArgumentParser(
        prog="csrecover", description="Compressive-sensing signal recovery with structured sparsity."
    )
    top.add_argument("--version", action="version", version=f"csrecover {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser("demo", help="run a demo", description="Run a demo, print its numbers.")
    demo.add_argument("name", nargs="?", default="ecg", metavar="NAME", help="name of the demo (default: ecg)")
    demo.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder of the figure (default: out)"
    )
    demo.add_argument("--list", action="store_true", help="list the demos and what they show")
    demo.set_defaults(run=run_demo)
    recover = commands.add_parser(
        "recover",
        help="recover a signal that a problem file describes",
        description="Recover the signal of a problem file (TOML): writes recovered.npy, figure.png and summary.json.",
        epilog="Exit status: 0 recovered, 1 recovered and written, but a solver did not converge (summary.json says "
        "why), 2 the problem was not understood or could not be read or written.",
    )
    recover.add_argument("problem", nargs="?", type=Path, metavar="PROBLEM", help="problem file, see --examples")
    recover.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder of what is written (default: out)"
    )
    recover.add_argument(
        "--examples", nargs="?", const="", metavar="KIND", help="print an example of this kind, or of each, and end"
    )
    recover.set_defaults(run=run_recover)
    sweep = commands.add_parser(
        "sweep",
        help="run an experiment on a grid: a phase transition",
        description="Run the trials that an experiment file (TOML) describes: writes NAME.csv, NAME.html and NAME.png. "
        "An interrupted run goes on where it was, by the same command.",
        epilog="Exit status: 0 done, 1 done and written, but trials raised errors, 2 the experiment was not understood "
        "or could not be run, read or written, 130 interrupted.",
    )
    sweep.add_argument("experiment", nargs="?", type=Path, metavar="EXPERIMENT", help="experiment file, see --example")
    where = sweep.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="run in N processes (default: in this one)")
    where.add_argument("--dask", metavar="ADDRESS", help="run on the dask scheduler at this address, tcp://HOST:8786")
    sweep.add_argument("--store", type=Path, metavar="FILE", help="where trials are kept (default: DIR/NAME.sqlite)")
    sweep.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder of what is written (default: out)"
    )
    sweep.add_argument("--quiet", action="store_true", help="show no progress bar")
    sweep.add_argument("--status", type=Path, metavar="STORE", help="say how far the experiment in a store is, and end")
    sweep.add_argument(
        "--report", type=Path, metavar="FILE.html", help="write the report of what the store holds so far, and end"
    )
    sweep.add_argument("--example", action="store_true", help="print an experiment file, and end")
    sweep.set_defaults(run=run_sweep)
    rip = commands.add_parser(
        "rip",
        help="bracket the restricted isometry constants of a problem's operator",
        description="Restricted isometry constants of the operator and the model of a problem file (TOML), which needs "
        "no measurements: what was found, what is certified for every support, and what is exact.",
        epilog="Exit status: 0 done, 2 the problem was not understood or is too large, or could not be read or "
        "written, 130 interrupted: the bracket so far is printed.",
    )
    rip.add_argument("problem", type=Path, metavar="PROBLEM", help="problem file, see csrecover recover --examples")
    rip.add_argument("--k", type=int, nargs="+", metavar="K", help="budgets (default: k of [recover])")
    rip.add_argument(
        "--effort", choices=("quick", "thorough", "exact"), default="quick", help="of the search (default: quick)"
    )
    rip.add_argument("--guarantees", action="store_true", help="print the theorems: certified, refuted or undecided")
    rip.add_argument("--out", type=Path, metavar="DIR", help="write rip.json and rip.png to this folder")
    rip.add_argument("--quiet", action="store_true", help="show no progress bar")
    rip.set_defaults(run=run_rip)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 0 where all went well and 2 where it was not understood."""
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 2
    return options.run(options)


def run_demo(options: argparse.Namespace) -> int:
    """Run a demo, or list them."""
    available = demos()
    if options.list:
        width = max(map(len, available))
        for name, path in available.items():
            print(f"{name:{width}s}  {path.read_text(encoding='utf-8').splitlines()[0].strip(chr(34))}")
        return 0
    if options.name not in available:
        return not_understood(f"no demo {options.name!r}; there are: {', '.join(available)}")
    try:
        load(available[options.name])(out=options.out)
    except ModuleNotFoundError as error:
        return not_understood(f"the demo {options.name} needs {error.name}: pip install {error.name}")
    return 0


def run_recover(options: argparse.Namespace) -> int:
    """Recover the signal of a problem file, or print examples of such files."""
    try:
        if options.examples is not None:
            print("\n\n".join([example(options.examples)] if options.examples else examples()), end="")
            return 0
        if options.problem is None:
            return not_understood("recover needs a problem file: csrecover recover --examples prints some")
        problem = read_problem(options.problem)
        result = problem.recover()
        written = write_outputs(result, problem, options.out)
    except (ValueError, TypeError, OSError, ImportError, FloatingPointError, MemoryError) as error:
        return not_understood(str(error) or type(error).__name__)
    print(f"{result!r}: {', '.join(map(str, written))}")
    if np.all(result.converged):
        return 0
    print(f"csrecover: not converged: {meaning(result)}", file=sys.stderr)
    return 1


def run_sweep(options: argparse.Namespace) -> int:
    """Run an experiment file, or say what is known of one."""
    from .experiment_file.command import run_sweep

    try:
        return run_sweep(options)
    except (ValueError, TypeError, OSError, ImportError, RuntimeError, MemoryError) as error:
        return not_understood(str(error) or type(error).__name__)


def run_rip(options: argparse.Namespace) -> int:
    """Bracket the restricted isometry constants of a problem file."""
    from .problem_file.rip import run_rip

    try:
        return run_rip(options)
    except (ValueError, TypeError, OSError, ImportError, NotImplementedError, MemoryError) as error:
        return not_understood(str(error) or type(error).__name__)


def not_understood(message: str) -> int:
    """Say so in one line; the exit status."""
    print(f"csrecover: {' '.join(message.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
