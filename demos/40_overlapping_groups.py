"""Which weights of which channels? Each is in two groups, of its channel and of its place, by a consensus of copies."""

# %% Digits seen by 12 random filters, 4 x 4 places each, whitened; the readout uses 3 channels at 2 x 2 places
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

import csrecover as cs
from csrecover import plotting
from csrecover.pruning import active
from csrecover.testing import expect

CHANNELS, PLACES, TRAIN, NOISE = 12, 16, 200, 0.6
BLOCKS = {
    "channels": cs.Blocks.uniform(CHANNELS * PLACES, PLACES),
    "places": cs.Blocks(np.arange(CHANNELS * PLACES) % PLACES),
}


def problem(seed):
    """Features and outputs for training, validation and test; the weights that made the outputs."""
    rng = np.random.default_rng(seed)
    images = np.pad(rng.permutation(load_digits().images), ((0, 0), (1, 1), (1, 1)))
    filters = rng.standard_normal((CHANNELS, 3, 3))
    filters -= filters.mean(axis=(1, 2), keepdims=True)
    seen = np.einsum("nijab,cab->ncij", np.lib.stride_tricks.sliding_window_view(images, (3, 3), (1, 2)), filters)
    x = np.maximum(seen, 0).reshape(-1, CHANNELS, 4, 2, 4, 2).mean(axis=(3, 5)).reshape(len(images), -1)
    variances, directions = np.linalg.eigh(np.cov(x.T))
    x = (x - x.mean(axis=0)) @ (directions / np.sqrt(variances + 0.01 * variances.mean())) @ directions.T
    truth = np.zeros((CHANNELS, 4, 4))
    truth[rng.permutation(CHANNELS)[:3], 1:3, 1:3] = rng.standard_normal((3, 2, 2))
    y = x @ truth.reshape(-1)
    y += NOISE * np.std(y) * rng.standard_normal(len(y))
    cuts = [TRAIN, 2 * TRAIN]
    return list(zip(np.split(x, cuts), np.split(y, cuts), strict=True)), truth.reshape(-1)


# %% Two solvers that share nothing: copies of the weights that have to agree, and a quasi-Newton method
def consensus(x, y, weights, tol=1e-6):
    """Minimise 0.5 ||x w - y||^2 + sum_g weight_g ||w_g||, the channels and the places each with a copy of w."""
    terms = [weight * cs.GroupL2(blocks) for weight, blocks in zip(weights, BLOCKS.values(), strict=True) if weight]
    return cs.admm(cs.Matrix(x), y, terms, tol=tol).x


def variational(x, y, weights):
    """The same, as ||w_g|| = min_v (||w_g||^2 / v + v) / 2: ridge regression for each v, L-BFGS-B for the v."""
    member = np.concatenate([blocks.labels == np.arange(blocks.count)[:, None] for blocks in BLOCKS.values()])
    weight = np.repeat(weights, [blocks.count for blocks in BLOCKS.values()])

    def ridge_of(v):
        scale = 1 / ((weight / v) @ member)
        dual = np.linalg.solve((x * scale) @ x.T + np.eye(len(y)), y)
        return scale * (x.T @ dual), y @ dual

    def objective(v):
        w, value = ridge_of(v)
        return (value + weight @ v) / 2, weight / 2 * (1 - member @ w**2 / v**2)

    options = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 50}
    start = np.full(len(member), 0.1)
    return ridge_of(minimize(objective, start, jac=True, bounds=[(1e-10, None)] * len(member), options=options).x)[0]


# %% Select by penalties, solve again on what they leave; validation chooses
def ridge(x, y, t):
    """Least squares plus t / 2 times the squared norm."""
    return x.T @ np.linalg.solve(x @ x.T + t * np.eye(len(y)), y)


def selections(x, y, weights):
    """Weights on the channels and places that the penalties leave, for multiples of the penalties."""
    for fraction in (0.8, 0.65, 0.55, 0.45, 0.35):
        w = consensus(x, y, fraction * weights)
        kept = [blocks.spread(active(np.where(abs(w) > 1e-3, w, 0), blocks)) for blocks in BLOCKS.values()]
        yield ridge(x * np.logical_and(*kept), y, 1)


def explained(x, y, w):
    """One less the squared error over the variance."""
    return 1 - np.sum((y - x @ w) ** 2) / np.sum((y - y.mean()) ** 2)


@threadpool_limits.wrap(limits=1)  # systems of 200 equations: further threads would mostly wait
def main(out=Path("out"), seeds=3):
    """Print medians over the seeds; draw the last."""
    apart, shares, wrong = [], [], []
    for seed in range(seeds):
        (train, validation, test), truth = problem(seed)
        A = cs.Matrix(train[0])
        largest = np.array([float(cs.lambda_max(A, train[1], cs.GroupL2(blocks))) for blocks in BLOCKS.values()])
        both = consensus(*train, largest / 4, tol=1e-11)
        apart.append(np.linalg.norm(both - variational(*train, largest / 4)) / np.linalg.norm(both))
        paths = {
            "all weights": [ridge(*train, t) for t in (1, 10, 100, 1000)],
            "channels": selections(*train, largest * (1, 0)),
            "places": selections(*train, largest * (0, 1)),
            "channels and places": selections(*train, largest / 2),
        }
        chosen = {name: max(path, key=lambda w: explained(*validation, w)) for name, path in paths.items()}
        shares.append([explained(*test, w) for w in chosen.values()])
        wrong.append(np.sum((chosen["channels and places"] != 0) != (truth != 0)))
    for name, share in zip(chosen, np.median(shares, axis=0), strict=True):
        print(f"{name}: explains {share:.3f} of the variance")
    gains = np.median(np.array(shares)[:, -1:] - shares, axis=0)
    expect("relative difference between the two solvers", max(apart), 0, 1e-6)
    expect("weights kept wrongly or missed", float(np.median(wrong)), 0, 4)
    expect("explained by channels and places above all weights", gains[0], 0.24, 0.06)
    expect("explained by channels and places above one of them", min(gains[1:3]), 0.06, 0.04)
    figure = Figure(figsize=(13, 2.5), layout="constrained")
    for ax, (name, w) in zip(figure.subplots(1, 5, sharey=True), ({"truth": truth} | chosen).items(), strict=True):
        ax.imshow(abs(w).reshape(CHANNELS, PLACES), cmap="Greys", vmin=0, vmax=abs(truth).max())
        ax.set(title=name, xlabel="place", ylabel="channel" if name == "truth" else None)
    print("figure:", plotting.save(figure, out / "overlapping_groups.png"))


if __name__ == "__main__":
    main()
