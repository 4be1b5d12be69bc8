"""Groups of features with prices, and a budget: does it pay to look at the price while selecting?"""

# %% Ten properties of cell nuclei, each with mean, deviation and worst value; what a property costs is made up
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import active, select
from csrecover.testing.expect import expect

GROUPS = cs.Blocks(np.tile(np.arange(10), 3))
COSTS = np.random.default_rng(0).integers(1, 10, 10)
BUDGETS = np.array((4, 6, 9, 12, 16, 20, 25, 30))


# %% A multiplier for what the active groups cost: the solution that spends most of the budget, never more
def dearest(path, budget):
    """Solution of a path whose groups cost most within the budget, and these groups."""
    kept = active(path.x, GROUPS)
    costs = kept @ COSTS
    best = np.argmax(np.where(costs <= budget, costs, -1))
    return path.x[best], kept[best]


def explained(A, residual):
    """What each group explains of the residual, alone."""
    return residual @ residual - [np.linalg.lstsq(A[:, group::10], residual)[1].item() for group in range(10)]


# %% What that leaves of the budget goes to further groups: the best choice of them, or the best one again and again
def in_order(values, budget):
    """Groups in the order of their values, as far as each fits."""
    chosen = np.zeros(10, dtype=bool)
    for group in np.argsort(-values):
        chosen[group] = values[group] > 0 and chosen @ COSTS + COSTS[group] <= budget
    return chosen


def selections(A, y, aware):
    """For each budget the groups, and the duality gap of the last of them, as a share of what y holds."""
    penalty = cs.GroupL2(GROUPS, COSTS if aware else 1)
    path = cs.path(cs.Matrix(A), y, penalty, n=60, smallest="0.003 lmax", tol=1e-3)
    for budget in BUDGETS:
        x, kept = dearest(path, budget)
        values, left = np.where(kept, 0, explained(A, y - A @ x)), int(budget - kept @ COSTS)
        best = select(values, COSTS, left)
        yield kept | (best.chosen if aware else in_order(values, left)), best.gap / (y @ y)


def main(out=Path("out"), seeds=8):
    """Print and draw what is got for each budget, on halves of the data that nothing was selected on."""
    data, labels = load_breast_cancer(return_X_y=True)
    accuracy, gap = np.zeros((2, 2, seeds, len(BUDGETS)))
    chosen = np.zeros((2, seeds, len(BUDGETS), 10), dtype=bool)
    for seed in range(seeds):
        train, test = np.array_split(np.random.default_rng(seed).permutation(len(data)), 2)
        scaled = (data - data[train].mean(axis=0)) / data[train].std(axis=0)
        y = labels[train] - labels[train].mean()
        for aware in (0, 1):
            for place, (kept, uncertain) in enumerate(selections(scaled[train], y, aware)):
                A, cell = scaled[:, GROUPS.spread(kept)], (aware, seed, place)
                chosen[cell], gap[cell] = kept, uncertain
                accuracy[cell] = LogisticRegression().fit(A[train], labels[train]).score(A[test], labels[test])
    means = accuracy.mean(axis=1)
    expect("most spent beyond a budget", max(0, np.max(chosen @ COSTS - BUDGETS)), 0, 0)
    expect("duality gap of a selection, mean share of the variance", gap[1].mean(), 0.0025, 0.0035)
    expect("accuracy at a budget of 12 of 38", means[1, 3], 0.965, 0.008)
    gain = np.mean(means[1, 1:5] - means[0, 1:5])
    expect("accuracy gained by looking at prices, mean over budgets 6 to 16", gain, 0.0093, 0.006)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    ax, often = figure.subplots(1, 2)
    for name, mean, style in zip(("blind to the prices", "with the prices"), means, ("s--", "o-"), strict=True):
        ax.plot(BUDGETS, mean, style, label=name)
    ax.set(xlabel="budget", ylabel="accuracy, mean over halves", title="Breast cancer, ten groups of three features")
    ax.legend(frameon=False)
    order = np.argsort(COSTS, kind="stable")
    shown = often.imshow(chosen[1].mean(axis=0)[:, order].T, cmap="Greys", aspect="auto", vmin=0, vmax=1)
    names = [f"{load_breast_cancer().feature_names[group].removeprefix('mean ')}: {COSTS[group]}" for group in order]
    often.set(xlabel="budget", title="How often a group is chosen, and its cost")
    often.set(xticks=range(len(BUDGETS)), xticklabels=BUDGETS, yticks=range(10), yticklabels=names)
    figure.colorbar(shown)
    print("figure:", plotting.save(figure, out / "compute_budget.png"))


if __name__ == "__main__":
    main()
