"""A heartbeat through an unknown filter: which modes of a state space, and how many models look the same?"""

# %% A bank of 64 modes and a filter of order six, both driven by an ECG; the first half is for training
from pathlib import Path

import numpy as np
import pywt
from matplotlib.figure import Figure
from scipy.linalg import block_diag
from scipy.optimize import least_squares
from scipy.signal import butter, lfilter
from threadpoolctl import threadpool_limits

import csrecover as cs
from csrecover import plotting
from csrecover.testing import expect

INPUT = pywt.data.ecg().astype(float)
INPUT = (INPUT - INPUT.mean()) / INPUT.std()
HALF = len(INPUT) // 2
FILTER = butter(3, [0.05, 0.2], "bandpass")
OUTPUT = lfilter(*FILTER, INPUT)
BANK = 0.9 * np.exp(1j * np.pi * (np.arange(64) + 0.5) / 64)


def states(poles):
    """States of modes x_t = pole x_(t-1) + input_t, real and imaginary parts side by side: (time, 2 modes)."""
    modes = [lfilter([1], [1, -pole], INPUT.astype(complex)) for pole in poles]
    return np.stack([part for mode in modes for part in (mode.real, mode.imag)], axis=1)


def error(poles):
    """Relative error on the second half of the output matrix that fits the first half best."""
    x = states(poles)
    fitted = x @ np.linalg.lstsq(x[:HALF], OUTPUT[:HALF], rcond=None)[0]
    return np.linalg.norm((fitted - OUTPUT)[HALF:]) / np.linalg.norm(OUTPUT[HALF:])


# %% Modes selected: the one that is missed least goes first; or by subspace pursuit, a mode a block
def eliminated():
    """The modes of the bank in the order in which they go: least squares without one of them tells what it is worth."""
    x, kept, order = states(BANK)[:HALF].reshape(HALF, -1, 2), list(range(len(BANK))), []
    while kept:
        inverse = np.linalg.pinv(x[:, kept].reshape(HALF, -1)).reshape(-1, 2, HALF)
        weights = (inverse @ OUTPUT[:HALF])[..., None]
        worth = weights * np.linalg.solve(inverse @ inverse.swapaxes(1, 2), weights)
        order.append(kept.pop(worth.sum(axis=(1, 2)).argmin()))
    return np.array(order)


def pursued(k):
    """The k modes that subspace pursuit finds."""
    A = cs.unit_columns(cs.Matrix(states(BANK)[:HALF]))
    found = cs.subspace_pursuit(A, OUTPUT[:HALF], cs.BlockSparse(cs.Blocks.uniform(2 * len(BANK), 2)), k)
    return np.flatnonzero(found.support[::2])


# %% Identification: least squares for output matrix and feedthrough inside, for the poles of three modes outside
def identified(poles):
    """Poles, output matrix and feedthrough that fit the training half best, from these poles on."""

    def fit(logarithms):
        poles = np.exp(logarithms[:3] + 1j * logarithms[3:])
        x = np.column_stack([states(poles), INPUT])[:HALF]
        weights = np.linalg.lstsq(x, OUTPUT[:HALF], rcond=None)[0]
        return x @ weights - OUTPUT[:HALF], poles, weights

    start = np.concatenate([np.log(abs(poles)), np.angle(poles)])
    best = least_squares(lambda logarithms: fit(logarithms)[0], start, method="lm", xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return fit(best.x)[1:]


# %% Ambiguity: parameters less the rank of the Jacobian of the input-output map, which is the impulse response
def ambiguity(parameters, model):
    """Dimension of the models that look the same as model(parameters) = A, b, c, d; derivatives by complex steps."""

    def response(A, b, c, d):
        x = [b]
        for _ in range(99):
            x.append(A @ x[-1])
        h = np.array(x) @ c
        return np.append(h[0] + d, h[1:])

    jacobian = np.array([response(*model(parameters + 1e-30j * unit)).imag for unit in np.eye(len(parameters))]) / 1e-30
    return len(parameters) - np.linalg.matrix_rank(jacobian, tol=1e-9 * np.linalg.norm(jacobian))


def modal(poles):
    """A that turns and shrinks the two states of each mode, from real and imaginary parts of the poles."""
    return block_diag(*[[[re, -im], [im, re]] for re, im in poles.reshape(-1, 2)])


@threadpool_limits.wrap(limits=1)  # systems of at most 128 unknowns: further threads would mostly wait
def main(out=Path("out"), counts=(3, 4, 5, 6, 8, 10, 12, 16, 20)):
    """Print errors of selected modes and of identified poles, and the ambiguities; draw modes and poles."""
    order, x = eliminated(), states(BANK)[:HALF]
    sizes = np.linalg.norm(x, axis=0) * np.linalg.lstsq(x, OUTPUT[:HALF], rcond=None)[0]
    by_size = np.linalg.norm(sizes.reshape(-1, 2), axis=1).argsort()
    errors = {
        "elimination": [error(BANK[order[-k:]]) for k in counts],
        "subspace pursuit": [error(BANK[pursued(k)]) for k in counts],
        "size": [error(BANK[by_size[-k:]]) for k in counts],
    }
    for name, k, value in (("elimination", 6, 0.0292), ("size", 6, 0.0967), ("elimination", 10, 0.005)):
        expect(f"relative error of {k} modes by {name}", errors[name][counts.index(k)], value, 0.1 * value)
    poles, (*c, d) = identified(BANK[order[-3:]])
    true = np.roots(FILTER[1])
    true = np.sort(true[true.imag > 0])
    expect("largest error of the three identified poles", abs(np.sort(poles) - true).max(), 0, 1e-9)
    a, b = poles.view(float), np.tile([1.0, 0.0], 3)
    forms = {
        "any A, b, c": (36, [*modal(a).flat, *b, *c, d], lambda p: (p[:36].reshape(6, 6), p[36:42], p[42:48], p[48])),
        "A of modes, any b, c": (6, [*a, *b, *c, d], lambda p: (modal(p[:6]), p[6:12], p[12:18], p[18])),
        "A of modes, known b": (0, [*a, *c, d], lambda p: (modal(p[:6]), b, p[6:12], p[12])),
    }
    for name, (reference, parameters, model) in forms.items():
        dimension = ambiguity(np.array(parameters), model)
        expect(f"ambiguity of {len(parameters)} parameters, {name}", dimension, reference, 0)
    figure = Figure(figsize=(9.5, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, values in errors.items():
        left.semilogy(counts, values, "o-", label=f"by {name}")
    left.axhline(error(BANK), color="grey", linestyle=":", label=f"all {len(BANK)}")
    left.set(xlabel="modes", ylabel="relative error on the second half", title="selected modes, fitted again")
    right.plot(BANK.real, BANK.imag, ".", color="grey", label="bank")
    right.plot(BANK[order[-3:]].real, BANK[order[-3:]].imag, "o", color="grey", label="selected three")
    right.plot(true.real, true.imag, "ks", markerfacecolor="none", markersize=9, label="filter")
    right.plot(poles.real, poles.imag, "r+", markersize=9, label="identified")
    right.set(xlabel="real part", ylabel="imaginary part", title="poles", xlim=(0.5, 1), ylim=(0, 0.8))
    left.legend(frameon=False)
    right.legend(frameon=False)
    print("figure:", plotting.save(figure, out / "state_space.png"))


if __name__ == "__main__":
    main()
