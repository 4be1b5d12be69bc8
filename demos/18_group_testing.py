"""Viral loads of 256 samples from a few dozen pooled tests: how many pools do few positives need?"""

# %% Each sample goes into six pools, drawn at random: a column of `sparse_binary` has six equal entries. A test
# measures the load of its pool, to 1 %; the loads of the positives spread over two decades.
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.analysis.theory import statistical_dimension
from csrecover.testing import expect

N, POOLS, NOISE = 256, 6, 0.01
POSITIVES = np.array([2, 4, 8, 16])


# %% Loads are not negative, and that is half of the answer: `NonNegativeL1` looks for the least total load x >= 0 that
# fits the tests
def recovered(k, m, draws):
    """Share of the draws whose loads are found, to a relative error of 10 %, from m tests."""
    A, rng = cs.sparse_binary(m, N, POOLS, (k, m)), np.random.default_rng((m, k))
    positive = rng.permuted(np.tile(np.arange(N) < k, (draws, 1)), axis=-1)
    loads = np.where(positive, 10 ** rng.uniform(0, 2, positive.shape), 0)
    y = A @ loads
    y *= 1 + NOISE * rng.standard_normal(y.shape)
    return np.mean(cs.fista(A, y, cs.NonNegativeL1(), scale="0.001 lmax", tol=1e-5, max_iter=1000).error(loads) < 0.1)


# %% The theory is that of Gaussian measurements: from the statistical dimension of the descent cone on, the loads are
# found (Amelunxen, Lotz, McCoy and Tropp, 2014). Dorfman's scheme of 1943 tests each member of a
# positive pool again; its tests only say yes or no.
def dorfman(k):
    """Expected tests of the best pool size, when each sample is positive with probability k / N."""
    sizes = np.arange(2, N)
    return N * np.min(1 / sizes + 1 - (1 - k / N) ** sizes)


def main(out=Path("out"), draws=16, counts=range(8, 73, 8), tolerance=5):
    """Print the tests that find the loads of half of the draws, draw them against theory and other ways to test."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    (left, right), half = figure.subplots(1, 2), []
    for k in POSITIVES.tolist():
        shares = np.maximum.accumulate([recovered(k, m, draws) for m in counts])
        half.append(float(np.interp(0.5, shares, counts)))
        print(f"{k:2d} positives of {N}: {half[-1]:.0f} tests, {dorfman(k):.0f} in Dorfman's two stages")
        left.plot(counts, shares, "o-", markersize=4, label=f"{k} positives")
    left.set(xlabel="tests", ylabel="share of draws recovered", title=f"{N} samples, each in {POOLS} pools")
    left.legend(frameon=False)
    right.axhline(N, color="0.6", label="one test a sample")
    right.plot(POSITIVES, [dorfman(k) for k in POSITIVES], "s-", color="C1", label="two stages, Dorfman")
    right.plot(POSITIVES, half, "o-", color="C0", label="pooled")
    right.plot(POSITIVES, N * statistical_dimension("nonnegative", POSITIVES / N), "k:", label="theory, Gaussian")
    right.set(yscale="log", xlabel="positives", ylabel="tests", title="Tests that find the loads in half of the draws")
    right.legend(frameon=False)
    expect("tests for 8 positives of 256", half[2], 30, tolerance)
    print("figure:", plotting.save(figure, out / "group_testing.png"))


if __name__ == "__main__":
    main()
