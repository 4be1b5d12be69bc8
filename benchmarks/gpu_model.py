"""What an iteration should cost on a GPU, on paper: launches, bytes, operations, and which of them bounds it.

    python benchmarks/gpu_model.py --out benchmarks

writes gpu_model.md. Nothing is measured here; tests/test_gpu_model.py compares the launches with those that the CuPy
double counts.
"""

import argparse
import math
from dataclasses import dataclass, field
from pathlib import Path

SIZES = {"small": (256, 1024), "medium": (4096, 16384), "large": (16384, 65536)}  # measurements, coefficients
LONG = {name: (m * 64, n * 64) for name, (m, n) in SIZES.items()}  # where there is no matrix
HOST = 1.6e-3, 0.25e-6  # seconds of a tree projection and of each of its nodes: benchmarks/results/tree_projection.md


@dataclass(frozen=True)
class Gpu:
    """Rates that the data sheet of an H100 SXM promises, and usual costs of a launch and of waiting for it."""

    bandwidth: float = 3.35e12
    flops: dict[int, float] = field(default_factory=lambda: {4: 67e12, 8: 34e12})  # by the bytes of a real number
    bus: float = 64e9
    launch: float = 3e-6
    wait: float = 10e-6


@dataclass(frozen=True)
class Step:
    """One line of an algorithm: its launches, the bytes it reads and writes, its operations, what crosses the bus."""

    name: str
    launches: int
    memory: float
    flops: float = 0
    waits: int = 0
    bus: float = 0
    host: float = 0

    def seconds(self, gpu: Gpu, itemsize: int) -> float:
        """The largest of launches, memory and arithmetic, which overlap, and what does not."""
        overlapping = max(self.launches * gpu.launch, self.memory / gpu.bandwidth, self.flops / gpu.flops[itemsize])
        return overlapping + self.waits * gpu.wait + self.bus / gpu.bus + self.host


def dense(m: int, n: int, signals: int, itemsize: int) -> dict[str, Step]:
    """A product with a matrix and one with its adjoint: the matrix is read once for all signals."""
    step = Step("product", 1, itemsize * (m * n + signals * (m + n)), 2 * m * n * signals)
    return {"A": step, "A^H": step}


def fourier(m: int, n: int, signals: int, itemsize: int) -> dict[str, Step]:
    """A subsampled DFT; the transform is one call that passes over the memory twice up to 2^20 entries."""
    pair, transform = 2 * itemsize * signals, 5 * n * math.log2(n) * signals
    return {
        "A": Step("A", 3, pair * (4 * n + 4 * m), transform),
        "A^H": Step("A^H", 4, pair * (5 * n + 4 * m), transform),
    }


def fista(A: dict[str, Step], m: int, n: int, signals: int, itemsize: int) -> list[Step]:
    """An iteration of FISTA with the l1 norm, between looks; itemsize is that of the iterates."""
    one = signals * itemsize
    return [
        Step("y - A z", 1, 3 * m * one, m * signals),
        A["A^H"],
        Step("z + step * correlation", 2, 5 * n * one, 2 * n * signals),
        Step("soft threshold", 1, 2 * n * one, 3 * n * signals),
        A["A"],
        Step("is it uphill?", 2, 5 * n * one, 4 * n * signals),
        Step("momentum", 1, 4 * one, 8 * signals),
        Step("extrapolation of x and A x", 2, 3 * (n + m) * one, 3 * (n + m) * signals),
    ]


def top_k(n: int, itemsize: int) -> Step:
    """Magnitudes, a radix sort (a pass a byte, read and written), two comparisons, a sum and a running sum."""
    return Step("top k", 6, n * (itemsize * (3 + 2 * itemsize) + 40), 10 * n)


def cosamp(A: dict[str, Step], m: int, n: int, itemsize: int, k: int) -> list[Step]:
    """An iteration of CoSaMP with a dense matrix; least squares on 3 k columns by normal equations."""
    wide = 3 * k
    solve = Step(
        "least squares on 3 k columns",
        45,
        itemsize * (4 * m * wide + 4 * wide**2) + 60 * n,
        2 * m * wide**2 + wide**3 / 3 + 8 * m * wide,
        waits=1,
    )
    prune = Step("keep", 1, n * (2 * itemsize + 1))
    rest = Step("y - A x, norms and change", 6, itemsize * (6 * m + 8 * n), 8 * (m + n))
    merge = Step("merge supports", 1, 3 * n)
    return [A["A^H"], top_k(n, itemsize), merge, solve, top_k(n, itemsize), prune, A["A"], rest]


def tree_projection(n: int, itemsize: int) -> list[Step]:
    """The magnitudes go to the host, which searches, and a mask comes back."""
    return [
        Step("tree projection", 1, 2 * n * itemsize, n, waits=1, bus=n * (itemsize + 1), host=HOST[0] + HOST[1] * n)
    ]


def row(name: str, size: str, steps: list[Step], itemsize: int, signals: int = 1) -> dict[str, object]:
    """One line of the table."""
    gpu = Gpu()
    launches, memory, flops = (sum(getattr(step, part) for step in steps) for part in ("launches", "memory", "flops"))
    bounds = {
        "launches": launches * gpu.launch,
        "memory": memory / gpu.bandwidth,
        "arithmetic": flops / gpu.flops[itemsize],
        "waiting": sum(step.waits for step in steps) * gpu.wait,
        "host": sum(step.bus / gpu.bus + step.host for step in steps),
    }
    seconds = sum(step.seconds(gpu, itemsize) for step in steps)
    return {
        "iteration": name,
        "m x n": size,
        "launches": launches,
        "MB": f"{memory / 1e6:.3g}",
        "Mflop": f"{flops / 1e6:.3g}",
        "microseconds": f"{1e6 * seconds:.3g}",
        "bound by": max(bounds, key=lambda name: bounds[name]),
        "signals / s / iteration": f"{signals / seconds:.2g}",
    }


def rows() -> list[dict[str, object]]:
    """All lines: single precision where not said otherwise."""
    table: list[dict[str, object]] = []
    for m, n in SIZES.values():
        size = f"{m} x {n}"
        table.append(row("FISTA, dense", size, fista(dense(m, n, 1, 4), m, n, 1, 4), 4))
        table.append(row("FISTA, dense, double", size, fista(dense(m, n, 1, 8), m, n, 1, 8), 8))
        table.append(row("FISTA, dense, 64 signals", size, fista(dense(m, n, 64, 4), m, n, 64, 4), 4, 64))
    for m, n in LONG.values():
        table.append(row("FISTA, DFT, complex", f"{m} x {n}", fista(fourier(m, n, 1, 4), m, n, 1, 8), 4))
        table.append(row("FISTA, DFT, 64 signals", f"{m} x {n}", fista(fourier(m, n, 64, 4), m, n, 64, 8), 4, 64))
    for m, n in SIZES.values():
        table.append(row("CoSaMP, dense, k = m / 16", f"{m} x {n}", cosamp(dense(m, n, 1, 4), m, n, 4, m // 16), 4))
    table += [row("tree projection", f"{n}", tree_projection(n, 4), 4) for _, n in SIZES.values()]
    return table


TEXT = """# What an iteration should cost on a GPU

Written by `python benchmarks/gpu_model.py --out benchmarks`. **Nothing here was measured on a GPU.** The launches are
those that the CuPy double counts (tests/test_gpu_model.py); the rest is arithmetic with the rates of an H100 SXM:
{bandwidth:.2f} TB/s, {single:.0f} TFLOP/s in single and {double:.0f} in double precision (vector units), PCIe
{bus:.0f} GB/s, {launch:.0f} us a launch, {wait:.0f} us to wait for the device. A step takes the largest of its
launches, its memory traffic (each array once, nothing kept in the cache between steps) and its arithmetic. A call of
cuBLAS, cuFFT or cuSOLVER counts as one launch, and small matrices do not reach these rates: times are lower bounds.

{table}

- Below about 10^6 numbers an iteration of FISTA is bound by its launches and 64 signals take as long as one: a sweep
  gains most by batches. A large matrix binds it by memory, and again a batch reads it once for all its signals.
- A look every ten iterations adds one synchronisation and 48 launches, every fifth look 65 more to combine dual
  points: about 19 us an iteration.
- CoSaMP of one small problem is bound by launches, two thirds of them those of its least squares.
- The tree projection computes on the host; the bus takes less than one percent of its time (page-locked memory).

To measure first, on hardware: (1) the time of one iteration of FISTA, small and large, against this table; (2) whether
fetching one number takes {wait:.0f} us; (3) products of 64 signals against one; (4) the sort in `top_k_mask` against
the rest of CoSaMP; (5) the Walsh-Hadamard kernel against two passes over the memory.
"""


def text() -> str:
    """The whole file."""
    gpu, table = Gpu(), rows()
    lines = [list(table[0]), ["---"] * len(table[0]), *[[str(cell) for cell in line.values()] for line in table]]
    return TEXT.format(
        bandwidth=gpu.bandwidth / 1e12,
        single=gpu.flops[4] / 1e12,
        double=gpu.flops[8] / 1e12,
        bus=gpu.bus / 1e9,
        launch=gpu.launch * 1e6,
        wait=gpu.wait * 1e6,
        table="\n".join("| " + " | ".join(line) + " |" for line in lines),
    )


def main() -> None:
    """Print the file, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder that gpu_model.md is written to")
    out = parser.parse_args().out
    if out is None:
        print(text())
    else:
        (out / "gpu_model.md").write_text(text())


if __name__ == "__main__":
    main()
