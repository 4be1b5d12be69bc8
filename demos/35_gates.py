"""Which channels does no input open? The gates of squeeze and excitation name those that can be removed for good."""

# %% A convolution whose channels are multiplied by gates, from 0 to 1, that look at the means of all channels
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy, max_pool2d

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, accuracy, groups
from csrecover.testing.expect import expect

CHANNELS, SQUEEZED = 32, 8
COUNTS = (4, 8, 12, 16, 20, 24, 28, 32)
ROWS = groups((CHANNELS, SQUEEZED), "rows")


class Gated(torch.nn.Module):
    """Channels, their gates, and a linear classifier; a gate without weights is shut whatever the input."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(1, CHANNELS, 3, padding=1)
        self.squeeze = torch.nn.Linear(CHANNELS, SQUEEZED)
        self.excite = torch.nn.Parameter(torch.rand(CHANNELS, SQUEEZED))
        self.classifier = torch.nn.Linear(4 * CHANNELS, 10)

    def gates(self, x):
        """How open the channels are: (batch, CHANNELS, 8, 8) to (batch, CHANNELS)."""
        return torch.tanh(torch.relu(torch.relu(self.squeeze(x.mean(dim=(2, 3)))) @ self.excite.T))

    def forward(self, images, kept=1):
        """Scores of the ten digits where some channels are removed: (batch, 1, 8, 8) to (batch, 10)."""
        x = torch.relu(self.convolution(images))
        gates = (self.gates(x) * kept)[:, :, None, None]
        return self.classifier((gates * max_pool2d(x, 4)).flatten(1))


def train(network, images, labels, rng, epochs, weight=0.0, kept=1):
    """Proximal gradient descent where the weights of a gate are one group."""
    descent = ProximalDescent.of(network, {"excite": cs.GroupL2(ROWS, weight)}, 0.1, momentum=0.9)
    for _ in range(epochs):
        descent.epoch(lambda x, t: cross_entropy(network(x, kept), t), images, labels, batch=64, rng=rng)


def main(out=Path("out"), seeds=3):
    """Print and draw how open the gates are, and the accuracy without the channels that are open least."""
    digits, labels = load_digits(return_X_y=True)
    digits, labels = torch.tensor(digits.astype("f4") / 16).reshape(-1, 1, 8, 8), torch.tensor(labels)
    whole, shut, again, (pruned, drawn) = *np.zeros((3, seeds)), np.zeros((2, seeds, len(COUNTS)))
    for seed in range(seeds):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        parts = np.split(rng.permutation(len(labels)), [6 * len(labels) // 10])
        training, (unseen, answers) = ((digits[part], labels[part]) for part in parts)
        network = Gated()
        train(network, *training, rng, epochs=25)
        whole[seed] = accuracy(network(unseen), answers)
        train(network, *training, rng, epochs=25, weight=0.015)
        with torch.no_grad():
            gates = network.gates(torch.relu(network.convolution(training[0])))
        means = gates.mean(dim=0)
        shut[seed] = (gates.amax(dim=0) == 0).sum()
        for place, count in enumerate(COUNTS):
            pruned[seed, place] = accuracy(network(unseen, cs.Sparse().support(means, count)), answers)
            random = [torch.randperm(CHANNELS) < count for _ in range(10)]
            drawn[seed, place] = np.mean([accuracy(network(unseen, kept), answers) for kept in random])
        half = cs.Sparse().support(means, CHANNELS // 2)
        train(network, *training, rng, epochs=10, kept=half)
        again[seed] = accuracy(network(unseen, half), answers)
    half = COUNTS.index(CHANNELS // 2)
    expect("accuracy of all channels", whole.mean(), 0.97, 0.02)
    expect(f"channels of {CHANNELS} that no input opens", shut.mean(), 13, 4)
    lost = np.mean(pruned[:, -1] - pruned[:, COUNTS.index(20)])
    expect("accuracy lost without the 12 channels that are open least, at once", lost, 0, 0.005)
    expect("accuracy lost with half of the channels, after some more training", np.mean(whole - again), -0.005, 0.015)
    expect("accuracy that the open half is ahead of a random one", np.mean(pruned - drawn, axis=0)[half], 0.46, 0.15)
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    image, ax = figure.subplots(1, 2)
    order = means.argsort(descending=True)
    means = torch.stack([gates[training[1] == digit].mean(dim=0)[order] for digit in range(10)])
    shown = image.imshow(means.numpy(), cmap="Greys", vmin=0, vmax=1, aspect="auto")
    image.set(xlabel="channel", ylabel="digit", yticks=range(10), title="Mean gate")
    figure.colorbar(shown)
    ax.axhline(whole.mean(), color="black", linestyle=":", label="trained without the penalty")
    ax.plot(COUNTS, pruned.mean(axis=0), "o-", label="channels with the most open gates")
    ax.plot(COUNTS, drawn.mean(axis=0), "s--", label="channels drawn at random")
    ax.plot(CHANNELS // 2, again.mean(), "k*", markersize=11, label="half, after some more training")
    ax.set(xlabel="channels kept", ylabel="accuracy on unseen digits")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    print("figure:", plotting.save(figure, out / "gates.png"))


if __name__ == "__main__":
    main()
