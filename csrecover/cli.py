"""Command line: parse, call the library, print."""

from __future__ import annotations

import argparse
import runpy
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import __version__

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
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (0 done, 2 not understood)."""
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 2
    available = demos()
    if options.list:
        for name, path in available.items():
            print(f"{name:10s} {path.read_text(encoding='utf-8').splitlines()[0].strip(chr(34))}")
        return 0
    if options.name not in available:
        print(f"csrecover: no demo {options.name!r}; there are: {', '.join(available)}", file=sys.stderr)
        return 2
    load(available[options.name])(out=options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
