"""Which pixels does it take to read a digit? A group for all the weights of a pixel says so while it is trained."""

# %% Handwritten digits of 8 x 8 pixels; a linear classifier has a row of ten weights for each pixel
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import ProximalDescent, active, groups
from csrecover.testing.expect import expect

ROWS = groups((64, 10), "rows")
WEIGHTS = (0.05, 0.03, 0.02, 0.012, 0.006, 0.003)  # of the penalty, from few pixels to many


# %% Training is proximal gradient descent on the cross-entropy
def trained(data, labels, penalty=None, start=None, steps=250):
    """Weights (pixels, 10) and offsets (10,) after so many steps."""
    n, targets = len(labels), np.eye(10, dtype=data.dtype)[labels]
    W, offsets = start or (np.zeros((data.shape[1], 10), data.dtype), np.zeros(10, data.dtype))
    rate = 2 * n / (np.linalg.norm(data, 2) ** 2 + n)  # the curvature of the cross-entropy is at most 1/2
    descent = ProximalDescent([W, offsets], [penalty, None], float(rate), momentum=0.95)
    for _ in range(steps):
        scores = data @ W + offsets
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        errors = (odds / odds.sum(axis=1, keepdims=True) - targets) / n
        descent.step([data.T @ errors, errors.sum(axis=0)])
    return W, offsets


def accuracy(train, test, pixels):
    """Share of the digits of the second set that are read by a classifier of some pixels, trained on the first."""
    W, offsets = trained(train[0][:, pixels], train[1])
    return np.mean(np.argmax(test[0][:, pixels] @ W + offsets, axis=1) == test[1])


def main(out=Path("out"), seeds=3):
    """Print and draw the accuracy on unseen digits against the number of pixels, found by the penalty or drawn."""
    digits, labels = load_digits(return_X_y=True)
    digits = (digits / 16).astype("f4")
    dense, found, drawn = np.zeros(seeds), *np.zeros((2, seeds, len(WEIGHTS)))
    kept = np.zeros((seeds, len(WEIGHTS), 64), dtype=bool)
    for seed in range(seeds):
        rng, start = np.random.default_rng(seed), None
        parts = np.split(rng.permutation(len(labels)), [6 * len(labels) // 10])
        train, test = ((digits[part], labels[part]) for part in parts)
        dense[seed] = accuracy(train, test, np.ones(64, dtype=bool))
        for place, weight in enumerate(WEIGHTS):
            start = trained(*train, cs.GroupL2(ROWS, weight), start)
            pixels = kept[seed, place] = active(start[0], ROWS)
            found[seed, place] = accuracy(train, test, pixels)
            drawn[seed, place] = accuracy(train, test, rng.permutation(pixels))
    counts, whole, found, drawn = kept.sum(axis=-1).mean(axis=0), dense.mean(), found.mean(axis=0), drawn.mean(axis=0)
    few, half = WEIGHTS.index(0.02), WEIGHTS.index(0.006)
    expect("accuracy of all 64 pixels", whole, 0.964, 0.012)
    expect(f"pixels kept by the weight {WEIGHTS[half]}", counts[half], 35, 3)
    expect("accuracy that they lose", whole - found[half], 0.004, 0.006)
    expect(f"pixels kept by the weight {WEIGHTS[few]}", counts[few], 25, 3)
    expect("accuracy that they are ahead of as many drawn pixels", found[few] - drawn[few], 0.08, 0.04)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    curves, image = figure.subplots(1, 2)
    curves.axhline(whole, color="black", linestyle=":", label="all 64 pixels")
    curves.plot(counts, found, "o-", label="pixels that the penalty keeps")
    curves.plot(counts, drawn, "s--", label="as many pixels, drawn at random")
    curves.set(xlabel="pixels", ylabel="accuracy on unseen digits", title="Trained again on some pixels")
    curves.legend(frameon=False)
    shown = image.imshow(kept.mean(axis=(0, 1)).reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
    image.set(xticks=(), yticks=(), title="Share of the penalties that keep a pixel")
    figure.colorbar(shown)
    print("figure:", plotting.save(figure, out / "feature_selection.png"))


if __name__ == "__main__":
    main()
