"""Which convolutions does a network need side by side? A group for each branch, and the network is rebuilt smaller."""

# %% Parallel branches as in an Inception module: convolutions of several sizes, and one after a pooling
import copy
from functools import partial
from pathlib import Path
from time import thread_time
from timeit import timeit

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits
from torch.nn.functional import cross_entropy, max_pool2d

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, accuracy, groups
from csrecover.testing.expect import expect

SIZES, WIDTH, PIXELS, WEIGHT = (1, 3, 5) * 3, 8, 64, 0.03


class Inception(torch.nn.Module):
    """Branches that see the same channels; what they find goes to one linear classifier."""

    def __init__(self, sizes):
        super().__init__()
        self.stem = torch.nn.Conv2d(1, WIDTH, 3, padding=1)
        convolutions = (torch.nn.Conv2d(WIDTH, WIDTH, size, padding=size // 2, bias=False) for size in sizes)
        self.branches = torch.nn.ModuleList(convolutions)
        self.classifier = torch.nn.Linear(4 * WIDTH * len(sizes), 10)

    def forward(self, images):
        """Scores of the ten digits: (batch, 1, 8, 8) to (batch, 10)."""
        x = torch.relu(self.stem(images))
        found = [max_pool2d(torch.relu(branch(x)), 4).flatten(1) for branch in self.branches]
        return self.classifier(torch.cat(found, dim=1))

    def multiplications(self):
        """Multiplications for one image."""
        convolutions = [self.stem, *self.branches]
        return sum(PIXELS * layer.weight.numel() for layer in convolutions) + self.classifier.weight.numel()


def train(network, images, labels, rng, epochs, weight=0.0):
    """Proximal gradient descent where all weights of a branch are one group; the norms of the groups by epoch."""
    weights = {f"branches.{place}.weight": branch.weight for place, branch in enumerate(network.branches)}
    penalties = {n: cs.GroupL2(groups(w.shape, ()), weight * w.numel() ** 0.5) for n, w in weights.items()}
    descent, norms = ProximalDescent.of(network, penalties, 0.05, momentum=0.9), []
    for _ in range(epochs):
        descent.epoch(lambda x, t: cross_entropy(network(x), t), images, labels, batch=64, rng=rng)
        norms.append([w.norm().item() for w in weights.values()])
    return np.array(norms)


# %% A branch without weights adds nothing: the others alone are the same function
def rebuilt(network):
    """A network of the branches that hold weights."""
    used = [place for place, branch in enumerate(network.branches) if branch.weight.any()]
    small, state = Inception([SIZES[place] for place in used]), network.state_dict()
    state = {name: value for name, value in state.items() if "branches" not in name}
    state |= {f"branches.{place}.weight": network.branches[old].weight for place, old in enumerate(used)}
    state["classifier.weight"] = network.classifier.weight.reshape(10, len(SIZES), -1)[:, used].flatten(1)
    small.load_state_dict(state)
    return small


@torch.no_grad()
def seconds(network, images):
    """Processor time of one thread."""
    with threadpool_limits(1):
        return timeit(partial(network, images), timer=thread_time, number=1)


def main(out=Path("out"), seeds=2, rounds=15):
    """Print and draw what is left of the branches, and what that saves: times are judged over many rounds."""
    digits, labels = load_digits(return_X_y=True)
    digits, labels = torch.tensor(digits.astype("f4") / 16).reshape(-1, 1, 8, 8), torch.tensor(labels)
    kept, errors, accuracies, left = [], [], [], []
    for seed in range(seeds):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        parts = np.split(rng.permutation(len(labels)), [6 * len(labels) // 10])
        training, (unseen, answers) = ((digits[part], labels[part]) for part in parts)
        dense = Inception(SIZES)
        train(dense, *training, rng, epochs=12)
        sparse = copy.deepcopy(dense)
        norms = train(sparse, *training, rng, epochs=12, weight=WEIGHT)
        small = rebuilt(sparse)
        kept.append(len(small.branches))
        with torch.no_grad():
            errors.append((small(digits) - sparse(digits)).abs().max().item())
        times = np.min([[seconds(network, digits) for network in (dense, small)] for _ in range(rounds)], axis=0)
        left.append((small.multiplications() / dense.multiplications(), times[1] / times[0]))
        train(small, *training, rng, epochs=6)
        accuracies.append([accuracy(network(unseen), answers) for network in (dense, small)])
    accuracies, left = np.mean(accuracies, axis=0), np.mean(left, axis=0)
    expect(f"branches kept of {len(SIZES)}", np.mean(kept), 3, 1.5)
    expect("largest change of an output where the others are removed", max(errors), 0, 1e-5)
    expect("accuracy of all branches", accuracies[0], 0.978, 0.015)
    expect("accuracy that is lost, after some more training", accuracies[0] - accuracies[1], 0.017, 0.02)
    saved = (1 - left[1]) / (1 - left[0])
    expect("share of time saved over that of multiplications", saved, 1.1, 0.3 if rounds >= 15 else np.inf)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    curves, bars = figure.subplots(1, 2, width_ratios=(2, 1))
    for size, color in zip((1, 3, 5), ("C2", "C1", "C0"), strict=True):
        lines = curves.plot(range(1, len(norms) + 1), norms[:, np.array(SIZES) == size], color=color)
        lines[0].set_label(f"{size} x {size}")
    curves.set(
        xlabel="epoch with the penalty", ylabel="norm of a branch", title=f"{kept[-1]} of {len(SIZES)} branches stay"
    )
    curves.legend(frameon=False)
    shown = bars.bar(("multiplications", "seconds"), left, color=("0.7", "0.4"))
    bars.bar_label(shown, fmt="%.2f")
    bars.axhline(1, color="black", linestyle=":")
    bars.set(ylabel="share of the dense network", title=f"Accuracy {accuracies[0]:.3f}, then {accuracies[1]:.3f}")
    print("figure:", plotting.save(figure, out / "branches.png"))


if __name__ == "__main__":
    main()
