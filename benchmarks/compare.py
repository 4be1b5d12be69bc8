"""Time this version beside an older one: the same works, in processes of their own, in turns.

python benchmarks/compare.py REV [--rounds 7] [--quick]

REV is checked out into a temporary worktree. A round times the old version and then this one, working tree included;
a ratio is this version's time over the old one's in the same round. A work is marked where all rounds agree on who is
faster and the median differs by more than 5 %: seven rounds of equal versions agree in one case out of 64.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from common import write_table

ROOT = Path(__file__).resolve().parent.parent
NOTABLE = 1.05


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Temporary worktree of a revision."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "old"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def seconds(tree: Path, quick: bool) -> dict[str, float]:
    """Times of the works with the package of a tree; toy sizes run without compiled code."""
    command = [sys.executable, str(ROOT / "benchmarks" / "compare_cases.py"), *["--quick"] * quick]
    environment = os.environ | {"PYTHONPATH": str(tree)} | ({"CSRECOVER_FAST": "0"} if quick else {})
    printed = subprocess.run(command, env=environment, cwd=tree, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(printed.splitlines()[-1])
    if not Path(found["file"]).resolve().is_relative_to(tree.resolve()):
        raise RuntimeError(f"expected the package of {tree}, got {found['file']}: is csrecover installed in place?")
    return found["seconds"]


def verdict(ratios: list[float]) -> str:
    """Slower or faster where all rounds agree and the median tells, else nothing."""
    middle = np.median(ratios)
    if min(ratios) > 1 and middle > NOTABLE:
        return "**slower**"
    return "faster" if max(ratios) < 1 and middle < 1 / NOTABLE else ""


def rows_of(old: list[dict[str, float]], new: list[dict[str, float]]) -> list[dict[str, str]]:
    """One row for each work of this version."""
    rows = []
    for name in new[0]:
        here = 1e3 * float(np.median([times[name] for times in new]))
        row = {
            "work": name,
            "old ms": "",
            "new ms": f"{here:.3g}",
            "new / old": "",
            "range": "",
            "": "not in the old one",
        }
        if name in old[0]:
            ratios = [after[name] / before[name] for before, after in zip(old, new, strict=True)]
            row["old ms"] = f"{1e3 * float(np.median([times[name] for times in old])):.3g}"
            row["new / old"], row["range"] = f"{np.median(ratios):.2f}", f"{min(ratios):.2f} to {max(ratios):.2f}"
            row[""] = verdict(ratios)
        rows.append(row)
    return rows


def main(argv: list[str] | None = None) -> list[dict[str, str]]:
    """Compare and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("revision", help="what to compare with: a commit, a tag, a branch")
    parser.add_argument("--rounds", type=int, default=7, help="processes of each version")
    parser.add_argument("--quick", action="store_true", help="toy sizes, one round")
    options = parser.parse_args(argv)
    old, new = [], []
    with checked_out(options.revision) as tree:
        for _ in range(1 if options.quick else options.rounds):
            old.append(seconds(tree, options.quick))
            new.append(seconds(ROOT, options.quick))
    rows = rows_of(old, new)
    print(write_table(rows, "compare", None))
    return rows


if __name__ == "__main__":
    main()
