"""README's figures, and whether README quotes the numbers of the runs that drew them.

python demos/figures/make.py [--check]

Runs the demos of `QUOTES`, which write their figures to this folder, and writes the sentences with their decisive
numbers to quotes.txt. Then, and with --check only, it looks for each sentence in README.md; exit status 1 where one is
missing.
"""

import argparse
import csv
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

from csrecover import cli

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
QUOTES = {  # sentences of README, with the numbers that a demo compares with references, in their order
    "ecg": "a wavelet tree finds it ({:.1f} dB, median of 8 draws), plain sparsity ({:.1f} dB) and l1 ({:.1f} dB) do "
    "not.",
    "rip": "from {:.0f} (l1) or {:,.0f} (CoSaMP) measurements a nonzero on. Of one of 64 x 128 the best proof, by its "
    "null space, reaches k = {:.0f} nonzeros, and k = {:.0f} is out of reach for l1 in the worst case; half of random "
    "signals are recovered up to k = {:.0f}.",
}


def quote(demo: str, printed: str) -> str:
    """The sentence of a demo with the numbers that it printed, to three digits."""
    return QUOTES[demo].format(*(float(f"{float(each):.3g}") for each in re.findall(r": (\S+) \(reference ", printed)))


def measurements() -> str:
    """The sentence with the numbers of measurements that solvers need, by the table of the benchmarks."""
    with (ROOT / "benchmarks" / "results" / "needed.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["structure"] == "any" and row["solver"].isidentifier()]
    counts = sorted((int(row["measurements for 95% success"].split()[0]), row["solver"]) for row in rows)
    return "for 8 nonzeros among 128, " + ", ".join(f"`{solver}` {count}" for count, solver in counts) + "."


def missing(readme: str) -> list[str]:
    """Sentences that a text does not have, wherever its lines break."""
    quotes = [*(HERE / "quotes.txt").read_text(encoding="utf-8").splitlines(), measurements()]
    return [sentence for sentence in quotes if sentence not in " ".join(readme.split())]


def main(arguments: list[str] | None = None) -> int:
    """Make the figures and the quotes, compare them with README."""
    parser = argparse.ArgumentParser(description="README's figures and the numbers that it quotes.")
    parser.add_argument("--check", action="store_true", help="run nothing, look for the sentences in README alone")
    if not parser.parse_args(arguments).check:
        sentences = []
        for demo in QUOTES:
            with redirect_stdout(io.StringIO()) as printed:
                cli.load(cli.demos()[demo])(out=HERE)
            sentences.append(quote(demo, printed.getvalue()))
        (HERE / "quotes.txt").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    absent = missing((ROOT / "README.md").read_text(encoding="utf-8"))
    for sentence in absent:
        print(f"README.md does not say: {sentence}")
    return int(bool(absent))


if __name__ == "__main__":
    sys.exit(main())
