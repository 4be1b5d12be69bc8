"""What every re-run of a paper shares: its options, its lines "paper / here", its csv and its figure."""

import argparse
import csv
import os
from pathlib import Path

import numpy as np
from scipy.stats import binom

import csrecover as cs
from csrecover import plotting

HEAD = ("setting", "quantity", "paper", "here", "low", "high", "draws")


def options(doc, argv=None):
    """Options of a script: `quick`, `out`, and `workers` for `cs.sweep(..., executor=workers)`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a toy size, seconds")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the csv and the figure")
    parser.add_argument(
        "--workers", type=int, default=None if os.cpu_count() == 1 else os.cpu_count(), help="processes"
    )
    found = parser.parse_args(argv)
    if found.quick:
        found.workers = None
    return found


def median_interval(values, confidence=0.95):
    """Order statistics that hold the median with this confidence, whatever the distribution; empty if too few."""
    values = np.sort(np.ravel(values))
    cut = int(binom.ppf((1 - confidence) / 2, values.size, 0.5)) - 1
    return (values[cut], values[-1 - cut]) if cut >= 0 else ("", "")


def median_line(setting, quantity, paper, values):
    """A line of the table: the median of the draws and an interval that holds it with 95 % confidence."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    return line(setting, quantity, paper, np.median(values), median_interval(values), values.size)


def share_line(setting, quantity, paper, cell):
    """A line of the table: the share of successes in one cell of a sweep, with Wilson's interval."""
    low, high = (float(end) for end in cell.interval())
    return line(setting, quantity, paper, float(cell.rate()), (low, high), int(cell.trials))


def mean_line(setting, quantity, paper, values):
    """A line of the table: the mean of draws that are not negative, and about 1.96 standard errors to both sides."""
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    mean, half = float(values.mean()), 1.96 * float(values.std(ddof=1)) / values.size**0.5
    return line(setting, quantity, paper, mean, (max(mean - half, 0.0), mean + half), values.size)


def line(setting, quantity, paper, here, interval=("", ""), draws=""):
    """A line of the table; `paper` is a text, the number as printed there, a float of a theory, or ""."""
    numbers = (f"{v:.3g}" if isinstance(v, float) else str(v) for v in (paper, here, *interval, draws))
    return dict(zip(HEAD, (setting, quantity, *numbers), strict=True))


def plain_cosamp(A, y, model, k):
    """CoSaMP that knows the number of nonzeros, not where the model wants them."""
    return cs.cosamp(A, y, cs.Sparse(), model.max_nonzeros(k))


def relative_error(x, truth):
    """||x - truth|| / ||truth||."""
    return float(np.linalg.norm(x - truth) / np.linalg.norm(truth))


def piecewise_cubic(n, rng, pieces=5):
    """Cubic pieces with normal coefficients, about the middle of each in units of n / 2, and random breaks."""
    breaks = np.sort(1 + rng.permutation(n - 1)[: pieces - 1])
    places = [2 / n * (piece - piece.mean()) for piece in np.split(np.arange(n), breaks)]
    return np.concatenate([np.polynomial.Polynomial(rng.standard_normal(4))(t) for t in places])


def write(name, lines, figure, out):
    """Print the lines, and write them to out/name.csv and the figure to out/name.png."""
    out.mkdir(parents=True, exist_ok=True)
    with open(out / f"{name}.csv", "w", newline="") as file:
        table = csv.DictWriter(file, HEAD)
        table.writeheader()
        table.writerows(lines)
    for row in lines:
        low = f" ({row['low']} to {row['high']}, {row['draws']} draws)" if row["low"] else ""
        print(f"{row['setting']}, {row['quantity']}: paper {row['paper'] or '-'} / here {row['here']}{low}")
    print("figure:", plotting.save(figure, out / f"{name}.png"))
    return lines
