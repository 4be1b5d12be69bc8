"""The step of accelerated gradient methods, by its definition, compiled or not."""

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers.momentum import accelerated

SHAPES = [((), (2**13,)), ((3,), (2**12,)), ((2, 5), (2**6, 2**4)), ((4,), (10,))]


def draw(rng, shape, dtype):
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if "complex" in dtype else 0)
    return x.astype(dtype)


def step_of_one(z, x, x_prev, t, restart):
    """O'Donoghue and Candes, gradient scheme, then Beck and Teboulle, (4.2) and (4.3)."""
    if restart and np.sum((z - x) * np.conj(x - x_prev)).real > 0:
        t = 1
    after = (1 + np.sqrt(1 + 4 * t**2)) / 2
    return x + (t - 1) / after * (x - x_prev), after, (t - 1) / after


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("dtype", ["float32", "complex64", "float64", "complex128"])
@pytest.mark.parametrize("restart", [False, True])
def test_each_signal_takes_its_own_step(dtype, fast, restart, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    rng, tolerance = np.random.default_rng(0), 20 * np.finfo(dtype).eps
    for batch, shape in SHAPES:
        z, x, x_prev = (draw(rng, (*batch, *shape), dtype) for _ in range(3))
        t = np.asarray(rng.uniform(1, 9, batch), dtype=x.real.dtype)
        z.flags.writeable = False
        seen = accelerated(z, x, x_prev, t, len(shape), restart=restart)
        assert [each.dtype for each in seen] == [x.dtype, t.dtype, t.dtype]
        for signal in np.ndindex(batch):
            wanted = step_of_one(z[signal], x[signal], x_prev[signal], float(t[signal]), restart)
            for ours, theirs in zip(seen, wanted, strict=True):
                np.testing.assert_allclose(ours[signal], theirs, rtol=tolerance, atol=tolerance)


def test_a_long_batch_gives_what_its_signals_give_alone():
    rng = np.random.default_rng(0)
    A = cs.gaussian(40, 128, rng)
    y = rng.standard_normal((70, 40))
    penalty = cs.L1(0.2 * float(cs.lambda_max(A, y[0], cs.L1())))
    together = cs.fista(A, y, penalty, tol=1e-12).x
    for i in (0, 33, 69):
        np.testing.assert_allclose(together[i], cs.fista(A, y[i], penalty, tol=1e-12).x, atol=1e-6)
