"""How far can channels be pruned? Their features grow alike as the penalty grows, and collapse beyond a point."""

# %% Handwritten digits, and a network with two layers of 32 channels
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, accuracy, active, effective_rank, groups
from csrecover.testing import expect

CHANNELS, TRAIN, EPOCHS = 32, 1000, 30
WEIGHTS = (0, 0.003, 0.006, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.05)


def trained(x, labels, weight, seed):
    """A network whose channels, rows of the weights of both layers, are penalised."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Linear(64, CHANNELS), torch.nn.ReLU(), torch.nn.Linear(CHANNELS, CHANNELS), torch.nn.ReLU(),
        torch.nn.Linear(CHANNELS, 10),
    )  # fmt: skip
    rows = {f"{layer}.weight": groups(network[layer].weight.shape, "rows") for layer in (0, 2)}
    penalties = {name: cs.GroupL2(blocks, weight) for name, blocks in rows.items()}
    descent, rng = ProximalDescent.of(network, penalties, rate=0.05, momentum=0.9), np.random.default_rng(seed)
    for _ in range(EPOCHS):
        descent.epoch(lambda x, t: cross_entropy(network(x), t), x, labels, batch=100, rng=rng)
    return network


# %% What the last channels say of digits that the network has not seen: each for itself, or all the same?
@torch.no_grad()
def measures(network, x, labels):
    """Accuracy, channels that are left, effective rank of their features, mean absolute correlation, all of them."""
    left = active(network[2].weight, groups(network[2].weight.shape, "rows"))
    features = network[:4](x) * left
    features = features - features.mean(dim=0)
    varied = features[:, features.abs().amax(dim=0) > 1e-5]
    count = varied.shape[1]
    correlations = torch.atleast_2d(torch.corrcoef(varied.T)).abs() if count else torch.zeros(0, 0)
    alike = (correlations.sum().item() - count) / (count * (count - 1)) if count > 1 else np.nan
    return (accuracy(network(x), labels), int(left.sum()), float(effective_rank(features)), alike), correlations.numpy()


def draw(found, correlations):
    """All measures against the weight of the penalty; correlations of the channels that are left at three weights."""
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.1))
    names = ("accuracy, test", "channels left", "effective rank", "mean |correlation|")
    for ax, name, curve in zip(top.subplots(1, 4), names, found.T, strict=True):
        ax.plot(WEIGHTS, curve, "o-", color="#0072B2", markersize=4)
        ax.set(xlabel="weight", title=name, ylim=(0, None))
    for ax, place in zip(bottom.subplots(1, 3), (0, 3, 6), strict=True):
        image = ax.imshow(correlations[place], vmin=0, vmax=1, cmap="Blues")
        ax.set(xticks=[], yticks=[], title=f"|correlations| at weight {WEIGHTS[place]:g}")
    bottom.colorbar(image, ax=bottom.axes)
    return figure


def main(out=Path("out"), seeds=2):
    """Print means over the seeds, where the rank falls long before the accuracy; draw them, and correlations of one."""
    found = []
    for seed in range(seeds):
        x, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(seed).permutation(len(labels))
        x, labels = torch.tensor(x[order] / 16).float(), torch.tensor(labels[order])
        networks = [trained(x[:TRAIN], labels[:TRAIN], weight, seed) for weight in WEIGHTS]
        each, correlations = zip(*[measures(network, x[TRAIN:], labels[TRAIN:]) for network in networks], strict=True)
        found.append(each)
    means = np.mean(found, axis=0)
    right, _, rank, alike = (dict(zip(WEIGHTS, curve, strict=True)) for curve in means.T)
    expect("effective rank, dense", rank[0], 11.6, 1.5)
    expect("effective rank at weight 0.01", rank[0.01], 8.0, 1.2)
    expect("effective rank at weight 0.05", rank[0.05], 0, 0.5)
    expect("mean |correlation| at weight 0.01, less that of dense", alike[0.01] - alike[0], 0.09, 0.1)
    expect("accuracy, dense", right[0], 0.949, 0.025)
    expect("accuracy lost at weight 0.01", right[0] - right[0.01], 0.012, 0.03)
    expect("accuracy at weight 0.05", right[0.05], 0.087, 0.03)
    print("figure:", plotting.save(draw(means, correlations), out / "feature_collapse.png"))


if __name__ == "__main__":
    main()
