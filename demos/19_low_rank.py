"""A background whose light changes and two objects that cross it: low rank plus sparse, where neither is enough."""

# %% Forty frames of 24 x 24 pixels, a row each: the background lit by a slow wave has rank two, objects are sparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

FRAMES, SIDE, NOISE, SHOWN = 40, 24, 0.02, 30


def film(rng):
    """Frames, the background behind them, and where the objects are: arrays (FRAMES, SIDE**2)."""
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    light = 1 + 0.3 * np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)
    background = light[:, None, None] * (0.4 + 0.3 * columns) + 0.15 * np.sin(4 * np.pi * rows)
    objects = np.zeros(background.shape, bool)
    for frame in range(FRAMES):
        objects[frame, 2 + frame // 4 :, frame // 2 :][:4, :4] = True
        objects[frame, 16:19, : SIDE - frame // 2][:, -3:] = True
    frames = np.where(objects, 1, background) + NOISE * rng.standard_normal(background.shape)
    return [part.reshape(FRAMES, -1) for part in (frames, background, objects)]


# %% Principal component pursuit of Candes, Li, Ma and Wright (2011), with noise: the unknown is the pair x = (L, S),
#
# minimise 0.5 ||L + S - Y||^2 + t ||L||_* + t ||S||_1 / sqrt(SIDE^2),
#
# so A adds the two, and each penalty has the operator that picks its part.
def low_rank_plus_sparse(frames, weight):
    """Background and objects, two arrays of the shape of the frames."""
    one = cs.Identity(frames.shape)
    add, first, second = (cs.Kronecker((cs.Matrix([row]), one)) for row in ([1.0, 1.0], [1.0, 0.0], [0.0, 1.0]))
    penalties = [(cs.Nuclear(weight), first), (cs.L1(weight / SIDE), second)]
    return cs.primal_dual(add, frames[None], penalties, tol=1e-4, max_iter=1000).x


# %% Either part alone: the nearest matrix of rank two (`LowRank`) bends towards the objects, and a constant background,
# the median of each pixel, takes every change of light for an object. What exceeds 0.1 is an object.
def main(out=Path("out"), seeds=2, tolerance=0.02):
    """Print the error of each background and the overlap of the objects, draw one frame."""
    scores = {}
    for seed in range(seeds):
        frames, background, objects = film(np.random.default_rng(seed))
        rank_two = cs.LowRank().project(frames, 2)
        median = np.broadcast_to(np.median(frames, axis=0), frames.shape)
        parts = {
            "low rank + sparse": low_rank_plus_sparse(frames, 0.01 * np.linalg.norm(frames, 2)),
            "rank two alone": (rank_two, frames - rank_two),
            "median alone": (median, frames - median),
        }
        for name, (behind, moving) in parts.items():
            seen, error = abs(moving) > 0.1, np.linalg.norm(behind - background) / np.linalg.norm(background)
            scores.setdefault(name, []).append((error, np.sum(seen & objects) / np.sum(seen | objects)))
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots(2, 4)
    plotting.draw_image(axes[0, 0], frames[SHOWN].reshape(SIDE, SIDE), f"frame {SHOWN}")
    plotting.draw_image(axes[1, 0], objects[SHOWN].reshape(SIDE, SIDE), "where the objects are")
    for column, (name, (behind, moving)) in zip(axes.T[1:], parts.items(), strict=True):
        error, overlap = np.mean(scores[name], axis=0)
        print(f"{name:17s} background to {error:.1%}, objects overlap by {overlap:.0%}")
        plotting.draw_image(column[0], behind[SHOWN].reshape(SIDE, SIDE), f"{name}: error {error:.0%}")
        plotting.draw_image(column[1], abs(moving[SHOWN]).reshape(SIDE, SIDE) > 0.1, f"overlap {overlap:.0%}")
    error, overlap = np.mean(scores["low rank + sparse"], axis=0)
    expect("relative error of the background", error, 0.018, tolerance / 4)
    expect("overlap of the objects, found over true", overlap, 0.94, tolerance)
    print("figure:", plotting.save(figure, out / "low_rank.png"))


if __name__ == "__main__":
    main()
