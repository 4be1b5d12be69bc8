"""Trials for the tests of sweeps, in a module that worker processes can import."""

import hashlib
import sys
import time

import numpy as np

import csrecover as cs
from csrecover.experiments import chunks
from csrecover.experiments.result import Sweep
from csrecover.experiments.sweep import sweep

AXES = {"delta": [0.2, 0.5, 0.8], "rho": np.linspace(0.1, 0.9, 5)}


def margin(rng, delta, rho):
    """A number that tells every bit of the stream of a trial."""
    return float(rng.standard_normal() + 4 * (delta - rho))


def slow(rng, delta, rho):
    time.sleep(0.002)
    return margin(rng, delta, rho)


def positive(value):
    return value > 0


def recovered(rng, delta, rho):
    """Subspace pursuit on a small random problem."""
    m = round(24 * delta)
    A, k = cs.gaussian(m, 24, rng), max(1, round(rho * m / 2))
    truth = cs.random_signal(cs.Sparse(), 24, k, rng)
    return float(cs.subspace_pursuit(A, A @ truth, cs.Sparse(), k).error(truth))


def digest(found: Sweep) -> str:
    """Digest of everything that was counted."""
    values = b"" if found.values is None else found.values.tobytes()
    arrays = (found.successes, found.trials, found.errors)
    return hashlib.sha256(repr(found.axes).encode() + values + b"".join(each.tobytes() for each in arrays)).hexdigest()


def killable(store: str, workers: int) -> None:
    """Sweep in small chunks, to be killed at any moment; says when it begins and ends."""
    chunks._SECONDS = 0.02
    print("begins", flush=True)
    found = sweep(slow, AXES, trials=20, store=store, success=positive, executor=workers or None, progress=False)
    print(digest(found), flush=True)


if __name__ == "__main__":
    from tests import sweep_trials

    sweep_trials.killable(sys.argv[1], int(sys.argv[2]))
