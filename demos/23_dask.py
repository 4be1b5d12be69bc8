"""A sweep on a dask cluster that loses a worker on the way: the same counts, bit for bit, as in one process."""

# %% When does subspace pursuit recover a signal of 64 coefficients? (Needs `pip install csrecover[distributed]`.)
import logging
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from distributed import Client, LocalCluster
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

TRIAL = cs.RecoveryTrial(64, structure=cs.Sparse(), solver=cs.subspace_pursuit)
GRID = {"delta": np.linspace(0.2, 0.9, 8), "rho": np.linspace(0.1, 0.9, 9)}


# %% On the cluster the trial notes who ran it, and the first process that comes to a certain cell ends there. The
# random numbers of a trial depend on the seed, its cell and its number alone: what was lost is run again elsewhere.
class Deadly:
    """The trial, with a log of process and time in a folder."""

    def __init__(self, folder, cell):
        self.folder, self.cell = folder, cell

    def __call__(self, *, rng, **cell):
        """Outcome of the trial."""
        obituary = self.folder / "died"
        if cell == self.cell and not obituary.exists():
            obituary.write_text(f"{os.getpid()} {time.time()}")
            os._exit(1)
        outcome = TRIAL(rng=rng, **cell)
        with (self.folder / "log").open("a") as log:
            log.write(f"{os.getpid()} {time.time()}\n")
        return outcome


def main(out=Path("out"), trials=20):
    """Print whether the counts are equal; draw them, and who made them."""
    alone = cs.sweep(TRIAL, GRID, trials=trials)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.CRITICAL}
    with TemporaryDirectory() as folder, LocalCluster(**options) as cluster, Client(cluster) as client:
        deadly = Deadly(Path(folder), {"delta": GRID["delta"][6], "rho": GRID["rho"][4]})
        found = cs.sweep(deadly, GRID, trials=trials, executor=client)
        log, died = (np.loadtxt(Path(folder) / name, ndmin=2) for name in ("log", "died"))
    different = np.sum((found.successes != alone.successes) | (found.trials != alone.trials))
    expect(f"cells of {found.trials.size} whose counts differ from those of one process", int(different), 0, 0)
    print("figure:", plotting.save(draw(found, log, *died), out / "dask.png"))


# %% What was found, and when each process made its trials
def draw(found, log, died):
    """Rates of success; trials over time for each process, and the death of one."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    plotting.plot_sweep(found, ax=left)
    left.set_title("The same counts as in one process")
    start, processes = log[:, 1].min(), list(dict.fromkeys([died[0], *log[:, 0]]))
    for row, process in enumerate(processes):
        seconds = log[log[:, 0] == process, 1] - start
        right.plot(seconds, np.full(len(seconds), row), "|", color="#0072B2", markersize=14)
    right.plot(died[1] - start, 0, "X", color="#D55E00", markersize=9)
    right.set_yticks(range(len(processes)), [f"worker {row + 1}" for row in range(len(processes))])
    right.set(xlabel="seconds", title="Trials of two workers, of which one dies", ylim=(-0.5, len(processes) - 0.5))
    return figure


if __name__ == "__main__":
    main()
