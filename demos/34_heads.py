"""How many heads does attention need? A group for all that a head adds, and half of the heads are removed."""

# %% A transformer that reads a digit row by row: eight rows of eight pixels, sixteen heads
import copy
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, accuracy, active, groups
from csrecover.testing.expect import expect

WIDTH, HEADS, SIZE = 32, 16, 8
COUNTS = (2, 4, 6, 8, 10, 12, 14, 16)


class Transformer(torch.nn.Module):
    """One layer of attention and one of hidden units, each added to what it reads; then a linear classifier."""

    def __init__(self, heads):
        super().__init__()
        self.embedding = torch.nn.Linear(8, WIDTH)
        self.place = torch.nn.Parameter(torch.randn(8, WIDTH) / 4)
        self.queries, self.keys, self.values = (torch.nn.Linear(WIDTH, heads * SIZE, bias=False) for _ in range(3))
        self.output = torch.nn.Parameter(torch.randn(heads, SIZE, WIDTH) / (heads * SIZE) ** 0.5)
        self.first, self.second = torch.nn.LayerNorm(WIDTH), torch.nn.LayerNorm(WIDTH)
        self.hidden, self.back = torch.nn.Linear(WIDTH, 2 * WIDTH), torch.nn.Linear(2 * WIDTH, WIDTH)
        self.classifier = torch.nn.Linear(WIDTH, 10)

    def forward(self, rows):
        """Scores of the ten digits: (batch, 8, 8) to (batch, 10)."""
        x = self.embedding(rows) + self.place
        parts = (layer(self.first(x)).unflatten(-1, (-1, SIZE)) for layer in (self.queries, self.keys, self.values))
        seen = scaled_dot_product_attention(*(part.transpose(1, 2) for part in parts))
        x = x + torch.einsum("bhts,hsw->btw", seen, self.output)
        x = x + self.back(torch.relu(self.hidden(self.second(x))))
        return self.classifier(x.mean(dim=1))


# %% What a head adds goes through its part of the output weights: without them it adds nothing
BLOCKS = groups((HEADS, SIZE, WIDTH), 0)


def train(network, images, labels, rng, epochs, batch, weight=0.0):
    """Proximal gradient descent where the output weights of a head are one group."""
    penalties = {"output": cs.GroupL2(groups(tuple(network.output.shape), 0), weight)}
    descent = ProximalDescent.of(network, penalties, 0.05, momentum=0.9)
    for _ in range(epochs):
        descent.epoch(lambda x, t: cross_entropy(network(x), t), images, labels, batch=batch, rng=rng)


def strongest(network, count):
    """Which heads have the largest output weights."""
    return active(cs.BlockSparse(BLOCKS).project(network.output.detach(), count), BLOCKS)


def rebuilt(network, kept):
    """A network of some of the heads alone."""
    state, weights = network.state_dict(), kept.repeat_interleave(SIZE)
    state |= {f"{name}.weight": state[f"{name}.weight"][weights] for name in ("queries", "keys", "values")}
    small = Transformer(heads=int(kept.sum()))
    small.load_state_dict(state | {"output": state["output"][kept]})
    return small


def main(out=Path("out"), seeds=2):
    """Print and draw the accuracy against the number of heads; nothing is trained again once they are removed."""
    digits, labels = load_digits(return_X_y=True)
    digits, labels = torch.tensor(digits.astype("f4") / 16).reshape(-1, 8, 8), torch.tensor(labels)
    whole, (pruned, largest, drawn) = np.zeros(seeds), np.zeros((3, seeds, len(COUNTS)))
    for seed in range(seeds):
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        parts = np.split(rng.permutation(len(labels)), [6 * len(labels) // 10])
        training, (unseen, answers) = ((digits[part], labels[part]) for part in parts)
        dense = Transformer(HEADS)
        train(dense, *training, rng, epochs=16, batch=64)
        sparse = copy.deepcopy(dense)
        train(sparse, *training, rng, epochs=25, batch=256, weight=0.03)
        whole[seed] = accuracy(dense(unseen), answers)
        for place, count in enumerate(COUNTS):
            pruned[seed, place] = accuracy(rebuilt(sparse, strongest(sparse, count))(unseen), answers)
            largest[seed, place] = accuracy(rebuilt(dense, strongest(dense, count))(unseen), answers)
            random = [rebuilt(dense, torch.randperm(HEADS) < count) for _ in range(10)]
            drawn[seed, place] = np.mean([accuracy(network(unseen), answers) for network in random])
    half = COUNTS.index(HEADS // 2)
    expect("accuracy of all heads", whole.mean(), 0.97, 0.02)
    expect("accuracy that is lost with half of the heads", np.mean(whole - pruned[:, half]), 0.003, 0.01)
    expect(
        "accuracy that the others are ahead of as many drawn heads", np.mean(pruned - drawn, axis=0)[half], 0.155, 0.09
    )
    figure = Figure(figsize=(6.5, 3.8), layout="constrained")
    ax = figure.subplots()
    ax.axhline(whole.mean(), color="black", linestyle=":", label="all heads")
    ax.plot(COUNTS, pruned.mean(axis=0), "o-", label="largest heads, trained with the penalty")
    ax.plot(COUNTS, largest.mean(axis=0), "^-.", label="largest heads, without the penalty")
    ax.plot(COUNTS, drawn.mean(axis=0), "s--", label="heads drawn at random")
    ax.set(xlabel="heads kept", ylabel="accuracy on unseen digits", title="Heads removed from a transformer")
    ax.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "heads.png"))


if __name__ == "__main__":
    main()
