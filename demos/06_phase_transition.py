"""The phase transition of l1 minimisation: experiment and theory."""

# %% Which sparse signals does l1 minimisation recover? Random problems on a grid, twenty at each point
from pathlib import Path

import numpy as np

import csrecover as cs
from csrecover import plotting
from csrecover.analysis.theory import transition_rho
from csrecover.experiments import RecoveryTrial, phase_transition
from csrecover.testing import expect

N = 200


# %% Each signal is recovered or not; nothing is solved: a certificate of the one or the other is found
def main(out=Path("out"), points=20, trials=20, workers=2, tolerance=0.006):
    """Draw the share of recovered signals, and compare where it is one half with theory."""
    grid = (np.arange(points) + 0.5) / points
    sweep = phase_transition(RecoveryTrial(N, structure=cs.L1()), grid, grid, trials=trials, executor=workers)
    count, share = int(sweep.trials.sum()), sweep.successes.sum() / sweep.trials.sum()
    print(f"{count} problems of {N} unknowns, {share:.0%} recovered")
    distances = []
    for delta, fitted in zip(grid, sweep.fit(), strict=True):
        if 0.1 < delta < 0.9:
            rho, theory = fitted.at(), transition_rho("l1", delta)
            print(f"delta {delta:.3f}: half of them at rho {rho:.3f}, theory {theory:.3f}")
            distances.append(abs(rho - theory))
    expect("mean distance of these rho from theory", np.mean(distances), 0.008, tolerance)
    ax = plotting.plot_sweep(sweep, theory="l1")
    print("figure:", plotting.save(ax.figure, out / "phase_transition.png"))


if __name__ == "__main__":
    main()
