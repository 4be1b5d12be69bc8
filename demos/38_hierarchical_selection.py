"""Features in a hierarchy: a street counts only with its city, an interaction only with both its main effects."""

# %% Places in a tree, three in each place above: country > state > city > street
from itertools import combinations
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from sklearn.datasets import load_diabetes

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

LEVELS = np.split(np.arange(160), [4, 16, 52])
PARENTS = np.concatenate([np.full(4, -1), np.repeat(np.arange(52), 3)])
TREE = cs.Tree(PARENTS)
DAYS, K, NOISE = 60, 16, 0.5
KINDS = {"other": "0.93", "found": "#0072B2", "missed": "#56B4E9", "wrong": "#E69F00", "without parent": "#D55E00"}


def world(seed):
    """Numbers of all places on each day, half alike in a place and the one above, what some add up to, and which."""
    rng = np.random.default_rng(seed)
    truth = cs.random_signal(cs.TreeSparse(TREE), TREE.size, K, rng) != 0
    x = truth * rng.choice([-1, 1], TREE.size) * rng.uniform(1, 2, TREE.size)
    A = rng.standard_normal((DAYS, TREE.size))
    for level in LEVELS[1:]:
        A[:, level] = 0.5 * A[:, PARENTS[level]] + 0.75**0.5 * A[:, level]
    return A, A @ x + NOISE * rng.standard_normal(DAYS), truth


def orphans(chosen):
    """Places that are chosen without the place above."""
    return chosen & (PARENTS >= 0) & ~chosen[PARENTS]


def draw_places(ax, chosen, truth, title):
    """Each place above those within it."""
    kinds = np.select([chosen & truth, truth, orphans(chosen), chosen], [1, 2, 4, 3])
    rows = [np.repeat(kinds[level], 108 // level.size) for level in LEVELS]
    ax.pcolormesh(rows, cmap=ListedColormap(list(KINDS.values())), vmin=0, vmax=4)
    ax.set(yticks=np.arange(4) + 0.5, yticklabels=["country", "state", "city", "street"], xticks=[], title=title)
    ax.invert_yaxis()


# %% Diabetes: 10 main effects and their 45 products; every other patient is for testing
PAIRS = np.array(list(combinations(range(10), 2)))
PRODUCTS = np.arange(10, 55)
OF_MAIN = [np.append(main, PRODUCTS[np.any(main == PAIRS, axis=1)]) for main in range(10)]
HEREDITY = cs.OverlappingGroupL2(cs.Groups([*OF_MAIN, *PRODUCTS[:, None]], 55))
WEIGHTS = np.geomspace(0.3, 0.01, 21)


def standardised(x):
    """Mean zero and variance one."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def fits(penalty):
    """For each weight the variance that is explained, and how many products are chosen without both main effects."""
    x, y = map(standardised, load_diabetes(return_X_y=True))
    x = np.concatenate([x, standardised(np.prod(x[:, PAIRS], axis=-1))], axis=1)
    path = cs.path(x[::2], y[::2], penalty, WEIGHTS * len(y[::2]), tol=1e-4)
    chosen = path.x != 0
    alone = chosen[:, PRODUCTS] & ~np.all(chosen[:, PAIRS], axis=-1)
    return 1 - np.sum((y[1::2] - path.x @ x[1::2].T) ** 2, axis=1) / np.sum(y[1::2] ** 2), np.sum(alone, axis=1)


# %% What is chosen without that on which it depends
def main(out=Path("out"), worlds=20):
    """Print how often the planted places are found, and how well diabetes is predicted; draw the first world."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    panels = figure.subplot_mosaic("ac;bc")
    models = {"any 16 places": cs.Sparse(), "a subtree of 16 places": cs.TreeSparse(TREE)}
    references = [((0.41, 0.25), (5.1, 2.5)), ((0.87, 0.15), (0, 0))]
    for ax, (name, model), (exact, lost) in zip("ab", models.items(), references, strict=True):
        found = [(cs.subspace_pursuit(A, y, model, K).support, truth) for A, y, truth in map(world, range(worlds))]
        expect(f"{name}: share of exact recoveries", np.mean([np.array_equal(*pair) for pair in found]), *exact)
        expect(f"{name}: places without the one above", np.mean([orphans(chosen).sum() for chosen, _ in found]), *lost)
        draw_places(panels[ax], *found[0], name)
    handles = [Patch(color=color) for color in KINDS.values()]
    figure.legend(handles, KINDS, loc="outside lower left", ncols=5, fontsize=8, frameon=False)
    references = {"l1": (cs.L1(), 0.4364, 14, 3), "heredity": (HEREDITY, 0.4479, 0, 0)}
    for (name, (penalty, best, most, tolerance)), style in zip(references.items(), ("s--", "o-"), strict=True):
        explained, alone = fits(penalty)
        expect(f"{name}: explained variance at the best weight", explained.max(), best, 0.005)
        expect(f"{name}: products without both main effects, at most", alone.max(), most, tolerance)
        panels["c"].plot(WEIGHTS, explained, style, label=f"{name}: products without both main effects as written")
        for point in list(zip(WEIGHTS, explained, alone, strict=True))[5::2]:
            shift = (0, -13 if name == "l1" else 6)
            panels["c"].annotate(point[2], point[:2], shift, textcoords="offset points", ha="center", fontsize=8)
    panels["c"].set(xscale="log", ylim=(0.37, 0.47), xlabel="weight of the penalty", title="diabetes")
    panels["c"].set_ylabel("explained variance of patients for testing")
    panels["c"].legend(frameon=False)
    print("figure:", plotting.save(figure, out / "hierarchical_selection.png"))


if __name__ == "__main__":
    main()
