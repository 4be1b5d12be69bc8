"""Which layer reads which? A densely connected block of layers finds the sparse graph that its data come from."""

# %% A block as in DenseNets: each layer reads the features of all layers before it
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, active, groups
from csrecover.testing import expect

LAYERS, CHANNELS, SAMPLES, NOISE = 7, 6, 500, 0.2
SHAPE = (LAYERS, CHANNELS, LAYERS, CHANNELS)  # weights: layer and channel that read, layer (0 is the input) and channel
EARLIER = np.tril(np.ones((LAYERS, LAYERS), dtype=bool))
NAMES = ["x", *map(str, range(1, LAYERS + 1))]
OUTGOING = groups(SHAPE, (0, 2))  # a group: the connections that go out from a layer to one that reads it


def features(weights, x):
    """Features (layers + 1, channels, samples) of the input, which comes first, and of all layers."""
    found = x[None]
    for layer, w in enumerate(weights):
        new = np.tanh(np.tensordot(w[:, : layer + 1], found, axes=((1, 2), (0, 1))))
        found = np.concatenate([found, new[None]])
    return found


def gradient(weights, x, y):
    """Gradient of 0.5 ||features - y||^2 / samples by backpropagation."""
    found = features(weights, x)
    back, slopes = (found - y) / SAMPLES, np.zeros(SHAPE)
    for layer in reversed(range(LAYERS)):
        inner = back[layer + 1] * (1 - found[layer + 1] ** 2)
        slopes[layer, :, : layer + 1] = np.tensordot(inner, found[: layer + 1], axes=((1,), (2,)))
        back[: layer + 1] += np.tensordot(weights[layer, :, : layer + 1], inner, axes=((0,), (0,)))
    return slopes


# %% A third of the connections is planted; their features are seen with noise, and the dense block learns to give them
def planted(seed):
    """Graph, (reader, read) bool, and input and noisy features of a block with this graph."""
    rng = np.random.default_rng(seed)
    graph = (rng.random(EARLIER.shape) < 0.3) & EARLIER
    graph[:, 0] |= ~graph.any(axis=1)
    weights = np.zeros(SHAPE)
    for reader, read in np.argwhere(graph):
        weights[reader, :, read] = 1.4 * np.linalg.qr(rng.standard_normal((CHANNELS, CHANNELS)))[0]
    x = rng.standard_normal((CHANNELS, SAMPLES))
    return graph, x, features(weights, x) + NOISE * rng.standard_normal((LAYERS + 1, CHANNELS, SAMPLES))


def trained(x, y, penalties, seed):
    """Weights of a block of all connections, trained with one penalty after the other, 300 steps each."""
    weights = np.random.default_rng(seed).standard_normal(SHAPE) * EARLIER[:, None, :, None]
    weights *= (2 / CHANNELS**0.5) / np.arange(1, LAYERS + 1)[:, None, None, None] ** 0.5
    for penalty in penalties:
        descent = ProximalDescent([weights], [penalty], rate=0.12, momentum=0.9)
        for _ in range(300):
            descent.step([gradient(weights, x, y)])
    return weights


# %% A group lasso finds the connections that may matter; MCP does not shrink those that do, so that others can go
LASSO = [cs.GroupL2(OUTGOING, 0.025)]
MCP = [cs.BlockMCP(OUTGOING, weight, gamma=40) for weight in (0.025, 0.04)]


def draw_strengths(ax, weights, graph, title):
    """Norm of the weights of each connection; those that were planted have a dot."""
    strengths = np.linalg.norm(weights, axis=(1, 3))
    image = ax.imshow(np.where(strengths > 0, strengths, np.nan), cmap="Blues", vmin=0, vmax=4)
    ax.plot(*np.argwhere(graph).T[::-1], "o", color="#E69F00", markersize=5)
    ax.set(xticks=range(LAYERS), xticklabels=NAMES[:-1], yticks=range(LAYERS), yticklabels=NAMES[1:])
    ax.set(xlabel="layer that is read", ylabel="layer that reads it", title=title)
    return image


def draw_graph(ax, kept):
    """The layers from left to right, and an arrow from each to those that read it."""
    read_by_some = np.append(kept.any(axis=0), True)
    ax.scatter(range(LAYERS + 1), np.zeros(LAYERS + 1), s=420, c=np.where(read_by_some, "#56B4E9", "0.85"))
    for layer, name in enumerate(NAMES):
        ax.text(layer, 0, name, ha="center", va="center")
    for reader, read in np.argwhere(kept):
        bend = {
            "arrowstyle": "-|>",
            "connectionstyle": f"arc3,rad={-0.45 * (read < reader)}",
            "shrinkA": 11,
            "shrinkB": 11,
        }
        ax.annotate("", (reader + 1, 0), (read, 0), arrowprops=bend)
    ax.set(xlim=(-0.5, LAYERS + 0.5), ylim=(-0.8, 1.2), title="what is left: no layer reads the grey ones")
    ax.axis("off")


def drawn(dense, sparse, graph, kept):
    """Strengths of all connections before and after, and the graph that is left."""
    figure = Figure(figsize=(12, 3.9), layout="constrained")
    axes = figure.subplots(1, 3, width_ratios=(1, 1, 1.4))
    draw_strengths(axes[0], dense, graph, "dense, planted ones dotted")
    image = draw_strengths(axes[1], sparse, graph, "group lasso, then MCP")
    figure.colorbar(image, ax=axes[:2], label="norm of the weights")
    draw_graph(axes[2], kept)
    return figure


def main(out=Path("out"), seeds=6):
    """Print how many connections are left, and how often they are the planted ones; draw the first block."""
    left, right = [], []
    for seed in range(seeds):
        graph, x, y = planted(seed)
        each = [trained(x, y, penalties, seed) for penalties in ([None], LASSO, LASSO + MCP)]
        kept = [active(weights, OUTGOING).reshape(EARLIER.shape) for weights in each]
        left.append([np.sum(mask) - np.sum(graph) for mask in kept])
        right.append(np.array_equal(kept[-1], graph))
        if seed == 0:
            figure = drawn(each[0], each[-1], graph, kept[-1])
    dense, lasso, _ = np.mean(left, axis=0)
    expect("dense: connections that were not planted, mean", dense, 17.5, 2)
    expect("group lasso: connections that were not planted, mean", lasso, 3.8, 2)
    expect("group lasso, then MCP: share of graphs that are the planted one", np.mean(right), 1, 0)
    print("figure:", plotting.save(figure, out / "dependency_graph.png"))


if __name__ == "__main__":
    main()
