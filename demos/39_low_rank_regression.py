"""The lower half of a digit from its upper half: which columns of pixels matter to which, and through what rank?"""

# %% Images of 8 x 8 pixels; the lower halves of those for training are noisy
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent
from csrecover.testing import expect

TRAIN, NOISE = 200, 0.3
FRACTIONS = np.geomspace(0.3, 0.04, 9)  # of the weight from which on the answer is zero
HYBRID = cs.NuclearFrobenius(1, 2)


def halves(seed):
    """Upper and lower halves for training, validation and test, less their means in training."""
    rng = np.random.default_rng(seed)
    images = rng.permutation(load_digits().images / 16).reshape(-1, 2, 32)
    images[:TRAIN, 1] += NOISE * rng.standard_normal((TRAIN, 32))
    images -= images[:TRAIN].mean(axis=0)
    return [(part[:, 0], part[:, 1]) for part in np.split(images, [TRAIN, 2 * TRAIN])]


# %% Weights from 32 pixels to 32: one matrix, or a matrix of 4 x 4 for each pair of columns of pixels
def blocks(weights):
    """A matrix for each pair of columns, penalised on its own as one of a batch: (32, 32) to (8, 8, 4, 4)."""
    return weights.reshape(4, 8, 4, 8).transpose(1, 3, 0, 2).copy()


def whole(weights):
    """Inverse of `blocks`; one matrix stays as it is."""
    return weights.transpose(2, 0, 3, 1).reshape(32, 32) if weights.ndim == 4 else weights


def fits(x, y, penalty, form):
    """Weights that minimise 0.5 ||x w - y||^2 + penalty(form(w)), ever less penalised."""
    gram, slope = x.T @ x, x.T @ y
    weights, heaviest = form(0 * slope), penalty.dual(form(slope)).max()
    for fraction in FRACTIONS:
        descent = ProximalDescent([weights], [fraction * heaviest * penalty], 1 / np.linalg.norm(gram, 2), 0.9)
        for _ in range(100):
            descent.step([form(gram @ whole(weights) - slope)])
        yield weights.copy()


def ridge(x, y):
    """Weights that minimise 0.5 ||x w - y||^2 + 0.5 t ||w||^2, for t from 1 to 100."""
    return [np.linalg.solve(x.T @ x + t * np.eye(32), x.T @ y) for t in np.geomspace(1, 100, 17)]


# %% The share of the variance that is explained, and how many numbers the weights are made of
def explained(x, y, weights):
    """One less the squared error over the variance."""
    return 1 - np.sum((y - x @ whole(weights)) ** 2) / np.sum((y - y.mean(axis=0)) ** 2)


def parameters(weights):
    """Dimension of the matrices of these ranks, rank * (rows + columns - rank)."""
    ranks = np.linalg.matrix_rank(weights, tol=1e-8)
    return int(np.sum(ranks * (sum(weights.shape[-2:]) - ranks)))


def draw(paths, chosen, test):
    """Explained variance against parameters; rank of each block."""
    figure = Figure(figsize=(9.5, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, path in paths.items():
        points = [(parameters(weights), explained(*test, weights)) for weights in [*path, chosen[name]]]
        left.plot(*zip(*points[:-1], strict=True), ".-", label=name)
        left.plot(*points[-1], "o", color=left.lines[-1].get_color(), markersize=9)
    left.set(xlabel="parameters", ylabel="explained variance", ylim=(0.12, None), title="test images; discs are chosen")
    left.legend(frameon=False)
    ranks = right.imshow(np.linalg.matrix_rank(chosen["hybrid of blocks"], tol=1e-8), cmap="Blues", vmin=0, vmax=4)
    right.set(xlabel="column of the lower half", ylabel="column of the upper half", title="rank of each block")
    figure.colorbar(ranks, ax=right, ticks=range(5))
    return figure


def main(out=Path("out"), seeds=3):
    """Print medians over the seeds, with weights of the penalties chosen by validation; draw the last seed."""
    variance, size, zero = [], [], []
    for seed in range(seeds):
        train, validation, test = halves(seed)
        paths = {
            "ridge": ridge(*train),
            "nuclear": list(fits(*train, cs.Nuclear(), np.copy)),
            "hybrid": list(fits(*train, HYBRID, np.copy)),
            "hybrid of blocks": list(fits(*train, HYBRID, blocks)),
        }
        chosen = {name: max(path, key=lambda weights: explained(*validation, weights)) for name, path in paths.items()}
        variance.append([explained(*test, weights) for weights in chosen.values()])
        size.append([parameters(weights) for weights in chosen.values()])
        zero.append(np.mean(~chosen["hybrid of blocks"].any(axis=(-2, -1))))
    for name, share, count in zip(paths, np.median(variance, axis=0), np.median(size, axis=0), strict=True):
        print(f"{name}: explains {share:.4f} of the variance with {count:.0f} parameters")
    gains = np.median(np.array(variance)[:, -1:] - variance, axis=0)
    expect("explained by the hybrid of blocks above ridge", gains[0], 0.013, 0.008)
    expect("explained by the hybrid of blocks above nuclear", gains[1], 0.011, 0.009)
    expect("share of blocks that are zero", float(np.median(zero)), 0.34, 0.08)
    print("figure:", plotting.save(draw(paths, chosen, test), out / "low_rank_regression.png"))


if __name__ == "__main__":
    main()
